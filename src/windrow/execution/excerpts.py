"""Vectors of which a partition looks at some rows: only those travel to where it lies.

A superstep over a graph looks at one value of each neighbour of its vertices. Where edges lie apart
from the program, that is all that needs to cross; the numbers of those rows cross once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.execution.store import Store
    from windrow.execution.tasks import BlockRecipe
    from windrow.execution.workers import Map

__all__ = ["Excerpt", "Excerpts", "LookedAt", "Rows"]

Reads = Callable[[tuple[Any, ...]], Sequence[Any]]
"""``reads(leaves)`` names rows, in some arrays; it must pickle by name."""


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A vector, and which of its rows a function looks at for a partition.

    Attributes
    ----------
    values
        One row for whatever it tells of.
    reads
        What is looked at by who is given some leaves.
    """

    values: NDArray[Any]
    reads: Reads


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of vectors of one length.

    Attributes
    ----------
    numbers : uint32
        Ascending.
    size
        Of the vectors.
    """

    numbers: NDArray[np.uint32]
    size: int


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Some rows of a vector.

    Examples
    --------
    >>> rows = Rows(np.array([1, 3], np.uint32), 4)
    >>> excerpt = Excerpt.of(np.array([0.5, 1.5, 2.5, 3.5]), rows)
    >>> excerpt.values.tolist(), excerpt.put_back()[[1, 3]].tolist()
    ([1.5, 3.5], [1.5, 3.5])
    """

    rows: Rows
    values: NDArray[Any]

    @classmethod
    def of(cls, vector: NDArray[Any], rows: Rows) -> Excerpt:
        """Take these rows of a vector."""
        return cls(rows, vector[rows.numbers])

    def put_back(self) -> NDArray[Any]:
        """Give a vector of the full length; what stands in all other rows means nothing."""
        whole = np.empty((self.rows.size, *self.values.shape[1:]), dtype=self.values.dtype)
        whole[self.rows.numbers] = self.values
        return whole


@dataclass(frozen=True)
class FindRows:
    """Task: the rows that some partitions look at, as `Rows` has them."""

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
    """Cuts vectors for the tasks of a pass; what these look at is found once for where blocks lie.

    Parameters
    ----------
    run
        Runs tasks where the blocks are.
    """

    def __init__(self, run: Map) -> None:
        self._run = run
        self._known: dict[tuple[str, Reads], tuple[list[tuple[int, ...]], list[Rows] | None]] = {}

    def cut(
        self,
        recipe: BlockRecipe,
        vector: LookedAt,
        parts: Sequence[Sequence[int]],
        places: Sequence[str | None],
    ) -> list[Excerpt] | None:
        """Cut a vector for each part; None where the whole is no more to send.

        That is where parts lie in this process, and where they look at so much that a whole vector
        for each place, which the places pass on to each other, is less.
        """
        values = vector.values
        if None in places or len(values) == 1:
            return None
        key, wanted = (recipe.key, vector.reads), [tuple(part) for part in parts]
        known = self._known.get(key)
        if known is None or known[0] != wanted:
            task = FindRows(recipe, vector.reads, len(values))
            found = [Rows(numbers, len(values)) for numbers in self._run(task, parts, places)]
            less = sum(len(rows.numbers) for rows in found) < len(set(places)) * len(values)
            known = self._known[key] = wanted, found if less else None
        return None if known[1] is None else [Excerpt.of(values, rows) for rows in known[1]]
