from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn.objective import Evaluation
from windrow.learn.solvers.search import Found, line_search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class _Line:
    """An objective of one coefficient, given by its value and slope."""

    def __init__(self, curve: Callable[[float], tuple[float, float]]) -> None:
        self.curve, self.met = curve, [0.0]

    def value_gradient(self, b: NDArray[np.float64]) -> Evaluation:
        self.met.append(float(b[0]))
        value, slope = self.curve(float(b[0]))
        return Evaluation(value, value, np.array([slope]), None, 0.0, 0.0)


def search(curve: Callable[[float], tuple[float, float]], first: float) -> tuple[Found, _Line]:
    line, (value, slope) = _Line(curve), curve(0.0)
    found = line_search(
        cast("Any", line), np.zeros(1), value, np.array([slope]), np.ones(1), first=first
    )
    return found, line


@given(
    st.floats(0.01, 100.0),
    st.floats(-6, 6),
    st.floats(0.0, 3.0),
)
@settings(max_examples=60)
def test_the_step_satisfies_the_strong_wolfe_conditions(
    middle: float, exponent: float, wave: float
) -> None:
    def curve(t: float) -> tuple[float, float]:
        u = t - middle
        ripple = wave * middle / 10
        value = u * u + ripple * math.sin(3 * u / middle)
        return value, 2 * u + 3 * wave / 10 * math.cos(3 * u / middle)

    value, slope = curve(0.0)
    found, _ = search(curve, middle * 10.0**exponent)
    assert found.evaluation is not None
    assert found.evaluation.value <= value + 1e-4 * found.step * slope + 1e-12 * abs(value)
    assert abs(found.evaluation.gradient[0]) <= 0.9 * abs(slope)
    assert found.passes <= 25


def test_a_point_that_is_not_finite_is_never_the_answer() -> None:
    def curve(t: float) -> tuple[float, float]:
        return ((t - 1.0) ** 2, 2 * (t - 1.0)) if t < 1.5 else (math.nan, math.inf)

    found, line = search(curve, 64.0)
    assert found.evaluation is not None
    assert 0.0 < found.step < 1.5
    assert max(line.met) == 64.0


def test_a_curve_that_falls_for_ever_gives_its_lowest_point_met() -> None:
    found, line = search(lambda t: (-t, -1.0), 1.0)
    assert found.step == max(line.met)
    assert found.passes == 30


def test_a_curve_that_only_rises_gives_no_step() -> None:
    # a wrong slope: rounding at the optimum looks like this
    found, _ = search(lambda t: (1.0 + t, -1.0 if t == 0.0 else 1.0), 1.0)
    assert (found.step, found.evaluation) == (0.0, None)


def test_a_minimum_between_bends_is_found_from_the_wrong_side() -> None:
    def curve(t: float) -> tuple[float, float]:  # steep wall right of the minimum at 1
        if t <= 1.0:
            return -t, -1.0
        return -1.0 + 1e6 * (t - 1.0) ** 2, 2e6 * (t - 1.0)

    found, _ = search(curve, 100.0)
    assert found.evaluation is not None
    assert found.step == pytest.approx(1.0, abs=1e-3)
