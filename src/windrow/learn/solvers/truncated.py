"""Truncated Newton: each direction by conjugate gradients, on products with the Hessian alone.

For too many coefficients to hold a Hessian of. A step solves H p = -g until what is left is a tenth
of the gradient (Dembo and Steihaug: Truncated-Newton algorithms for large-scale unconstrained
optimization, 1983; Lin, Weng and Keerthi: Trust region Newton methods for large-scale logistic
regression, 2008), then searches along p. A product is a pass over the data, as an evaluation is.
The diagonal that preconditions is the columns' sums of squares at the mean curvature of a row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.solvers.search import line_search
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

__all__ = ["start", "step"]

_LEFT = 0.1  # of the gradient, when a direction is good enough
_MOST = 60  # products of one step
_FIRST = 0.25  # mean curvature of a row, before any product has told it: the logistic loss's at 0


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
    state = SolverState(0, 1, Status.RUNNING, {}, {"step": 0.0, "curvature": _FIRST}).at(b0, at)
    return state.judged(options) if at.finite else replace(state, status=Status.NUMERICAL)


def step(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Take one step; a state that does not run is given back as it is.

    The status becomes `Status.NUMERICAL`, at the old point, when no point of the direction is
    lower.
    """
    if state.status is not Status.RUNNING:
        return state
    b, gradient = state.coefficients, state.arrays["gradient"]
    direction, curvature, products = _direction(state, objective)
    found = line_search(objective, b, state.numbers["value"], gradient, direction, first=1.0)
    state = replace(state, passes=state.passes + products + found.passes)
    if found.evaluation is None:
        return replace(state, status=Status.NUMERICAL)
    numbers = {"step": found.step, "curvature": curvature}
    state = replace(state, iteration=state.iteration + 1)
    return state.at(found.point, found.evaluation, numbers=numbers).judged(options)


def _direction(state: SolverState, objective: Objective) -> tuple[NDArray[np.float64], float, int]:
    """Solve H p = -g nearly; return p, the mean curvature of a row, and the products it took."""
    b, residual = state.coefficients, -state.arrays["gradient"]
    curvature = state.numbers["curvature"]
    diagonal = curvature * objective.squares + objective.curvature_of_penalty
    diagonal = np.where(diagonal > 0.0, diagonal, 1.0)
    direction = np.zeros_like(residual)
    enough = _LEFT * _LEFT * dot(residual, residual)
    scaled = residual / diagonal
    along, left = scaled, dot(residual, scaled)
    for product in range(1, _MOST + 1):
        bent, curvature = objective.curvature_along(b, along)
        slope = dot(along, bent)
        if not slope > 0.0:  # flat, or rounding: what there is so far leads downhill
            return (direction if direction.any() else along), curvature, product
        size = left / slope
        direction = direction + size * along
        residual = residual - size * bent
        if dot(residual, residual) <= enough:
            return direction, curvature, product
        scaled = residual / diagonal
        before, left = left, dot(residual, scaled)
        along = scaled + (left / before) * along
    return direction, curvature, _MOST
