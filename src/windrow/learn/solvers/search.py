"""A line search for the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6).

Along a direction, phi(t) = F(b + t p). A step t is taken when phi(t) <= phi(0) + c1 t phi'(0) and
|phi'(t)| <= c2 |phi'(0)|. Trials come from cubic interpolation kept inside the bracket; a point
that is not finite counts as too far and never is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.elementary import dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation, Objective

__all__ = ["Found", "line_search"]

_C1 = 1e-4
_C2 = 0.9
_NOISE = 1e-14  # of phi(0): differences below it are rounding
_EXPAND = 4.0
_TRIALS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The answer of a search.

    Attributes
    ----------
    step : float
        0 when no step lowers the objective.
    point : float64 (n,)
    evaluation : Evaluation or None
        At the point; None when the step is 0.
    passes : int
        Evaluations it took.
    """

    step: float
    point: NDArray[np.float64]
    evaluation: Evaluation | None
    passes: int


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    step: float
    value: float
    slope: float
    point: NDArray[np.float64]
    evaluation: Evaluation | None


def line_search(
    objective: Objective,
    origin: NDArray[np.float64],
    value: float,
    gradient: NDArray[np.float64],
    direction: NDArray[np.float64],
    *,
    first: float,
) -> Found:
    """Search along a direction of descent.

    Parameters
    ----------
    objective : Objective
    origin : float64 (n,)
    value : float
        Of the objective at the origin.
    gradient : float64 (n,)
        At the origin.
    direction : float64 (n,)
        With ``dot(gradient, direction) < 0``.
    first : float
        First trial step, above 0.

    Returns
    -------
    Found
        The strong Wolfe step, or after 30 trials the lowest point met that lowers the objective.
    """
    low = _Trial(0.0, value, dot(gradient, direction), origin, None)
    begin, high, best = low, None, low
    step = first
    for passes in range(1, _TRIALS + 1):
        trial = _try(objective, origin, direction, step)
        if trial.value < best.value:
            best = trial
        ceiling = value + _C1 * step * begin.slope + _NOISE * abs(value)
        if trial.value > ceiling or (trial.value >= low.value and low.evaluation is not None):
            high = trial
        elif abs(trial.slope) <= -_C2 * begin.slope:
            return Found(trial.step, trial.point, trial.evaluation, passes)
        elif high is None:
            if trial.slope >= 0.0:
                high = low
            low = trial
        else:
            if trial.slope * (high.step - low.step) >= 0.0:
                high = low
            low = trial
        if high is None:
            step *= _EXPAND
        else:
            step = _between(low, high)
            if abs(high.step - low.step) <= 1e-15 * abs(low.step + high.step):
                return Found(best.step, best.point, best.evaluation, passes)
    return Found(best.step, best.point, best.evaluation, _TRIALS)


def _try(
    objective: Objective,
    origin: NDArray[np.float64],
    direction: NDArray[np.float64],
    step: float,
) -> _Trial:
    point = origin + step * direction
    evaluation = objective.value_gradient(point)
    if not evaluation.finite:
        return _Trial(step, np.inf, np.inf, point, None)
    slope = dot(evaluation.gradient, direction)
    return _Trial(step, evaluation.value, slope, point, evaluation)


def _between(low: _Trial, high: _Trial) -> float:
    """Minimum of the cubic through both ends, kept a tenth of the bracket away from them."""
    width = high.step - low.step
    middle = low.step + 0.5 * width
    if not (np.isfinite(high.value) and np.isfinite(high.slope)):
        return low.step + 0.1 * width
    d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (low.step - high.step)
    square = d1 * d1 - low.slope * high.slope
    if square < 0.0:
        return middle
    d2 = float(np.copysign(np.sqrt(square), width))
    denominator = high.slope - low.slope + 2.0 * d2
    if denominator == 0.0:
        return middle
    step = high.step - width * (high.slope + d2 - d1) / denominator
    near, far = sorted((low.step + 0.1 * width, high.step - 0.1 * width))
    return float(min(max(step, near), far)) if np.isfinite(step) else middle
