"""Who computes: the one seam between the driver and threads, processes or hosts.

A task is a picklable callable that gets the worker's own block store and one item. All that the
driver knows of workers is that results come back in the order of the items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from windrow.execution.store import Store

T = TypeVar("T")
R = TypeVar("R")


class Workers(Protocol):
    """A fixed or changing set of workers, each with a `Store`."""

    @property
    def parallelism(self) -> int:
        """Tasks that can run at once."""
        ...

    def map(self, task: Callable[[Store, T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield ``task(store, item)`` for each item, in order, a bounded number ahead.

        An error of a task is raised here with its own type; what has not begun is not begun.
        """
        ...

    def close(self) -> None:
        """Give back threads, processes and scratch files."""
        ...
