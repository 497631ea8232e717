"""Who computes: the one seam between the driver and threads, processes or hosts.

A task is a picklable callable that gets the worker's own block store and one item. All that the
driver knows of workers is that results come back in the order of the items, and which partitions
each of them would best keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from windrow.execution.locality import Near
    from windrow.execution.store import Store

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Share:
    """The partitions of some blocks that lie in one store.

    Attributes
    ----------
    partitions
        Their numbers, ascending.
    pieces
        Into how many tasks a pass over them should be cut.
    place
        Where they are; means something to the workers alone. None is anywhere.
    """

    partitions: Sequence[int]
    pieces: int
    place: str | None = None


def evenly(share: Share) -> list[Sequence[int]]:
    """Cut a share into its tasks: a pass costs a few, however many partitions there are.

    >>> evenly(Share(range(7), 3))
    [range(0, 3), range(3, 5), range(5, 7)]
    """
    count, pieces = len(share.partitions), max(1, min(share.pieces, len(share.partitions)))
    ends = [-(-count * piece // pieces) for piece in range(pieces + 1)]
    return [share.partitions[a:b] for a, b in pairwise(ends) if b > a]


class Map(Protocol):
    """`Workers.map`, or what stands before it."""

    def __call__(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        """See `Workers`."""
        ...


class Workers(Protocol):
    """A fixed or changing set of workers, each with a `Store`."""

    @property
    def parallelism(self) -> int:
        """Tasks that can run at once."""
        ...

    def map(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        """Yield ``task(store, item)`` for each item, in order, a bounded number ahead.

        An error of a task is raised here with its own type; what has not begun is not begun.
        `places` says of each item where it had better run; it may run elsewhere. The results of
        such a map should be small: they are not waited for before the next items begin.
        """
        ...

    def shares(self, name: str, partitions: int, near: Near | None = None) -> list[Share]:
        """Say where blocks of this name lie: the same as before as far as workers still live.

        Of blocks that lie nowhere yet, `near` says which hosts had better read them.
        """
        ...

    def forget(self, names: Sequence[str]) -> None:
        """Let all workers remove their files and blocks of these names."""
        ...

    def close(self) -> None:
        """Give back threads, processes and scratch files."""
        ...
