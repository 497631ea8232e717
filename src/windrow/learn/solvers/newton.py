"""Newton's method, damped: full steps wherever they lower the objective enough.

A step solves H p = -g and tries b + p, b + p/2, b + p/4, ... until the objective has fallen by at
least 1e-4 of what the slope promises (Armijo; Nocedal and Wright, Numerical Optimization, 3.1). A
trial's pass brings the Hessian too, so a full step costs one pass in all. Where H is singular a
ridge is added to it until it is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.linalg import factor
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective

__all__ = ["standard_errors", "start", "step"]

_SUFFICIENT = 1e-4
_NOISE = 1e-13  # of the objective: rounding in its sum
_HALVINGS = 40


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
    gradient = state.arrays["gradient"]
    direction = _direction(state.arrays["hessian"], gradient)
    if direction is None:
        return replace(state, status=Status.NUMERICAL)
    slope = dot(gradient, direction)
    size = 1.0
    for trial in range(1, _HALVINGS + 1):
        b = state.coefficients + size * direction
        evaluation = objective.value_gradient_hessian(b)
        if _acceptable(evaluation, state, size * slope):
            state = replace(state, iteration=state.iteration + 1, passes=state.passes + trial)
            return state.at(b, evaluation, numbers={"step": size}).judged(options)
        size *= 0.5
    return replace(state, passes=state.passes + _HALVINGS, status=Status.NUMERICAL)


def standard_errors(state: SolverState, objective: Objective) -> NDArray[np.float64]:
    """Standard errors (n,) of the free coefficients in the units of the data.

    The square roots of the diagonal of the inverse Hessian of the loss, the penalty left out; all
    NaN when that Hessian is singular.
    """
    penalised = state.arrays["hessian"]
    found = factor(penalised - np.diag(objective.curvature_of_penalty))
    if found.failed is not None:
        return np.full(objective.size, np.nan)
    return np.sqrt(found.inverse_diagonal()) / objective.design.scale


def _direction(
    hessian: NDArray[np.float64], gradient: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Solve (H + ridge) p = -g with the smallest ridge of 0, 1e-10, 1e-8, ... of max(diag H)."""
    ridge = 0.0
    unit = float(np.max(np.diag(hessian))) or 1.0
    for exponent in range(-10, 14, 2):
        found = factor(hessian + ridge * np.eye(gradient.size))
        if found.failed is None:
            direction = -found.solve(gradient)
            if np.isfinite(direction).all() and dot(gradient, direction) < 0.0:
                return direction
        ridge = unit * float(f"1e{exponent}")
    return None


def _acceptable(evaluation: Evaluation, state: SolverState, promised: float) -> bool:
    """Whether a trial lowers the objective enough or, within rounding, the gradient."""
    if not evaluation.finite:
        return False
    value = state.numbers["value"]
    if evaluation.value <= value + _SUFFICIENT * promised:
        return True
    level = abs(evaluation.value - value) <= _NOISE * abs(value)
    return level and float(np.max(np.abs(evaluation.gradient))) < state.gradient_size
