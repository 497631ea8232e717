"""Calling Python on rows: users' functions one row at a time, the library's scorers on columns."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.config import settings
from windrow.execution.calls import Called, Calls
from windrow.execution.lower_step import Position, repeated
from windrow.execution.values import CHUNK, PHYSICAL, empty, series_from_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from windrow.execution.calls import Caller
    from windrow.plan.expressions import Apply, Score


def apply(node: Apply, columns: Sequence[pl.Series], rows: int, position: Position) -> pl.Series:
    """Call a user's function on each row, in this process or in one of its own.

    Raises
    ------
    Exception
        What the function raised, with a note that names row and column.
    CastError
        A result is not of the type that the column is to have.
    FunctionTimeoutError, FunctionDiedError
        See `isolated`.
    """
    parts = [empty(node.dtype)]
    with _caller(Called.of(node), position) as call:
        for start in range(0, rows, CHUNK):
            chunk = [column.slice(start, CHUNK) for column in columns]
            parts.append(call(chunk, start, min(CHUNK, rows - start)))
    return pl.concat(parts)


def _caller(called: Called, position: Position) -> AbstractContextManager[Caller]:
    """Choose where functions run; the results are the same."""
    if not settings().isolate_functions:
        return nullcontext(Calls(called, position))
    from windrow.execution import isolated

    return isolated.calling(called, position)


def score(node: Score, columns: Sequence[pl.Series], rows: int) -> dict[str, pl.Series]:
    """Call a scorer on whole columns; return every output as numbers, text or objects."""
    given = {n: repeated(column, rows) for n, column in zip(node.names, columns, strict=True)}
    return {name: _series(values) for name, values in node.scorer()(given).items()}


def outcome(node: Score, found: Mapping[str, pl.Series]) -> pl.Series:
    """Return one output of a scorer as a column of its type."""
    return found[node.output].cast(PHYSICAL[node.dtype])


def _series(values: Any) -> pl.Series:  # an array, a column or a list
    if isinstance(values, pl.Series):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        return pl.Series(values)
    return series_from_values(list(values))[0]
