"""What users write beside a column, such as ``sf['a'] + 1``, as expressions."""

from __future__ import annotations

from typing import Any

from windrow.errors import TypeMismatchError
from windrow.plan.expressions import Expression, Literal, Operation
from windrow.plan.types import DType


def literal(value: object, dtype: DType | None = None) -> Literal:
    """Return the expression of one value for every row; its type follows from the value.

    Raises
    ------
    UnsupportedTypeError, CastError
        No table, or no column of `dtype`, can hold the value.

    >>> literal(True).value, literal((1, 2.5)).value, literal([1, "a"]).value
    (1, array('d', [1.0, 2.5]), [1, 'a'])
    """
    from windrow.execution.values import python_values, series_from_values

    series, kind = series_from_values([value], dtype)
    return Literal(python_values(series, kind)[0], kind)


def fitting(value: object, dtype: DType, where: str) -> Literal:
    """Return a value as a column of a type holds it: 1.7 becomes 1 in a column of int.

    Raises
    ------
    TypeMismatchError
        The value is of another kind than the column.

    >>> fitting(1.7, DType.INT, "fillna").value, fitting(1, DType.FLOAT, "fillna").value
    (1, 1.0)
    """
    given = literal(value)
    if value is None or given.type is dtype:
        return literal(value, dtype)
    numbers = given.type.is_number and dtype.is_number
    if not numbers and (given.type, dtype) != (DType.ARRAY, DType.LIST):
        raise TypeMismatchError(where, (given.type.value,), f"{dtype.value}, as the column is")
    return literal(value, dtype)


def is_scalar(value: object) -> bool:
    """Whether a value stands for itself in every row, instead of being a sequence of rows."""
    return value is None or isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__")


def operation(name: str, *arguments: Expression, **options: Any) -> Operation:
    """Return an operation on other expressions; options in the order given."""
    return Operation(name, arguments, tuple(options.items()))
