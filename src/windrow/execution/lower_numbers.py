"""Arithmetic and comparisons of numbers and strings, and logic on any values.

Ints wrap around at 64 bits. ``/`` and ``**`` always give floats; ``//`` rounds down, ``%`` takes
the sign of the divisor, and both give None when an int divisor is 0. None spreads, except that
``==`` and ``!=`` treat it as a value of its own. NaN compares as IEEE 754 says: it equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.execution import lower_vectors
from windrow.execution.lower_step import Function, Step, aligned, flags, nulled, truth
from windrow.plan.types import DType

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]


def _power(base: NDArray[np.float64], exponent: NDArray[np.float64]) -> NDArray[np.float64]:
    if (exponent == 2.0).all():
        return base * base  # what `power` gives too, without waiting for the compiler
    from windrow.execution.lower_power import power

    return power(base, exponent)


FLOATS: dict[str, Floats] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "floor_divide": np.floor_divide,
    "modulo": np.remainder,
    "power": _power,
}
"""Each operation on floats; exact or in a fixed order of such, so equal on every processor."""

_ENGINE: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "modulo": lambda a, b: a % b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
}


_EXACT = {"add", "subtract", "multiply", "divide"}
"""What the engine computes on floats as IEEE 754 says."""


def _floats(function: Floats, left: pl.Series, right: pl.Series) -> pl.Series:
    """Apply a function of floats to two columns; None spreads."""
    left, right = aligned(left, right)
    unknown = left.is_null() | right.is_null()
    with np.errstate(all="ignore"):
        values = function(left.to_numpy(), right.to_numpy())
    found = pl.Series(values, dtype=pl.Float64)
    return nulled(found, unknown) if unknown.any() else found


def _arithmetic(step: Step) -> pl.Series:
    name, (left, right) = step.operation.name, step.columns
    if DType.ARRAY in step.types:
        return lower_vectors.arithmetic(FLOATS[name], left, right)
    if step.operation.dtype is DType.FLOAT:
        left, right = left.cast(pl.Float64), right.cast(pl.Float64)
    if name in _ENGINE and (step.operation.dtype is not DType.FLOAT or name in _EXACT):
        found: pl.Series = _ENGINE[name](left, right)
        return found
    if name != "power" and step.types[1] is DType.INT:
        right = nulled(right, right == 0)
    return _floats(FLOATS[name], left, right)


def _negate(step: Step) -> pl.Series:
    (column,) = step.columns
    if step.types[0] is DType.ARRAY:
        return lower_vectors.elementwise(np.negative, column)
    return -column


def _absolute(step: Step) -> pl.Series:
    (column,) = step.columns
    if step.types[0] is DType.ARRAY:
        return lower_vectors.elementwise(np.abs, column)
    return column.abs()


def _clip(step: Step) -> pl.Series:
    """Move values into [lower, upper]; a bound of None or NaN is none. NaN and None stay."""
    (column,), kind = step.columns, step.types[0]
    lower, upper = (_bound(step.option(name)) for name in ("lower", "upper"))
    if kind is DType.ARRAY:
        low = -math.inf if lower is None else lower
        high = math.inf if upper is None else upper
        return lower_vectors.elementwise(lambda v: np.minimum(np.maximum(v, low), high), column)
    if kind is DType.INT:  # the nearest ints that keep the promise
        lower = None if lower is None else math.ceil(max(_LEAST, min(lower, _MOST)))
        upper = None if upper is None else math.floor(max(_LEAST, min(upper, _MOST)))
    return column.clip(lower, upper)


_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def _bound(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _comparison(step: Step) -> pl.Series:
    """Order two values; None where one is None, false where one is NaN."""
    name, (left, right) = step.operation.name, step.columns
    if DType.FLOAT in step.types:
        left, right = left.cast(pl.Float64), right.cast(pl.Float64)
    found: pl.Series = _ENGINE[name](left, right)
    if DType.FLOAT in step.types:  # the engine holds NaN for the greatest number
        found = found & (left.is_not_nan() & right.is_not_nan() | found.is_null())
    return flags(found)


def _equal(step: Step) -> pl.Series:
    """Tell 0 or 1, never None: None equals None alone."""
    left, right = step.columns
    if DType.ARRAY in step.types:
        return flags(lower_vectors.equal(left, right))
    if DType.FLOAT in step.types:
        left, right = left.cast(pl.Float64), right.cast(pl.Float64)
        ordered = ~(left.is_nan() & right.is_nan()).fill_null(value=False)
        return flags(left.eq_missing(right) & ordered)
    return flags(left.eq_missing(right))


def _not_equal(step: Step) -> pl.Series:
    return 1 - _equal(step)


def _truths(step: Step) -> list[pl.Series]:
    return [flags(truth(c, t)) for c, t in zip(step.columns, step.types, strict=True)]


def _and(step: Step) -> pl.Series:
    first, *rest = _truths(step)
    for other in rest:
        first = first * other
    return first


def _or(step: Step) -> pl.Series:
    first, *rest = _truths(step)
    for other in rest:
        first = first | other
    return first


def _not(step: Step) -> pl.Series:
    return 1 - _truths(step)[0]


def _is_true(step: Step) -> pl.Series:
    return _truths(step)[0].fill_null(0)


def missing(series: pl.Series) -> pl.Series:
    """Tell which values are missing: None, and NaN in a column of floats."""
    return series.is_null() | series.is_nan() if series.dtype == pl.Float64 else series.is_null()


def _is_missing(step: Step) -> pl.Series:
    return flags(missing(step.columns[0]).fill_null(value=True))


def _coalesce(step: Step) -> pl.Series:
    """Take the first of the arguments that is not missing."""
    columns = [_as_result(step, column) for column in aligned(*step.columns)]
    found = columns[-1]
    for column in reversed(columns[:-1]):
        found = column.zip_with(~missing(column).fill_null(value=True), found)
    return found


def _where(step: Step) -> pl.Series:
    """Choose; a missing condition chooses the second."""
    condition, yes, no = aligned(*step.columns)
    chosen = truth(condition, step.types[0]).fill_null(value=False)
    return _as_result(step, yes).zip_with(chosen, _as_result(step, no))


def _as_result(step: Step, column: pl.Series) -> pl.Series:
    return column.cast(pl.Float64) if step.operation.dtype is DType.FLOAT else column


OPERATIONS: dict[str, Function] = {
    **dict.fromkeys(FLOATS, _arithmetic),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal"), _comparison),
    "negate": _negate,
    "absolute": _absolute,
    "clip": _clip,
    "equal": _equal,
    "not_equal": _not_equal,
    "and": _and,
    "or": _or,
    "not": _not,
    "is_true": _is_true,
    "is_missing": _is_missing,
    "coalesce": _coalesce,
    "where": _where,
}
