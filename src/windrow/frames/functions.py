"""User functions on rows: their type is found, and their errors are met, on the first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.frames import compute
from windrow.plan.expressions import Apply, Expression
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.plan.tables import Plan

SAMPLE = 100
"""Rows that are looked at to find the type of what follows; functions run on them at once."""


def applied(
    plan: Plan,
    columns: dict[str, Expression],
    function: Callable[..., Any],
    dtype: type | str | None,
    *,
    as_row: bool,
    skip_missing: bool = False,
) -> Apply:
    """Return a function of some columns of a plan as an expression.

    Parameters
    ----------
    plan
        The table of just these columns, from which the first rows are taken.
    columns
        Name of each column in `plan`, and the expression of it that the function is called with.
    function
        Called with a dict of the row, or with the only column's value.
    dtype
        Type of the results; None finds it from the first rows.
    as_row
        Whether `function` takes a dict.
    skip_missing
        Give None for None, without calling.

    Raises
    ------
    Exception
        What the function raised on one of the first rows.
    """
    from windrow.execution.values import series_from_values

    names = tuple(columns)
    results: list[Any] = []
    for number, row in enumerate(zip(*compute.columns(plan, SAMPLE), strict=True)):
        if skip_missing and row[0] is None:
            continue
        try:
            results.append(function(dict(zip(names, row, strict=True)) if as_row else row[0]))
        except Exception as error:
            error.add_note(f"in row {number}, where the function was called on {str(row)[:200]}")
            raise
    kind = series_from_values(results)[1] if dtype is None else DType.of(dtype)
    return Apply.of(
        function,
        tuple(columns.values()),
        names if as_row else None,
        kind,
        skip_missing=skip_missing,
    )


def library(function: Callable[..., Any], argument: Expression, dtype: DType) -> Apply:
    """Return one of this library's own functions of a value as an expression; None stays None."""
    return Apply.of(function, (argument,), None, dtype, skip_missing=True)
