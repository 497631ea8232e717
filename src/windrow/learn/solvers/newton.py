"""Newton's method, damped: full steps wherever they lower the objective enough.

A step solves H p = -g and tries b + p, b + p/2, b + p/4, b + p/8 until the objective has fallen by
at least 1e-4 of what the slope promises (Armijo; Nocedal and Wright, Numerical Optimization, 3.1).
Where none does, or H is singular, it begins again with a ridge added to H, and a larger one, which
turns p towards the gradient (Levenberg, 1944). A trial's pass brings the Hessian too, so a full
step costs one pass in all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.linalg import factor
from windrow.learn.losses import Loss
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective

__all__ = ["start", "step"]

_SUFFICIENT = 1e-4
_NOISE = 1e-13  # of the objective: rounding in its sum
_SIZES = (1.0, 0.5, 0.25, 0.125)
_MOST = 100.0  # times the objective: what a slope may promise
_RIDGES = (0.0, *(float(f"1e{k}") for k in range(-10, 14, 2)))  # of the largest diagonal element


def start(objective: Objective, b0: NDArray[np.float64], options: Options) -> SolverState:
    """Evaluate the first point: one pass.

    Parameters
    ----------
    objective : Objective
    b0 : float64 (n,)
        Rescaled free coefficients to begin with.
    options : Options
    """
    evaluation = objective.value_gradient_hessian(b0)
    state = SolverState(0, 1, Status.RUNNING, {}, {"step": 0.0}).at(b0, evaluation)
    return state.judged(options) if evaluation.finite else replace(state, status=Status.NUMERICAL)


def step(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Take one Newton step; a state that does not run is given back as it is.

    The status becomes `Status.NUMERICAL`, at the old point, when no multiple of the direction
    lowers the objective.
    """
    if state.status is not Status.RUNNING:
        return state
    gradient, passes = state.arrays["gradient"], state.passes
    value = state.numbers["value"]
    first = max(int(state.numbers.get("ridge", 0)) - 1, 0)
    for ridge, direction in _directions(state, first):
        slope = dot(gradient, direction)
        for size in _SIZES:
            b = state.coefficients + size * direction
            evaluation = _evaluated(objective, b, state)
            passes += 1
            if _acceptable(evaluation, state, size * slope):
                state = replace(state, iteration=state.iteration + 1, passes=passes)
                numbers = {"step": size, "ridge": float(ridge)}
                return state.at(b, evaluation, numbers=numbers).judged(options)
        if -slope <= _NOISE * abs(value):
            break  # as low as rounding lets it be
    return replace(state, passes=passes, status=Status.NUMERICAL)


def _directions(state: SolverState, first: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield p with (H + ridge) p = -g for growing ridges, by number, where they lead downhill.

    A step begins with the ridge below that of the last. A slope far beyond the objective is left
    out: nowhere below 0, it cannot fall so far.
    """
    hessian, gradient = state.arrays["hessian"], state.arrays["gradient"]
    unit, most = float(np.max(np.diag(hessian))) or 1.0, _MOST * abs(state.numbers["value"])
    for number in range(first, len(_RIDGES)):
        found = factor(hessian + _RIDGES[number] * unit * np.eye(gradient.size))
        if found.failed is None:
            direction = -found.solve(gradient)
            if np.isfinite(direction).all() and -most <= dot(gradient, direction) < 0.0:
                yield number, direction


def _evaluated(objective: Objective, b: NDArray[np.float64], state: SolverState) -> Evaluation:
    """Evaluate a trial; the Hessian of a squared loss is the same everywhere, and costs most."""
    if objective.loss is not Loss.SQUARED:
        return objective.value_gradient_hessian(b)
    return replace(objective.value_gradient(b), hessian=state.arrays["hessian"])


def _acceptable(evaluation: Evaluation, state: SolverState, promised: float) -> bool:
    """Whether a trial lowers the objective enough or, where that is rounding, the gradient."""
    if not evaluation.finite:
        return False
    value = state.numbers["value"]
    noise = _NOISE * abs(value)
    if -promised > noise:
        return evaluation.value <= value + _SUFFICIENT * promised
    smaller = float(np.max(np.abs(evaluation.gradient))) < 0.9 * state.gradient_size
    return smaller and evaluation.value <= value + noise
