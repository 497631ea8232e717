"""Evaluate one operation on Python values, whole and in two partitions, which must be equal."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.execution.lower import Position, evaluate
from windrow.execution.values import python_values, series_from_values
from windrow.plan.expressions import Column, Expression, Operation

if TYPE_CHECKING:
    from windrow.plan.types import DType


def table(**columns: tuple[DType, Sequence[Any]]) -> pl.DataFrame:
    return pl.DataFrame([series_from_values(v, t, name)[0] for name, (t, v) in columns.items()])


def values_of(frame: pl.DataFrame, expression: Expression, *, cut: bool = True) -> list[Any]:
    whole = _values(frame, expression, Position(0, frame.height))
    if cut:
        middle = frame.height // 3
        parts = [
            _values(frame.slice(start, rows), expression, Position(start, frame.height))
            for start, rows in ((0, middle), (middle, frame.height - middle))
        ]
        assert bits(parts[0] + parts[1]) == bits(whole)
    return whole


def operate(name: str, *columns: tuple[DType, Sequence[Any]], **options: Any) -> list[Any]:
    named = {f"c{i}": column for i, column in enumerate(columns)}
    arguments = tuple(Column(key, dtype) for key, (dtype, _) in named.items())
    return values_of(table(**named), Operation(name, arguments, tuple(options.items())))


def bits(value: Any) -> Any:
    """Make values comparable to the last bit, NaN and -0.0 included."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, (list, tuple)) or hasattr(value, "typecode"):
        return [bits(item) for item in value]
    return (type(value).__name__, value)


def _values(frame: pl.DataFrame, expression: Expression, position: Position) -> list[Any]:
    found = evaluate(frame, [("y", expression)], position)
    assert found.height == frame.height
    return python_values(found["y"], expression.type)
