"""Sparse rows: of each row the few places that it has a number for, and what is added up over them.

The entries of a row are in a fixed order (that of its columns, and of the keys within one), and
rows come one after the other: that is the order of every addition.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.learn.jit import kernel
from windrow.learn.leaf import TILE, TRAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.leaf import SparseArrays

__all__ = [
    "SparseRows",
    "add_gradient",
    "add_hessian",
    "add_margins",
    "add_moments",
    "add_two_margins",
]


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """Rows in compressed form (CSR).

    Parameters
    ----------
    starts : int64 (rows + 1,)
        Row i has the entries starts[i] ... starts[i + 1] - 1.
    places : int32 (entries,)
        No row has one twice.
    values : float64 (entries,)

    Examples
    --------
    >>> rows = SparseRows.of(np.array([2, 0, 1]), np.array([4, 5, 4]), np.array([1.0, 2.0, 3.0]))
    >>> rows.part(1, 3).places.tolist(), rows.part(1, 3).starts.tolist()
    ([4], [0, 0, 1])
    """

    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    values: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        lengths: NDArray[np.int64],
        places: NDArray[np.int32] | NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> SparseRows:
        """Put rows with these numbers of entries together."""
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
        return cls(starts, np.asarray(places, dtype=np.int32), values)

    @classmethod
    def joined(cls, parts: list[SparseRows]) -> SparseRows:
        """Put the entries of several columns of the same rows side by side, column by column."""
        if len(parts) == 1:
            return parts[0]
        lengths = [np.diff(part.starts) for part in parts]
        rows = np.concatenate([np.repeat(np.arange(own.size), own) for own in lengths])
        order = np.argsort(rows, kind="stable")
        places = np.concatenate([part.places for part in parts])[order]
        values = np.concatenate([part.values for part in parts])[order]
        return cls.of(np.add.reduce(lengths), places, values)

    def part(self, first: int, end: int) -> SparseRows:
        """Give the rows first ... end - 1."""
        starts = self.starts[first : end + 1]
        own = slice(int(starts[0]), int(starts[-1]))
        return SparseRows(starts - starts[0], self.places[own], self.values[own])

    def take(self, rows: NDArray[np.intp]) -> SparseRows:
        """Give some rows, by their places in these.

        Examples
        --------
        >>> three = SparseRows.of(np.array([2, 0, 1]), np.array([4, 5, 6]), np.ones(3))
        >>> three.take(np.array([2, 0])).places.tolist()
        [6, 4, 5]
        """
        lengths = np.diff(self.starts)[rows]
        before = np.cumsum(lengths) - lengths
        own = np.repeat(self.starts[rows] - before, lengths) + np.arange(lengths.sum())
        return SparseRows.of(lengths, self.places[own], self.values[own])

    def mapped(self, table: NDArray[np.int32]) -> SparseRows:
        """Exchange each place p for table[p]; entries for which that is negative are left out."""
        places = table[self.places]
        kept = places >= 0
        if kept.all():
            return SparseRows(self.starts, places, self.values)
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept, dtype=np.int64)])
        return SparseRows(before[self.starts], places[kept], self.values[kept])

    def padded(self, rows: int) -> SparseArrays:
        """Give the three arrays of a leaf, with empty rows up to a number of rows."""
        rest = np.full(rows + 1 - self.starts.size, self.starts[-1], dtype=np.int64)
        return np.concatenate([self.starts, rest]), self.places, self.values


@kernel
def add_margins(
    sparse: SparseArrays, first: int, W: NDArray[np.float64], z: NDArray[np.float64]
) -> None:
    """Add to z what the entries of the tile that begins at row `first` contribute."""
    starts, places, values = sparse
    for i in range(TILE):
        margin = z[i]
        for e in range(starts[first + i], starts[first + i + 1]):
            margin = margin + W[places[e]] * values[e]
        z[i] = margin


@kernel
def add_two_margins(
    entries: SparseArrays,
    first: int,
    pairs: NDArray[Any],
    z: NDArray[np.float64],
    u: NDArray[np.float64],
) -> None:
    """Add to the margins z and u of a tile what two sets of weights (size, 2) give its entries.

    Side by side: to reach one of many weights costs more than to multiply by two.
    """
    starts, places, values = entries
    for i in range(TILE):
        a, b = z[i], u[i]
        for e in range(starts[first + i], starts[first + i + 1]):
            place = places[e]
            a += values[e] * pairs[place, 0]
            b += values[e] * pairs[place, 1]
        z[i], u[i] = a, b


@kernel
def add_gradient(
    sparse: SparseArrays, first: int, r: NDArray[np.float64], g: NDArray[np.float64]
) -> None:
    """Add to g (expanded) what a tile with the derivatives r contributes."""
    starts, places, values = sparse
    for i in range(TILE):
        for e in range(starts[first + i], starts[first + i + 1]):
            g[places[e]] += r[i] * values[e]


@kernel
def add_hessian(
    sparse: SparseArrays,
    first: int,
    x: NDArray[np.float64],
    codes: NDArray[np.int32],
    h: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Add a tile with the curvatures h to the lower triangle of H (expanded, square).

    Sparse places come after all others, so their rows of H meet the other columns below the
    diagonal. What belongs to the intercept goes to row 0, see `tiles.mirror`.
    """
    starts, places, values = sparse
    for i in range(TILE):
        begin = starts[first + i]
        for e in range(begin, starts[first + i + 1]):
            p, v = places[e], h[i] * values[e]
            H[0, p] += v
            for j in range(x.shape[0]):
                H[p, 1 + j] += v * x[j, i]
            for k in range(codes.shape[0]):
                H[p, codes[k, i]] += v
            for f in range(begin, e):
                q = places[f]
                H[max(p, q), min(p, q)] += v * values[f]
            H[p, p] += v * values[e]


@kernel
def add_moments(
    sparse: SparseArrays,
    role: NDArray[np.uint8],
    first: int,
    count: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Count the training rows that have each place, and add up values and their squares.

    `count` is for all places, `sums` (s, 2) for those from `first` on.
    """
    starts, places, values = sparse
    roles = role.reshape(-1)
    for i in range(roles.shape[0]):
        if roles[i] == TRAIN:
            for e in range(starts[i], starts[i + 1]):
                p, v = places[e], values[e]
                count[p] += 1.0
                sums[p - first, 0] += v
                sums[p - first, 1] += v * v
