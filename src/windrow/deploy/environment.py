"""Where the process works: its own threads, or a cluster that was set for all of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from windrow.deploy import versions
from windrow.deploy.cluster import Cluster
from windrow.errors import ArgumentTypeError, EnvironmentNotSetError
from windrow.execution import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "clear_distributed_execution_environment",
    "distributed",
    "set_distributed_execution_environment",
]

_current: Cluster | None = None


def set_distributed_execution_environment(cluster: Cluster, *, background: bool = False) -> None:
    """Let a cluster do all work of this process from now on, in every thread.

    Tables and models made before go on to work; what they compute next is computed there.

    Parameters
    ----------
    cluster
        One that lives.
    background
        Whether work is submitted and followed through the state store alone, where nothing of the
        cluster can be reached from here; each step then takes some seconds to be heard of.

    Raises
    ------
    ClusterEndedError, ClusterUnreachableError
        It does not live any more, or does not answer.
    VersionMismatchError
        Its hosts run other versions than this process; the error names each.
    """
    if not isinstance(cluster, Cluster):
        raise ArgumentTypeError(
            "cluster", type(cluster).__name__, "a cluster, from create() or load()"
        )
    cluster.require_alive()
    call = cluster.provider.created_by(cluster.record)
    versions.check(cluster.record.versions, f"start the cluster anew from this process: {call}")
    cluster.background = background
    if not cluster.record.waiting:
        cluster.line()
    _use(cluster)


def clear_distributed_execution_environment(cluster: Cluster) -> None:
    """Let this process do its own work again; the cluster and its jobs go on.

    Parameters
    ----------
    cluster
        The one that is set.

    Raises
    ------
    EnvironmentNotSetError
        It is not the one that is set.
    """
    if _current is None or _current.folder != cluster.folder:
        raise EnvironmentNotSetError(cluster.name, None if _current is None else _current.name)
    _current.disconnect()
    _use(None)


@contextmanager
def distributed(cluster: Cluster, *, background: bool = False) -> Iterator[Cluster]:
    """Let a cluster do the work of a ``with`` block, and whoever did before what comes after.

    Parameters
    ----------
    cluster
        One that lives.
    background
        As for `set_distributed_execution_environment`.
    """
    before = _current
    set_distributed_execution_environment(cluster, background=background)
    try:
        yield cluster
    finally:
        _use(before)


def _use(cluster: Cluster | None) -> None:
    global _current  # noqa: PLW0603  # the environment is the process's
    if cluster is None:
        environment.use(None)
    else:
        from windrow.deploy.submit import Submitter
        from windrow.execution.cluster import ClusterExecutor

        environment.use(ClusterExecutor(Submitter(cluster)))
    _current = cluster
