"""Between the values that users know and the columns that the engine holds.

==========  ==========================  =====================================
type        in Python                   in a frame
==========  ==========================  =====================================
int         ``int``                     ``Int64``
float       ``float``                   ``Float64``; NaN is a value
str         ``str``                     ``String``
array       ``array.array('d')``        ``List(Float64)``
list, dict  ``list``, ``dict``          ``String``, see `windrow.plan.values`
datetime    ``datetime``, without zone  ``Datetime('us')``
missing     ``None``                    null
==========  ==========================  =====================================
"""

from __future__ import annotations

import array
import datetime
import decimal
import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from windrow.errors import CastError, MixedTypesError, UnsupportedTypeError
from windrow.execution.vectors import Vectors
from windrow.plan.types import DType
from windrow.plan.values import decode_dict, decode_list, encode, microseconds

PHYSICAL: dict[DType, pl.DataType] = {
    DType.INT: pl.Int64(),
    DType.FLOAT: pl.Float64(),
    DType.STR: pl.String(),
    DType.ARRAY: pl.List(pl.Float64()),
    DType.LIST: pl.String(),
    DType.DICT: pl.String(),
    DType.DATETIME: pl.Datetime("us"),
}
"""How the engine holds a column of each type."""

CHUNK = 1 << 14
"""Rows that are Python objects at a time."""

_ADVICE = "change the value, or give another dtype"


def empty(dtype: DType, rows: int = 0) -> pl.Series:
    """Return a column of missing values.

    >>> empty(DType.FLOAT, 2).to_list()
    [None, None]
    """
    return pl.Series([None] * rows, dtype=PHYSICAL[dtype])


# ------------------------------------------------------------------------------------ into a frame


def series_from_values(
    values: Sequence[object] | np.ndarray[Any, Any],
    dtype: DType | None = None,
    name: str = "",
    *,
    first_row: int = 0,
    undefined_on_failure: bool = False,
) -> tuple[pl.Series, DType]:
    """Make a column from Python values.

    Parameters
    ----------
    values
        Values or a NumPy array; of a matrix each row is a vector.
    dtype
        Type of the column; by default it follows from the values (`infer`). Numbers are converted:
        a float becomes an int by dropping its fraction.
    name
        Name of the column.
    first_row
        Number of the first value, for messages.
    undefined_on_failure
        Give None for a value that cannot be converted.

    Raises
    ------
    MixedTypesError
        The values have types that do not go together and no `dtype` is given.
    UnsupportedTypeError
        A value has a type that no table holds.
    CastError
        A value cannot be converted to `dtype`.

    Examples
    --------
    >>> series_from_values([1, None, 2.5], name="x")[0].to_list()
    [1.0, None, 2.5]
    >>> series_from_values([[1, 2], (3,)])[1]
    <DType.ARRAY: 'array'>
    """
    if isinstance(values, np.ndarray):
        values = _plain(values)
    kind = infer(values, name) if dtype is None else dtype
    fast = _fast_series(values, kind)
    if fast is not None:
        return fast.alias(name), kind
    held = _converted(values, kind, name, first_row, undefined_on_failure=undefined_on_failure)
    if kind is DType.ARRAY:
        return Vectors.of_values(held).series().alias(name), kind
    return pl.Series(name, held, dtype=PHYSICAL[kind]), kind


def _converted(
    values: Sequence[object],
    kind: DType,
    name: str,
    first_row: int,
    *,
    undefined_on_failure: bool,
) -> list[Any]:
    convert = _CONVERTERS[kind]
    held: list[Any] = []
    for row, value in enumerate(values):
        if _is_missing(value):
            held.append(None)
            continue
        try:
            held.append(convert(value))
        except (TypeError, ValueError, OverflowError):
            if not undefined_on_failure:
                column = f"column {name!r}" if name else "the column"
                raise CastError(
                    f"{value!r}"[:80], kind.value, column, first_row + row, _ADVICE
                ) from None
            held.append(None)
    return held


def infer(values: Sequence[object], name: str = "") -> DType:
    """Return the type of a column of these values.

    ``bool`` is int; ints with floats are float; lists, tuples and arrays of numbers are vectors,
    with other items they are lists; dates are datetimes. Missing values have no say; a column
    without any other value is float, one of empty lists is a list.

    Raises
    ------
    MixedTypesError, UnsupportedTypeError
        See `series_from_values`.

    >>> infer([True, None, 3]), infer([None, None]), infer([[1, "a"], [2]])
    (<DType.INT: 'int'>, <DType.FLOAT: 'float'>, <DType.LIST: 'list'>)
    """
    found: dict[DType | None, str] = {}
    for python in dict.fromkeys(map(type, values)):
        if issubclass(python, (list, tuple, np.ndarray)):
            for value in values:
                if type(value) is python:
                    found.setdefault(_sequence_type(value), python.__name__)
        elif not _is_missing_type(python):
            found.setdefault(_scalar_type(python), python.__name__)
    blank = found.pop(None, None)  # empty lists go with vectors and with lists
    kinds = set(found)
    if kinds <= {DType.ARRAY, DType.LIST} and (kinds or blank):
        return DType.ARRAY if kinds == {DType.ARRAY} else DType.LIST
    if not kinds or kinds == {DType.INT, DType.FLOAT}:
        kinds = {DType.FLOAT}
    if len(kinds) > 1 or blank:
        names = tuple(dict.fromkeys([*found.values(), *([blank] if blank else [])]))
        raise MixedTypesError(f"column {name!r}" if name else "the column", names)
    (kind,) = kinds
    if kind is None:  # pragma: no cover  # popped above
        raise TypeError(kind)
    return kind


def _plain(values: np.ndarray[Any, Any]) -> Sequence[object]:
    """Turn a NumPy array into what the conversions take, without a copy for numbers."""
    if values.ndim == 2 and values.dtype.kind in "biuf":
        return [array.array("d", row) for row in values.astype(np.float64).tolist()]
    if values.ndim != 1:
        raise UnsupportedTypeError(
            "the array", f"{values.ndim}-dimensional ndarray", "give one or two dimensions"
        )
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]").tolist()  # type: ignore[no-any-return]
    return values.tolist()  # type: ignore[no-any-return]


_INTEGERS: set[type] = {int, bool, type(None)}
_NUMBERS: set[type] = {float, int, bool}
_FLOATS: set[type] = _NUMBERS | {type(None)}
_TEXTS: set[type] = {str, type(None)}


def _fast_series(values: Sequence[object], kind: DType) -> pl.Series | None:
    """Let the engine convert values of the plain Python types; None if there are others."""
    plain: dict[DType, set[type]] = {DType.INT: _INTEGERS, DType.FLOAT: _FLOATS, DType.STR: _TEXTS}
    allowed = plain.get(kind)
    if allowed is None or not allowed.issuperset(map(type, values)):
        return None
    try:
        return pl.Series(values, dtype=PHYSICAL[kind])
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return None  # an int past 64 bits: found value by value


def _is_missing_type(python: type) -> bool:
    return python is type(None) or python.__name__ in {"NAType", "NaTType"}


def _is_missing(value: object) -> bool:
    return (
        value is None
        or _is_missing_type(type(value))
        or (isinstance(value, np.datetime64) and bool(np.isnat(value)))
    )


def _scalar_type(python: type) -> DType:
    if issubclass(python, (bool, numbers.Integral, np.bool_)):
        return DType.INT
    if issubclass(python, (numbers.Real, decimal.Decimal)):
        return DType.FLOAT
    for base, kind in (
        (str, DType.STR),
        (Mapping, DType.DICT),
        (array.array, DType.ARRAY),
        (datetime.date, DType.DATETIME),
        (np.datetime64, DType.DATETIME),
    ):
        if issubclass(python, base):
            return kind
    advice = "use int, float, str, array.array, list, dict or datetime"
    raise UnsupportedTypeError("a value", python.__name__, advice)


def _sequence_type(value: Any) -> DType | None:
    """Type of one list, tuple or array; None for an empty one."""
    if isinstance(value, np.ndarray):
        return DType.ARRAY if value.ndim == 1 and value.dtype.kind in "biuf" else DType.LIST
    if not value:
        return None
    numbers = _NUMBERS.issuperset(map(type, value))
    return DType.ARRAY if numbers or all(map(_is_number, value)) else DType.LIST


def _is_number(value: object) -> bool:
    return isinstance(value, (numbers.Real, np.bool_, decimal.Decimal))


def _to_int(value: Any) -> int:
    if not _is_number(value):
        raise TypeError(value)
    whole = int(value)  # drops the fraction; OverflowError for inf, ValueError for NaN
    if not -(1 << 63) <= whole < 1 << 63:
        raise OverflowError(value)
    return whole


def _to_float(value: Any) -> float:
    if not _is_number(value):
        raise TypeError(value)
    return float(value)


def _to_text(value: Any) -> str:
    return value if type(value) is str else text_of(value)


def _to_vector(value: Any) -> Any:
    if type(value) is list and _NUMBERS.issuperset(map(type, value)):
        return value
    if isinstance(value, array.array) and value.typecode == "d":
        return value
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise TypeError(value)
    return list(map(_to_float, value))


def _to_list_text(value: Any) -> str:
    if not isinstance(value, (list, tuple, array.array, np.ndarray)):
        raise TypeError(value)
    return encode(list(value))


def _to_dict_text(value: Any) -> str:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return encode(dict(value))


def _to_moment(value: Any) -> int:
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if not isinstance(value, datetime.date):
        raise TypeError(value)
    return microseconds(value)


_CONVERTERS: dict[DType, Callable[[Any], Any]] = {
    DType.INT: _to_int,
    DType.FLOAT: _to_float,
    DType.STR: _to_text,
    DType.ARRAY: _to_vector,
    DType.LIST: _to_list_text,
    DType.DICT: _to_dict_text,
    DType.DATETIME: _to_moment,
}


# ---------------------------------------------------------------------------------- out of a frame


def text_of(value: object) -> str:
    """Return the text that a value becomes in a column of strings, as Python writes it.

    >>> text_of(2.0), text_of(array.array("d", [1, 2])), text_of([1, "a", None])
    ('2.0', '[1.0, 2.0]', "[1, 'a', None]")
    """
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (array.array, np.ndarray)):
        return str(value.tolist())
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, np.generic):
        return str(value.item())
    return str(value)


def python_values(series: pl.Series, dtype: DType) -> list[Any]:
    """Return a column's values as users know them.

    >>> python_values(pl.Series([[1.0, 2.0], None]), DType.ARRAY)
    [array('d', [1.0, 2.0]), None]
    """
    if dtype is DType.ARRAY:
        return Vectors.of(series).values()
    values = series.to_list()
    if dtype.is_nested:
        decode = decode_list if dtype is DType.LIST else decode_dict
        return [None if v is None else decode(v) for v in values]
    return values


def iterate(series: pl.Series, dtype: DType) -> Iterator[Any]:
    """Yield a column's values as users know them, never more than `CHUNK` of them in memory.

    >>> list(iterate(pl.Series(["[1]"]), DType.LIST))
    [[1]]
    """
    for start in range(0, len(series), CHUNK):
        yield from python_values(series.slice(start, CHUNK), dtype)
