from __future__ import annotations

import numpy as np
import pytest
from tests.support.leaves import Table

from windrow.learn.losses import Loss


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


def test_the_intercept_is_not_penalised() -> None:
    objective = Table.random(1, 300, 2).objective(l2=2.0)
    b = np.array([5.0, 1.0, -3.0])
    at = objective.value_gradient(b)
    assert at.value - at.loss == pytest.approx(2.0 * (1.0 + 9.0))
    assert objective.curvature_of_penalty.tolist() == [0.0, 4.0, 4.0]
