"""Clusters on this machine: real separate processes, the honest cluster of a laptop.

Everything that holds on hosts of a network holds here: programs, partitions and results travel
encrypted between processes that share no memory.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from windrow.deploy import versions
from windrow.deploy.cluster import Cluster
from windrow.deploy.credentials import create_credentials, write_private
from windrow.deploy.lifecycle import End
from windrow.deploy.local_hosts import Ground, LocalHosts, Loopback
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import (
    ArgumentError,
    ClusterLivesError,
    ClusterNotFoundError,
    MissingExtraError,
)
from windrow.io.local import local_path

__all__ = ["create", "find", "known", "load"]

KIND = "local"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)
SMALLEST = 256_000_000
"""Bytes below which a host cannot work."""


def create(  # noqa: PLR0917  # the order in which one thinks of them
    name: str,
    num_hosts: int = 3,
    cores: int = 1,
    memory: str | int = "2GB",
    state_path: str | os.PathLike[str] | None = None,
    idle_shutdown_timeout: float = 1800,
    max_lifetime: float = 86400,
) -> Cluster:
    """Start a cluster of processes on this machine.

    Parameters
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``.
    num_hosts
        Each is a group of processes with scratch files of its own.
    cores
        Threads of each host.
    memory
        Of each host, in bytes or as ``2GB`` or ``512MiB``; half of it holds data.
    state_path
        Folder for records, logs and results; by default one of the user's, by the name.
    idle_shutdown_timeout
        Seconds without work after which the cluster ends itself; negative: never.
    max_lifetime
        Seconds after which it ends itself, whatever it does.

    Returns
    -------
    Cluster
        Ready. As a context manager it is stopped at the end of the block; otherwise it lives on
        when this process ends, and `load` finds it.

    Raises
    ------
    ClusterLivesError
        One lives at the path.
    HostStartError
        A host did not become ready; everything was undone.
    ArgumentError
        A value makes no sense.
    MissingExtraError
        The part of windrow for clusters is not installed.
    """
    if not _NAME.fullmatch(name):
        raise ArgumentError("name", name, "letters, digits, '.', '_' and '-', 63 at most")
    for argument, value in (("num_hosts", num_hosts), ("cores", cores)):
        if value < 1:
            raise ArgumentError(argument, value, "1 or more")
    record = ClusterRecord(
        name=name,
        kind=KIND,
        created=time.time(),
        num_hosts=num_hosts,
        cores=cores,
        memory=memory_bytes(memory),
        idle_shutdown_timeout=idle_shutdown_timeout,
        max_lifetime=max_lifetime,
        versions=versions.installed(),
    )
    missing = [part for part in ("cryptography", "distributed") if find_spec(part) is None]
    if missing:
        raise MissingExtraError("a cluster", "install it: pip install 'windrow[cluster]'")
    return start(record, state_path or default_path(name), Loopback())


def start(record: ClusterRecord, state_path: str | os.PathLike[str], ground: Ground) -> Cluster:
    """Start the cluster that a record describes on some ground; see `create` for what it raises."""
    store = StateStore(str(local_path(os.fspath(state_path))))
    _require_free(store)
    number, folder = store.begin(asdict(record))
    local_path(folder.url).chmod(0o700)  # specs carry what it takes to read their data
    cluster = Cluster(store, number, LocalHosts(folder, store.url, ground))
    try:
        _require_free(store, number)  # another may have begun at the same moment
        write_private(cluster.provider.tls(), create_credentials(record.name, record.max_lifetime))
        cluster.provider.start(record, list(range(record.num_hosts)))
    except BaseException as error:
        # Its hosts may have recorded that they were ended; they do not know why.
        cluster.conclude(End(time.time(), f"it did not start: {type(error).__name__}"))
        raise
    return cluster


def load(state_path: str | os.PathLike[str]) -> Cluster:
    """Return the cluster that lives at a path, from any process of this machine.

    Parameters
    ----------
    state_path
        What `create` was given, or the cluster's name.

    Raises
    ------
    ClusterNotFoundError
        There never was one.
    ClusterEndedError
        There is none any more; the error says since when, and why.
    """
    cluster = find(state_path)
    cluster.require_alive()
    return cluster


def find(state_path: str | os.PathLike[str]) -> Cluster:
    """Return the cluster that lives at a path, or the last that did: its records and logs stay.

    Parameters
    ----------
    state_path
        What `create` was given, or the cluster's name.

    Raises
    ------
    ClusterNotFoundError
        There never was one.
    """
    path = os.fspath(state_path)
    named = _NAME.fullmatch(path) and not local_path(path).exists()
    store = StateStore(str(local_path(str(default_path(path)) if named else path)))
    found = _clusters(store)
    if not found:
        raise ClusterNotFoundError(store.url)
    return next((cluster for cluster in found if cluster.ended is None), found[0])


def known() -> list[Cluster]:
    """Return the clusters of this user that have no state path of their own, by name.

    Of each name it is the one that lives, or the last that did.
    """
    place = default_path("any").parent
    stores = (StateStore(str(path)) for path in place.glob("*"))
    names = sorted(Path(store.url).name for store in stores if store.generations())
    return [find(place / name) for name in names]


def memory_bytes(memory: str | int) -> int:
    """Return the bytes that a size means.

    >>> memory_bytes("2GB"), memory_bytes("1 GiB"), memory_bytes(10**9)
    (2000000000, 1073741824, 1000000000)
    """
    found = _MEMORY.fullmatch(str(memory).strip())
    if found is None:
        raise ArgumentError("memory", memory, "bytes, or a size such as '2GB' or '512MiB'")
    power = " KMGT".index(found[2].upper() or " ")
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** power)
    if size < SMALLEST:
        raise ArgumentError("memory", memory, f"{SMALLEST // 10**6} MB or more")
    return size


def default_path(name: str) -> Path:
    """Return the folder of a cluster whose user named none."""
    home = Path.home()
    own = "Library/Application Support" if sys.platform == "darwin" else ".local/state"
    return Path(os.environ.get("XDG_STATE_HOME") or home / own) / "windrow" / "clusters" / name


def _require_free(store: StateStore, below: int | None = None) -> None:
    """Refuse a path where a cluster lives; of those that ended, drop what only the living need."""
    for cluster in _clusters(store):
        if below is not None and cluster.number >= below:
            continue
        end = cluster.ended
        if end is None:
            load = f"gl.deploy.local_cluster.load({store.url!r})"
            raise ClusterLivesError(cluster.name, store.url, load)
        if cluster.record.ended is None:
            cluster.conclude(end)
        for secret in ("tls", "uploads"):
            cluster.folder.folder(secret).remove()


def _clusters(store: StateStore) -> list[Cluster]:
    """Return every generation, the newest first."""
    numbers = reversed(store.generations())
    return [Cluster(store, n, LocalHosts(store.generation(n), store.url)) for n in numbers]
