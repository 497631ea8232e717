"""A graph where a program can walk over it: vertices numbered, edges in rows, degrees counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.config import machine_memory
from windrow.errors import (
    EdgeWeightError,
    GraphMemoryError,
    GraphSizeError,
    MissingVertexIdError,
    ShuffleLostRowsError,
)
from windrow.execution.excerpts import LookedAt
from windrow.frames.graph_plans import DST, SRC, VID
from windrow.io import memory
from windrow.learn.edges import EdgeRows, ranges
from windrow.learn.numbering import MOST
from windrow.plan.compose import select
from windrow.toolkits.graphs.encoding import EdgeEncoder, EdgeSplitter, Names, RowsEncoder, number

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.protocol import Blocks, Session
    from windrow.plan.tables import Plan

__all__ = ["GraphTables", "Placed", "around", "given_vertices", "near", "own", "place"]

BLOCK_EDGES = 1 << 20
"""Edges of a block, about: enough for a task, few enough to keep some threads equally busy."""
MOST_BLOCKS = 1024
"""Parts that a partition is cut into, at most; beyond that blocks are larger."""

HELD = 80
"""Bytes that a program holds of a vertex, with a few numbers; an id that is a text comes on top."""

Step = Callable[..., Any]
"""``step(leaves, *arguments)`` -> an array (or a tuple of them) for the vertices of a range."""


@dataclass(frozen=True)
class GraphTables:
    """The tables of a graph, as a program carries them.

    Attributes
    ----------
    vertices
        Those that were added as such, ``__id`` first.
    edges
        With ``__src_id`` and ``__dst_id``.
    """

    vertices: Plan
    edges: Plan


@dataclass(frozen=True, eq=False)
class Placed:
    """A graph in the form of `windrow.learn.edges`.

    Attributes
    ----------
    session
        Where it is.
    ids : Series (n,)
        Of each vertex, by number.
    given : DataFrame
        The rows of the table of vertices, as `given_vertices` reads them.
    numbers : int32
        Number of the vertex of each of those rows.
    edges
        How many.
    out_degrees, in_degrees : int64 (n,)
        Edges out of each vertex, and into it.
    blocks
        Rows of edges; None when there are none.
    """

    session: Session
    ids: pl.Series
    given: pl.DataFrame
    numbers: NDArray[np.int32]
    edges: int
    out_degrees: NDArray[np.int64]
    in_degrees: NDArray[np.int64]
    blocks: Blocks | None

    @property
    def vertices(self) -> int:
        """How many."""
        return len(self.ids)

    @property
    def entries(self) -> int:
        """Edges that a superstep goes along: those in both directions count twice."""
        return 0 if self.blocks is None else self.blocks.rows

    def number_of(self, vid: object) -> int | None:
        """Return the number of a vertex, None if there is none of this id."""
        import polars as pl

        kind = str if self.ids.dtype == pl.String else int
        if not isinstance(vid, kind) or not len(self.ids):
            return None
        place = self.ids.index_of(vid)
        return None if place is None else int(place)

    def table(self, columns: Mapping[str, Any]) -> Plan:
        """Return a table of the ids, and columns of a value for each vertex, kept where it is."""
        import polars as pl

        made = memory.from_frame(pl.DataFrame({VID: self.ids, **columns}))
        return self.session.executor.persist(made)

    def step(
        self, function: Step, vectors: tuple[LookedAt, ...], *arguments: object
    ) -> NDArray[Any]:
        """Run one superstep and return its values for all vertices.

        Parameters
        ----------
        function
            Called as ``function(leaves, *vectors, *arguments)`` with the rows of a range of
            vertices, it gives an array with a row for each vertex of the range.
        vectors
            Of a row for each vertex, or of one for all: what the function looks at of them says
            `near`, `own` or `around`, and hosts get no more.
        arguments
            What every range gets.
        """
        return np.concatenate(self.parts(function, vectors, *arguments))

    def parts(self, function: Step, vectors: tuple[LookedAt, ...], *arguments: object) -> list[Any]:
        """Return what a function gives for each range of vertices, in order; see `step`."""
        if self.blocks is None:
            nothing = np.empty(0, dtype=np.uint32)
            rows = EdgeRows.build(0, self.vertices, nothing, nothing, np.empty(0))
            return [function((rows,), *(vector.values for vector in vectors), *arguments)]
        return self.session.gather(function, self.blocks, *arguments, vectors=vectors)


def place(
    session: Session,
    tables: GraphTables,
    *,
    given: pl.DataFrame | None = None,
    more: int = 0,
    weight: str = "",
    both: bool = False,
    rows: bool = True,
) -> Placed:
    """Read a graph once and bring it to rows of edges.

    Vertices are numbered in the order of `SGraph.vertices`: those given, then the sources and then
    the targets of edges, as they are first seen.

    Parameters
    ----------
    session
        Where.
    tables
        The graph.
    given
        Rows of the table of vertices, where a program has read them with other columns.
    more
        Bytes of a vertex that the program holds beyond a few numbers of each.
    weight
        Edge field with weights; empty for none.
    both
        Whether each edge counts in both directions.
    rows
        Whether edges are needed at all, or only their numbers.

    Raises
    ------
    MissingVertexIdError
        A vertex or an edge has an id that is None.
    EdgeWeightError
        A weight is None, negative, NaN or infinite.
    GraphSizeError
        There are more vertices than can be numbered.
    GraphMemoryError
        The program would hold more than there is memory where it runs; edges did not yet move.
    """
    if given is None:
        given = given_vertices(session, tables)
    raw = session.place(tables.edges, EdgeEncoder(SRC, DST, weight))
    _refuse(raw, weight)
    numbers, ids, out_degrees, in_degrees = _numbered(session, given.get_column(VID), raw)
    _fit(ids, more)
    counted = in_degrees + out_degrees if both else in_degrees
    blocks = None
    if raw.rows and rows:
        bounds = ranges(counted, BLOCK_EDGES, MOST_BLOCKS)
        splitter = EdgeSplitter(tables.vertices.key, ids, bounds, bool(weight), both)
        table = session.exchange(raw, splitter)
        session.release(raw)
        blocks = session.place(table, RowsEncoder(bounds, bool(weight)))
        if blocks.rows != int(counted.sum()):
            raise ShuffleLostRowsError("sorting edges", int(counted.sum()), blocks.rows)
    return Placed(session, ids, given, numbers, raw.rows, out_degrees, in_degrees, blocks)


def given_vertices(session: Session, tables: GraphTables, *fields: str) -> pl.DataFrame:
    """Read the ids, and some fields, of the vertices that were added as such.

    Raises
    ------
    MissingVertexIdError
        One has an id that is None.
    """
    import polars as pl

    plan = select(tables.vertices, [VID, *fields])
    found = pl.concat([memory.empty(plan.schema), *session.executor.stream(plan)])
    if missing := found.get_column(VID).null_count():
        raise MissingVertexIdError(VID, missing, found.height)
    return found


def near(values: NDArray[Any]) -> LookedAt:
    """Say of a vector that a step looks at the vertices at the other ends of its edges."""
    return LookedAt(values, _near)


def own(values: NDArray[Any]) -> LookedAt:
    """Say of a vector that a step looks at its own vertices."""
    return LookedAt(values, _own)


def around(values: NDArray[Any]) -> LookedAt:
    """Say of a vector that a step looks at its own vertices and those at the other ends."""
    return LookedAt(values, _around)


def _near(leaves: tuple[EdgeRows]) -> tuple[Any, ...]:
    return (leaves[0].sources,)


def _own(leaves: tuple[EdgeRows]) -> tuple[Any, ...]:
    return (leaves[0].own,)


def _around(leaves: tuple[EdgeRows]) -> tuple[Any, ...]:
    return leaves[0].sources, leaves[0].own


def _fit(ids: pl.Series, more: int) -> None:
    """Refuse what a program cannot hold, before it does."""
    import polars as pl

    texts = int(ids.estimated_size()) // max(len(ids), 1) if ids.dtype == pl.String else 0
    each, limit = HELD + texts + more, machine_memory()
    if each * len(ids) > limit:
        raise GraphMemoryError(len(ids), each, limit)


def _refuse(raw: Blocks, weight: str) -> None:
    sources, targets, missing, wrong = (int(count) for count in raw.facts)
    for name, count in ((SRC, sources), (DST, targets)):
        if count:
            raise MissingVertexIdError(name, count, raw.rows)
    if missing or wrong:
        raise EdgeWeightError(weight, missing, wrong, raw.rows)


def _numbered(
    session: Session, given: pl.Series, raw: Blocks
) -> tuple[NDArray[np.int32], pl.Series, NDArray[np.int64], NDArray[np.int64]]:
    """Number the vertices: those given, then those that edges name.

    Returns
    -------
    numbers
        Of the given ids.
    ids
        Of each number.
    out_degrees, in_degrees
        Of each vertex.
    """
    import polars as pl

    if not raw.rows:
        numbers, ids = number(given)
        nothing = np.zeros(len(ids), dtype=np.int64)
        return numbers, ids, nothing, nothing
    names = session.fold(Names.of, raw)
    named = names.ids.alias(VID)
    if len(given) + len(named) >= MOST:
        raise GraphSizeError(len(given) + len(named), MOST - 1)
    codes, ids = number(pl.concat([given, named]) if len(given) else named)
    places = codes[len(given) :]
    out, into = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    out[places], into[places] = names.out_degrees, names.in_degrees
    return codes[: len(given)], ids, out, into
