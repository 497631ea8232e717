"""A plan as a text tree: what will be done, which columns are read, in how many partitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from windrow.errors import redacted
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
from windrow.plan.node import Node, topological
from windrow.plan.tables import (
    Filter,
    Group,
    Join,
    Memory,
    Plan,
    Project,
    Scan,
    Slice,
    Sort,
    TopK,
    Unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 72
"""Longest text of an expression or a list of columns."""
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//",
    "modulo": "%", "power": "**", "equal": "==", "not_equal": "!=", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "and": "&", "or": "|",
}  # fmt: skip


def explained(plan: Plan) -> str:
    """Return the plan as an indented tree; a table that is used twice is shown once."""
    wanted = _wanted(plan)
    lines: list[str] = []
    numbers: dict[str, int] = {}
    stack: list[tuple[Plan, int]] = [(plan, 0)]
    while stack:
        node, depth = stack.pop()
        indent = "  " * depth
        if node.key in numbers:
            lines.append(f"{indent}(the table of line {numbers[node.key]})")
            continue
        numbers[node.key] = len(lines) + 1
        lines.append(f"{indent}{_line(node, wanted[node.key])}")
        stack.extend((table, depth + 1) for table in reversed(node.inputs()))
    return "\n".join(lines)


def _wanted(plan: Plan) -> dict[str, dict[str, None]]:
    """For each table of a plan, the columns of it that are needed."""
    wanted: dict[str, dict[str, None]] = {plan.key: dict.fromkeys(plan.schema)}
    root: Node = plan
    tables = [node for node in topological(root) if isinstance(node, Plan)]
    for node in reversed(tables):
        own = wanted.setdefault(node.key, {})
        for table in node.inputs():
            names = wanted.setdefault(table.key, {})
            names.update(dict.fromkeys(_needed(node, table, own)))
    return wanted


def _needed(node: Plan, table: Plan, own: dict[str, None]) -> Iterable[str]:
    """Columns of an input that are needed for the columns `own` of a table."""
    match node:
        case Project():
            parts = [e for name, e in node.columns if name in own]
            return sorted(frozenset[str]().union(*(e.reads for e in parts)))
        case Filter():
            return [*own, *sorted(node.predicate.reads)]
        case Sort():
            return [*own, *(name for name, _ in node.by)]
        case TopK():
            return [*own, node.column]
        case Unique():
            return table.schema.names
        case Group():
            parts_read = (c for a in node.aggregations if a.output in own for c in a.columns)
            return [*node.keys, *parts_read]
        case Join():
            left = [name for name in own if name in node.left.schema]
            right = [old for old, new in node.renamed if new in own]
            names = [
                *left,
                *(left for left, _ in node.on),
                *right,
                *(right for _, right in node.on),
            ]
            return [name for name in names if name in table.schema]
        case _:
            return [name for name in own if name in table.schema]


def _line(node: Plan, wanted: dict[str, None]) -> str:
    read = _listed([name for name in node.schema if name in wanted])
    match node:
        case Scan():
            one, count = redacted(node.files[0].url), len(node.files)
            files = f"{count} files" if count > 1 else one
            kind = type(node.format).__name__.removesuffix("Format")
            return f"{kind}: {files}, {_partitions(node)}, reads {read}"
        case Memory():
            parts = len(node.parts)
            return f"Memory: {node.rows} rows in {_counted(parts, 'partition')}, reads {read}"
        case Project():
            shown = [(name, e) for name, e in node.columns if name in wanted]
            return f"Project: {_listed([_named(name, e) for name, e in shown])}"
        case Filter():
            return f"Filter: {text_of(node.predicate)}"
        case Slice():
            bounds = [node.start, node.stop] + ([node.step] if node.step != 1 else [])
            return f"Slice: [{':'.join('' if b is None else str(b) for b in bounds)}]"
        case Group():
            made = _listed(
                [f"{a.output} = {a.kind}({', '.join(a.columns)})" for a in node.aggregations]
            )
            return f"Group: {made} by {_listed(node.keys)}" if node.keys else f"Reduce: {made}"
        case Join():
            keys = " and ".join(
                left if left == right else f"{left} = {right}" for left, right in node.on
            )
            return f"Join: {node.how} on {keys}"
        case Sort():
            by = [name if up else f"{name} descending" for name, up in node.by]
            return f"Sort: {_listed(by)}"
        case TopK():
            which = "smallest" if node.smallest else "largest"
            return f"TopK: the {node.count} {which} of {node.column}"
        case _:
            return type(node).__name__


def _named(name: str, expression: Expression) -> str:
    same = isinstance(expression, Column) and expression.name == name
    return name if same else f"{name} = {text_of(expression)}"


def _partitions(scan: Scan) -> str:
    """Say how many partitions a scan has, as far as the files' sizes tell."""
    if any(file.size is None for file in scan.files):
        return "partitions unknown"
    count = sum(max(1, math.ceil((file.size or 0) / scan.partition_bytes)) for file in scan.files)
    return f"about {_counted(count, 'partition')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _listed(texts: Iterable[str]) -> str:
    """Join texts by commas, as many as are readable on a line."""
    items = list(texts)
    kept: list[str] = []
    for item in items:
        if kept and len(", ".join([*kept, item])) > WIDTH:
            return f"{', '.join(kept)} and {len(items) - len(kept)} more"
        kept.append(item)
    return ", ".join(kept)


def text_of(expression: Expression) -> str:
    """Return an expression as a user would write it, cut where it is long."""
    texts: dict[str, str] = {}
    for node in topological(expression):
        if isinstance(node, Expression):
            text = _written(node, texts)
            texts[node.key] = text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."
    return texts[expression.key]


def _written(node: Expression, texts: dict[str, str]) -> str:
    parts = [texts[c.key] for c in node.children()]
    match node:
        case Column():
            return node.name
        case Literal():
            return repr(node.value)
        case RowNumber():
            return "row number"
        case RowCount():
            return "number of rows"
        case Operation() if node.name in SIGNS:
            return f"({parts[0]} {SIGNS[node.name]} {parts[1]})"
        case Operation():
            options = [f"{name}={getattr(value, 'value', value)!r}" for name, value in node.options]
            return f"{node.name}({', '.join(parts + options)})"
        case Apply():
            return f"apply({', '.join(parts)})"
        case Score():
            return f"score({', '.join(parts)})[{node.output!r}]"
        case _:
            return type(node).__name__
