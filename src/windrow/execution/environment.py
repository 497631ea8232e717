"""Which executor is current: this process unless a cluster was set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windrow.execution.local import LocalExecutor
    from windrow.execution.protocol import Executor

_current: Executor | None = None
_local: LocalExecutor | None = None


def current() -> Executor:
    """Return the executor of this process: the local one unless another was set."""
    return _current or local()


def local() -> LocalExecutor:
    """Return the executor of this process's own threads."""
    global _local  # noqa: PLW0603  # one pool of blocks for the process
    if _local is None:
        from windrow.execution.local import LocalExecutor

        _local = LocalExecutor()
    return _local


def use(executor: Executor | None) -> None:
    """Make an executor current for the whole process, or with None the local one again."""
    global _current  # noqa: PLW0603
    _current = executor
