"""K-cores: how deep inside a graph each vertex lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from windrow.learn.traversal import count_present
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import check_whole, require_graph, tables_of
from windrow.toolkits.graphs.placing import near, place
from windrow.toolkits.graphs.running import Supersteps, found_in, run_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.toolkits.graphs.placing import GraphTables
    from windrow.toolkits.graphs.running import Found

__all__ = ["KcoreModel", "create"]


def create(graph: SGraph, kmin: int = 0, kmax: int = 10, verbose: bool = True) -> KcoreModel:
    """Peel a graph: find the core number of each vertex.

    The k-core is what remains when vertices with less than k edges are taken away until there are
    none; a vertex's core number is the largest k of which the core has it. Directions do not
    matter, repeated edges count each, edges from a vertex to itself do not.

    Parameters
    ----------
    graph
        Its edges.
    kmin, kmax
        Core numbers are told apart between these two; smaller ones are `kmin`, larger `kmax`.
    verbose
        Print progress.

    Returns
    -------
    KcoreModel
        ``core_id``: the core number of each vertex.

    Raises
    ------
    OptionRangeError, ArgumentTypeError
        ``0 <= kmin <= kmax`` does not hold.

    Examples
    --------
    >>> import windrow as wr
    >>> ring = [wr.Edge(1, 2), wr.Edge(2, 3), wr.Edge(3, 1), wr.Edge(3, 4)]
    >>> list(wr.kcore.create(wr.SGraph().add_edges(ring), verbose=False).core_id["core_id"])
    [2, 2, 2, 1]
    """
    low = check_whole("kmin", kmin, 0)
    high = check_whole("kmax", kmax, low)
    program = Kcore(tables_of(require_graph(graph)), low, high)
    return run_on(KcoreModel, graph, program, verbose=verbose, kmin=low, kmax=high)


class KcoreModel(GraphModel):
    """Core numbers of the vertices of a graph, as `create` gives them."""

    RESULTS: ClassVar = (("vertex core id", "SFrame. See m.core_id"),)
    SETTINGS: ClassVar = (("minimum k core", "kmin"), ("maximum k core", "kmax"))
    FIELDS: ClassVar[Mapping[str, str]] = {
        "core_id": "An SFrame with each vertex's core id",
        "graph": "A new SGraph with the core id as a vertex property",
        "kmax": "The maximum core id assigned to any vertex",
        "kmin": "The minimum core id assigned to any vertex",
        "training_time": "Total training time of the model",
    }


@dataclass(frozen=True)
class Kcore:
    """Program: the core numbers of a graph, between two bounds."""

    tables: GraphTables
    kmin: int
    kmax: int

    def __call__(self, session: Session) -> Found:
        """Take away layer after layer; each core number is a progress row."""
        graph = place(session, self.tables, both=True)
        present = np.ones(graph.vertices, dtype=np.uint8)
        cores = np.full(graph.vertices, self.kmax)
        rows = Supersteps(graph, "Core", "Vertices left")
        for k in range(self.kmin, self.kmax):
            steps = 0
            while True:
                steps += 1
                gone = (present > 0) & (graph.step(count_present, (near(present),)) <= k)
                if not gone.any():
                    break
                cores[gone] = k
                present[gone] = 0
            left = int(np.count_nonzero(present))
            rows.done(k, left, steps)
            if not left:
                break
        return found_in(graph, "core_id", {"core_id": cores})
