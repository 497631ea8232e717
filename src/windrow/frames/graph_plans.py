"""Tables of a graph as plans: which vertices there are, and how tables of them are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.errors import SchemaMismatchError, VertexIdTypeError
from windrow.frames.lazy import free_name
from windrow.frames.literals import literal, operation
from windrow.plan.compose import column, filtered, project, select
from windrow.plan.expressions import Literal, RowNumber
from windrow.plan.tables import Aggregation, Append, Group, Join, Memory, Project, Unique
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.expressions import Expression
    from windrow.plan.tables import Plan

__all__ = [
    "DST",
    "NO_EDGES",
    "NO_VERTICES",
    "SRC",
    "VID",
    "all_vertices",
    "appended",
    "checked_ids",
    "last_of_each",
    "replaced",
    "with_ids_named",
]

VID, SRC, DST = "__id", "__src_id", "__dst_id"
NO_VERTICES = Memory((), (), ((VID, DType.INT),))
NO_EDGES = Memory((), (), ((SRC, DType.INT), (DST, DType.INT)))
_ROW, _LAST, _KNOWN = "__row", "__last", "__known"


def with_ids_named(plan: Plan, names: Sequence[tuple[str, str]]) -> Plan:
    """Return a table with its id columns named and placed as those of a graph.

    Parameters
    ----------
    plan
        Has the id columns under the user's names.
    names
        Pairs of the user's name and the graph's.

    Raises
    ------
    ColumnNotFoundError
        An id column is absent.
    SchemaMismatchError
        A field has the name of an id column.
    """
    ids: list[tuple[str, Expression]] = [(new, column(plan, old)) for old, new in names]
    taken, given = {new for _, new in names}, {old for old, _ in names}
    fields = [name for name in plan.schema if name not in given]
    for name in fields:
        if name in taken:
            raise SchemaMismatchError(
                "a field cannot have the name of an id column", f"{name!r} is an id in a graph"
            )
    return project(plan, [*ids, *((name, column(plan, name)) for name in fields)])


def checked_ids(plan: Plan, names: Sequence[str], wanted: DType | None) -> DType:
    """Return the type of the ids; raises `VertexIdTypeError` unless all are int, or all str."""
    for name in names:
        kind = plan.schema[name]
        if kind not in {DType.INT, DType.STR}:
            raise VertexIdTypeError(name, kind.value, "int or str")
        if wanted is not None and kind is not wanted:
            raise VertexIdTypeError(name, kind.value, wanted.value)
        wanted = kind
    return plan.schema[names[0]]


def appended(first: Plan, second: Plan) -> Plan:
    """Return the rows of two tables with all fields of both; None where a table lacks one.

    Raises
    ------
    SchemaMismatchError
        A field has two types.
    """
    schema = dict(first.schema.items()) | dict(second.schema.items())
    for name, kind in first.schema.items():
        if schema[name] is not kind:
            raise SchemaMismatchError(
                "a field must have one type in a graph",
                f"{name!r} is {kind.value} and {schema[name].value}",
            )
    return Append((_widened(first, schema), _widened(second, schema)))


def replaced(old: Plan, new: Plan) -> Plan:
    """Return vertices with those of another table in the place of the same ids.

    A vertex of `new` has its fields alone: those of `old` become None. New vertices come last.
    """
    known = project(Unique(select(new, [VID])), [(VID, column(new, VID)), (_KNOWN, literal(1))])
    return appended(_without(old, known), new)


def last_of_each(plan: Plan) -> Plan:
    """Return, of several rows with the same id, the last."""
    row, last = (free_name(name, plan.schema) for name in (_ROW, _LAST))
    own: list[tuple[str, Expression]] = [(name, column(plan, name)) for name in plan.schema]
    numbered = Project(plan, (*own, (row, RowNumber())))
    lasts = Group(numbered, (VID,), (Aggregation(last, "max", (row,), DType.INT),))
    kept = Join(numbered, lasts, ((VID, VID), (row, last)), "inner", ())
    return select(kept, plan.schema)


def all_vertices(vertices: Plan, edges: Plan) -> Plan:
    """Return the given vertices, and then those that only edges name: sources first, then targets.

    The fields of the latter are None.
    """
    ends = [project(edges, [(VID, column(edges, name))]) for name in (SRC, DST)]
    named = Unique(Append(tuple(ends)))
    if vertices is NO_VERTICES:
        return named
    known = project(vertices, [(VID, column(vertices, VID)), (_KNOWN, literal(1))])
    return appended(vertices, _without(named, known))


def _without(plan: Plan, known: Plan) -> Plan:
    """Return the rows whose id is not in `known`, a table of distinct ids and `_KNOWN`."""
    found = free_name(_KNOWN, plan.schema)
    joined = Join(plan, known, ((VID, VID),), "left", ((_KNOWN, found),))
    kept = filtered(joined, operation("is_missing", column(joined, found)))
    return select(kept, plan.schema)


def _widened(plan: Plan, schema: dict[str, DType]) -> Plan:
    if plan.schema.items() == tuple(schema.items()):
        return plan
    return project(
        plan,
        [
            (name, column(plan, name) if name in plan.schema else Literal(None, kind))
            for name, kind in schema.items()
        ],
    )
