"""Clusters of Hadoop containers: started with one call, found anywhere, gone when idle."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

from windrow.deploy import versions
from windrow.deploy.arguments import at_least, named
from windrow.deploy.hadoop_hosts import HadoopHosts
from windrow.deploy.hadoop_install import (
    bring,
    install,
    manifest,
    remove_package,
    show_available_packages,
    upload_packages,
)
from windrow.deploy.kinds import Kind
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import ArgumentError
from windrow.progress import telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.state import Folder

__all__ = [
    "create",
    "install",
    "load",
    "remove_package",
    "show_available_packages",
    "upload_packages",
]

BOOT = 300.0
"""Seconds in which containers must be ready."""
RUNTIME = ("pex", "interpreter", "script", "python")
"""What containers run, as a manifest names it."""
SMALLEST = 1024
"""Megabytes below which a container cannot work."""


def create(  # noqa: PLR0917 - the order in which one thinks of them
    name: str,
    windrow_path: str | None = None,
    hadoop_conf_dir: str | None = None,
    num_containers: int = 3,
    container_size: int = 4096,
    num_vcores: int = 2,
    additional_packages: Sequence[str] | None = None,
    queue: str | None = None,
    port_range: tuple[int, int] = (9100, 9200),
    idle_shutdown_timeout: float = 1800,
    max_lifetime: float = 86400,
    hdfs_tmp_dir: str | None = None,
    node_tmp_dir: str | None = None,
    *,
    kerberos_principal: str | None = None,
    kerberos_keytab: str | None = None,
    turi_dist_path: str | None = None,
    dato_dist_path: str | None = None,
) -> Cluster:
    """Make a cluster of containers, which start with its first work.

    Parameters
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``.
    windrow_path
        Where windrow is installed in HDFS (``windrow hadoop install``); state is kept below it.
    hadoop_conf_dir
        Folder with Hadoop's settings; by default ``HADOOP_CONF_DIR``.
    num_containers
        Each is a host.
    container_size
        Megabytes of each.
    num_vcores
        Threads of each.
    additional_packages
        What functions given to ``apply`` need beyond what is installed, in this cluster alone:
        names, requirements, wheels, folders. They are packed here and kept with the installation.
    queue
        Of YARN.
    port_range
        First and last port at which containers listen; two on a node take two.
    idle_shutdown_timeout
        Seconds without work after which the containers end; negative: never.
    max_lifetime
        Seconds after which they end, whatever they do.
    hdfs_tmp_dir
        Folder of HDFS for state and results, where the installation may not be written to; by
        default ``clusters`` in the installation.
    node_tmp_dir
        Folder of every node for scratch files; by default YARN's own for the container.
    kerberos_principal, kerberos_keytab
        Who containers are to Kerberos (``me/_HOST@REALM``), and the URL of the keytab,
        ``hdfs://...`` or ``file://...`` on every node; both or neither.
    turi_dist_path, dato_dist_path
        What the ancestor called `windrow_path`.

    Returns
    -------
    Cluster
        Ready for work: the first, or `begin()`, starts the containers. As a context manager it is
        stopped at the end of the block.

    Raises
    ------
    NotInstalledError
        Nothing is installed in the path.
    VersionMismatchError
        What is installed there are other versions than these.
    YarnError
        YARN does not answer. The first work fails with it too where YARN refuses, and with
        `HostStartError` where a container does not become ready: the error says what was asked of
        which queue, and what is free, and all is undone.
    """
    path = (windrow_path or turi_dist_path or dato_dist_path or "").rstrip("/")
    _check(name, path, num_containers, container_size, num_vcores)
    if (kerberos_principal is None) != (kerberos_keytab is None):
        given = (kerberos_principal, kerberos_keytab)
        raise ArgumentError("kerberos_principal", given, "together with kerberos_keytab")
    installed = manifest(path)
    versions.check(installed["versions"], f"install these: windrow hadoop install {path}")
    if additional_packages:
        with telling(f"Hadoop cluster {name!r}") as tell:
            installed = bring(path, [*installed["additional"], *additional_packages], tell)
    record = ClusterRecord(
        name=name,
        kind="hadoop",
        created=time.time(),
        num_hosts=num_containers,
        cores=num_vcores,
        memory=container_size << 20,
        idle_shutdown_timeout=idle_shutdown_timeout,
        max_lifetime=max_lifetime,
        versions=installed["versions"],
        boot_timeout=BOOT,
        waiting=True,
        details={
            "service": f"windrow-{_plain(name)}-{secrets.token_hex(3)}",
            "installation": path,
            "container_size": container_size,
            "ports": f"{port_range[0]}-{port_range[1]}",
            "queue": queue,
            "runtime": {part: installed[part] for part in RUNTIME},
            "scratch": node_tmp_dir or "",
            "principal": kerberos_principal or "",
            "keytab": kerberos_keytab or "",
        },
    )
    store = StateStore(_state_path(path, name, hdfs_tmp_dir))
    return _kind(hadoop_conf_dir).start(store, record)


def load(path: str, name: str | None = None, hadoop_conf_dir: str | None = None) -> Cluster:
    """Return a cluster that lives, from any machine.

    Parameters
    ----------
    path
        Its state path, as it is printed; or, with a name, where windrow is installed.
    name
        Of the cluster.
    hadoop_conf_dir
        Folder with Hadoop's settings; by default ``HADOOP_CONF_DIR``.

    Raises
    ------
    ClusterNotFoundError
        There never was one.
    ClusterEndedError
        There is none any more; the error says since when, and why.
    """
    place = path.rstrip("/") if name is None else _state_path(path.rstrip("/"), name)
    return _kind(hadoop_conf_dir).load(StateStore(place))


def _state_path(path: str, name: str, elsewhere: str | None = None) -> str:
    return f"{path}/clusters/{name}" if elsewhere is None else f"{elsewhere.rstrip('/')}/{name}"


def _check(name: str, path: str, containers: int, size: int, cores: int) -> None:
    named(name)
    if not path.startswith("hdfs://"):
        raise ArgumentError("windrow_path", path, "a folder such as hdfs://namenode:8020/windrow")
    at_least(1, num_containers=containers, num_vcores=cores)
    at_least(SMALLEST, container_size=size)


def _plain(name: str) -> str:
    """Write a name as YARN takes it."""
    return re.sub(r"[^a-z0-9-]", "-", name.lower())[:20].strip("-")


def _kind(settings: str | None) -> Kind:
    def provider(store: StateStore, folder: Folder) -> HadoopHosts:
        def tell(step: str) -> None:
            with telling(f"Hadoop cluster {store.url.rpartition('/')[2]!r}") as said:
                said(step)

        return HadoopHosts(folder, store.url, settings or "", tell)

    return Kind("hadoop_cluster", provider)
