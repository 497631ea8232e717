"""What an aggregation knows of each group after some of the rows, and how that is merged.

A state is a small frame. Here are those that merge exactly in any association, all of one shape:
entries (group, ...) in row order, which are condensed whenever some are put behind others. Sums of
floats, where association matters, are in `windrow.execution.group_sums`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from windrow.errors import TypeMismatchError
from windrow.execution.order import present, sort
from windrow.execution.values import PHYSICAL, python_values
from windrow.plan.types import DType
from windrow.plan.values import encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.plan.schema import Schema
    from windrow.plan.tables import Aggregation

__all__ = ["EXACT", "Groups", "Rows", "State", "dense", "vectors"]


@dataclass(frozen=True)
class Rows:
    """Rows of one partition, and the number of each one's group.

    Attributes
    ----------
    frame
        The columns that aggregations read.
    schema
        Their types.
    codes
        Group of each row, int64 (rows,); groups are numbered by first appearance.
    groups
        Number of groups.
    """

    frame: pl.DataFrame
    schema: Schema
    codes: NDArray[np.int64]
    groups: int

    def entries(self, **columns: pl.Series) -> pl.DataFrame:
        """Return columns of these rows beside the rows' groups."""
        return pl.DataFrame([pl.Series("group", self.codes), *_named(columns)])


@dataclass(frozen=True)
class Groups:
    """What a result is made for.

    Attributes
    ----------
    count
        Number of groups.
    schema
        Types of the columns that were read.
    whole
        Whether all rows are one group: a reduction.
    """

    count: int
    schema: Schema
    whole: bool


class State(Protocol):
    """One kind of aggregation."""

    def start(self, rows: Rows, a: Aggregation) -> pl.DataFrame:
        """Return the state after the rows of one partition."""
        ...

    def merge(
        self, left: pl.DataFrame, right: pl.DataFrame, places: NDArray[np.int64], groups: int
    ) -> pl.DataFrame:
        """Return the state after the rows of both.

        Groups of `left` keep their numbers, group g of `right` becomes ``places[g]``; there are
        `groups` in all.
        """
        ...

    def finish(self, state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        """Return the result, one value a group."""
        ...


@dataclass(frozen=True)
class Entries:
    """A state of entries (group, ...), in the order of the rows they come from.

    Attributes
    ----------
    of
        Entries of a partition's rows.
    condense
        Reduces entries to what still matters; the same however often it is done in between.
    result
        One value a group.
    """

    of: Callable[[Rows, Aggregation], pl.DataFrame]
    condense: Callable[[pl.DataFrame], pl.DataFrame]
    result: Callable[[pl.DataFrame, Aggregation, Groups], pl.Series]

    def start(self, rows: Rows, a: Aggregation) -> pl.DataFrame:
        """See `State`."""
        return self.condense(self.of(rows, a))

    def merge(
        self, left: pl.DataFrame, right: pl.DataFrame, places: NDArray[np.int64], groups: int
    ) -> pl.DataFrame:
        """See `State`."""
        del groups
        moved = pl.Series("group", places[right["group"].to_numpy()])
        return self.condense(pl.concat([left, right.with_columns(moved)]))

    def finish(self, state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        """See `State`."""
        return self.result(state, a, groups)


# ------------------------------------------------------------------------------ entries of the rows


def _each(rows: Rows, _: Aggregation) -> pl.DataFrame:
    return rows.entries(value=pl.Series(np.ones(len(rows.codes), dtype=np.int64)))


def _value(rows: Rows, a: Aggregation) -> pl.DataFrame:
    return rows.entries(value=rows.frame[a.columns[0]])


def _there(rows: Rows, a: Aggregation) -> pl.DataFrame:
    return _value(rows, a).drop_nulls("value")


def _number(rows: Rows, a: Aggregation) -> pl.DataFrame:
    return rows.entries(value=present(rows.frame[a.columns[0]])).drop_nulls("value")


def _missing(rows: Rows, a: Aggregation) -> pl.DataFrame:
    return rows.entries(value=present(rows.frame[a.columns[0]]).is_null().cast(pl.Int64))


def _true(rows: Rows, a: Aggregation) -> pl.DataFrame:
    """Whether each value is neither None nor zero nor empty."""
    values, dtype = rows.frame[a.columns[0]], rows.schema[a.columns[0]]
    match dtype:
        case DType.INT | DType.FLOAT:
            true = values != 0
        case DType.STR:
            true = values != ""
        case DType.LIST | DType.DICT:
            true = values != encode([])  # an empty dictionary is the same text
        case DType.ARRAY:
            true = values.list.len() > 0
        case DType.DATETIME:
            true = values.is_not_null()
    return rows.entries(value=true.fill_null(value=False).cast(pl.Int64))


def _best(rows: Rows, a: Aggregation) -> pl.DataFrame:
    by, value = a.columns
    return rows.entries(by=present(rows.frame[by]), value=rows.frame[value]).drop_nulls("by")


def _pair(rows: Rows, a: Aggregation) -> pl.DataFrame:
    key, value = a.columns
    return rows.entries(key=rows.frame[key], value=rows.frame[value]).drop_nulls("key")


def _counted(rows: Rows, a: Aggregation) -> pl.DataFrame:
    return _value(rows, a).with_columns(count=pl.lit(1, pl.Int64))


# ------------------------------------------------------------------------------- condensing entries


def _all(entries: pl.DataFrame) -> pl.DataFrame:
    return entries


def _added(entries: pl.DataFrame) -> pl.DataFrame:
    """Integers wrap, so the order of additions does not matter."""
    return entries.group_by("group", maintain_order=True).agg(pl.col("value").sum())


def _least(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.group_by("group", maintain_order=True).agg(pl.col("value").min())


def _largest(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.group_by("group", maintain_order=True).agg(pl.col("value").max())


def _first(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.unique("group", keep="first", maintain_order=True)


def _last_at(*, largest: bool) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Keep of each group the last entry with the largest (least) ``by``."""

    def condense(entries: pl.DataFrame) -> pl.DataFrame:
        ordered = sort(entries, [("by", largest)])
        return ordered.unique("group", keep="last", maintain_order=True)

    return condense


def _tally(entries: pl.DataFrame) -> pl.DataFrame:
    grouped = entries.group_by("group", "value", maintain_order=True)
    return grouped.agg(pl.col("count").sum())


# ------------------------------------------------------------------------------------------ results


def dense(state: pl.DataFrame, column: str, groups: int) -> pl.Series:
    """Return a column of a state with one entry a group at most, by group; None where none is."""
    every = pl.DataFrame({"group": np.arange(groups)})
    return every.join(state, on="group", how="left", maintain_order="left")[column]


def vectors(codes: pl.Series, values: pl.Series, groups: int) -> pl.Series:
    """Return each group's values, in order, as a vector; a group without any has an empty one.

    >>> vectors(pl.Series([1, 1]), pl.Series([2.0, 3.0]), 2).to_list()
    [[], [2.0, 3.0]]
    """
    entries = pl.DataFrame([codes.alias("group"), values.cast(pl.Float64).alias("value")])
    found = entries.group_by("group", maintain_order=True).agg(pl.col("value"))
    nothing = pl.Series([[]], dtype=PHYSICAL[DType.ARRAY])
    return dense(found, "value", groups).fill_null(nothing)


def _one_each(nothing: int | None = None) -> Callable[..., pl.Series]:
    """Return the result of the entries' values, and `nothing` for a group without an entry."""

    def result(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        del a
        values = dense(state, "value", groups.count)
        return values if nothing is None else values.fill_null(nothing)

    return result


def _size(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
    del a
    return pl.Series(np.bincount(state["group"].to_numpy(), minlength=groups.count))


def _listed(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
    """Give lists in row order; where the plan says vectors, None becomes NaN."""
    if a.dtype is DType.ARRAY:
        return vectors(state["group"], state["value"].fill_null(float("nan")), groups.count)
    lists: list[list[Any]] = [[] for _ in range(groups.count)]
    values = python_values(state["value"], groups.schema[a.columns[0]])
    for group, value in zip(state["group"], values, strict=True):
        lists[group].append(value)
    return pl.Series(list(map(encode, lists)), dtype=PHYSICAL[DType.LIST])


def _mapped(column: str) -> Callable[..., pl.Series]:
    """Return dictionaries of the entries' keys; of equal keys the last one's value stands."""

    def result(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
        kind = groups.schema[a.columns[0]]
        if kind.is_nested or kind is DType.ARRAY:
            raise TypeMismatchError(a.kind, (kind.value,), "keys of int, float, str or datetime")
        key, value = ("value", "count") if column == "count" else ("key", "value")
        held = DType.INT if column == "count" else groups.schema[a.columns[1]]
        maps: list[dict[Any, Any]] = [{} for _ in range(groups.count)]
        keys, values = python_values(state[key], kind), python_values(state[value], held)
        for group, one, other in zip(state["group"], keys, values, strict=True):
            maps[group][one] = other
        return pl.Series(list(map(encode, maps)), dtype=PHYSICAL[DType.DICT])

    return result


def _quantiles(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
    """Exact quantiles: of n values in order, the one at position floor(q n), at most n - 1."""
    wanted = [float(q) for q in dict(a.options)["quantiles"]]
    values, sizes, starts = _ordered(state, groups.count)
    places = np.floor(sizes[:, None] * np.array(wanted)).astype(np.int64)
    places = starts[:, None] + np.clip(places, 0, np.maximum(sizes - 1, 0)[:, None])
    some = np.flatnonzero(sizes)
    codes = np.repeat(some, len(wanted))
    found = vectors(pl.Series(codes), values.gather(places[some].ravel()), groups.count)
    return pl.select(pl.when(pl.Series(sizes > 0)).then(found)).to_series()


def _median(state: pl.DataFrame, a: Aggregation, groups: Groups) -> pl.Series:
    """The middle value, of two the upper one."""
    del a
    values, sizes, starts = _ordered(state, groups.count)
    some = np.flatnonzero(sizes)
    middles = values.gather((starts + sizes // 2)[some])
    return dense(pl.DataFrame([pl.Series("group", some), middles]), "value", groups.count)


def _ordered(
    state: pl.DataFrame, groups: int
) -> tuple[pl.Series, NDArray[np.int64], NDArray[np.int64]]:
    """Return the values by group and size; the number of each group's, and where they start."""
    state = sort(state, [("group", True), ("value", True)])
    sizes = np.bincount(state["group"].to_numpy(), minlength=groups)
    return state["value"], sizes, np.cumsum(sizes) - sizes


def _named(columns: dict[str, pl.Series]) -> list[pl.Series]:
    return [series.alias(name) for name, series in columns.items()]


EXACT: dict[str, State] = {
    "count": Entries(_each, _added, _one_each(0)),
    "countna": Entries(_missing, _added, _one_each(0)),
    "nnz": Entries(_true, _added, _one_each(0)),
    "any": Entries(_true, _largest, _one_each(0)),
    "all": Entries(_true, _least, _one_each(1)),
    "sum": Entries(_value, _added, _one_each(0)),
    "min": Entries(_number, _least, _one_each()),
    "max": Entries(_number, _largest, _one_each()),
    "select_one": Entries(_value, _first, _one_each()),
    "argmax": Entries(_best, _last_at(largest=True), _one_each()),
    "argmin": Entries(_best, _last_at(largest=False), _one_each()),
    "count_distinct": Entries(_counted, _tally, _size),
    "distinct": Entries(_counted, _tally, _listed),
    "freq_count": Entries(_counted, _tally, _mapped("count")),
    "concat": Entries(_there, _all, _listed),
    "pairs": Entries(_pair, _all, _mapped("value")),
    "quantile": Entries(_number, _all, _quantiles),
    "median": Entries(_number, _all, _median),
}
"""States by kind; ``sum`` of integers, ``concat`` of one column and ``pairs`` of two."""
