"""Begin on a sample, end on all rows: few passes over the data to the optimum of all of it.

Newton's method on a random sample of the rows (see `Sample`) gives a first point, off by what
sampling leaves open, and a Hessian. Its Cholesky factor then preconditions L-BFGS on all rows:
where the sample speaks for the rest, each step is nearly Newton's and costs one pass without a
Hessian. (Byrd, Chin, Neveitt and Nocedal: On the use of stochastic Hessian information in
optimization methods for machine learning, 2011; there for the Hessian alone.)

The sample decides how fast, never where it ends: value, gradient, line search and threshold are
those of all rows. When it does not speak for the rest, that is after two slow steps, a search that
finds nothing, or eight steps, `newton` takes over from the point reached.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.linalg import Cholesky, factor
from windrow.learn.solvers import newton
from windrow.learn.solvers.lbfgs import remembered, two_loop
from windrow.learn.solvers.search import line_search
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective, Sample

__all__ = ["start", "step"]

_STEPS = 12  # on the sample, at most
_SLOW = 0.5  # a step that leaves more than this of the gradient
_PATIENCE = 2  # so many of those
_LONGEST = 8  # steps; newton needs two more from so near, and ten is the default limit
_RIDGES = (0.0, *(float(f"1e{k}") for k in range(-10, 2, 2)))  # of each diagonal element
_TRUSTED = 0.5  # the least share of a column's sum of squares that its sample must show


def start(objective: Objective, b0: NDArray[np.float64], options: Options) -> SolverState:
    """Solve the sample, then evaluate all rows at its answer.

    Counts one pass, and those over the sample by the share of the rows that they read, rounded up.
    Without a sample the start is that of `newton`.

    Parameters
    ----------
    objective : Objective
    b0 : float64 (n,)
        Rescaled free coefficients to begin with.
    options : Options
    """
    sample = objective.sample
    solved = None if sample is None else _solve(objective.sampled(), b0)
    if sample is None or solved is None:
        return newton.start(objective, b0, options)
    at = objective.value_gradient(solved.coefficients)
    passes = 1 + int(np.ceil(solved.passes / sample.growth))
    factored = _factor(solved, sample, at) if at.finite else None
    if factored is None:
        return replace(newton.start(objective, b0, options), passes=passes + 1)
    none = np.zeros((0, b0.size))
    arrays = {"s": none, "y": none, "lower": factored.lower}
    state = SolverState(0, passes, Status.RUNNING, arrays, {"step": 0.0, "slow": 0.0})
    return state.at(solved.coefficients, at).judged(options)


def step(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Take one step, of L-BFGS or of newton; a state that does not run is given back as it is."""
    if state.status is not Status.RUNNING:
        return state
    if "lower" not in state.arrays:
        return newton.step(state, objective, options)
    if state.numbers["slow"] >= _PATIENCE or state.iteration >= _LONGEST:
        return _taken_over(state, objective, options)
    b, gradient = state.coefficients, state.arrays["gradient"]
    direction = _direction(state)
    if direction is None:
        return _taken_over(state, objective, options)
    found = line_search(objective, b, state.numbers["value"], gradient, direction, first=1.0)
    state = replace(state, passes=state.passes + found.passes)
    if found.evaluation is None:
        return _taken_over(state, objective, options)
    left = float(np.max(np.abs(found.evaluation.gradient)))
    slow = left > _SLOW * state.gradient_size or found.passes > _PATIENCE
    pairs = remembered(state, found.point - b, found.evaluation.gradient - gradient, options.memory)
    numbers = {"step": found.step, "slow": state.numbers["slow"] + slow}
    state = replace(state, iteration=state.iteration + 1)
    return state.at(found.point, found.evaluation, arrays=pairs, numbers=numbers).judged(options)


def _direction(state: SolverState) -> NDArray[np.float64] | None:
    """Where the factor and the pairs point; None when they promise what cannot be."""
    q = two_loop(state, Cholesky(state.arrays["lower"], None).solve)
    promised = dot(state.arrays["gradient"], q)
    return -q if _credible(promised, state.numbers["value"]) else None


def _credible(promised: float, value: float) -> bool:
    """Whether the objective, nowhere below 0, can fall by half of this: g' H^-1 g."""
    return 0.0 <= 0.5 * promised <= value


def _taken_over(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Let newton go on: a pass for the Hessian at the point reached, then its step."""
    begun = newton.start(objective, state.coefficients, options)
    begun = replace(begun, iteration=state.iteration, passes=state.passes + 1)
    return newton.step(begun, objective, options)


def _solve(sampled: Objective, b0: NDArray[np.float64]) -> SolverState | None:
    """Minimise over the sample until a step gains less than what sampling leaves open.

    At the minimum over all rows, the sum over a sample lies about n / 2 above its own minimum, n
    coefficients having been fitted to it (Wilks, 1938).
    """
    bounds = Options(_STEPS, 0.0)
    state = newton.start(sampled, b0, bounds)
    if state.status is Status.NUMERICAL:
        return None
    while state.status is Status.RUNNING:
        before = state.numbers["value"]
        state = newton.step(state, sampled, bounds)
        if before - state.numbers["value"] < 0.5 * b0.size:
            break
    return state


def _factor(solved: SolverState, sample: Sample, at: Evaluation) -> Cholesky | None:
    """Factor the sample's Hessian, grown to all rows.

    A column that the sample hardly shows, such as a rare level, gets what it has in all rows at the
    mean curvature; all columns a part of that where the Hessian is singular, or so small that it
    promises what cannot be.
    """
    hessian = sample.growth * solved.arrays["hessian"]
    mean = hessian[0, 0] / max(float(sample.squares[0]), 1.0)
    unseen = np.where(sample.seen < _TRUSTED * sample.squares, sample.squares - sample.seen, 0.0)
    for ridge in _RIDGES:
        found = factor(hessian + np.diag(mean * (unseen + ridge * sample.squares)))
        if found.failed is None:
            promised = dot(at.gradient, found.solve(at.gradient))
            if _credible(promised, at.value):
                return found
    return None
