"""Calling Python on rows: users' functions one row at a time, the library's scorers on columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.errors import CancelledError, CastError
from windrow.execution.cancel import check
from windrow.execution.lower_step import Position, repeated
from windrow.execution.values import CHUNK, PHYSICAL, empty, python_values, series_from_values
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from windrow.plan.expressions import Apply, Score

ROWS_UNLOOKED = 16
"""Rows on which a user's function, which may be slow, is called before `check` looks again."""


def apply(node: Apply, columns: Sequence[pl.Series], rows: int, position: Position) -> pl.Series:
    """Call a user's function on each row.

    Raises
    ------
    Exception
        What the function raised, with a note that names row and column.
    CastError
        A result is not of the type that the column is to have.
    """
    function = node.function()
    parts = [empty(node.dtype)]
    for start in range(0, rows, CHUNK):
        chunk = [column.slice(start, CHUNK) for column in columns]
        stop = min(start + CHUNK, rows)
        arguments = _arguments(node, chunk, stop - start)
        results = _called(node, function, arguments, position, start)
        try:
            part, _ = series_from_values(results, node.dtype, first_row=start)
        except CastError as error:
            raise CastError(
                error.value,
                error.wanted,
                f"what the function gave for {_subject(node)}",
                position.number(error.row),
                "give another dtype=, or change what the function returns",
            ) from None
        parts.append(part)
    return pl.concat(parts)


def _arguments(node: Apply, columns: Sequence[pl.Series], rows: int) -> Iterator[Any]:
    """Yield what the function is called with: one value, or a dict of the row."""
    values = [
        python_values(repeated(column, rows), argument.type)
        for column, argument in zip(columns, node.arguments, strict=True)
    ]
    if node.names is None:
        return iter(values[0])
    names = node.names
    if not values:
        return ({} for _ in range(rows))
    return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))


def _called(
    node: Apply,
    function: Callable[..., Any],
    arguments: Iterator[Any],
    position: Position,
    start: int,
) -> list[Any]:
    results: list[Any] = []
    argument = None
    skip = node.skip_missing
    try:
        for number, argument in enumerate(arguments):
            if number % ROWS_UNLOOKED == 0:
                check()
            results.append(None if skip and argument is None else function(argument))
    except CancelledError:
        raise
    except Exception as error:
        error.add_note(
            f"in row {position.number(start + len(results))} of {_subject(node)}, "
            f"where the function was called on {argument!r}"[:300]
        )
        raise
    return results


def _subject(node: Apply) -> str:
    names = sorted(node.reads)
    return f"column{'s'[: len(names) - 1]} {', '.join(map(repr, names))}" if names else "no column"


def score(node: Score, columns: Sequence[pl.Series], rows: int) -> dict[str, pl.Series]:
    """Call a scorer on whole columns; return every output as numbers, text or objects."""
    arrays = {
        name: _array(repeated(column, rows), argument.type)
        for name, column, argument in zip(node.names, columns, node.arguments, strict=True)
    }
    return {name: _series(values) for name, values in node.scorer()(arrays).items()}


def outcome(node: Score, found: Mapping[str, pl.Series]) -> pl.Series:
    """Return one output of a scorer as a column of its type."""
    return found[node.output].cast(PHYSICAL[node.dtype])


def _array(column: pl.Series, dtype: DType) -> NDArray[Any]:
    """Return a column as a scorer takes it: a missing number is NaN, other missing values None."""
    if dtype is DType.FLOAT or (dtype is DType.INT and column.null_count()):
        return column.cast(pl.Float64).to_numpy()
    if dtype is DType.INT:
        return column.to_numpy()
    values = python_values(column, dtype)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _series(values: Any) -> pl.Series:  # an array or a list
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        return pl.Series(values)
    return series_from_values(list(values))[0]
