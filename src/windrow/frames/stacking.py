"""One row for each item of a list: tables of first items, second items ..., in row order."""

from __future__ import annotations

from collections.abc import Sequence

from windrow.errors import ArgumentError, TypeMismatchError
from windrow.frames import compute
from windrow.frames.containers import keys_of, values_of
from windrow.frames.functions import SAMPLE, library
from windrow.frames.lazy import free_name
from windrow.frames.literals import literal, operation
from windrow.frames.operators import NAME
from windrow.plan.compose import column, project, select
from windrow.plan.expressions import Expression, RowNumber
from windrow.plan.tables import Aggregation, Append, Filter, Group, Plan, Project, Sort
from windrow.plan.types import DType


def stacked(
    plan: Plan,
    name: str,
    titles: Sequence[str],
    types: Sequence[DType] | None,
    *,
    drop_na: bool,
) -> Plan:
    """Return one row for each item of the values in a column; see `SFrame.stack`.

    Finding the longest value is one pass over the column at once; the plan has one for each place
    in it.
    """
    own = column(plan, name)
    sides = _sides(own)
    kinds = types or [_kind(plan, side) for side in sides]
    others = [(n, column(plan, n)) for n in plan.schema if n != name]
    row, at, length = (free_name(n, plan.schema) for n in ("__row", "__at", "__length"))
    lengths = operation("coalesce", operation("item_length", own), literal(0))
    parts: list[Plan] = []
    for place in range(max(_longest(plan, lengths), 1)):
        items = [
            (title, operation("element", side, at=place, dtype=kind))
            for title, side, kind in zip(titles, sides, kinds, strict=True)
        ]
        order = [(row, RowNumber()), (at, literal(place)), (length, lengths)]
        part = Project(plan, (*others, *items, *order))
        longer = operation("greater", column(part, length), literal(place))
        parts.append(part if place == 0 and not drop_na else Filter(part, longer))
    together = parts[0] if len(parts) == 1 else Append(tuple(parts))
    ordered = Sort(together, ((row, True), (at, True)))
    return select(ordered, [*(n for n, _ in others), *titles])


def titles_of(plan: Plan, name: str, given: str | Sequence[str] | None) -> list[str]:
    """Return the names of the new columns: those given, or ``X`` and a number."""
    count = len(_sides(column(plan, name)))
    others = [n for n in plan.schema if n != name]
    if given is None:
        titles: list[str] = []
        for number in range(count):
            titles.append(free_name(f"X{len(others) + 1 + number}", [*others, *titles]))
        return titles
    titles = [given] if isinstance(given, str) else list(given)
    if len(titles) != count or set(titles) & set(others) or len(set(titles)) != count:
        raise ArgumentError("new_column_name", given, f"{count} new names, for {name!r}")
    return titles


def _sides(value: Expression) -> list[Expression]:
    """Return what is to be stacked: lists or vectors; of dicts the keys and the values."""
    if value.type is DType.DICT:
        return [library(keys_of, value, DType.LIST), library(values_of, value, DType.LIST)]
    if value.type not in {DType.LIST, DType.ARRAY}:
        raise TypeMismatchError("stack", (value.type.value,), "dict, list or array")
    return [value]


def _kind(plan: Plan, side: Expression) -> DType:
    """Find the type of the items from the first rows."""
    from windrow.execution.values import infer

    if side.type is DType.ARRAY:
        return DType.FLOAT
    rows = compute.values(project(plan, [(NAME, side)]), SAMPLE)
    return infer([item for row in rows if row is not None for item in row])


def _longest(plan: Plan, lengths: Expression) -> int:
    aggregation = Aggregation(NAME, "max", (NAME,), DType.INT)
    return compute.values(Group(project(plan, [(NAME, lengths)]), (), (aggregation,)))[0] or 0
