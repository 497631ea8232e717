"""Clusters on this machine: real separate processes, the honest cluster of a laptop.

Everything that holds on hosts of a network holds here: programs, partitions and results travel
encrypted between processes that share no memory.
"""

from __future__ import annotations

import os
import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.deploy import versions
from windrow.deploy.arguments import at_least, is_name, named
from windrow.deploy.kinds import Kind
from windrow.deploy.local_hosts import Ground, LocalHosts, Loopback
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import (
    ArgumentError,
    MissingExtraError,
)
from windrow.io.local import local_path

if TYPE_CHECKING:
    from windrow.deploy.cluster import Cluster

__all__ = ["create", "find", "known", "load"]

KIND = "local"
LONGEST = 63
"""Letters of a name: it is that of a folder."""
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
    named(name, LONGEST)
    at_least(1, num_hosts=num_hosts, cores=cores)
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
    return _standing(ground).start(store, record)


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
    return LOCAL.load(_store(state_path))


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
    return LOCAL.find(_store(state_path))


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


def _store(which: str | os.PathLike[str]) -> StateStore:
    """Return the state of the cluster with this name, or at this path."""
    path = os.fspath(which)
    by_name = is_name(path, LONGEST) and not local_path(path).exists()
    return StateStore(str(local_path(str(default_path(path)) if by_name else path)))


def _standing(ground: Ground) -> Kind:
    return Kind("local_cluster", lambda store, folder: LocalHosts(folder, store.url, ground))


LOCAL = _standing(Loopback())
