"""How every Arrow and Polars type comes into a table and goes out again: the one place that knows.

====================================  ============  ===============================================
comes in as                           column type   how
====================================  ============  ===============================================
bool                                  int           0 and 1
int8 to int64, uint8 to uint32        int           as they are
uint64, int128, uint128               int           refused where a value is past 64 signed bits
float16, float32, float64             float         NaN stays NaN
decimal                               float         to the nearest float
string, large string, string view     str           as they are
categorical, enum, dictionary         str           as the texts (of a dictionary: as its values)
binary, large binary, binary view     str           refused where the bytes are not UTF-8
date                                  datetime      midnight
timestamp of any unit                 datetime      microseconds; a time zone is converted to UTC
duration                              float         seconds
time                                  str           ``HH:MM:SS.ffffff``
list or fixed-size list of numbers    array         floats; refused where an element is missing
other lists                           list          of any values
struct, map                           dict          a missing field of a struct is None
null                                  float         all missing
extension, object, interval           none          refused
====================================  ============  ===============================================

A table goes out to Arrow as int64, float64, large string, list of float64 and timestamp in
microseconds without a time zone; lists and dictionaries of any values go out as Python objects, or
as text in a saved table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.errors import UnsupportedTypeError
from windrow.io.memory import PHYSICAL
from windrow.plan.schema import Schema
from windrow.plan.types import DType
from windrow.plan.values import encode

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)
_CLOCK = "%H:%M:%S%.6f"


def dtype_of(kind: pl.DataType, column: str) -> DType:
    """Return the type of the column that a Polars type comes in as.

    Raises
    ------
    UnsupportedTypeError
        There is none.

    >>> dtype_of(pl.Boolean(), "x"), dtype_of(pl.List(pl.Int8()), "x")
    (<DType.INT: 'int'>, <DType.ARRAY: 'array'>)
    """
    if kind.is_integer() or kind == pl.Boolean():
        return DType.INT
    if kind.is_float() or kind.is_decimal() or isinstance(kind, (pl.Null, pl.Duration)):
        return DType.FLOAT
    if isinstance(kind, (pl.String, pl.Categorical, pl.Enum, pl.Binary, pl.Time)):
        return DType.STR
    if isinstance(kind, (pl.Date, pl.Datetime)):
        return DType.DATETIME
    if isinstance(kind, (pl.List, pl.Array)):
        inner = _inner(kind)
        numbers = inner.is_numeric() or inner == pl.Boolean()
        return DType.ARRAY if numbers else DType.LIST
    if isinstance(kind, pl.Struct) or _is_map(kind):
        return DType.DICT
    raise UnsupportedTypeError(f"column {column!r}", str(kind), "convert or remove it first")


def normalize(frame: pl.DataFrame) -> tuple[pl.DataFrame, Schema]:
    """Bring columns of any types into the form in which a table holds them.

    Returns
    -------
    frame
        Each column in its physical form (`windrow.io.memory.PHYSICAL`).
    schema
        Names and types.

    Raises
    ------
    UnsupportedTypeError
        A column has a type, or a value, that a table cannot hold.

    >>> frame, schema = normalize(pl.DataFrame({"a": [True, None], "b": [[1], [2, 3]]}))
    >>> frame["a"].to_list(), schema
    ([1, None], Schema(a: int, b: array))
    """
    columns, types = [], []
    for series in frame.get_columns():
        dtype = dtype_of(series.dtype, series.name)
        types.append((series.name, dtype))
        columns.append(_converted(series, dtype))
    return pl.DataFrame(columns), Schema(types)


def _converted(series: pl.Series, dtype: DType) -> pl.Series:
    kind = series.dtype
    if kind == PHYSICAL[dtype] and not dtype.is_nested:
        return _without_missing_elements(series) if dtype is DType.ARRAY else series
    return _WAYS[dtype](series)


def _int(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, _WIDE):
        inside = series.cast(pl.Int64, strict=False)
        lost = series.filter(inside.is_null() & series.is_not_null())
        if lost.len():
            raise UnsupportedTypeError(
                f"column {series.name!r} with the value {lost[0]}",
                f"{series.dtype} past 64 signed bits",
                "cast it to float or to text first",
            )
        return inside
    return series.cast(pl.Int64)


def _float(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.Duration):
        return series.cast(pl.Duration("us")).cast(pl.Int64).cast(pl.Float64) / 1e6
    return series.cast(pl.Float64)


def _str(series: pl.Series) -> pl.Series:
    if isinstance(series.dtype, pl.Time):
        return series.dt.to_string(_CLOCK)
    if isinstance(series.dtype, pl.Binary):
        try:
            return series.cast(pl.String)
        except pl.exceptions.PolarsError as error:
            raise UnsupportedTypeError(
                f"column {series.name!r}", "bytes that are not UTF-8", "decode or remove it first"
            ) from error
    return series.cast(pl.String)


def _datetime(series: pl.Series) -> pl.Series:
    # Polars holds instants in UTC: leaving out the zone is converting to UTC.
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return series.cast(pl.Datetime("us"))


def _array(series: pl.Series) -> pl.Series:
    return _without_missing_elements(series.cast(pl.List(pl.Float64)))


def _without_missing_elements(series: pl.Series) -> pl.Series:
    if series.explode(empty_as_null=False, keep_nulls=False).null_count():
        raise UnsupportedTypeError(
            f"column {series.name!r}",
            "list of numbers with a missing element",
            "fill it, or make it text to have lists of any values",
        )
    return series


def _encoded(series: pl.Series) -> pl.Series:
    plain = _pairs_to_dicts if _is_map(series.dtype) else _as_is
    texts = [None if value is None else encode(plain(value)) for value in series.to_list()]
    return pl.Series(series.name, texts, dtype=pl.String)


def _as_is(value: Any) -> Any:
    return value


def _pairs_to_dicts(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return {pair["key"]: pair["value"] for pair in value}


def _inner(kind: pl.DataType) -> pl.DataType:
    inner: pl.DataType = kind.inner  # type: ignore[attr-defined]  # of both kinds of list
    return inner


def _is_map(kind: pl.DataType) -> bool:
    return type(kind).__name__ == "Map"


_WAYS: dict[DType, Callable[[pl.Series], pl.Series]] = {
    DType.INT: _int,
    DType.FLOAT: _float,
    DType.STR: _str,
    DType.DATETIME: _datetime,
    DType.ARRAY: _array,
    DType.LIST: _encoded,
    DType.DICT: _encoded,
}
