"""Graph colouring: numbers for vertices, different ones for neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from windrow.learn.hashing import permute
from windrow.learn.traversal import pick_colours
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import require_graph, tables_of
from windrow.toolkits.graphs.placing import around, near, place
from windrow.toolkits.graphs.running import CHANGED, Supersteps, found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables
    from windrow.toolkits.graphs.running import Found

__all__ = ["GraphColoringModel", "create"]

SEED = 1


def create(graph: SGraph, verbose: bool = True) -> GraphColoringModel:
    """Colour the vertices so that no edge has the same colour at both ends.

    Colours are few, not fewest: a vertex takes the smallest that is free when it is its turn, in an
    order that is drawn once and for all. Directions, and edges from a vertex to itself, do not
    matter.

    Returns
    -------
    GraphColoringModel
        ``color_id``: a number from 0 on for each vertex. ``num_colors``: how many there are.

    Examples
    --------
    >>> import windrow as wr
    >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(2, 3), wr.Edge(3, 1)])
    >>> wr.graph_coloring.create(g, verbose=False).num_colors
    3
    """
    program = GraphColoring(tables_of(require_graph(graph)))
    return run_on(GraphColoringModel, graph, program, verbose=verbose)


class GraphColoringModel(GraphModel):
    """Colours of the vertices of a graph, as `create` gives them."""

    RESULTS: ClassVar = (
        ("vertex color id", "SFrame. See m.color_id"),
        ("number of colors", "num_colors"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "color_id": "An SFrame with each vertex's color",
        "graph": "A new SGraph with the color id as a vertex property",
        "num_colors": "Number of colors",
        "training_time": "Total training time of the model",
    }


@dataclass(frozen=True)
class GraphColoring:
    """Program: a colouring of a graph."""

    tables: GraphTables

    def __call__(self, session: Session) -> Found:
        """Run until no vertex takes another colour."""
        graph = place(session, self.tables, both=True)
        turns = permute(np.arange(graph.vertices, dtype=np.uint64), graph.vertices, SEED)
        colours = np.zeros(graph.vertices, dtype=np.int64)
        moved, iteration = graph.vertices, 0
        steps = Supersteps(graph, *CHANGED)
        while moved:
            found = graph.step(pick_colours, (near(colours), around(turns)))
            moved = int(np.count_nonzero(found != colours))
            colours, iteration = found, iteration + 1
            steps.done(iteration, moved)
        count = int(colours.max()) + 1 if graph.vertices else 0
        return found_in(graph, "color_id", {"color_id": colours}, num_colors=count)
