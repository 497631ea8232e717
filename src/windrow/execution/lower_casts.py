"""Conversions between types.

=========  ===========================================================================
to         from
=========  ===========================================================================
int        float: the fraction is dropped; str: a whole number; datetime: seconds since 1970
float      int; str: a number; datetime: seconds since 1970
str        numbers and containers as Python writes them; datetime: ISO 8601
array      str as in `windrow.plan.cells`; a list of numbers
list       str as in `windrow.plan.cells`; a vector
dict       str as in `windrow.plan.cells`
datetime   int and float: seconds since 1970; str: ISO 8601
=========  ===========================================================================

What cannot be converted (NaN and what 64 bits cannot hold among them) is an error that names value,
row and column, or None on request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from windrow.execution.lower_step import Function, Step, nulled
from windrow.execution.values import CHUNK, empty, python_values, series_from_values, text_of
from windrow.execution.vectors import Vectors
from windrow.plan.cells import parse_nested, parse_vector
from windrow.plan.types import DType

_ADVICE = "give undefined_on_failure=True to get None for such values"
_MICROSECONDS = 1_000_000


def _cast(step: Step) -> pl.Series:
    target = DType.of(step.option("dtype"))
    (column,), source = step.columns, step.types[0]
    if source is target:
        return column
    converted = CASTS[source, target](column)
    return checked(step, converted, target)


def checked(step: Step, converted: pl.Series, target: DType) -> pl.Series:
    """Return what was converted, unless a value became None that was not."""
    (column,) = step.columns
    if step.option("undefined_on_failure") or converted.null_count() == column.null_count():
        return converted
    row = (converted.is_null() & column.is_not_null()).arg_true()[0]
    (value,) = python_values(column.slice(row, 1), step.types[0])
    raise step.failure(row, value, target.value, _ADVICE)


def by_distinct(column: pl.Series, convert: Callable[[Any], Any], dtype: DType) -> pl.Series:
    """Convert each distinct text once, in Python; None and a ValueError give None."""
    distinct = column.unique(maintain_order=True).drop_nulls()
    held: list[Any] = []
    for text in distinct:
        try:
            held.append(convert(text))
        except (ValueError, OverflowError):
            held.append(None)
    converted, _ = series_from_values(held, dtype)
    places = column.to_frame("text").join(
        pl.DataFrame([distinct.alias("text"), converted.alias("value")]),
        on="text",
        how="left",
        maintain_order="left",
    )
    return places["value"]


def by_value(
    column: pl.Series, source: DType, convert: Callable[[Any], Any], dtype: DType
) -> pl.Series:
    """Convert each value in Python; a ValueError or TypeError gives None."""
    parts = [empty(dtype)]
    for start in range(0, len(column), CHUNK):
        held: list[Any] = []
        for value in python_values(column.slice(start, CHUNK), source):
            try:
                held.append(None if value is None else convert(value))
            except (ValueError, TypeError, OverflowError):
                held.append(None)
        parts.append(series_from_values(held, dtype, undefined_on_failure=True)[0])
    return pl.concat(parts)


def _float_to_int(column: pl.Series) -> pl.Series:
    return column.cast(pl.Int64, strict=False)  # out of range, NaN: null


def _text_to_int(column: pl.Series) -> pl.Series:
    return column.str.strip_chars().cast(pl.Int64, strict=False)


def _text_to_float(column: pl.Series) -> pl.Series:
    return column.str.strip_chars().cast(pl.Float64, strict=False)


def _float_to_text(column: pl.Series) -> pl.Series:
    """Write floats as Python does; the engine differs below 1e-4 and for NaN."""
    texts = column.cast(pl.String)
    size = column.abs()
    odd = (column.is_nan() | ((size < 1e-4) & (size > 0))).fill_null(value=False)
    if not odd.any():
        return texts
    rows = odd.arg_true()
    return texts.scatter(rows, [repr(value) for value in column.gather(rows).to_list()])


def _moment_to_float(column: pl.Series) -> pl.Series:
    return column.cast(pl.Int64) / float(_MICROSECONDS)


def _moment_to_int(column: pl.Series) -> pl.Series:
    return column.cast(pl.Int64) // _MICROSECONDS


_LARGEST = (1 << 63) // _MICROSECONDS  # seconds


def _int_to_moment(column: pl.Series) -> pl.Series:
    known = nulled(column, ~column.is_between(-_LARGEST + 1, _LARGEST - 1))
    return _years((known * _MICROSECONDS).cast(pl.Datetime("us")))


def _float_to_moment(column: pl.Series) -> pl.Series:
    whole = column.floor()
    rest = ((column - whole) * _MICROSECONDS).round()
    parts = [_float_to_int(part) for part in (whole, rest)]
    seconds = nulled(parts[0], ~parts[0].is_between(-_LARGEST + 1, _LARGEST - 1))
    return _years((seconds * _MICROSECONDS + parts[1]).cast(pl.Datetime("us")))


_FIRST, _LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us")


def _years(moments: pl.Series) -> pl.Series:
    """Make moments missing that Python's datetime cannot hold."""
    ticks = moments.cast(pl.Int64)
    inside = ticks.is_between(int(_FIRST.astype(np.int64)), int(_LAST.astype(np.int64)))
    return nulled(moments, ~inside)


def _moment_to_text(column: pl.Series) -> pl.Series:
    from windrow.execution.lower_times import iso

    return iso(column)


def _text_to_moment(column: pl.Series) -> pl.Series:
    from windrow.execution.lower_times import moments_from_iso

    return moments_from_iso(column)


def _written(source: DType) -> Callable[[pl.Series], pl.Series]:
    return lambda column: by_value(column, source, text_of, DType.STR)


def _parsed(parse: Callable[[str], Any], dtype: DType) -> Callable[[pl.Series], pl.Series]:
    return lambda column: by_distinct(column, parse, dtype)


_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_PLAIN_VECTOR = rf"^\s*\[\s*{_NUMBER}(?:\s*,\s*{_NUMBER})*\s*\]\s*$"


def _text_to_vector(column: pl.Series) -> pl.Series:
    """Read numbers between commas with the engine, and whatever else is written in Python."""
    plain = column.str.contains(_PLAIN_VECTOR)
    inside = nulled(column, ~plain).str.strip_chars().str.strip_prefix("[").str.strip_suffix("]")
    items = inside.str.split(",")
    numbers = items.explode(keep_nulls=False, empty_as_null=False).str.strip_chars()
    lengths = items.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    elements = numbers.cast(pl.Float64).to_numpy()
    quick = Vectors(lengths, items.is_null().to_numpy(), elements).series()
    rest = nulled(column, plain)
    if rest.null_count() == len(rest):
        return quick
    return quick.zip_with(quick.is_not_null(), by_distinct(rest, parse_vector, DType.ARRAY))


def _of_kind(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = parse_nested(text)
        return value if isinstance(value, kind) else None

    return parse


CASTS: dict[tuple[DType, DType], Callable[[pl.Series], pl.Series]] = {
    (DType.INT, DType.FLOAT): lambda column: column.cast(pl.Float64),
    (DType.INT, DType.STR): lambda column: column.cast(pl.String),
    (DType.INT, DType.DATETIME): _int_to_moment,
    (DType.FLOAT, DType.INT): _float_to_int,
    (DType.FLOAT, DType.STR): _float_to_text,
    (DType.FLOAT, DType.DATETIME): _float_to_moment,
    (DType.STR, DType.INT): _text_to_int,
    (DType.STR, DType.FLOAT): _text_to_float,
    (DType.STR, DType.ARRAY): _text_to_vector,
    (DType.STR, DType.LIST): _parsed(_of_kind(list), DType.LIST),
    (DType.STR, DType.DICT): _parsed(_of_kind(dict), DType.DICT),
    (DType.STR, DType.DATETIME): _text_to_moment,
    (DType.ARRAY, DType.STR): _written(DType.ARRAY),
    (DType.ARRAY, DType.LIST): lambda column: by_value(column, DType.ARRAY, list, DType.LIST),
    (DType.LIST, DType.STR): _written(DType.LIST),
    (DType.LIST, DType.ARRAY): lambda column: by_value(column, DType.LIST, list, DType.ARRAY),
    (DType.DICT, DType.STR): _written(DType.DICT),
    (DType.DATETIME, DType.INT): _moment_to_int,
    (DType.DATETIME, DType.FLOAT): _moment_to_float,
    (DType.DATETIME, DType.STR): _moment_to_text,
}
"""How each conversion of `windrow.plan.operations.CONVERSIONS` is done; failures become null."""

OPERATIONS: dict[str, Function] = {"cast": _cast}
