from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn.linalg import factor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _positive(seed: int, n: int, condition: float = 1e4) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    symmetric: NDArray[np.float64] = (q * np.geomspace(1, condition, n)) @ q.T
    return symmetric


@given(st.integers(0, 99), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_solutions_and_inverse_diagonals_agree_with_lapack(seed: int, n: int) -> None:
    A = _positive(seed, n)
    b = np.random.default_rng(seed).normal(size=n)
    found = factor(A)
    assert found.failed is None
    np.testing.assert_allclose(found.solve(b), np.linalg.solve(A, b), rtol=1e-8, atol=1e-12)
    wanted = np.diag(np.linalg.inv(A))
    np.testing.assert_allclose(found.inverse_diagonal(), wanted, rtol=1e-8)


def test_only_the_lower_triangle_is_read_and_the_matrix_is_kept() -> None:
    A = _positive(0, 8)
    lower = np.tril(A)
    before = lower.copy()
    np.testing.assert_allclose(factor(lower).solve(np.ones(8)), np.linalg.solve(A, np.ones(8)))
    assert np.array_equal(lower, before)


def test_a_dependent_row_is_named() -> None:
    A = _positive(1, 6)
    A[4] = A[1] + A[2]
    A[:, 4] = A[:, 1] + A[:, 2]
    A[4, 4] = A[1, 4] + A[2, 4]
    found = factor(A)
    assert found.failed == 4
    with pytest.raises(ValueError, match="pivot 4"):
        found.solve(np.ones(6))
    with pytest.raises(ValueError, match="not positive definite"):
        found.inverse_diagonal()


@pytest.mark.parametrize("bad", [np.nan, -1.0, 0.0])
def test_a_matrix_that_is_not_positive_definite_is_never_factored(bad: float) -> None:
    A = np.eye(3)
    A[1, 1] = bad
    assert factor(A).failed == 1


def test_scale_does_not_decide_what_is_singular() -> None:
    d = np.array([1e-150, 1.0, 1e100])
    A = _positive(2, 3, 10.0) * d[:, None] * d[None, :]
    assert factor(A).failed is None
