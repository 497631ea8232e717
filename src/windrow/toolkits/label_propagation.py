"""Label propagation: what a few known vertices of a graph tell of those around them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from windrow.errors import ArgumentError, LabelError
from windrow.execution import environment
from windrow.frames.sframe import SFrame
from windrow.learn.propagation import row_changes, spread_labels
from windrow.plan.types import DType
from windrow.progress import Notice, listening
from windrow.toolkits.graphs.iterating import CHANGE, Bounds, Identity, Iterations, identity_of
from windrow.toolkits.graphs.model import GraphModel
from windrow.toolkits.graphs.options import (
    check_number,
    check_whole,
    edge_weight,
    require_graph,
    tables_of,
    vertex_field,
)
from windrow.toolkits.graphs.placing import around, given_vertices, own, place
from windrow.toolkits.resuming import Checkpointing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.frames.sgraph import SGraph
    from windrow.learn.solvers import SolverState
    from windrow.plan.tables import Plan
    from windrow.toolkits.graphs.placing import GraphTables, Placed

    Chances = NDArray[np.float64]

__all__ = ["LabelPropagationModel", "create"]

MOST_CLASSES = 1000
ARRAYS = 3
"""Probabilities of all vertices that it holds at once: before and after a step, and its parts."""
NOTHING = math.ulp(0.0)
"""A threshold that only no change at all is below."""
NEAR = 1e-10
"""A best probability that is so near to 1/K predicts nothing."""


def create(  # noqa: PLR0917  # the ancestor's signature
    graph: SGraph,
    label_field: str,
    threshold: float = 1e-3,
    weight_field: str = "",
    self_weight: float = 1.0,
    undirected: bool = False,
    max_iterations: int | None = None,
    _single_precision: bool = False,
    _distributed: str = "auto",
    verbose: bool = True,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    resume_from_checkpoint: str | os.PathLike[str] | None = None,
) -> LabelPropagationModel:
    r"""Give every vertex the probability of each class, from the classes of some vertices.

    A vertex with a label is sure of it; the others begin undecided, 1/K for each of K classes, and
    then, all at once, ``p'(v) = normalise(self_weight p(v) + sum of w p(u) over edges u -> v)``,
    until the L2 changes of the rows, added up and divided by the number of vertices without a
    label, are below the threshold. A vertex for which that is a sum of zeros stays as it is.

    Parameters
    ----------
    graph
        With labels of some of its vertices.
    label_field
        Vertex field of int: classes 0, 1, ... K - 1 (K at most 1000; some may be absent), None
        where it is unknown.
    threshold
        Bound of the average L2 change; above 0 unless `max_iterations` is given.
    weight_field
        Edge field of int or float, 0 or more; by default each edge weighs 1.
    self_weight
        What a vertex's own probabilities weigh; 0 or more.
    undirected
        Let labels go along edges in both directions; one from a vertex to itself counts twice.
    max_iterations
        Iterations at most; by default there is no limit.
    _single_precision, _distributed
        Have no effect: numbers are double, and the current environment decides where it runs.
    verbose
        Print progress.

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
    LabelPropagationModel

    Raises
    ------
    GraphFieldError, FieldTypeError
        There is no such field, or it has another type.
    LabelError
        No vertex is labelled, the smallest label is not 0, or there are over 1000 classes.
    GraphMemoryError
        24 bytes a vertex and class, and 80 a vertex, are more than there is memory.
    EdgeWeightError
        A weight is None, negative, NaN or infinite.
    OptionRangeError, ArgumentTypeError, ArgumentError
        An option is out of range, or no number.
    NoCheckpointError, CheckpointMismatchError, DamagedCheckpointError
        It cannot go on from the checkpoints, or they cannot be kept.

    References
    ----------
    Zhu, Ghahramani: Learning from Labeled and Unlabeled Data with Label Propagation, 2002.

    Examples
    --------
    >>> import windrow as wr
    >>> people = wr.SFrame({"__id": [0, 1, 2, 3], "team": [0, None, None, 1]})
    >>> g = wr.SGraph(people).add_edges([wr.Edge(0, 1), wr.Edge(1, 2), wr.Edge(3, 2)])
    >>> m = wr.label_propagation.create(g, "team", undirected=True, verbose=False)
    >>> list(m.labels["predicted_label"])
    [0, 0, 1, 1]
    """
    del _single_precision, _distributed
    require_graph(graph)
    vertex_field(graph, label_field, (DType.INT,))
    if max_iterations is not None:
        check_whole("max_iterations", max_iterations, 1)
    elif threshold == 0:
        raise ArgumentError("threshold", threshold, "above 0, or max_iterations a number")
    program = LabelPropagation(
        tables_of(graph),
        label_field,
        check_number("threshold", threshold, 0),
        edge_weight(graph, weight_field),
        check_number("self_weight", self_weight, 0),
        undirected=bool(undirected),
        max_iterations=max_iterations,
        checkpoints=Checkpointing.given(checkpoint, resume_from_checkpoint),
    )
    with listening(verbose=verbose) as listener:
        found = environment.current().run(program, listener)
    values = {
        "delta": found.change,
        "label_field": label_field,
        "num_iterations": found.iterations,
        "self_weight": program.self_weight,
        "threshold": program.threshold,
        "training_time": found.seconds,
        "undirected": int(program.undirected),
        "weight_field": program.weight,
    }
    tables = {"labels": SFrame.from_plan(found.table)}
    return LabelPropagationModel(values, tables, graph.edges.plan, found.counts)


class LabelPropagationModel(GraphModel):
    """Probabilities of classes of the vertices of a graph, as `create` gives them.

    ``m.labels`` has the columns ``__id``, the label field, ``predicted_label`` and the
    probabilities ``P0``, ``P1`` and so on, in the order of the graph's vertices. The prediction is
    the most probable class, of equals the lowest; None where no class is more probable than 1/K.
    """

    RESULTS: ClassVar = (
        ("vertex label probability", "SFrame. See m['labels']"),
        ("change in last iteration (avg. of L2)", "delta"),
    )
    SETTINGS: ClassVar = (
        ("convergence threshold (avg. of L2 norm)", "threshold"),
        ("treated edge as undirected", "undirected"),
        ("weight for self edge", "self_weight"),
        ("edge weight field id", "weight_field"),
        ("vertex label field id", "label_field"),
    )
    FIELDS: ClassVar[Mapping[str, str]] = {
        "delta": "Change of class probability in average L2 norm",
        "graph": "A new SGraph with the label probability as new vertex property",
        "label_field": "Vertex field of the known labels",
        "labels": "An SFrame with label probability for each vertex",
        "num_iterations": "Number of iterations",
        "self_weight": "Weight for self edge",
        "threshold": "The convergence threshold in average L2 norm",
        "training_time": "Total training time of the model",
        "undirected": "If true, treat edge as undirected and propagate in both directions",
        "weight_field": "Edge weight field for weighted propagation",
    }


@dataclass(frozen=True, eq=False)
class Labelled:
    """What the program found."""

    table: Plan
    change: float
    iterations: int
    seconds: float
    counts: tuple[int, int]


@dataclass(frozen=True)
class LabelPropagation:
    """Program: label propagation over a graph.

    Parameters
    ----------
    tables
        The graph.
    field
        Column of the table of vertices with labels.
    threshold, self_weight, undirected, max_iterations
        As of `create`.
    weight
        Edge field with weights; empty for none.
    checkpoints
        Where checkpoints are kept, and from which it goes on.
    """

    tables: GraphTables
    field: str
    threshold: float
    weight: str
    self_weight: float
    undirected: bool
    max_iterations: int | None
    checkpoints: Checkpointing = dataclasses.field(default_factory=Checkpointing)
    identity: Identity = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Said here and pickled along: on its way to a cluster a table in memory may become files.
        identity = identity_of(
            self.tables,
            program="label propagation",
            label_field=self.field,
            threshold=self.threshold,
            weight_field=self.weight,
            self_weight=self.self_weight,
            undirected=self.undirected,
        )
        object.__setattr__(self, "identity", identity)

    @property
    def urls(self) -> tuple[str, ...]:
        """Folders that it reads and writes where it runs."""
        return self.checkpoints.urls

    def __call__(self, session: Session) -> Labelled:
        """Run to the end; every iteration is a progress row and a checkpoint."""
        iterations = Iterations(session, self.checkpoints, self.identity)
        given = given_vertices(session, self.tables, self.field)
        classes = self._classes(given.get_column(self.field))
        graph = place(
            session,
            self.tables,
            given=given,
            more=ARRAYS * 8 * classes,
            weight=self.weight,
            both=self.undirected,
        )
        labels = self._labels(graph)
        unknown = int(np.count_nonzero(labels < 0))
        known = graph.vertices - unknown
        session.emit(Notice(f"Num classes: {classes}"))
        session.emit(Notice(f"#labeled_vertices: {known}\t#unlabeled_vertices: {unknown}"))

        def improve(state: SolverState) -> SolverState:
            chances = state.arrays["chances"]
            after = graph.step(spread_labels, (around(chances), own(labels)), self.self_weight)
            change = row_changes(chances, after) / max(unknown, 1)
            return replace(state, arrays={"chances": after}, numbers={CHANGE: change})

        bounds = Bounds(self.threshold or NOTHING, self.max_iterations)
        state = iterations.run(
            graph, COLUMNS, bounds, lambda: {"chances": _start(labels, classes)}, improve, labels
        )
        return Labelled(
            self._table(graph, labels, state.arrays["chances"]),
            change=state.numbers[CHANGE],
            iterations=state.iteration,
            seconds=iterations.seconds,
            counts=(graph.vertices, graph.edges),
        )

    def _classes(self, given: pl.Series) -> int:
        """Return the number of classes."""
        known = given.drop_nulls()
        if not len(known):
            raise LabelError(self.field, f"none of {len(given)} vertices has one")
        low, high = int(known.to_numpy().min()), int(known.to_numpy().max())
        if low != 0:
            raise LabelError(self.field, f"the smallest is {low} and must be 0")
        if high >= MOST_CLASSES:
            raise LabelError(self.field, f"the largest is {high}, and {MOST_CLASSES - 1} may be")
        return high + 1

    def _labels(self, graph: Placed) -> NDArray[np.int16]:
        """Return the class of each vertex, -1 where it is unknown."""
        given = graph.given.get_column(self.field)
        labels = np.full(graph.vertices, -1, dtype=np.int16)
        labels[graph.numbers] = given.fill_null(-1).to_numpy().astype(np.int16)
        return labels

    def _table(self, graph: Placed, labels: NDArray[np.int16], chances: Chances) -> Plan:
        import polars as pl

        best = chances.argmax(axis=1)
        sure = chances.max(axis=1) > 1 / chances.shape[1] + NEAR
        predicted = np.where(labels >= 0, labels, np.where(sure, best, -1)).astype(np.int64)
        columns: dict[str, Any] = {
            name: pl.Series(values).set(pl.Series(values < 0), None)
            for name, values in (
                (self.field, labels.astype(np.int64)),
                ("predicted_label", predicted),
            )
        }
        for k in range(chances.shape[1]):
            columns[f"P{k}"] = np.ascontiguousarray(chances[:, k])
        return graph.table(columns)


COLUMNS = ("Iteration", "Average l2 change in class probability")


def _start(labels: NDArray[np.int16], classes: int) -> Chances:
    """Known classes for sure, all others alike."""
    chances = np.full((len(labels), classes), 1 / classes)
    known = np.flatnonzero(labels >= 0)
    chances[known] = 0.0
    chances[known, labels[known]] = 1.0
    return chances
