"""Limited-memory BFGS (Liu and Nocedal, 1989) with a strong Wolfe line search.

The first direction is the gradient times 1 / (1 + max|g| + |F|), which is the ancestor's scaling of
the whole function; afterwards the two-loop recursion over the last pairs of steps and changes of
the gradient. Users count its iterations from 0: the state after k steps is iteration k - 1 of the
printed table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.solvers.search import line_search
from windrow.learn.solvers.state import Options, SolverState, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

__all__ = ["remembered", "start", "step", "two_loop"]


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
    none = np.zeros((0, b0.size))
    state = SolverState(0, 1, Status.RUNNING, {"s": none, "y": none}, {"step": 0.0}).at(b0, at)
    if not at.finite:
        return replace(state, status=Status.NUMERICAL)
    scale = options.step_size / (1.0 + state.gradient_size + abs(at.value))
    return replace(state, numbers={**state.numbers, "scale": scale}).judged(options)


def step(state: SolverState, objective: Objective, options: Options) -> SolverState:
    """Take one quasi-Newton step; a state that does not run is given back as it is.

    When the line search finds nothing lower, the memory is dropped and the gradient tried alone;
    the status becomes `Status.NUMERICAL`, at the old point, when that fails too.
    """
    if state.status is not Status.RUNNING:
        return state
    b, gradient = state.coefficients, state.arrays["gradient"]
    direction = _direction(state)
    found = line_search(objective, b, state.numbers["value"], gradient, direction, first=1.0)
    state = replace(state, passes=state.passes + found.passes)
    if found.evaluation is None:
        if not state.arrays["s"].shape[0]:
            return replace(state, status=Status.NUMERICAL)
        none = np.zeros((0, b.size))
        return step(
            replace(state, arrays={**state.arrays, "s": none, "y": none}), objective, options
        )
    pairs = remembered(state, found.point - b, found.evaluation.gradient - gradient, options.memory)
    state = replace(state, iteration=state.iteration + 1)
    numbers = {"step": found.step}
    return state.at(found.point, found.evaluation, arrays=pairs, numbers=numbers).judged(options)


def remembered(
    state: SolverState, s: NDArray[np.float64], y: NDArray[np.float64], memory: int
) -> dict[str, NDArray[np.float64]]:
    """Append a pair, unless its curvature is not clearly positive; keep the last `memory`."""
    if not dot(s, y) > 1e-14 * dot(y, y):
        return {}
    return {
        "s": np.vstack([state.arrays["s"], s])[-memory:],
        "y": np.vstack([state.arrays["y"], y])[-memory:],
    }


def two_loop(
    state: SolverState, begin: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Inverse Hessian that the pairs make of another one, times the gradient (n,).

    (Nocedal and Wright, algorithm 7.4.) `begin` multiplies a vector by the inverse Hessian that
    the pairs correct.
    """
    s, y = state.arrays["s"], state.arrays["y"]
    count = s.shape[0]
    q = state.arrays["gradient"].copy()
    curvature = [dot(s[i], y[i]) for i in range(count)]
    alpha = [0.0] * count
    for i in reversed(range(count)):
        alpha[i] = dot(s[i], q) / curvature[i]
        q = q - alpha[i] * y[i]
    q = begin(q)
    for i in range(count):
        q = q + (alpha[i] - dot(y[i], q) / curvature[i]) * s[i]
    return q


def _direction(state: SolverState) -> NDArray[np.float64]:
    """Minus the inverse Hessian that the pairs imply, times the gradient."""
    gradient, s, y = state.arrays["gradient"], state.arrays["s"], state.arrays["y"]
    if not s.shape[0]:
        return -state.numbers["scale"] * gradient
    size = dot(s[-1], y[-1]) / dot(y[-1], y[-1])
    q = two_loop(state, lambda vector: vector * size)
    return -q if dot(gradient, q) > 0.0 else -state.numbers["scale"] * gradient
