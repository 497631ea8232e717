"""FISTA: proximal gradient steps with momentum (Beck and Teboulle, 2009), for penalties with l1.

From a point y ahead of the coefficients x, with a step size s::

    x+ = shrunk(y - s grad f(y), s)        f: the loss and the l2 penalty
    t+ = (1 + sqrt(1 + 4 t^2)) / 2
    y+ = x+ + (t - 1) / t+ (x+ - x)

where `shrunk` takes s times l1 off every coefficient. While f(x+) lies above its bound
f(y) + grad f(y) (x+ - y) + |x+ - y|^2 / (2 s), s is divided by 1.5: by as many factors at once as
the curvature asks for that the trial showed, since each trial is a pass over the data. It has
converged when no coefficient moved by as much as the threshold.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective

__all__ = ["start", "step"]

_SHRINK = 1.5
_NOISE = 1e-13  # of f: differences below it are rounding
_SMALLEST = 1e-60  # a step size that no data asks for


def start(objective: Objective, b0: NDArray[np.float64], options: Options) -> SolverState:
    """Evaluate the first point: one pass.

    Parameters
    ----------
    objective : Objective
    b0 : float64 (n,)
        Rescaled free coefficients to begin with.
    options : Options
    """
    at = objective.value_gradient(b0)
    numbers = {"step": options.step_size, "momentum": 1.0, "moved": math.inf}
    state = SolverState(0, 1, Status.RUNNING, {"ahead": b0}, numbers).at(b0, at)
    return state.judged(options) if at.finite else replace(state, status=Status.NUMERICAL)


def step(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Take one step; a state that does not run is given back as it is.

    The status becomes `Status.NUMERICAL`, at the old point, when no step size keeps the bound.
    """
    if state.status is not Status.RUNNING:
        return state
    x, y, size = state.coefficients, state.arrays["ahead"], state.numbers["step"]
    value, gradient = state.numbers["value"], state.arrays["gradient"]
    passes = state.passes
    if not np.array_equal(x, y):
        ahead = objective.value_gradient(y)
        value, gradient, passes = ahead.value, ahead.gradient, passes + 1
    while size > _SMALLEST:
        trial = objective.shrunk(y - size * gradient, size)
        at = objective.value_gradient(trial)
        passes += 1
        curvature = _curvature(at, value, gradient, trial - y)
        if curvature * size <= 1.0:
            t = state.numbers["momentum"]
            momentum = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
            moved = float(np.max(np.abs(trial - x)))
            numbers = {"step": size, "momentum": momentum, "moved": moved}
            following = trial + ((t - 1.0) / momentum) * (trial - x)
            state = replace(state, iteration=state.iteration + 1, passes=passes)
            return state.at(trial, at, arrays={"ahead": following}, numbers=numbers).judged(options)
        size = _smaller(size, curvature)
    return replace(state, passes=passes, status=Status.NUMERICAL)


def _curvature(
    at: Evaluation,
    value: float,
    gradient: NDArray[np.float64],
    move: NDArray[np.float64],
) -> float:
    """Curvature c of f along a move: f(y + move) = f(y) + gradient move + c |move|^2 / 2."""
    if not at.finite:
        return math.inf
    above = at.value - value - dot(gradient, move)
    if above <= _NOISE * abs(value):
        return 0.0
    return 2.0 * above / dot(move, move)


def _smaller(size: float, curvature: float) -> float:
    """Divide a step size by 1.5, and again while the curvature asks for it."""
    size /= _SHRINK
    while math.isfinite(curvature) and size * curvature > 1.0 and size > _SMALLEST:
        size /= _SHRINK
    return size
