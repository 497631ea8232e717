from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn.information import information


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_what_no_combination_moves_has_the_variance_of_the_pseudo_inverse(
    seed: int, free: int, repeated: int
) -> None:
    random = np.random.default_rng(seed)
    basis = random.normal(size=(60, free))
    mixes = random.integers(-2, 3, (free, repeated)) * (random.random((free, repeated)) < 0.5)
    X = np.column_stack([basis, basis @ mixes])[:, random.permutation(free + repeated)]
    found = information(X.T @ X)
    assert found.rank == free
    inverse = np.linalg.pinv(X.T @ X, rcond=1e-10, hermitian=True)
    determined = np.isclose(np.diag(inverse @ (X.T @ X)), 1.0, atol=1e-8)
    assert np.array_equal(~np.isnan(found.variances), determined)
    expected = np.diag(inverse)[determined]
    assert found.variances[determined] == pytest.approx(expected, rel=1e-8)
    assert {n for members in found.collinear for n in members} == set(np.flatnonzero(~determined))


def test_units_do_not_matter() -> None:
    X = np.random.default_rng(0).normal(size=(40, 4))
    X[:, 2] = X[:, 0] - X[:, 1]
    unit = np.array([1e-9, 1.0, 1e5, 1e9])
    found, scaled = information(X.T @ X), information((X * unit).T @ (X * unit))
    assert scaled.collinear == found.collinear == ((2, 0, 1),)
    assert scaled.variances[3] == pytest.approx(found.variances[3] / 1e18)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nothing_is_said_of_what_is_not_finite(bad: float) -> None:
    hessian = np.eye(3)
    hessian[1, 1] = bad
    found = information(hessian)
    assert np.isnan(found.variances).all()
    assert found.collinear == ()
