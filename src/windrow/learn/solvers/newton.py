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
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective

__all__ = ["start", "step"]

_SUFFICIENT = 1e-4
_NOISE = 1e-13  # of the objective: rounding in its sum
_SIZES = (1.0, 0.5, 0.25, 0.125)
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
    for direction in _directions(state.arrays["hessian"], gradient):
        slope = dot(gradient, direction)
        for size in _SIZES:
            b = state.coefficients + size * direction
            evaluation = objective.value_gradient_hessian(b)
            passes += 1
            if _acceptable(evaluation, state, size * slope):
                state = replace(state, iteration=state.iteration + 1, passes=passes)
                return state.at(b, evaluation, numbers={"step": size}).judged(options)
        if -slope <= _NOISE * abs(state.numbers["value"]):
            break  # as low as rounding lets it be
    return replace(state, passes=passes, status=Status.NUMERICAL)


def _directions(
    hessian: NDArray[np.float64], gradient: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield p with (H + ridge) p = -g for growing ridges, where they lead downhill."""
    unit = float(np.max(np.diag(hessian))) or 1.0
    for ridge in _RIDGES:
        found = factor(hessian + ridge * unit * np.eye(gradient.size))
        if found.failed is None:
            direction = -found.solve(gradient)
            if np.isfinite(direction).all() and dot(gradient, direction) < 0.0:
                yield direction


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
