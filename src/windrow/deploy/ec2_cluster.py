"""Clusters of EC2 hosts: started with one call, found from any machine, gone when idle."""

from __future__ import annotations

import os
import re
import secrets
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from windrow.deploy import versions
from windrow.deploy.arguments import at_least, named
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_hosts import Ec2Hosts
from windrow.deploy.ec2_prices import hourly
from windrow.deploy.kinds import Kind
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import ArgumentError, BucketNotFoundError, MissingExtraError
from windrow.io.registry import storage_of
from windrow.progress import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.state import Folder

__all__ = ["create", "load"]

BOOT = 600.0
"""Seconds in which hosts must be ready."""
_PATH = re.compile(r"s3://[^/]+(/.*)?")


def create(  # noqa: PLR0917 - the order in which one thinks of them
    name: str,
    s3_path: str,
    ec2_config: Ec2Config | None = None,
    num_hosts: int = 1,
    idle_shutdown_timeout: float = 1800,
    max_lifetime: float = 86400,
    additional_packages: Sequence[str] | None = None,
    wait: bool = True,
) -> Cluster:
    """Start a cluster of EC2 hosts.

    Parameters
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``.
    s3_path
        Where its state, logs and results are: a folder of a bucket, or a bucket, that exists.
    ec2_config
        What kind of hosts, and as whom; by default `Ec2Config()`.
    num_hosts
        All of them start, or none.
    idle_shutdown_timeout
        Seconds without work after which the hosts end themselves; negative: never.
    max_lifetime
        Seconds after which they end themselves, whatever they do.
    additional_packages
        What functions given to ``apply`` need besides: names, requirements, wheels, folders.
    wait
        Whether to return when the hosts can work; else at once when they were started, and so does
        `resize`.

    Returns
    -------
    Cluster
        As a context manager it is stopped at the end of the block; otherwise it lives on when this
        process ends, and `load` finds it from any machine.

    Raises
    ------
    ClusterLivesError
        One lives at the path.
    BucketNotFoundError
        There is no such bucket.
    AwsRefusedError, AwsError
        AWS refuses a call; the error shows the line that the policy lacks. All was undone.
    HostStartError
        A host did not become ready; all was undone.
    """
    config = ec2_config or Ec2Config()
    named(name)
    at_least(1, num_hosts=num_hosts)
    store = _store(s3_path, config)
    record = ClusterRecord(
        name=name,
        kind="ec2",
        created=time.time(),
        num_hosts=num_hosts,
        cores=0,
        memory=0,
        idle_shutdown_timeout=idle_shutdown_timeout,
        max_lifetime=max_lifetime,
        versions=versions.installed(),
        boot_timeout=BOOT,
        details={"id": f"{name}-{secrets.token_hex(4)}", "config": config.facts()},
    )
    with telling(f"EC2 cluster {name!r}") as tell:
        return _kind(config, tuple(additional_packages or ()), wait, tell).start(store, record)


def load(s3_path: str, ec2_config: Ec2Config | None = None, *, autostart: bool = False) -> Cluster:
    """Return the cluster that lives at a path, from any machine.

    This machine's address is let in, where the cluster has a group of its own.

    Parameters
    ----------
    s3_path
        What `create` was given.
    ec2_config
        As whom to ask; all else is known.
    autostart
        Whether to start one that has ended anew, as it was; its price is printed.

    Raises
    ------
    ClusterNotFoundError
        There never was one.
    ClusterEndedError
        There is none any more; the error says since when, and why.
    """
    store = _store(s3_path, ec2_config or Ec2Config())
    found = _kind(ec2_config).find(store)
    record = found.record
    config = _known(record, ec2_config)
    if found.ended is not None and autostart:
        price = hourly(config.instance_type)
        cost = "unknown" if price is None else f"{price * record.num_hosts:.3f} USD"
        with telling(f"EC2 cluster {record.name!r}") as tell:
            tell(f"starting {record.num_hosts} hosts anew; an hour costs {cost}")
        limits = record.idle_shutdown_timeout, record.max_lifetime
        return create(record.name, s3_path, config, record.num_hosts, *limits)
    cluster = _kind(ec2_config).load(store)
    Ec2Hosts(cluster.folder, store.url, config).admit(record)
    return cluster


def _store(s3_path: str, config: Ec2Config) -> StateStore:
    path = os.fspath(s3_path).rstrip("/")
    if not _PATH.fullmatch(path):
        raise ArgumentError("s3_path", s3_path, "s3://bucket or s3://bucket/folder")
    if find_spec("boto3") is None:
        advice = "install it: pip install 'windrow[cluster,ec2]'"
        raise MissingExtraError("a cluster of EC2 hosts", advice)
    if config.aws_access_key_id and config.aws_secret_access_key:
        # Who gives keys here means them for the state path too, which `s3://` reads by itself.
        os.environ.setdefault("AWS_ACCESS_KEY_ID", config.aws_access_key_id)
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", config.aws_secret_access_key)
    if config.region:
        os.environ.setdefault("AWS_REGION", config.region)
    bucket = path.removeprefix("s3://").partition("/")[0]
    if not storage_of(path).exists(f"s3://{bucket}"):
        raise BucketNotFoundError(bucket, path)
    return StateStore(path)


def _known(record: ClusterRecord, given: Ec2Config | None) -> Ec2Config:
    """Return what a cluster was created with, the caller's own keys in place of the creator's."""
    facts = dict(record.details["config"])
    if given is not None:
        facts["aws_access_key_id"] = given.aws_access_key_id
        facts["aws_secret_access_key"] = given.aws_secret_access_key
    facts["region"] = record.details.get("region") or facts["region"]
    return Ec2Config(**facts)


def _kind(
    config: Ec2Config | None,
    additional: tuple[str, ...] = (),
    wait: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Kind:
    """Give each generation a provider that knows what it was created with."""

    def provider(store: StateStore, folder: Folder) -> Ec2Hosts:
        last = folder.series("cluster").last()
        known = config or Ec2Config()
        if last is not None and "config" in last[1].get("details", {}):
            known = _known(ClusterRecord(**last[1]), config)
        return Ec2Hosts(folder, store.url, known, additional, wait, tell)

    return Kind("ec2_cluster", provider)
