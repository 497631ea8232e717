"""One pass over the training rows that says what a design needs: counts, means and variances."""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from windrow.learn.jit import kernel
from windrow.learn.lanes import dots_1
from windrow.learn.leaf import TILE, TRAIN, VALIDATION, Leaf, blank
from windrow.learn.narrow import scratch_for, tile
from windrow.learn.sparse import add_moments
from windrow.learn.tiles import lane_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.layout import Layout

__all__ = ["FirstRow", "Moments", "Statistics", "first_entries", "first_training_row"]

_HEAD = 4  # training rows, validation rows, sum and sum of squares of a target that is a number


class FirstRow(NamedTuple):
    """The first training row: its numbers shift `Moments`, its codes are the references.

    Attributes
    ----------
    dense : float64 (d,)
        0 in place of a number that is not finite.
    codes : int32 (c,)
    """

    dense: NDArray[np.float64]
    codes: NDArray[np.int32]


def first_training_row(leaf: Leaf) -> FirstRow | None:
    """Find the first training row of a leaf, None when it has none.

    Examples
    --------
    >>> role = np.array([VALIDATION, TRAIN], np.uint8)
    >>> leaf = Leaf.pack([np.array([5.0, 6.0])], [], np.zeros(2), role)
    >>> first_training_row(leaf).dense.tolist()
    [6.0]
    """
    places = np.flatnonzero(leaf.role.reshape(-1) == TRAIN)
    if not places.size:
        return None
    place, row = divmod(int(places[0]), TILE)
    dense = leaf.dense[place, :, row].astype(np.float64)
    return FirstRow(np.where(np.isfinite(dense), dense, 0.0), leaf.codes[place, :, row].copy())


def first_entries(leaf: Leaf, bounds: NDArray[np.int32]) -> NDArray[np.int32]:
    """Find the first place that a training row has in each of some ranges of places.

    Parameters
    ----------
    bounds : int32 (l, 2)
        Each range, its end excluded.

    Returns
    -------
    int32 (l,)
        -1 where there is none.

    Examples
    --------
    >>> from windrow.learn.sparse import SparseRows
    >>> rows = SparseRows.of(np.array([1, 2]), np.array([5, 7, 4]), np.ones(3))
    >>> role = np.array([VALIDATION, TRAIN], np.uint8)
    >>> leaf = Leaf.pack([], [], np.zeros(2), role, sparse=rows)
    >>> first_entries(leaf, np.array([[4, 6], [6, 9], [9, 10]], np.int32)).tolist()
    [4, 7, -1]
    """
    starts, places, _ = leaf.sparse
    trains = np.repeat(leaf.role.reshape(-1) == TRAIN, np.diff(starts))
    found = np.full(len(bounds), -1, dtype=np.int32)
    for j, (low, high) in enumerate(bounds.tolist()):
        there = np.flatnonzero(trains & (places >= low) & (places < high))
        if there.size:
            found[j] = places[there[0]]
    return found


@kernel
def _without(
    x: NDArray[np.float64], begin: float, trains: NDArray[np.float64], v: NDArray[np.float64]
) -> float:
    """Set v as `_add` does, to 0 where a number is not finite; how many of those train."""
    bad = 0.0
    for i in range(TILE):
        deviation = x[i] - begin
        finite = deviation - deviation == 0.0
        v[i] = deviation * trains[i] if finite else 0.0
        bad += 0.0 if finite else trains[i]
    return bad


@kernel
def _add(
    x: NDArray[np.float64],
    codes: NDArray[np.int32],
    role: NDArray[np.uint8],
    shift: NDArray[np.float64],
    scratch: NDArray[np.float64],
    head: NDArray[np.float64],
    moments: NDArray[np.float64],
    levels: NDArray[np.float64],
) -> None:
    """Add one tile. `moments` (d, 3): sums, sums of squares, how many numbers are not finite."""
    v, one, trains = scratch[0], scratch[1], scratch[2]
    for i in range(TILE):
        one[i] = 1.0
        trains[i] = 1.0 if role[i] == TRAIN else 0.0
        head[1] += 1.0 if role[i] == VALIDATION else 0.0
    head[0] += lane_sum(trains)
    for j in range(x.shape[0]):
        begin = shift[j]
        for i in range(TILE):
            v[i] = (x[j, i] - begin) * trains[i]
        (total,) = dots_1(v, 0, one)
        if total - total != 0.0:  # rare: a number of the tile is NaN or infinite
            moments[j, 2] += _without(x[j], begin, trains, v)
            (total,) = dots_1(v, 0, one)
        (squares,) = dots_1(v, 0, v)
        moments[j, 0] += total
        moments[j, 1] += squares
    for k in range(codes.shape[0]):
        for i in range(TILE):
            if role[i] == TRAIN:
                levels[codes[k, i]] += 1.0


@kernel
def _moments(
    dense: NDArray[np.float64],
    codes: NDArray[np.int32],
    target: NDArray[np.float64],
    role: NDArray[np.uint8],
    shift: NDArray[np.float64],
    head: NDArray[np.float64],
    classes: NDArray[np.float64],
    moments: NDArray[np.float64],
    levels: NDArray[np.float64],
) -> None:
    scratch, wide = np.empty((3, TILE)), scratch_for(dense)
    v = scratch[0]
    for t in range(dense.shape[0]):
        _add(tile(dense, t, wide), codes[t], role[t], shift, scratch, head, moments, levels)
        if classes.shape[0] > 0:
            for i in range(TILE):
                if role[t, i] == TRAIN and 0.0 <= target[t, i] < classes.shape[0]:
                    classes[int(target[t, i])] += 1.0
        else:
            for i in range(TILE):
                v[i] = target[t, i] if role[t, i] == TRAIN else 0.0
            head[2] += lane_sum(v)
            for i in range(TILE):
                v[i] = v[i] * v[i]
            head[3] += lane_sum(v)


@dataclass(frozen=True, slots=True)
class Moments:
    """Kernel: counts and shifted sums over the training rows; `Statistics.of` reads the answer.

    Called with a leaf and a shift float64 (d,) per numeric column. A shift that is some training
    row's number (`first_training_row`) bounds the cancellation in the variance: the squared
    distance of one row from the mean is at most n times the variance.

    Parameters
    ----------
    layout : Layout
    classes : int, default 0
        Number of classes of the target; 0 for a number.

    Raises
    ------
    ValueError
        When called with a leaf of another layout: kernels trust the shape and codes of a leaf.
    """

    layout: Layout
    classes: int = 0

    def __call__(self, leaf: Leaf, shift: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the training rows of a leaf."""
        d, k = self.layout.numeric, self.classes
        columns = (d, len(self.layout.levels))
        plain, size = self.layout.plain, self.layout.size
        if (leaf.dense.shape[1], leaf.codes.shape[1]) != columns or not (
            _within(leaf.codes, 0, plain) and _within(leaf.sparse[1], plain, size)
        ):
            raise ValueError(f"this leaf does not have the layout {self.layout}")
        out = blank(_HEAD + k + 3 * d + size + 2 * (size - plain))
        head, classes = out[:_HEAD], out[_HEAD : _HEAD + k]
        moments = out[_HEAD + k : _HEAD + k + 3 * d].reshape(d, 3)
        levels, sums = np.split(out[_HEAD + k + 3 * d :], [size])
        _moments(
            leaf.dense, leaf.codes, leaf.target, leaf.role, shift, head, classes, moments, levels
        )
        if self.layout.sparse:
            add_moments(leaf.sparse, leaf.role, plain, levels, sums.reshape(-1, 2))
        return out


def _within(places: NDArray[np.int32], low: int, high: int) -> bool:
    return not places.size or bool(low <= places.min() and places.max() < high)


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What `Moments` counted, over all leaves.

    Attributes
    ----------
    layout : Layout
    n_train, n_validation : int
        Rows of each role.
    target_sums : float64 (2,)
        Sum and sum of squares of a target that is a number, over the training rows; else 0.
    class_counts : int64 (classes,)
        Training rows of each class.
    count : int64 (layout.size,)
        Training rows of each level, and those that have each key; of the intercept and the numeric
        columns, all.
    mean, variance : float64 (layout.size,)
        Over the training rows, the variance with n - 1 (0 when there is one row); a level counts
        as a column of zeros and ones, a key as one of zeros and its values.
    not_finite : int64 (layout.numeric,)
        Training rows in which a numeric column is NaN or infinite; mean and variance leave those
        out of their sums.
    """

    layout: Layout
    n_train: int
    n_validation: int
    target_sums: NDArray[np.float64]
    class_counts: NDArray[np.int64]
    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    not_finite: NDArray[np.int64]

    @classmethod
    def of(
        cls, partial: NDArray[np.float64], kernel: Moments, shift: NDArray[np.float64]
    ) -> Statistics:
        """Read the sum of the partials of a `Moments` kernel that was called with `shift`."""
        layout, k, d = kernel.layout, kernel.classes, kernel.layout.numeric
        n = int(partial[0])
        sums = partial[_HEAD + k : _HEAD + k + 3 * d].reshape(d, 3)
        counts, of_sparse = np.split(partial[_HEAD + k + 3 * d :], [layout.size])
        count = counts.astype(np.int64)
        count[: 1 + d] = n
        rows = float(max(n, 1))
        mean = count / rows
        variance = (count - count * mean) / max(rows - 1.0, 1.0)
        mean[1 : 1 + d] = shift + sums[:, 0] / rows
        spread = sums[:, 1] - sums[:, 0] * (sums[:, 0] / rows)
        variance[1 : 1 + d] = np.maximum(spread, 0.0) / max(rows - 1.0, 1.0)
        total_of, squares = of_sparse.reshape(-1, 2).T
        mean[layout.plain :] = total_of / rows
        spread = squares - total_of * (total_of / rows)
        variance[layout.plain :] = np.maximum(spread, 0.0) / max(rows - 1.0, 1.0)
        return cls(
            layout,
            n,
            int(partial[1]),
            partial[2:_HEAD],
            partial[_HEAD : _HEAD + k].astype(np.int64),
            count,
            mean,
            variance,
            sums[:, 2].astype(np.int64),
        )
