"""What an operation gets when its turn comes: columns, options, and where the rows stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.errors import CastError

if TYPE_CHECKING:
    from windrow.plan.expressions import Operation
    from windrow.plan.types import DType


@dataclass(frozen=True)
class Position:
    """Where a partition's rows stand in the whole table.

    Attributes
    ----------
    first_row
        Global number of the partition's first row.
    count
        Rows of the whole table; None where no expression asks for it.
    before
        Where `first_row` was not needed and is not known: counts the rows before the partition.
    """

    first_row: int = 0
    count: int | None = None
    before: Callable[[], int] | None = None

    def number(self, row: int) -> int:
        """Return the global number of a row of the partition, for a message: it may cost a pass."""
        return row + (self.first_row if self.before is None else self.before())


@dataclass(frozen=True)
class Step:
    """One operation on the columns of a partition.

    Attributes
    ----------
    operation
        What to do.
    columns
        One series an argument; of one row when it is the same in every row.
    position
        Where the rows stand, for messages.
    """

    operation: Operation
    columns: tuple[pl.Series, ...]
    position: Position

    @property
    def types(self) -> tuple[DType, ...]:
        """Types of the arguments."""
        return tuple(argument.type for argument in self.operation.arguments)

    def option(self, name: str, default: Any = None) -> Any:  # options hold anything
        """Return an option of the operation."""
        return dict(self.operation.options).get(name, default)

    def failure(self, row: int, value: object, wanted: str, advice: str) -> CastError:
        """Make the error for a value that cannot be converted."""
        shown = repr(value)
        names = sorted(self.operation.reads)
        column = "column " + " and ".join(map(repr, names)) if names else "the constant"
        return CastError(shown[:80], wanted, column, self.position.number(row), advice)


Function = Callable[[Step], pl.Series]
"""How an operation is computed."""


def aligned(*columns: pl.Series) -> tuple[pl.Series, ...]:
    """Repeat columns of one row until all have the same number of rows.

    >>> [c.to_list() for c in aligned(pl.Series([1, 2]), pl.Series([0]))]
    [[1, 2], [0, 0]]
    """
    rows = next((len(column) for column in columns if len(column) != 1), 1)
    return tuple(repeated(column, rows) for column in columns)


def repeated(column: pl.Series, rows: int) -> pl.Series:
    """Repeat a column of one row `rows` times; leave one that has its rows."""
    return column.new_from_index(0, rows) if len(column) == 1 and rows != 1 else column


def nulled(column: pl.Series, where: pl.Series) -> pl.Series:
    """Make the values missing where a condition holds.

    >>> nulled(pl.Series([1, 2]), pl.Series([True, None])).to_list()
    [None, 2]
    """
    nothing = pl.Series([None], dtype=column.dtype)
    return column.zip_with(~where.fill_null(value=False), nothing)


def flags(series: pl.Series) -> pl.Series:
    """Return truth values as the ints that users see."""
    return series.cast(pl.Int64)


def truth(series: pl.Series, dtype: DType) -> pl.Series:
    """Tell which values count as true; a missing one stays missing.

    Zero, the empty string and empty vectors, lists and dictionaries are false; NaN is true.
    """
    if dtype.is_number:
        return series != 0
    if dtype.value == "str":
        return series != ""
    if dtype.value == "array":
        return series.list.len() != 0
    if dtype.is_nested:
        return series != "[]"
    return series == series  # noqa: PLR0124  # every moment is true, a missing one missing
