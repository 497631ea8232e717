from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.support.leaves import Table

from windrow.learn.losses import Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("loss", list(Loss))
@pytest.mark.parametrize("rescale", [True, False])
def test_gradient_and_hessian_are_derivatives_of_the_value(loss: Loss, rescale: bool) -> None:
    objective = Table.random(1, 300, 3, (4,), loss=loss).objective(loss, l2=0.7, rescale=rescale)
    rng = np.random.default_rng(0)
    b, d = rng.normal(size=objective.size), rng.normal(size=objective.size)
    at = objective.value_gradient_hessian(b)
    h = 1e-6
    up, down = (objective.value_gradient(b + s * h * d) for s in (1, -1))
    assert (up.value - down.value) / (2 * h) == pytest.approx(at.gradient @ d, rel=1e-5)
    assert at.hessian is not None
    slope = (up.gradient - down.gradient) / (2 * h)
    np.testing.assert_allclose(slope, at.hessian @ d, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("loss", list(Loss))
@pytest.mark.parametrize("rescale", [True, False])
@pytest.mark.parametrize("size", [1.0, 1e-40])  # the second is not for single precision
def test_a_product_with_the_hessian_needs_no_hessian(
    loss: Loss, rescale: bool, size: float
) -> None:
    objective = Table.random(1, 700, 3, (4,), loss=loss).objective(loss, l2=0.7, rescale=rescale)
    rng = np.random.default_rng(0)
    b, v = rng.normal(size=(2, objective.size)).astype(np.float32).astype(np.float64)
    hessian = objective.value_gradient_hessian(b).hessian
    assert hessian is not None
    before = objective.passes
    product, _ = objective.curvature_along(b, size * v)
    assert objective.passes == before + 1
    rounded = rescale and size == 1.0  # by their scales, what were numbers of single precision
    rtol, atol = (1e-5, 1e-4) if rounded else (1e-9, 1e-8)
    np.testing.assert_allclose(product / size, hessian @ v, rtol=rtol, atol=atol)


def test_the_intercept_is_not_penalised() -> None:
    objective = Table.random(1, 300, 2).objective(l2=2.0)
    b = np.array([5.0, 1.0, -3.0])
    at = objective.value_gradient(b)
    assert at.value - at.loss == pytest.approx(2.0 * (1.0 + 9.0))
    assert objective.curvature_of_penalty.tolist() == [0.0, 4.0, 4.0]


@given(st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3), st.floats(0.1, 3.0))
def test_shrinking_minimises_distance_and_penalty(b: list[float], step: float) -> None:
    objective = Table.random(1, 50, 2).objective(l1=1.5)
    point, shrunk = np.array(b), objective.shrunk(np.array(b), step)

    def cost(x: NDArray[np.float64]) -> float:
        return float(step * 1.5 * np.abs(x[1:]).sum() + ((x - point) ** 2).sum() / 2)

    assert shrunk[0] == point[0]
    for away in np.vstack([np.eye(3), -np.eye(3)]) * 1e-3:
        assert cost(shrunk) <= cost(shrunk + away) + 1e-12
