"""Solvers: a start and a pure step over a `SolverState`; what yields progress is a thin loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from windrow.learn.solvers import fista, lbfgs, newton, sampled, truncated
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

__all__ = ["SOLVERS", "Options", "Solver", "SolverState", "Status", "iterate"]


class _Start(Protocol):
    def __call__(
        self, objective: Objective, b0: NDArray[np.float64], options: Options
    ) -> SolverState: ...


class _Step(Protocol):
    def __call__(
        self, state: SolverState, objective: Objective, options: Options
    ) -> SolverState: ...


class Solver(NamedTuple):
    """How to begin, and how to go on from any state."""

    start: _Start
    step: _Step


SOLVERS = {
    "auto": Solver(sampled.start, sampled.step),
    "newton": Solver(newton.start, newton.step),
    "lbfgs": Solver(lbfgs.start, lbfgs.step),
    "newton-cg": Solver(truncated.start, truncated.step),
    "fista": Solver(fista.start, fista.step),
}


def iterate(
    solver: Solver, state: SolverState, objective: Objective, options: Options
) -> Iterator[SolverState]:
    """Yield the state after each further step, until one that does not run.

    Going on from any of them, saved and read back, gives the same bits as running through.
    """
    while state.status is Status.RUNNING:
        state = solver.step(state, objective, options)
        yield state
