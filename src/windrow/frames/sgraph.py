"""SGraph: vertices and edges, each a lazy table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from windrow.errors import (
    ArgumentError,
    GraphFieldError,
    NotComparableError,
)
from windrow.frames.graph_elements import Edge, Vertex, edges_plan, vertices_plan
from windrow.frames.graph_plans import (
    DST,
    NO_EDGES,
    NO_VERTICES,
    SRC,
    VID,
    all_vertices,
    appended,
    checked_ids,
    last_of_each,
    replaced,
)
from windrow.frames.graph_queries import between, chosen_ids, touching, where
from windrow.frames.graph_view import GraphTable
from windrow.frames.sarray import SArray
from windrow.frames.sframe import SFrame
from windrow.plan.compose import select

if TYPE_CHECKING:
    from windrow.frames.graph_picture import GraphPicture
    from windrow.plan.tables import Plan
    from windrow.plan.types import DType

__all__ = ["Edge", "SGraph", "Vertex"]


class SGraph:
    """A directed graph: vertices and edges with fields; computed when it is asked for.

    It holds plans and nothing else: a graph of files reads nothing until something is needed of
    it. Methods return a new graph; ``g.vertices[...] = ...`` and ``g.edges[...] = ...`` set fields
    in place. A vertex exists as soon as an edge names it. Edges may be repeated, and may lead from
    a vertex to itself.

    Parameters
    ----------
    vertices
        A table (`SFrame`, or of pandas, Polars, Arrow), a `Vertex`, or a list of them.
    edges
        A table, an `Edge`, or a list of them.
    vid_field, src_field, dst_field
        Columns with the ids: int or str, and of one type in a graph. All others are fields.

    Raises
    ------
    VertexIdTypeError
        Ids are neither int nor str, or of two types.
    ColumnNotFoundError
        An id column is absent.

    Examples
    --------
    >>> import windrow as wr
    >>> edges = wr.SFrame({"from": ["a", "b"], "to": ["b", "c"], "km": [3, 4]})
    >>> g = wr.SGraph(edges=edges, src_field="from", dst_field="to")
    >>> g.edges["miles"] = g.edges["km"] * 0.621
    >>> g
    SGraph({'num_vertices': 3, 'num_edges': 2})
    Vertex Fields: ['__id']
    Edge Fields: ['__src_id', '__dst_id', 'km', 'miles']
    """

    __slots__ = ("_complete", "_edges", "_vertices")

    _vertices: Plan
    _edges: Plan
    _complete: bool
    """Whether the vertices name all that the edges do."""

    def __init__(
        self,
        vertices: object = None,
        edges: object = None,
        vid_field: str = VID,
        src_field: str = SRC,
        dst_field: str = DST,
    ) -> None:
        self._vertices, self._edges, self._complete = NO_VERTICES, NO_EDGES, True
        if vertices is not None:
            self._add_vertices(vertices, vid_field)
        if edges is not None:
            self._add_edges(edges, src_field, dst_field)

    @classmethod
    def from_plans(cls, vertices: Plan, edges: Plan, *, complete: bool) -> SGraph:
        """Return the graph of two tables.

        Parameters
        ----------
        vertices, edges
            With the id columns first; no id of a vertex twice.
        complete
            Whether the vertices name all that the edges do.
        """
        made = cls()
        made._vertices, made._edges, made._complete = vertices, edges, complete
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._vertices, self._edges, self._complete)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise NotComparableError

    # --- what there is ---

    @property
    def vertices(self) -> SFrame:
        """The vertices: ``__id`` and the fields. Setting a field changes the graph.

        Given ones in their order, then those that only edges name.
        """
        return GraphTable(self._all_vertices, self._set_vertices, (VID,))

    @vertices.setter
    def vertices(self, table: SFrame) -> None:
        plan = vertices_plan(table, VID)
        self._check(plan, (VID,), self._known_edges)
        self._vertices, self._complete = last_of_each(plan), False

    @property
    def edges(self) -> SFrame:
        """The edges: ``__src_id``, ``__dst_id`` and the fields. Setting a field changes the graph.

        They are in the order in which they were added.
        """
        return GraphTable(lambda: self._edges, self._set_edges, (SRC, DST))

    @edges.setter
    def edges(self, table: SFrame) -> None:
        plan = edges_plan(table, SRC, DST)
        self._check(plan, (SRC, DST), self._known_vertices)
        self._edges, self._complete = plan, False

    @property
    def given_vertices(self) -> Plan:
        """The table of vertices that were added as such; edges may name more."""
        return self._vertices

    def summary(self) -> dict[str, int]:
        """Count the vertices and the edges.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SGraph().add_edges(wr.Edge(1, 2)).summary()
        {'num_vertices': 2, 'num_edges': 1}
        """
        return {"num_vertices": len(self.vertices), "num_edges": len(self.edges)}

    def __repr__(self) -> str:
        fields = f"Vertex Fields: {self.get_vertex_fields()}\nEdge Fields: {self.get_edge_fields()}"
        return f"SGraph({self.summary()})\n{fields}"

    def get_vertex_fields(self) -> list[str]:
        """Names of the columns of the vertices, ``__id`` first."""
        return list(self._vertices.schema.names)

    def get_edge_fields(self) -> list[str]:
        """Names of the columns of the edges, ``__src_id`` and ``__dst_id`` first."""
        return list(self._edges.schema.names)

    def get_fields(self) -> list[str]:
        """Names of all columns: the three of ids, then the fields of vertices, then of edges."""
        vertices, edges = self.get_vertex_fields(), self.get_edge_fields()
        return [VID, SRC, DST, *vertices[1:], *edges[2:]]

    def select_fields(self, fields: str | Iterable[str]) -> SGraph:
        """Return the graph with some fields alone; a name may be of vertices, of edges, or both.

        Raises
        ------
        GraphFieldError
            There is no field of a name.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph().add_edges(wr.Edge(1, 2, {"a": 1, "b": 2}))
        >>> g.select_fields("b").get_edge_fields()
        ['__src_id', '__dst_id', 'b']
        """
        wanted = [fields] if isinstance(fields, str) else list(fields)
        for name in wanted:
            if name not in self.get_fields():
                raise GraphFieldError("vertex or edge", str(name), tuple(self.get_fields()[3:]))
        own = [VID, *(n for n in self.get_vertex_fields()[1:] if n in wanted)]
        of_edges = [SRC, DST, *(n for n in self.get_edge_fields()[2:] if n in wanted)]
        vertices = self._vertices
        if vertices is not NO_VERTICES:
            vertices = select(vertices, own)
        edges = self._edges if self._edges is NO_EDGES else select(self._edges, of_edges)
        return self.from_plans(vertices, edges, complete=self._complete)

    # --- more of it ---

    def add_vertices(self, vertices: object, vid_field: str | None = None) -> SGraph:
        """Return the graph with more vertices.

        One whose id is there already takes the place of the old: fields that are not given become
        None. Of several with the same id the last counts.

        Parameters
        ----------
        vertices
            A table, a `Vertex`, or a list of them.
        vid_field
            Column with the ids, ``__id`` by default.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph().add_vertices([wr.Vertex(1, {"x": 5}), wr.Vertex(2)])
        >>> list(g.add_vertices(wr.Vertex(1, {"y": 6})).vertices.sort("__id"))
        [{'__id': 1, 'x': None, 'y': 6}, {'__id': 2, 'x': None, 'y': None}]
        """
        made = self.copy()
        made._add_vertices(vertices, vid_field)  # noqa: SLF001  # of this class
        return made

    def add_edges(
        self, edges: object, src_field: str | None = None, dst_field: str | None = None
    ) -> SGraph:
        """Return the graph with more edges; repeated ones are kept.

        Parameters
        ----------
        edges
            A table, an `Edge`, or a list of them.
        src_field, dst_field
            Columns with the ids of sources and targets, ``__src_id`` and ``__dst_id`` by default.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(1, 2)]).summary()
        {'num_vertices': 2, 'num_edges': 2}
        """
        made = self.copy()
        made._add_edges(edges, src_field, dst_field)  # noqa: SLF001  # of this class
        return made

    def copy(self) -> SGraph:
        """Return another graph of the same plans; changing one leaves the other."""
        return self.from_plans(self._vertices, self._edges, complete=self._complete)

    __copy__ = copy

    # --- some of it ---

    def get_vertices(
        self,
        ids: object = (),
        fields: Mapping[str, Any] | None = None,
        format: str = "sframe",
    ) -> Any:
        """Return some vertices.

        Parameters
        ----------
        ids
            A list or `SArray` of ids, or one id; empty means all.
        fields
            A value, or a list of values, that a field must have; None stands for any.
        format
            ``sframe``; ``list`` of `Vertex`; ``dataframe``, indexed by ``__id``.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph([wr.Vertex(1, {"x": 5}), wr.Vertex(2, {"x": 6})])
        >>> g.get_vertices(fields={"x": 6}, format="list")
        [V(2, {'x': 6})]
        """
        table = where(SFrame(self.vertices), fields, "vertex")
        wanted = chosen_ids(ids)
        if wanted is not None:
            table = table.filter_by(wanted, VID)
        match format:
            case "sframe":
                return table
            case "list":
                return [Vertex(row.pop(VID), row) for row in table]
            case "dataframe":
                return table.to_dataframe().set_index(VID)
            case _:
                raise ArgumentError("format", format, "sframe, list or dataframe")

    def get_edges(
        self,
        src_ids: object = (),
        dst_ids: object = (),
        fields: Mapping[str, Any] | None = None,
        format: str = "sframe",
    ) -> Any:
        """Return some edges.

        Parameters
        ----------
        src_ids, dst_ids
            Lists of equal length: their pairs are the edges wanted. None stands for any id, and so
            does an empty list in all pairs. ``src_ids=[1, None], dst_ids=[None, 2]`` are the edges
            out of 1 and those into 2.
        fields
            A value, or a list of values, that a field must have; None stands for any.
        format
            ``sframe``; ``list`` of `Edge`; ``dataframe``.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(2, 3), wr.Edge(1, 3)])
        >>> g.get_edges(src_ids=[1], dst_ids=[3], format="list")
        [E(1 -> 3, {})]
        """
        table = where(SFrame(self.edges), fields, "edge")
        table = between(table, chosen_ids(src_ids), chosen_ids(dst_ids))
        match format:
            case "sframe":
                return table
            case "list":
                return [Edge(row.pop(SRC), row.pop(DST), row) for row in table]
            case "dataframe":
                return table.to_dataframe()
            case _:
                raise ArgumentError("format", format, "sframe, list or dataframe")

    def get_neighborhood(self, ids: object, radius: int = 1, full_subgraph: bool = True) -> SGraph:
        """Return the part of the graph around some vertices.

        Parameters
        ----------
        ids
            A list or `SArray` of ids, or one id.
        radius
            Steps along edges, in either direction.
        full_subgraph
            Take all edges between the vertices found; else only those within reach of a step.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph().add_edges([wr.Edge(n, n + 1) for n in range(5)])
        >>> sorted(g.get_neighborhood([2]).vertices["__id"])
        [1, 2, 3]
        """
        if radius < 0:
            raise ArgumentError("radius", radius, "0 or more")
        edges = SFrame(self.edges)
        wanted = chosen_ids(ids)
        found = SArray([]) if wanted is None else wanted
        reached = edges.head(0)
        for _ in range(radius):
            out, into = edges.filter_by(found, SRC), edges.filter_by(found, DST)
            reached = touching(edges, found)
            found = found.append(out[DST]).append(into[SRC]).unique()
        if full_subgraph:
            reached = edges.filter_by(found, SRC).filter_by(found, DST)
        vertices = SFrame(self.vertices).filter_by(found, VID)
        return self.from_plans(vertices.plan, reached.plan, complete=True)

    def show(
        self,
        vlabel: str | None = "id",
        elabel: str | None = None,
        highlight: Iterable[Any] = (),
        arrows: bool = True,
    ) -> GraphPicture:
        """Draw a small graph: up to 300 vertices and 2000 edges.

        Parameters
        ----------
        vlabel, elabel
            What is written at vertices and edges: a field, ``id``, or None. All fields of a vertex
            are shown where the pointer rests on it.
        highlight
            Ids of vertices to draw in red.
        arrows
            Draw directions.

        Returns
        -------
        GraphPicture
            A notebook shows it; ``picture.save("graph.svg")`` writes it.

        Raises
        ------
        ArgumentError
            The graph is larger.

        Examples
        --------
        >>> import windrow as wr
        >>> picture = wr.SGraph().add_edges([wr.Edge("a", "b"), wr.Edge("b", "c")]).show()
        >>> picture.svg.count("<circle")
        3
        """
        from windrow.frames.graph_picture import picture_of

        return picture_of(self, vlabel, elabel, highlight, arrows=arrows)

    def triple_apply(
        self,
        triple_apply_fn: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any],
        mutated_fields: str | Iterable[str],
        input_fields: str | Iterable[str] | None = None,
    ) -> SGraph:
        """Return the graph after a function was called on each edge and its two ends.

        It is called for one edge after the other, in their order, and sees what earlier calls have
        left: the result follows from the graph alone. It runs in this process, whatever the
        environment; edges come a partition at a time, the vertices are held.

        Parameters
        ----------
        triple_apply_fn
            Called as ``fn(source, edge, target)``, three dicts with ids and fields; it returns the
            three.
        mutated_fields
            Fields, of vertices or edges, that it changes; changes of others are not kept.
        input_fields
            Fields that it sees besides; all by default.

        Raises
        ------
        GraphFieldError
            There is no such field: set it first.
        ArgumentTypeError
            The function returns something else.

        Examples
        --------
        >>> import windrow as wr
        >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(1, 3)])
        >>> g.vertices["degree"] = 0
        >>> def count(source, edge, target):
        ...     source["degree"] += 1
        ...     target["degree"] += 1
        ...     return source, edge, target
        >>> list(g.triple_apply(count, "degree").vertices["degree"])
        [2, 1, 1]
        """
        from windrow.frames.graph_apply import triple_apply

        vertices, edges = triple_apply(self, triple_apply_fn, mutated_fields, input_fields)
        return self.from_plans(vertices, edges, complete=True)

    # --- files ---

    def save(self, filename: str, format: str = "auto") -> None:
        """Write the graph.

        Parameters
        ----------
        filename
            A folder; of the format ``json`` a file.
        format
            ``binary``: two saved tables and a manifest, which `load_sgraph` reads. ``csv``: a
            folder with ``vertices.csv`` and ``edges.csv``. ``json``: one object with two lists.
            ``auto`` goes by the name: ``.json``, ``.csv``, else binary.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SGraph().add_edges(wr.Edge(1, 2, {"w": 0.5})).save("two")
        >>> wr.load_sgraph("two").edges["w"][0]
        0.5
        """
        from windrow.frames.graph_files import save_graph

        save_graph(self, filename, format)

    # --- plans ---

    def _all_vertices(self) -> Plan:
        if self._complete:
            return self._vertices
        return all_vertices(self._vertices, self._edges)

    def _set_vertices(self, plan: Plan) -> None:
        self._vertices, self._complete = _ids_first(plan, (VID,)), True

    def _set_edges(self, plan: Plan) -> None:
        self._edges = _ids_first(plan, (SRC, DST))

    def _add_vertices(self, vertices: object, vid_field: str | None) -> None:
        plan = vertices_plan(vertices, vid_field)
        self._check(plan, (VID,), self._known_vertices or self._known_edges)
        plan = last_of_each(plan)
        empty = self._vertices is NO_VERTICES
        self._vertices = plan if empty else replaced(self._vertices, plan)
        self._complete = self._edges is NO_EDGES or (self._complete and not empty)

    def _add_edges(self, edges: object, src_field: str | None, dst_field: str | None) -> None:
        plan = edges_plan(edges, src_field, dst_field)
        self._check(plan, (SRC, DST), self._known_vertices or self._known_edges)
        self._edges = plan if self._edges is NO_EDGES else appended(self._edges, plan)
        self._complete = False

    @property
    def _known_vertices(self) -> DType | None:
        return None if self._vertices is NO_VERTICES else self._vertices.schema[VID]

    @property
    def _known_edges(self) -> DType | None:
        return None if self._edges is NO_EDGES else self._edges.schema[SRC]

    @staticmethod
    def _check(plan: Plan, names: tuple[str, ...], known: DType | None) -> None:
        checked_ids(plan, names, known)


def _restored(vertices: Plan, edges: Plan, complete: bool) -> SGraph:
    vertices = NO_VERTICES if vertices == NO_VERTICES else vertices
    edges = NO_EDGES if edges == NO_EDGES else edges
    return SGraph.from_plans(vertices, edges, complete=complete)


def _ids_first(plan: Plan, ids: tuple[str, ...]) -> Plan:
    names = plan.schema.names
    if names[: len(ids)] == ids:
        return plan
    return select(plan, [*ids, *(name for name in names if name not in ids)])
