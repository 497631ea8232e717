"""PageRank: how much each vertex of a graph is pointed at by vertices that are pointed at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from windrow.errors import (
    ArgumentTypeError,
    OptionChoiceError,
    OptionRangeError,
    UnknownVertexError,
)
from windrow.execution import environment
from windrow.frames.sframe import SFrame
from windrow.learn.propagation import l1_change, masked_sum, spread_ranks
from windrow.progress import Notice, listening
from windrow.toolkits.graphs.iterating import CHANGE, Bounds, Identity, Iterations, identity_of
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import check_number, check_whole, require_graph, tables_of
from windrow.toolkits.graphs.placing import near, own, place
from windrow.toolkits.resuming import Checkpointing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.learn.solvers import SolverState
    from windrow.plan.tables import Plan
    from windrow.toolkits.graphs.placing import GraphTables, Placed

__all__ = ["PagerankModel", "create"]

DANGLING = ("lose", "redistribute")


def create(  # the ancestor's signature
    graph: SGraph,
    reset_probability: float = 0.15,
    threshold: float = 1e-2,
    max_iterations: int = 20,
    _single_precision: bool = False,
    _distributed: str = "auto",
    verbose: bool = True,
    *,
    dangling: str = "lose",
    personalization: Mapping[Any, float] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume_from_checkpoint: str | os.PathLike[str] | None = None,
) -> PagerankModel:
    r"""Compute the PageRank of every vertex.

    From 1 everywhere, ``pr(v) = r + (1 - r) * sum of pr(u) / outdegree(u) over edges u -> v``, with
    r the reset probability, until the sum of all absolute changes is below the threshold. Repeated
    edges count each, edges from a vertex to itself too. Ranks add up to about the number of
    vertices, less what is lost at vertices without out-edges: field ``dangling_mass``.

    Parameters
    ----------
    graph
        Its edges; other fields are not read.
    reset_probability
        Chance, between 0 and 1, that a random walk starts anew.
    threshold
        Bound of the L1 change of an iteration (a sum over vertices, not a mean); 0 or more.
    max_iterations
        1 or more.
    _single_precision, _distributed
        Have no effect: numbers are double, and the current environment decides where it runs.
    verbose
        Print progress.
    dangling
        What becomes of the rank of vertices without out-edges. ``lose``: it is lost, as the users
        of the ancestor know it. ``redistribute``: it goes to all vertices, in proportion to
        `personalization`, so that ranks add up to the number of vertices.
    personalization
        Weights of vertices by id, 0 for those left out: where a walk starts anew, in place of all
        vertices alike.

    checkpoint
        Folder in which states to go on from are kept: at most one every ``checkpoint_seconds`` (a
        setting, 30 by default; 0: each iteration), and the last one. The two newest stay. On a
        cluster the hosts write them.
    resume_from_checkpoint
        Folder of such states, often the same. The program goes on from the newest that is whole
        and gives the bits and the progress table of one that ran through. Graph and options must be
        the same, but `max_iterations` may be larger.

    Returns
    -------
    PagerankModel

    Raises
    ------
    OptionRangeError, OptionChoiceError, ArgumentTypeError
        An option is out of range, or no number.
    UnknownVertexError
        `personalization` names a vertex that is not there.
    GraphMemoryError
        80 bytes a vertex, and ids that are texts, are more than there is memory.
    MissingVertexIdError
        An edge has an id that is None.
    NoCheckpointError, CheckpointMismatchError, DamagedCheckpointError
        It cannot go on from the checkpoints, or they cannot be kept.

    References
    ----------
    Page, Brin, Motwani, Winograd: The PageRank Citation Ranking, 1999.

    Examples
    --------
    >>> import windrow as wr
    >>> links = wr.SFrame({"from": ["a", "a", "b", "c"], "to": ["b", "c", "c", "a"]})
    >>> g = wr.SGraph(edges=links, src_field="from", dst_field="to")
    >>> m = wr.pagerank.create(g, threshold=1e-6, max_iterations=100, verbose=False)
    >>> m.pagerank.topk("pagerank", k=1)[0]["__id"], round(m.pagerank["pagerank"].sum(), 4)
    ('c', 3.0)
    """
    del _single_precision, _distributed
    require_graph(graph)
    if dangling not in DANGLING:
        raise OptionChoiceError("dangling", dangling, DANGLING)
    program = Pagerank(
        tables_of(graph),
        check_number("reset_probability", reset_probability, 0, 1),
        check_number("threshold", threshold, 0),
        check_whole("max_iterations", max_iterations, 1),
        redistribute=dangling == "redistribute",
        weights=_weights(personalization),
        checkpoints=Checkpointing.given(checkpoint, resume_from_checkpoint),
    )
    with listening(verbose=verbose) as listener:
        found = environment.current().run(program, listener)
    values = {
        "dangling_mass": found.lost,
        "delta": found.change,
        "max_iterations": program.max_iterations,
        "num_iterations": found.iterations,
        "reset_probability": program.reset_probability,
        "threshold": program.threshold,
        "training_time": found.seconds,
    }
    tables = {"pagerank": SFrame.from_plan(found.table)}
    return PagerankModel(values, tables, graph.edges.plan, found.counts)


class PagerankModel(GraphModel):
    """Ranks of the vertices of a graph, as `create` gives them.

    ``m.pagerank`` has the columns ``__id``, ``pagerank`` and ``delta``, the change in the last
    iteration, in the order of the graph's vertices.
    """

    RESULTS: ClassVar = (
        ("vertex pagerank", "SFrame. See m.pagerank"),
        ("change in last iteration (L1 norm)", "delta"),
        ("rank lost in last iteration", "dangling_mass"),
    )
    SETTINGS: ClassVar = (
        ("probability of random jumps to any node in the graph ", "reset_probability"),
        ("convergence threshold (L1 norm)", "threshold"),
        ("maximum number of iterations", "max_iterations"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "dangling_mass": "Rank lost in the last iteration at vertices without out-edges",
        "delta": "Change in pagerank for the last iteration in L1 norm",
        "graph": "A new SGraph with the pagerank as a vertex property",
        "max_iterations": "The maximum number of iterations to run",
        "num_iterations": "Number of iterations",
        "pagerank": "An SFrame with each vertex's pagerank",
        "reset_probability": "The probability of random jumps to any node in the graph",
        "threshold": "The convergence threshold in L1 norm",
        "training_time": "Total training time of the model",
    }


@dataclass(frozen=True, eq=False)
class Ranked:
    """What the program found."""

    table: Plan
    change: float
    lost: float
    iterations: int
    seconds: float
    counts: tuple[int, int]


@dataclass(frozen=True)
class Pagerank:
    """Program: PageRank of a graph.

    Parameters
    ----------
    tables
        The graph.
    reset_probability, threshold, max_iterations
        As of `create`.
    redistribute
        Whether the rank of vertices without out-edges goes to all vertices.
    weights
        Pairs of id and weight; None where a walk starts anew anywhere.
    checkpoints
        Where checkpoints are kept, and from which it goes on.
    """

    tables: GraphTables
    reset_probability: float
    threshold: float
    max_iterations: int
    redistribute: bool = False
    weights: tuple[tuple[Any, float], ...] | None = None
    checkpoints: Checkpointing = field(default_factory=Checkpointing)
    identity: Identity = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Said here and pickled along: on its way to a cluster a table in memory may become files.
        identity = identity_of(
            self.tables,
            program="pagerank",
            reset_probability=self.reset_probability,
            threshold=self.threshold,
            dangling=DANGLING[self.redistribute],
            personalization=repr(self.weights),
        )
        object.__setattr__(self, "identity", identity)

    @property
    def urls(self) -> tuple[str, ...]:
        """Folders that it reads and writes where it runs."""
        return self.checkpoints.urls

    def __call__(self, session: Session) -> Ranked:
        """Run to the end; every iteration is a progress row and a checkpoint."""
        iterations = Iterations(session, self.checkpoints, self.identity)
        session.emit(Notice("Counting out degree"))
        graph = place(session, self.tables)
        session.emit(Notice("Done counting out degree"))
        start = self._start(graph)
        degrees = graph.out_degrees
        handed_out = np.where(degrees > 0, degrees, 1).astype(np.float64)
        ends = degrees == 0

        def improve(state: SolverState) -> SolverState:
            ranks, delta = state.arrays["pagerank"], np.empty(graph.vertices)
            held = (1 - self.reset_probability) * masked_sum(ranks, ends)
            base = self._base(graph, start, held)
            vectors = (near(ranks / handed_out), own(base))
            after = graph.step(spread_ranks, vectors, 1 - self.reset_probability)
            numbers = {CHANGE: l1_change(ranks, after, delta), "lost": held}
            return replace(state, arrays={"pagerank": after, "delta": delta}, numbers=numbers)

        bounds = Bounds(self.threshold, self.max_iterations)
        state = iterations.run(
            graph, COLUMNS, bounds, lambda: {"pagerank": np.ones(graph.vertices)}, improve
        )
        table = graph.table(state.arrays)
        return Ranked(
            table,
            change=state.numbers[CHANGE],
            lost=0.0 if self.redistribute else state.numbers["lost"],
            iterations=state.iteration,
            seconds=iterations.seconds,
            counts=(graph.vertices, graph.edges),
        )

    def _base(self, graph: Placed, start: NDArray[np.float64], held: float) -> NDArray[np.float64]:
        """What a vertex has without any edge; `held` is the rank of vertices without out-edges."""
        if not self.redistribute:
            return self.reset_probability * start
        return self.reset_probability * start + (held / graph.vertices) * start

    def _start(self, graph: Placed) -> NDArray[np.float64]:
        """Where a walk starts anew: (1,), or a weight for each vertex; they add up to its count."""
        if self.weights is None:
            return np.ones(1)
        given = dict(self.weights)
        places = {name: place for place, name in enumerate(graph.ids.to_list()) if name in given}
        unknown = [name for name in given if name not in places]
        if unknown:
            raise UnknownVertexError("personalization", len(unknown), unknown[0])
        found = np.zeros(graph.vertices)
        for name, weight in given.items():
            found[places[name]] = weight
        total = 0.0
        for weight in given.values():
            total += weight
        return found * (graph.vertices / total)


COLUMNS = ("Iteration", "L1 change in pagerank")


def _weights(given: object) -> tuple[tuple[Any, float], ...] | None:
    """Check the weights of a personalization."""
    if given is None:
        return None
    if not hasattr(given, "items"):
        raise ArgumentTypeError("personalization", type(given).__name__, "a dict of id and weight")
    pairs = tuple(
        (name, check_number(f"personalization[{name!r}]", weight, 0))
        for name, weight in given.items()
    )
    if not any(weight for _, weight in pairs):
        raise OptionRangeError("the sum of personalization", 1e-300, 1e20, 0)
    return pairs
