"""Expressions become columns: one walk over a partition's expressions, children first.

Each distinct node is computed once and its column let go after its last use, so neither a deep
chain nor a shared subexpression costs more than its number of nodes. A column of one row stands for
a value that is the same in every row. What the operations mean is in ``lower_*.py``, one file a
theme.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from windrow.execution import (
    lower_calls,
    lower_casts,
    lower_containers,
    lower_numbers,
    lower_rows,
    lower_times,
)
from windrow.execution.lower_step import Function, Position, Step, repeated, truth
from windrow.execution.values import series_from_values
from windrow.plan.expressions import (
    Apply,
    Column,
    Expression,
    Literal,
    Operation,
    RowCount,
    RowNumber,
    Score,
)
from windrow.plan.node import topological

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OPERATIONS", "Position", "evaluate", "mask"]

OPERATIONS: dict[str, Function] = {
    **lower_numbers.OPERATIONS,
    **lower_casts.OPERATIONS,
    **lower_containers.OPERATIONS,
    **lower_times.OPERATIONS,
    **lower_rows.OPERATIONS,
}
"""How each operation of `windrow.plan.operations` is computed."""


def evaluate(
    frame: pl.DataFrame, columns: Sequence[tuple[str, Expression]], position: Position
) -> pl.DataFrame:
    """Compute columns over the rows of a partition.

    Parameters
    ----------
    frame
        The partition; it has at least the columns that are read.
    columns
        Name and expression of each result.
    position
        Where the partition's rows stand in the whole table.

    Raises
    ------
    CastError
        A value cannot be converted.
    Exception
        What a user's function raised.

    Examples
    --------
    >>> from windrow.plan.types import DType
    >>> double = Operation("add", (Column("x", DType.INT), Column("x", DType.INT)))
    >>> evaluate(pl.DataFrame({"x": [1, None]}), [("y", double)], Position())["y"].to_list()
    [2, None]
    """
    found = _compute(frame, [expression for _, expression in columns], position)
    series = [s.alias(name) for (name, _), s in zip(columns, found, strict=True)]
    return pl.DataFrame(series) if series else pl.DataFrame(height=frame.height)


def mask(frame: pl.DataFrame, predicate: Expression, position: Position) -> pl.Series:
    """Tell which rows of a partition are kept: None, 0 and what is empty are not, NaN is.

    >>> from windrow.plan.types import DType
    >>> frame = pl.DataFrame({"x": [0.0, None, float("nan"), 2.0]})
    >>> mask(frame, Column("x", DType.FLOAT), Position()).to_list()
    [False, False, True, True]
    """
    (found,) = _compute(frame, [predicate], position)
    return truth(found, predicate.type).fill_null(value=False)


def _compute(
    frame: pl.DataFrame, roots: Sequence[Expression], position: Position
) -> list[pl.Series]:
    """Return one series of all rows for each root."""
    order = topological(*roots)
    left = Counter(child.key for node in order for child in node.children())
    left.update(root.key for root in roots)
    held: dict[str, pl.Series] = {}
    scores: dict[tuple[object, ...], dict[str, pl.Series]] = {}
    for node in order:
        children = [child.key for child in node.children()]
        columns = tuple(held[key] for key in children)
        held[node.key] = _column(frame, node, columns, position, scores)
        for key in children:
            left[key] -= 1
            if not left[key]:
                del held[key]
    return [repeated(held[root.key], frame.height) for root in roots]


def _column(
    frame: pl.DataFrame,
    node: Expression,
    columns: tuple[pl.Series, ...],
    position: Position,
    scores: dict[tuple[object, ...], dict[str, pl.Series]],
) -> pl.Series:
    """Compute one node from the columns of its children."""
    match node:
        case Column():
            return frame[node.name]
        case Literal():
            return series_from_values([node.value], node.dtype)[0]
        case RowNumber():
            start = position.first_row
            return pl.int_range(start, start + frame.height, eager=True)
        case RowCount():
            if position.count is None:
                raise ValueError("the table's rows must be counted before they are asked for")
            return pl.Series([position.count], dtype=pl.Int64)
        case Operation():
            return OPERATIONS[node.name](Step(node, columns, position))
        case Apply():
            return lower_calls.apply(node, columns, frame.height, position)
        case Score():
            call = (node.payload, node.names, *(argument.key for argument in node.arguments))
            if call not in scores:
                scores[call] = lower_calls.score(node, columns, frame.height)
            return lower_calls.outcome(node, scores[call])
        case _:
            raise TypeError(node)
