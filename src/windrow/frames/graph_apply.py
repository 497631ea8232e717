"""A user's function along the edges of a graph, one edge after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, ArgumentTypeError, GraphFieldError
from windrow.frames import compute, construct
from windrow.frames.graph_plans import DST, SRC, VID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from windrow.frames.sgraph import SGraph
    from windrow.plan.tables import Plan
    from windrow.plan.types import DType

    Row = dict[str, Any]
    Triple = Callable[[Row, Row, Row], tuple[Row, Row, Row]]

__all__ = ["triple_apply"]


def triple_apply(
    graph: SGraph,
    function: Triple,
    mutated_fields: str | Iterable[str],
    input_fields: str | Iterable[str] | None,
) -> tuple[Plan, Plan]:
    """Return the vertices and edges that the function leaves; see `SGraph.triple_apply`."""
    mutated = _names(mutated_fields)
    given = None if input_fields is None else {*_names(input_fields), *mutated}
    vertices, edges = graph.vertices.plan, graph.edges.plan
    own = {*vertices.schema.names[1:], *edges.schema.names[2:]}
    for name in (*mutated, *sorted(given or ())):
        if name not in own:
            raise GraphFieldError("vertex or edge", name, tuple(sorted(own)))
    if not mutated:
        raise ArgumentError("mutated_fields", mutated_fields, "at least one field")
    seen = [_seen(vertices, given, (VID,)), _seen(edges, given, (SRC, DST))]
    rows = {row[0]: _row(vertices, row) for row in compute.iterate(vertices)}
    of_vertices = [name for name in mutated if name in vertices.schema]
    changed: dict[str, list[Any]] = {name: [] for name in mutated if name in edges.schema}
    for cells in compute.iterate(edges):
        edge = _row(edges, cells)
        parts = (rows[edge[SRC]], edge, rows[edge[DST]])
        shown = [
            {name: part[name] for name in names}
            for part, names in zip(parts, (seen[0], seen[1], seen[0]), strict=True)
        ]
        for part, answer in zip(parts, _called(function, shown), strict=True):
            part.update({n: answer[n] for n in mutated if n in part and n in answer})
        for name, values in changed.items():
            values.append(edge[name])
    found = {name: [row[name] for row in rows.values()] for name in of_vertices}
    return _set(vertices, found), _set(edges, changed)


def _called(function: Triple, shown: list[Row]) -> tuple[Row, ...]:
    answer: Any = function(shown[0], shown[1], shown[2])  # whatever a user returns
    parts = answer if isinstance(answer, tuple) else ()
    if len(parts) != len(shown) or not all(isinstance(part, dict) for part in parts):
        wanted = "a tuple of three dicts: source, edge, target"
        raise ArgumentTypeError("what the function returns", type(answer).__name__, wanted)
    return parts


def _names(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(dict.fromkeys(given))


def _seen(plan: Plan, given: set[str] | None, ids: tuple[str, ...]) -> list[str]:
    """Names of the fields that the function is shown."""
    return [n for n in plan.schema if n in ids or given is None or n in given]


def _row(plan: Plan, cells: tuple[Any, ...]) -> Row:
    return dict(zip(plan.schema.names, cells, strict=True))


def _set(plan: Plan, columns: dict[str, list[Any]]) -> Plan:
    """Exchange columns of a table; each keeps its type."""
    from windrow.frames.sarray import SArray
    from windrow.frames.sframe import SFrame

    table = SFrame.from_plan(plan)
    for name, values in columns.items():
        kind: DType = plan.schema[name]
        table[name] = SArray.from_plan(construct.column_plan(values, kind))
    return table.plan
