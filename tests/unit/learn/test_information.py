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


@given(st.integers(0, 2**32), st.integers(50, 3000))
@settings(max_examples=60, deadline=None)
def test_columns_far_from_their_mean_are_found_collinear_all_the_same(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    year, a = random.integers(1990, 2020, n), random.normal(50.0, 3.0, n)
    region = np.concatenate([np.arange(12), random.integers(0, 12, n - 12)])
    country = region // 3
    dummies = [country == c for c in range(1, 4)] + [region == r for r in range(1, 12)]
    X = np.column_stack([np.ones(n), year, 2024 - year, a, a * a, *dummies]).astype(float)
    found = information(X.T @ X)
    assert found.rank == 4 + 11
    assert set(np.flatnonzero(~np.isnan(found.variances))) == {3, 4, 8, 9}


def test_columns_that_are_nearly_collinear_are_told_apart() -> None:
    random = np.random.default_rng(0)
    year = random.integers(1990, 2020, 400) + 0.0
    x = random.uniform(0.0, 1.0, 400)
    twin = year + 1e-2 * random.normal(size=400)
    X = np.column_stack([np.ones(400), year, year**2, twin, x, x**2, x**3, x**4])
    found = information(X.T @ X)
    assert found.collinear == ()


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
