"""Single vertices and edges, and tables made of what users have of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentTypeError, MissingVertexIdError, VertexIdTypeError
from windrow.frames import construct
from windrow.frames.graph_plans import DST, SRC, VID, with_ids_named
from windrow.frames.sframe import SFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.tables import Plan

__all__ = ["Edge", "Vertex", "edges_plan", "vertices_plan"]


class Vertex:
    """A vertex: an id, and fields by name.

    Parameters
    ----------
    vid
        An int or a str.
    attr
        Its fields.

    Examples
    --------
    >>> Vertex("anna", {"age": 31})
    V(anna, {'age': 31})
    """

    __slots__ = ("attr", "vid")

    def __init__(
        self, vid: int | str, attr: Mapping[str, Any] | None = None, _series: None = None
    ) -> None:
        self.vid, self.attr = vid, dict(attr or {})

    def __repr__(self) -> str:
        return f"V({self.vid}, {self.attr})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vertex) and (self.vid, self.attr) == (other.vid, other.attr)

    __hash__ = None  # type: ignore[assignment]  # its fields may change


class Edge:
    """A directed edge: the ids of its ends, and fields by name.

    Parameters
    ----------
    src_vid, dst_vid
        Ints or strs.
    attr
        Its fields.

    Examples
    --------
    >>> Edge("anna", "bo", {"weight": 2})
    E(anna -> bo, {'weight': 2})
    """

    __slots__ = ("attr", "dst_vid", "src_vid")

    def __init__(
        self,
        src_vid: int | str,
        dst_vid: int | str,
        attr: Mapping[str, Any] | None = None,
        _series: None = None,
    ) -> None:
        self.src_vid, self.dst_vid, self.attr = src_vid, dst_vid, dict(attr or {})

    def __repr__(self) -> str:
        return f"E({self.src_vid} -> {self.dst_vid}, {self.attr})"

    def __eq__(self, other: object) -> bool:
        own = (self.src_vid, self.dst_vid, self.attr)
        return isinstance(other, Edge) and own == (other.src_vid, other.dst_vid, other.attr)

    __hash__ = None  # type: ignore[assignment]  # its fields may change


def vertices_plan(given: object, vid_field: str | None) -> Plan:
    """Return the table of vertices that a user gave, its id column named as in a graph.

    Raises
    ------
    ArgumentTypeError
        It is no table of vertices.
    MissingVertexIdError, VertexIdTypeError
        Listed vertices have ids that are None, or of two types.
    """
    listed = _listed(given, Vertex)
    if listed is not None:
        rows = [{VID: vertex.vid} | vertex.attr for vertex in listed]
        return _of_rows(rows, (VID,))
    table = _table("vertices", given, "an SFrame, a DataFrame, a Vertex or a list of them")
    return with_ids_named(table, [(vid_field or VID, VID)])


def edges_plan(given: object, src_field: str | None, dst_field: str | None) -> Plan:
    """Return the table of edges that a user gave; raises as `vertices_plan` does."""
    listed = _listed(given, Edge)
    if listed is not None:
        rows = [{SRC: edge.src_vid, DST: edge.dst_vid} | edge.attr for edge in listed]
        return _of_rows(rows, (SRC, DST))
    table = _table("edges", given, "an SFrame, a DataFrame, an Edge or a list of them")
    return with_ids_named(table, [(src_field or SRC, SRC), (dst_field or DST, DST)])


def _listed(given: object, kind: type[Any]) -> list[Any] | None:
    """Return single elements as a list; None if it is something else."""
    if isinstance(given, kind):
        return [given]
    if not isinstance(given, (list, tuple)):
        return None
    for item in given:
        if not isinstance(item, kind):
            wanted = f"{kind.__name__} objects"
            raise ArgumentTypeError("an element of the list", type(item).__name__, wanted)
    return list(given)


def _table(what: str, given: object, accepted: str) -> Plan:
    if isinstance(given, SFrame):
        return given.plan
    if isinstance(given, (str, bytes)) or not isinstance(given, (Iterable, Mapping)):
        raise ArgumentTypeError(what, type(given).__name__, accepted)
    return construct.table_plan(given)


def _of_rows(rows: Sequence[Mapping[str, Any]], ids: tuple[str, ...]) -> Plan:
    """Make a table of dicts; ids are looked at now, since they are at hand."""
    for name in ids:
        values = [row[name] for row in rows]
        if missing := sum(value is None for value in values):
            raise MissingVertexIdError(name, missing, len(rows))
        found = sorted({type(value).__name__ for value in values})
        if len(found) > 1:
            raise VertexIdTypeError(name, " and ".join(found), "all int or all str")
    names = dict.fromkeys([*ids, *(name for row in rows for name in row)])
    return construct.columns_plan({name: [row.get(name) for row in rows] for name in names})
