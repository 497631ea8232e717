"""Where tables meet the executor: rows, values and single numbers of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.execution import environment
from windrow.plan.compose import project
from windrow.plan.tables import Project, Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from windrow.plan.tables import Plan


def stream(plan: Plan, limit: int | None = None) -> Iterator[pl.DataFrame]:
    """Yield the rows of a plan, a partition at a time."""
    plan, limit = _without_head(plan, limit)
    return environment.current().stream(plan, limit=limit)


def _without_head(plan: Plan, limit: int | None) -> tuple[Plan, int | None]:
    """Ask for the head of a table as a limit, which the start of a file may be enough for."""
    top = plan if isinstance(plan, Project) else None
    head = plan.source if isinstance(plan, Project) else plan
    if not isinstance(head, Slice) or head.start or head.step != 1:
        return plan, limit
    if head.stop is None or head.stop < 0:
        return plan, limit
    if top is not None and any(expression.positional for _, expression in top.columns):
        return plan, limit
    below = head.source if top is None else project(head.source, top.columns)
    return below, head.stop if limit is None else min(limit, head.stop)


def frame(plan: Plan, limit: int | None = None) -> pl.DataFrame:
    """Return all rows of a plan, or the first `limit` of them."""
    import polars as pl

    from windrow.io import memory

    empty = memory.empty(plan.schema)
    return pl.concat([empty, *stream(plan, limit)]) if len(plan.schema) else empty


def values(plan: Plan, limit: int | None = None) -> list[Any]:
    """Return the first column of a plan as Python values."""
    return columns(plan, limit)[0]


def columns(plan: Plan, limit: int | None = None) -> list[list[Any]]:
    """Return every column of a plan as Python values."""
    from windrow.execution.values import python_values

    rows = frame(plan, limit)
    return [python_values(rows.get_column(name), dtype) for name, dtype in plan.schema.items()]


def iterate(plan: Plan) -> Iterator[tuple[Any, ...]]:
    """Yield each row of a plan as a tuple, holding one partition at a time."""
    from windrow.execution.values import iterate

    for part in stream(plan):
        held = [iterate(part.get_column(name), dtype) for name, dtype in plan.schema.items()]
        yield from zip(*held, strict=True)


def at(plan: Plan, index: int) -> tuple[Any, ...] | None:
    """Return the row at an index (negative: from the end), or None where there is none."""
    stop = index + 1 or None
    rows = columns(Slice(plan, index, stop))
    return tuple(column[0] for column in rows) if rows and rows[0] else None
