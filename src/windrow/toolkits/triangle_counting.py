"""Triangles: how often two neighbours of a vertex are neighbours of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from windrow.learn.traversal import count_triangles, later_neighbours
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import require_graph, tables_of
from windrow.toolkits.graphs.placing import around, place
from windrow.toolkits.graphs.running import found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables
    from windrow.toolkits.graphs.running import Found

__all__ = ["TriangleCountingModel", "create"]


def create(graph: SGraph, verbose: bool = True) -> TriangleCountingModel:
    """Count the triangles that each vertex is part of.

    Directions and repeated edges do not matter, nor do edges from a vertex to itself. The distinct
    edges, 4 bytes each, are held by the program.

    Returns
    -------
    TriangleCountingModel
        ``triangle_count``: of each vertex. ``num_triangles``: in the graph.

    Examples
    --------
    >>> import windrow as wr
    >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(2, 3), wr.Edge(1, 3), wr.Edge(3, 4)])
    >>> m = wr.triangle_counting.create(g, verbose=False)
    >>> m.num_triangles, list(m.triangle_count["triangle_count"])
    (1, [1, 1, 1, 0])
    """
    program = TriangleCounting(tables_of(require_graph(graph)))
    return run_on(TriangleCountingModel, graph, program, verbose=verbose)


class TriangleCountingModel(GraphModel):
    """Triangles of a graph, as `create` gives them."""

    RESULTS: ClassVar = (
        ("vertex triangle count", "SFrame. See m.triangle_count"),
        ("total number of triangles", "num_triangles"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "graph": "A new SGraph with the triangle count as a vertex property",
        "num_triangles": "Total number of triangles in the graph",
        "training_time": "Total training time of the model",
        "triangle_count": "An SFrame with the triangle count for each vertex",
    }


@dataclass(frozen=True)
class TriangleCounting:
    """Program: the triangles of a graph."""

    tables: GraphTables

    def __call__(self, session: Session) -> Found:
        """List each edge once, at the end with fewer edges; then look between neighbours."""
        graph = place(session, self.tables, both=True)
        degrees = graph.in_degrees + graph.out_degrees
        turns = np.empty(graph.vertices, dtype=np.int64)
        turns[np.argsort(degrees, kind="stable")] = np.arange(graph.vertices)
        parts = graph.parts(later_neighbours, (around(turns),))
        counts = np.concatenate([part for part, _ in parts])
        later = np.concatenate([part for _, part in parts])
        starts = np.concatenate([[0], np.cumsum(counts)])
        triangles = graph.step(count_triangles, (), starts, later)
        columns = {"triangle_count": triangles}
        total = int(triangles.sum()) // 3
        return found_in(graph, "triangle_count", columns, num_triangles=total)
