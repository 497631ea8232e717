"""Connected components: which vertices hang together, whatever the direction of edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from windrow.io import memory
from windrow.learn.numbering import number_ints
from windrow.learn.traversal import hook, smallest
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import require_graph, tables_of
from windrow.toolkits.graphs.placing import around, place
from windrow.toolkits.graphs.running import CHANGED, Supersteps, found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables
    from windrow.toolkits.graphs.running import Found

__all__ = ["ConnectedComponentsModel", "create"]


def create(graph: SGraph, verbose: bool = True) -> ConnectedComponentsModel:
    """Find the weakly connected components of a graph.

    Returns
    -------
    ConnectedComponentsModel
        ``component_id``: a number from 0 on for each vertex, in the order of the first vertices.
        ``component_size``: how many vertices have each.

    Examples
    --------
    >>> import windrow as wr
    >>> g = wr.SGraph().add_edges([wr.Edge(1, 2), wr.Edge(3, 2), wr.Edge(4, 5)])
    >>> m = wr.connected_components.create(g, verbose=False)
    >>> list(m.component_size)
    [{'component_id': 0, 'Count': 3}, {'component_id': 1, 'Count': 2}]
    """
    program = ConnectedComponents(tables_of(require_graph(graph)))
    return run_on(ConnectedComponentsModel, graph, program, verbose=verbose)


class ConnectedComponentsModel(GraphModel):
    """Components of a graph, as `create` gives them."""

    RESULTS: ClassVar = (
        ("vertex component id", "SFrame. See m.component_id"),
        ("size of each component", "SFrame. See m.component_size"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "component_id": "An SFrame with each vertex's component id",
        "component_size": "An SFrame with the size of each component",
        "graph": "A new SGraph with the component id as a vertex property",
        "training_time": "Total training time of the model",
    }


@dataclass(frozen=True)
class ConnectedComponents:
    """Program: the components of a graph."""

    tables: GraphTables

    def __call__(self, session: Session) -> Found:
        """Run until no vertex finds a smaller label."""
        import polars as pl

        graph = place(session, self.tables, both=True)
        labels = np.arange(graph.vertices)
        moved, iteration = graph.vertices, 0
        steps = Supersteps(graph, *CHANGED)
        while moved:
            found = graph.step(smallest, (around(labels),))
            hook(labels, found)
            moved = int(np.count_nonzero(found != labels))
            labels, iteration = found, iteration + 1
            steps.done(iteration, moved)
        components, _ = number_ints(labels)
        sizes = np.bincount(components)
        table = pl.DataFrame({"component_id": np.arange(len(sizes)), "Count": sizes})
        columns = {"component_id": components.astype(np.int64)}
        sized = {"component_size": session.executor.persist(memory.from_frame(table))}
        return found_in(graph, "component_id", columns, sized)
