"""States of float sums: means, variances, sums of vectors. The order of additions is fixed.

Inside a partition rows are added up one after the other within leaves, leaves in the tree of
`windrow.learn.tree`; states of partitions are merged elementwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.errors import UnequalVectorsError
from windrow.execution.group_states import Groups, Rows, vectors
from windrow.learn.leaf import LEAF
from windrow.learn.tree import tree_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.plan.tables import Aggregation

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["Spread", "Totals", "VectorTotals", "group_sums"]


def group_sums(codes: Codes, values: Vector, groups: int) -> Vector:
    """Add up the values of each group in a fixed order.

    Parameters
    ----------
    codes : int64 (rows,)
        Group of each value.
    values : float64 (rows,)
    groups : int

    Returns
    -------
    float64 (groups,)

    Examples
    --------
    >>> group_sums(np.array([0, 1, 0]), np.array([1.0, 2.0, 4.0]), 3).tolist()
    [5.0, 2.0, 0.0]
    """
    # One addition costs as many steps as there are groups: take so many leaves at a time that all
    # of them together cost no more than the rows do.
    step = LEAF * max(1, -(-groups // LEAF))
    starts = range(0, max(len(codes), 1), step)
    return tree_sum(_leaf_sums(codes[s : s + step], values[s : s + step], groups) for s in starts)


def _leaf_sums(codes: Codes, values: Vector, groups: int) -> Vector:
    """Add up in row order."""
    return np.bincount(codes, values, groups).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Totals:
    """Sums or means of numbers: count n of those present and their sum, which NaN spreads to."""

    mean: bool

    def start(self, rows: Rows, a: Aggregation) -> pl.DataFrame:
        """See `State`."""
        values, there = _numbers(rows, a)
        return pl.DataFrame(
            {
                "count": np.bincount(rows.codes[there], minlength=rows.groups),
                "total": group_sums(rows.codes, values, rows.groups),
            }
        )

    def merge(
        self, left: pl.DataFrame, right: pl.DataFrame, places: Codes, groups: int
    ) -> pl.DataFrame:
        """See `State`."""
        return pl.DataFrame({c: _added(left[c], right[c], places, groups) for c in left.columns})

    def finish(self, state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        """See `State`."""
        del a, groups
        if not self.mean:
            return state["total"]
        mean = pl.col("total") / pl.col("count")
        return state.select(pl.when(pl.col("count") > 0).then(mean)).to_series()


@dataclass(frozen=True)
class Spread:
    """Variances or deviations: count n, mean, and M2 = sum of (x - mean)^2 of numbers present.

    Two states are merged by Chan, Golub and LeVeque (1983), eq. 1.5: with d = mean_b - mean_a,
    mean = mean_a + d n_b / n and M2 = M2_a + M2_b + d^2 n_a n_b / n.
    """

    root: bool

    def start(self, rows: Rows, a: Aggregation) -> pl.DataFrame:
        """See `State`."""
        values, there = _numbers(rows, a)
        codes, values = rows.codes[there], values[there]
        count = np.bincount(codes, minlength=rows.groups)
        with np.errstate(invalid="ignore", over="ignore"):
            mean = group_sums(codes, values, rows.groups) / np.maximum(count, 1)
            m2 = group_sums(codes, (values - mean[codes]) ** 2, rows.groups)
        return pl.DataFrame({"count": count, "mean": mean, "m2": m2})

    def merge(
        self, left: pl.DataFrame, right: pl.DataFrame, places: Codes, groups: int
    ) -> pl.DataFrame:
        """See `State`."""
        sides = [_at(left, np.arange(left.height), groups), _at(right, places, groups)]
        (n_a, mean_a, m2_a), (n_b, mean_b, m2_b) = sides
        n = np.maximum(n_a + n_b, 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            d = mean_b - mean_a
            mean = mean_a + d * (n_b / n)
            m2 = m2_a + m2_b + d * d * (n_a * n_b / n)
        one_side = [(n_b == 0, mean_a, m2_a), (n_a == 0, mean_b, m2_b)]
        for only, its_mean, its_m2 in one_side:
            mean, m2 = np.where(only, its_mean, mean), np.where(only, its_m2, m2)
        return pl.DataFrame({"count": (n_a + n_b).astype(np.int64), "mean": mean, "m2": m2})

    def finish(self, state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        """See `State`; None where there are not more than `ddof` values."""
        del groups
        ddof = int(dict(a.options).get("ddof", 0))
        free = pl.col("count") - ddof
        variance = state.select(
            pl.when((pl.col("count") > 0) & (free > 0)).then(pl.col("m2") / free)
        ).to_series()
        return variance.sqrt() if self.root else variance


@dataclass(frozen=True)
class VectorTotals:
    """Sums or means of vectors: for each group count, length, whether lengths differ, and sums."""

    mean: bool

    def start(self, rows: Rows, a: Aggregation) -> pl.DataFrame:
        """See `State`."""
        column = rows.frame[a.columns[0]]
        there = column.is_not_null().to_numpy()
        codes = rows.codes[there]
        lengths = column.list.len().drop_nulls().to_numpy().astype(np.int64)
        longest = np.zeros(rows.groups, dtype=np.int64)
        np.maximum.at(longest, codes, lengths)
        short = np.bincount(codes[lengths < longest[codes]], minlength=rows.groups)
        count = np.bincount(codes, minlength=rows.groups)
        cells = _cells(codes, lengths, longest)
        flat = column.drop_nulls().explode(empty_as_null=False)
        sums = group_sums(cells, flat.fill_null(float("nan")).to_numpy(), int(longest.sum()))
        return _vector_state(count, longest, short > 0, sums)

    def merge(
        self, left: pl.DataFrame, right: pl.DataFrame, places: Codes, groups: int
    ) -> pl.DataFrame:
        """See `State`."""
        here = np.arange(left.height)
        count = _added(left["count"], right["count"], places, groups)
        ragged = _added(left["ragged"], right["ragged"], places, groups).astype(np.bool_)
        length = np.zeros(groups, dtype=np.int64)
        length[here] = left["length"].to_numpy()
        before, both = length[places], right["count"].to_numpy() > 0
        both &= count[places] > right["count"].to_numpy()
        ragged[places] |= both & (before != right["length"].to_numpy())
        length[places] = np.maximum(before, right["length"].to_numpy())
        sums = np.zeros(int(length.sum()))
        for state, numbers in ((left, here), (right, places)):
            cells = _cells(numbers, state["length"].to_numpy(), length)
            sums[cells] += state["sums"].explode(empty_as_null=False).to_numpy()
        return _vector_state(count, length, ragged, sums)

    def finish(self, state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        """See `State`; None where there are no vectors, or vectors of different lengths."""
        if groups.whole and state["ragged"].any():
            raise UnequalVectorsError(a.kind, a.columns[0])
        result = pl.col("sums") / pl.col("count") if self.mean else pl.col("sums")
        known = (pl.col("count") > 0) & ~pl.col("ragged")
        return state.select(pl.when(known).then(result)).to_series()


def _numbers(rows: Rows, a: Aggregation) -> tuple[Vector, NDArray[np.bool_]]:
    """Return a column as floats, 0 for None, and where it is not None."""
    column = rows.frame[a.columns[0]]
    there = column.is_not_null().to_numpy()
    return column.cast(pl.Float64).fill_null(0.0).to_numpy(), there


def _added(left: pl.Series, right: pl.Series, places: Codes, groups: int) -> NDArray[Any]:
    """Add two columns by group."""
    total = np.zeros(groups, dtype=np.float64 if left.dtype == pl.Float64 else np.int64)
    total[: len(left)] = left.to_numpy()
    total[places] += right.to_numpy()
    return total


def _at(state: pl.DataFrame, places: Codes, groups: int) -> list[Vector]:
    """Return a state's columns with its groups at their places, zeros elsewhere."""
    columns = []
    for column in state:
        columns.append(np.zeros(groups))
        columns[-1][places] = column.to_numpy()
    return columns


def _cells(numbers: Codes, lengths: Codes, room: Codes) -> Codes:
    """Return where the elements of vectors lie when groups' vectors are laid end to end.

    Vector i belongs to group ``numbers[i]`` and has ``lengths[i]`` elements; a group has room for
    ``room[group]``.
    """
    starts = np.cumsum(room) - room
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(starts[numbers], lengths) + within


def _vector_state(
    count: Codes, length: Codes, ragged: NDArray[np.bool_], sums: Vector
) -> pl.DataFrame:
    codes = pl.Series(np.repeat(np.arange(len(length)), length))
    held = vectors(codes, pl.Series(sums), len(length))
    return pl.DataFrame(
        [
            pl.Series("count", count),
            pl.Series("length", length),
            pl.Series("ragged", ragged),
            held.alias("sums"),
        ]
    )
