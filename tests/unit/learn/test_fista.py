"""Proximal gradient steps against scikit-learn's Lasso, elastic net and l1 logistic regression."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.linear_model import ElasticNet, LogisticRegression
from tests.support.leaves import Table

from windrow.learn.losses import Loss
from windrow.learn.solvers import SOLVERS, Options, SolverState, Status, iterate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

TIGHT = Options(max_iterations=20_000, threshold=1e-12)
"""Of the last move, which is small at a turning point too: so far below what the tests ask for."""


def fit(objective: Objective, options: Options = TIGHT, solver: str = "fista") -> list[SolverState]:
    state = SOLVERS[solver].start(objective, np.zeros(objective.size), options)
    return [state, *iterate(SOLVERS[solver], state, objective, options)]


def value(objective: Objective, b: NDArray[np.float64], l1: float) -> float:
    """The whole objective, the l1 penalty included."""
    return objective.value_gradient(b).value + l1 * float(np.abs(b[1:]).sum())


def check_optimal(objective: Objective, b: NDArray[np.float64], l1: float) -> None:
    """Hold a point to the conditions of the minimum (Karush, Kuhn and Tucker)."""
    gradient = objective.value_gradient(b).gradient
    bound = np.full(b.size, l1)
    bound[0] = 0.0
    moves = b != 0.0
    np.testing.assert_allclose(gradient[moves], -(bound * np.sign(b))[moves], atol=1e-5)
    assert (np.abs(gradient[~moves]) <= bound[~moves] + 1e-5).all()


def training(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features and target of the training rows; every level has a column but the references."""
    free = table.objective().design.free
    return table.matrix[table.trains][:, free[1:]], table.target[table.trains]


@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.floats(0.0, 3.0),
    st.sampled_from([0.0, 0.3, 20.0]),
)
@settings(max_examples=40, deadline=None)
def test_a_squared_loss_has_the_optimum_of_the_elastic_net(
    seed: int, numeric: int, strength: float, l2: float
) -> None:
    table = Table.random(seed, 300, numeric, (3,), loss=Loss.SQUARED)
    X, y = training(table)
    l1 = 10.0**strength
    objective = table.objective(Loss.SQUARED, l2=l2, l1=l1, rescale=False)
    found = fit(objective)[-1]
    n = len(y)
    alpha = l1 / (2 * n) + l2 / n
    oracle = ElasticNet(alpha=alpha, l1_ratio=l1 / (2 * n) / alpha, tol=1e-14, max_iter=100_000)
    oracle.fit(X, y)
    wanted = np.array([oracle.intercept_, *oracle.coef_])
    theirs = value(objective, wanted, l1)
    assert found.status is Status.OPTIMAL
    assert value(objective, found.coefficients, l1) <= theirs * (1 + 1e-9)
    np.testing.assert_allclose(found.coefficients, wanted, atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(0.0, 2.0))
@settings(max_examples=15, deadline=None)
def test_a_logistic_loss_has_the_optimum_of_scikit_learn(
    seed: int, numeric: int, strength: float
) -> None:
    table = Table.random(seed, 300, numeric)
    X, y = training(table)
    l1 = 10.0**strength
    objective = table.objective(l2=0.0, l1=l1, rescale=False)
    found = fit(objective)[-1]
    oracle = LogisticRegression(C=1 / l1, l1_ratio=1.0, solver="saga", tol=1e-9, max_iter=20_000)
    oracle.fit(X, y)
    wanted = np.array([*oracle.intercept_, *oracle.coef_[0]])
    theirs = value(objective, wanted, l1)
    assert found.status is Status.OPTIMAL
    assert value(objective, found.coefficients, l1) <= theirs * (1 + 1e-9)
    check_optimal(objective, found.coefficients, l1)  # saga leaves its intercept a little off


@pytest.mark.parametrize("loss", list(Loss))
def test_without_l1_it_meets_lbfgs(loss: Loss) -> None:
    table = Table.random(11, 500, 3, (3,), loss=loss)
    one, other = (
        fit(table.objective(loss, l2=1.0), Options(5000, 1e-9), solver)[-1]
        for solver in ("fista", "lbfgs")
    )
    assert one.numbers["value"] == pytest.approx(other.numbers["value"], rel=1e-12)
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-6)


@pytest.mark.parametrize("loss", list(Loss))
def test_a_penalty_that_is_large_enough_leaves_the_intercept_alone(loss: Loss) -> None:
    table = Table.random(12, 400, 4, loss=loss)
    objective = table.objective(loss, l2=0.0)
    alone = fit(table.objective(loss, l2=1e9), Options(500, 1e-9), "newton")[-1].coefficients
    alone = np.where(np.arange(alone.size) == 0, alone, 0.0)
    needed = np.abs(objective.value_gradient(alone).gradient[1:]).max()
    found = fit(table.objective(loss, l2=0.0, l1=1.01 * needed))[-1].coefficients
    assert not found[1:].any()
    assert not np.signbit(found[1:]).any()  # zeros, not minus zeros
    assert found[0] == pytest.approx(alone[0], abs=1e-5)
    less = fit(table.objective(loss, l2=0.0, l1=0.9 * needed))[-1].coefficients
    assert less[1:].any()


def test_the_step_is_divided_by_powers_of_one_and_a_half_and_never_grows() -> None:
    states = fit(Table.random(13, 2000, 3).objective(l1=5.0), Options(50, 1e-9))
    sizes = [state.numbers["step"] for state in states]
    assert sizes[0] == 1.0
    assert sizes == sorted(sizes, reverse=True)
    for size in sizes:
        power = np.log(1.0 / size) / np.log(1.5)
        assert power == pytest.approx(round(power), abs=1e-9)


def test_it_stops_when_no_coefficient_moves_by_the_threshold() -> None:
    states = fit(Table.random(14, 500, 3).objective(l1=2.0), Options(500, 1e-3))
    moves = [
        float(np.abs(after.coefficients - before.coefficients).max())
        for before, after in pairwise(states)
    ]
    assert moves == [state.left for state in states[1:]]
    assert min(moves[:-1]) >= 1e-3 > moves[-1]
    assert states[-1].status is Status.OPTIMAL


def test_few_passes_find_a_step_size_that_is_far_away() -> None:
    table = Table.random(15, 5000, 3, loss=Loss.SQUARED)
    states = fit(table.objective(Loss.SQUARED, l1=1.0, rescale=False), Options(3, 1e-9))
    assert states[1].numbers["step"] < 1e-4  # 23 divisions or more
    assert states[1].passes <= 4


def test_columns_of_very_different_size_end_at_the_optimum() -> None:
    rng = np.random.default_rng(16)
    x = rng.normal(size=(300, 2)) * [1e-3, 1e6]
    y = x @ [1e3, 1e-6] + rng.normal(size=300)
    table = Table.of(x, np.zeros((300, 0), np.int64), y)
    found = fit(table.objective(Loss.SQUARED, l1=1.0))[-1]
    exact = fit(table.objective(Loss.SQUARED, l2=0.0), Options(50, 1e-9), "newton")[-1]
    assert found.status is Status.OPTIMAL
    np.testing.assert_allclose(found.coefficients, exact.coefficients, atol=1e-2)
