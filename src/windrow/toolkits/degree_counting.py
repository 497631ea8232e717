"""Degrees: how many edges each vertex has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import require_graph, tables_of
from windrow.toolkits.graphs.placing import place
from windrow.toolkits.graphs.running import found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables
    from windrow.toolkits.graphs.running import Found

__all__ = ["DegreeCountingModel", "create"]


def create(graph: SGraph, verbose: bool = True) -> DegreeCountingModel:
    """Count the edges into and out of each vertex; repeated edges count each.

    Returns
    -------
    DegreeCountingModel
        Its ``graph`` has the vertex fields ``in_degree``, ``out_degree`` and ``total_degree``; an
        edge from a vertex to itself is in both of the former.

    Examples
    --------
    >>> import windrow as wr
    >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(3, 2)])
    >>> wr.degree_counting.create(g, verbose=False).graph.get_vertices(2, format="list")
    [V(2, {'in_degree': 2, 'out_degree': 0, 'total_degree': 2})]
    """
    program = DegreeCounting(tables_of(require_graph(graph)))
    return run_on(DegreeCountingModel, graph, program, verbose=verbose)


class DegreeCountingModel(GraphModel):
    """Degrees of the vertices of a graph, as `create` gives them."""

    FIELDS: ClassVar[Mapping[str, str]] = {
        "graph": "A new SGraph with the degrees as vertex properties",
        "training_time": "Total training time of the model",
    }


@dataclass(frozen=True)
class DegreeCounting:
    """Program: the degrees in a graph."""

    tables: GraphTables

    def __call__(self, session: Session) -> Found:
        """Count them."""
        graph = place(session, self.tables, rows=False)
        columns = {
            "in_degree": graph.in_degrees,
            "out_degree": graph.out_degrees,
            "total_degree": graph.in_degrees + graph.out_degrees,
        }
        return found_in(graph, "degrees", columns)
