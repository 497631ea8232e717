"""Vectors of which a partition looks at some rows: only those travel to where it lies.

A superstep over a graph looks at one value of each neighbour of its vertices. Where edges lie apart
from the program, that is all that needs to cross; the numbers of those rows cross once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from windrow.execution.store import Store
    from windrow.execution.tasks import BlockRecipe
    from windrow.execution.workers import Map

    Vectors = tuple[NDArray[Any], ...]
    Reads = Callable[[tuple[Any, ...]], Sequence[NDArray[Any]]]

__all__ = ["Excerpts", "FindRows", "Rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of vectors of one length.

    Attributes
    ----------
    numbers : uint32
        Ascending.
    size
        Of the vectors.

    Examples
    --------
    >>> rows = Rows(np.array([1, 3], np.uint32), 4)
    >>> excerpt = rows.of(np.array([0.5, 1.5, 2.5, 3.5]))
    >>> excerpt.tolist(), rows.put_back(excerpt)[[1, 3]].tolist()
    ([1.5, 3.5], [1.5, 3.5])
    """

    numbers: NDArray[np.uint32]
    size: int

    def of(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Take these rows of a vector; one of a single row, which is for all, stays as it is."""
        return vector[self.numbers] if len(vector) == self.size else vector

    def put_back(self, excerpt: NDArray[Any]) -> NDArray[Any]:
        """Give a vector of the full length; what stands in all other rows means nothing."""
        if len(excerpt) != len(self.numbers):
            return excerpt
        whole = np.empty((self.size, *excerpt.shape[1:]), dtype=excerpt.dtype)
        whole[self.numbers] = excerpt
        return whole


@dataclass(frozen=True)
class FindRows:
    """Task: the rows of vectors that some partitions look at, as `Rows` has them."""

    recipe: BlockRecipe
    reads: Reads
    size: int

    def __call__(self, store: Store, part: Sequence[int]) -> NDArray[np.uint32]:
        """Do it."""
        seen = np.zeros(self.size, dtype=np.bool_)
        for index in part:
            for numbers in self.reads(self.recipe.leaves(store, index)):
                seen[numbers] = True
        return np.flatnonzero(seen).astype(np.uint32)


class Excerpts:
    """Finds out what the tasks of a pass look at, once for where blocks lie.

    Parameters
    ----------
    run
        Runs tasks where the blocks are.
    """

    def __init__(self, run: Map) -> None:
        self._run = run
        self._known: dict[str, tuple[list[tuple[int, ...]], list[Rows] | None]] = {}

    def rows(
        self,
        task: FindRows,
        parts: Sequence[Sequence[int]],
        places: Sequence[str | None],
    ) -> list[Rows] | None:
        """Return what each part looks at; None where whole vectors are no more to send.

        That is where parts lie in this process, and where they look at so much that a whole vector
        for each place, which the places pass on to each other, is less.
        """
        if None in places:
            return None
        key, wanted = task.recipe.key, [tuple(part) for part in parts]
        known = self._known.get(key)
        if known is None or known[0] != wanted:
            found = [Rows(numbers, task.size) for numbers in self._run(task, parts, places)]
            less = sum(len(rows.numbers) for rows in found) < len(set(places)) * task.size
            known = self._known[key] = wanted, found if less else None
        return known[1]
