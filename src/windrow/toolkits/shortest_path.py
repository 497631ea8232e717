"""Shortest paths from one vertex to all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from windrow.errors import ArgumentTypeError, UnknownVertexError
from windrow.frames.graph_plans import VID
from windrow.learn.traversal import shorten
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import check_number, edge_weight, require_graph, tables_of
from windrow.toolkits.graphs.placing import around, own, place
from windrow.toolkits.graphs.running import CHANGED, Supersteps, found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables, Placed
    from windrow.toolkits.graphs.running import Found

__all__ = ["ShortestPathModel", "create"]

PREVIOUS = "_previous"


def create(
    graph: SGraph,
    source_vid: int | str,
    weight_field: str = "",
    max_distance: float = 1e30,
    verbose: bool = True,
) -> ShortestPathModel:
    """Find the shortest directed paths from a vertex to all others.

    Parameters
    ----------
    graph
        Its edges.
    source_vid
        Id of the vertex.
    weight_field
        Edge field with lengths, int or float, 0 or more; by default each edge is 1 long.
    max_distance
        What is further, or cannot be reached, is so far away.
    verbose
        Print progress.

    Returns
    -------
    ShortestPathModel
        ``distance``: of each vertex. ``get_path(vid)``: the way there.

    Raises
    ------
    UnknownVertexError
        The graph has no such vertex.
    EdgeWeightError
        A length is None, negative, NaN or infinite.

    Examples
    --------
    >>> import windrow as wr
    >>> g = wr.SGraph().add_edges([wr.Edge("a", "b"), wr.Edge("b", "c"), wr.Edge("a", "d")])
    >>> wr.shortest_path.create(g, "a", verbose=False).get_path("c")
    [('a', 0.0), ('b', 1.0), ('c', 2.0)]
    """
    if not isinstance(source_vid, (int, str)):
        raise ArgumentTypeError("source_vid", type(source_vid).__name__, "int or str")
    weight = edge_weight(require_graph(graph), weight_field)
    furthest = check_number("max_distance", max_distance, 0, 1e300)
    options: dict[str, Any] = {
        "source_vid": source_vid,
        "weight_field": weight,
        "max_distance": furthest,
    }
    program = ShortestPath(tables_of(graph), **options)
    return run_on(ShortestPathModel, graph, program, verbose=verbose, **options)


class ShortestPathModel(GraphModel):
    """Distances from a vertex of a graph, as `create` gives them."""

    RESULTS: ClassVar = (("vertex distance to the source vertex", "SFrame. See m.distance"),)
    SETTINGS: ClassVar = (
        ("source vertex id", "source_vid"),
        ("edge weight field id", "weight_field"),
        ("maximum distance between vertices", "max_distance"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "distance": "An SFrame with each vertex's distance to the source vertex",
        "graph": "A new SGraph with the distance as a vertex property",
        "max_distance": "Maximum distance between any two vertices",
        "source_vid": "Source vertex id",
        "training_time": "Total training time of the model",
        "weight_field": "Edge field for weight",
    }

    @cached_property
    def _paths(self) -> dict[Any, tuple[Any, float]]:
        """The vertex before each on its path, and its distance."""
        ids, before = (list(self._tables[PREVIOUS][name]) for name in (VID, "before"))
        distances = list(self._tables["distance"]["distance"])
        previous = [None if place is None else ids[place] for place in before]
        return dict(zip(ids, zip(previous, distances, strict=True), strict=True))

    def get_path(self, vid: int | str) -> list[tuple[Any, float]]:
        """Return the vertices of the path to a vertex, from the source on, with their distances.

        Empty when there is none.

        Raises
        ------
        UnknownVertexError
            The graph has no such vertex.
        """
        if vid not in self._paths:
            raise UnknownVertexError("vid", 1, vid)
        path: list[tuple[Any, float]] = []
        at: Any = vid
        while at is not None:
            previous, distance = self._paths[at]
            path.append((at, distance))
            at = previous
        return path[::-1] if path[-1][0] == self._values["source_vid"] else []


@dataclass(frozen=True)
class ShortestPath:
    """Program: the shortest paths from a vertex (Bellman, Ford: all edges at once)."""

    tables: GraphTables
    source_vid: Any
    weight_field: str
    max_distance: float

    def __call__(self, session: Session) -> Found:
        """Run until no path becomes shorter."""
        graph = place(session, self.tables, weight=self.weight_field)
        distances = np.full(graph.vertices, self.max_distance)
        before = np.full(graph.vertices, -1)
        distances[self._source(graph)] = 0.0
        moved, iteration = 1, 0
        steps = Supersteps(graph, *CHANGED)
        while moved:
            parts = graph.parts(shorten, (around(distances), own(before)))
            found = np.concatenate([part for part, _ in parts])
            before = np.concatenate([part for _, part in parts])
            moved = int(np.count_nonzero(found != distances))
            distances, iteration = found, iteration + 1
            steps.done(iteration, moved)
        previous = {PREVIOUS: graph.table({"before": _known(before)})}
        return found_in(graph, "distance", {"distance": distances}, previous)

    def _source(self, graph: Placed) -> int:
        place = graph.number_of(self.source_vid)
        if place is None:
            raise UnknownVertexError("source_vid", 1, self.source_vid)
        return place


def _known(numbers: Any) -> Any:
    """Return numbers as a column; those below 0 are missing."""
    import polars as pl

    return pl.Series(numbers).set(pl.Series(numbers < 0), None)
