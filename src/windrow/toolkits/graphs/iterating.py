"""Programs that go on until numbers of vertices change little: rows, checkpoints, the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.io import memory
from windrow.learn.solvers import SolverState, Status
from windrow.toolkits.graphs.options import LARGEST
from windrow.toolkits.graphs.running import Supersteps
from windrow.toolkits.resuming import Standing, Trail, fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.toolkits.graphs.placing import GraphTables, Placed
    from windrow.toolkits.resuming import Checkpointing

__all__ = ["CHANGE", "Bounds", "Identity", "Iterations", "identity_of"]

CHANGE = "change"
"""The number of a state that the threshold is compared with."""

Identity = tuple[tuple[str, Any], ...]
"""What the bits of a result follow from: names and JSON values."""

Improve = Callable[[SolverState], SolverState]
"""One iteration: a state with its arrays and numbers, ``change`` among them, made anew."""


def identity_of(tables: GraphTables, **options: Any) -> Identity:
    """Say which program this is, as far as that is known before its graph is read."""
    tables_ = {"vertices": f"table {tables.vertices.key}", "edges": f"table {tables.edges.key}"}
    return tuple(({"windrow": version("windrow")} | tables_ | options).items())


@dataclass(frozen=True)
class Bounds:
    """When a program ends.

    Parameters
    ----------
    threshold
        At a change below it.
    max_iterations
        After so many; None: never by that.
    """

    threshold: float
    max_iterations: int | None

    def judged(self, state: SolverState) -> SolverState:
        """Return a state with its status: at one limit is not at another."""
        if state.iteration and state.numbers[CHANGE] < self.threshold:
            return replace(state, status=Status.OPTIMAL)
        limited = self.max_iterations is not None and state.iteration >= self.max_iterations
        return replace(state, status=Status.LIMIT if limited else Status.RUNNING)


class Iterations:
    """The iterations of one run; begins counting the time when it is made.

    Parameters
    ----------
    session
        Where it runs.
    where
        Where checkpoints are kept, and from which it goes on.
    identity
        As of `identity_of`.

    Raises
    ------
    NoCheckpointError, CheckpointMismatchError
        It cannot go on from there; nothing was read yet.
    """

    def __init__(self, session: Session, where: Checkpointing, identity: Identity) -> None:
        self._began = time.perf_counter()
        self._trail = Trail(session, where, dict(identity))

    @property
    def seconds(self) -> float:
        """Elapsed time, with that of the run that it goes on from."""
        return time.perf_counter() - self._began

    def run(
        self,
        graph: Placed,
        columns: tuple[str, str],
        bounds: Bounds,
        start: Callable[[], Mapping[str, NDArray[Any]]],
        improve: Improve,
        *known: NDArray[Any],
    ) -> SolverState:
        """Go on to the end; each iteration is a progress row and a checkpoint.

        Parameters
        ----------
        graph
            The graph, placed.
        columns
            Of the progress table: those of the iteration and of the change.
        bounds
            When to end.
        start
            Gives the arrays of the state before the first iteration, which nobody else holds.
        improve
            One iteration.
        known
            What the iterations read of the graph besides ids and edges, such as labels.

        Raises
        ------
        CheckpointMismatchError
            The checkpoints are of another graph.
        """
        self._trail.identify(_facts(graph, known))
        rows = Supersteps(graph, *columns)
        resumed = self._trail.resumed(bounds.max_iterations or LARGEST)
        if resumed is None:
            state = SolverState(0, 0, Status.RUNNING, start(), {})
        else:
            state = resumed.state
            self._began -= resumed.seconds
            rows.again(resumed.rows)
        state = bounds.judged(state)
        while not state.ended:
            done = state.iteration + 1
            state = bounds.judged(replace(improve(state), iteration=done, passes=done))
            rows.done(done, f"{state.numbers[CHANGE]:.6g}")
            self._trail.keep(Standing(state, tuple(rows.told), self.seconds))
        return state


def _facts(graph: Placed, known: tuple[NDArray[Any], ...]) -> dict[str, Any]:
    """What the identity lacked before the graph was read."""
    ids = np.frombuffer(memory.packed(graph.ids.to_frame()), dtype=np.uint8)
    content = fingerprint((ids, graph.out_degrees, graph.in_degrees, *known), ())
    return {
        "number of vertices": graph.vertices,
        "number of edges": graph.edges,
        "content of the graph": content,
    }
