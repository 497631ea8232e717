"""Small tables that toolkits give back, and one look at what users hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentTypeError
from windrow.execution.values import series_from_values
from windrow.frames.construct import held
from windrow.frames.sarray import SArray
from windrow.frames.sframe import SFrame
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["label_type", "require_column", "require_table", "table_of"]


def table_of(columns: Mapping[str, tuple[DType, Sequence[Any]]]) -> SFrame:
    """Return a table in memory whose types are given, so that it may be empty or all None.

    Examples
    --------
    >>> table_of({"index": (DType.STR, [None])}).column_types()
    [<class 'str'>]
    """
    made = {name: series_from_values(v, kind, name) for name, (kind, v) in columns.items()}
    return SFrame.from_plan(held(made))


def label_type(labels: Sequence[Any]) -> DType:
    """Type of class labels: int or str.

    >>> label_type(("no", "yes"))
    <DType.STR: 'str'>
    """
    return DType.STR if any(isinstance(label, str) for label in labels) else DType.INT


def require_table(name: str, value: object) -> SFrame:
    """Return an argument that must be an `SFrame`; raises `ArgumentTypeError`."""
    if not isinstance(value, SFrame):
        raise ArgumentTypeError(name, type(value).__name__, "an SFrame")
    return value


def require_column(name: str, value: object) -> SArray:
    """Return an argument that must be an `SArray`; raises `ArgumentTypeError`."""
    if not isinstance(value, SArray):
        raise ArgumentTypeError(name, type(value).__name__, "an SArray")
    return value
