"""Looking into strings, vectors, lists and dictionaries, and looking values up."""

from __future__ import annotations

from typing import Any

import polars as pl

from windrow.execution import lower_vectors
from windrow.execution.lower_casts import by_value
from windrow.execution.lower_step import Function, Step, flags, nulled
from windrow.execution.values import python_values, series_from_values
from windrow.plan.types import DType

_ADVICE = "give undefined_on_failure=True to get None for such items"


def _contains(step: Step) -> pl.Series:
    """Tell whether a string has a part, a vector or list an item, a dictionary a key."""
    (column,), kind, item = step.columns, step.types[0], step.option("item")
    if kind is DType.STR:
        return flags(column.str.contains(item, literal=True))
    if kind is DType.ARRAY:
        return flags(lower_vectors.contains(column, item))
    return by_value(column, kind, lambda held: int(item in held), DType.INT)


def _is_in(step: Step) -> pl.Series:
    """Tell whether a value is one of some others; never None, None is found where it is given."""
    (column,), kind = step.columns, step.types[0]
    given = step.option("values")
    known = [value for value in given if value is not None]
    if kind is DType.ARRAY:
        vectors = {tuple(value) for value in known}
        found = by_value(column, kind, lambda held: int(tuple(held) in vectors), DType.INT)
    else:
        others, other_kind = series_from_values(known, None if kind.is_number and known else kind)
        if other_kind is not kind:
            column, others = column.cast(pl.Float64), others.cast(pl.Float64)
        found = flags(column.is_in(others.implode()))
    return found.fill_null(int(len(known) < len(given)))


def _element(step: Step) -> pl.Series:
    """Take one item out, None where there is none; converted to the type asked for."""
    (column,), kind, at = step.columns, step.types[0], step.option("at")
    target = DType.of(step.option("dtype"))
    if kind is DType.ARRAY and target is DType.FLOAT:
        return column.list.get(at, null_on_oob=True)
    items = [None if held is None else _item(held, at) for held in python_values(column, kind)]
    kept, _ = series_from_values(items, target, undefined_on_failure=True)
    if not step.option("undefined_on_failure"):
        for row, (item, lost) in enumerate(zip(items, kept.is_null(), strict=True)):
            if lost and item is not None:
                raise step.failure(row, item, target.value, _ADVICE)
    return kept


def _item(held: Any, at: Any) -> Any:  # a cell's
    """Return the item at a key or a place, None when there is none."""
    if isinstance(held, dict):
        return held.get(at)
    return held[at] if isinstance(at, int) and -len(held) <= at < len(held) else None


def _vector_slice(step: Step) -> pl.Series:
    """Take the items from `start` to before `stop`, or the one at `start`; None past the end."""
    (column,) = step.columns
    start, stop = step.option("start"), step.option("stop")
    if stop is None:
        return column.list.get(start, null_on_oob=True)
    return nulled(column, column.list.len() < stop).list.slice(start, stop - start)


def _item_length(step: Step) -> pl.Series:
    (column,), kind = step.columns, step.types[0]
    if kind is DType.ARRAY:
        return column.list.len().cast(pl.Int64)
    return by_value(column, kind, len, DType.INT)


OPERATIONS: dict[str, Function] = {
    "contains": _contains,
    "is_in": _is_in,
    "element": _element,
    "vector_slice": _vector_slice,
    "item_length": _item_length,
}
