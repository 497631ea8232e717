"""Solvers on the objective of more than two classes, against SciPy and scikit-learn."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from tests.support.leaves import Table

from windrow.learn.information import Information
from windrow.learn.kernels import Curvature, Sums
from windrow.learn.layout import Design
from windrow.learn.losses import Loss
from windrow.learn.objective import Evaluation, Objective
from windrow.learn.solvers import SOLVERS, Options, SolverState, Status, iterate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.kernels import Gradient

TIGHT = Options(max_iterations=2000, threshold=1e-7)


OF_SEVERAL = [name for name in SOLVERS if name != "newton-cg"]
"""Solvers that take several margins."""


def fit(objective: Objective, solver: str, options: Options = TIGHT) -> SolverState:
    start = SOLVERS[solver].start(objective, np.zeros(objective.size), options)
    return [start, *iterate(SOLVERS[solver], start, objective, options)][-1]


def rows_of(table: Table) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features and classes of the training rows."""
    return table.matrix[table.trains, 1:], table.target[table.trains].astype(np.int64)


def stated(
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    weights: NDArray[np.float64],
    l2: float,
    b: NDArray[np.float64],
) -> float:
    """Objective as the manual states it: X without, b (K - 1, 1 + d) with the intercept."""
    m = np.column_stack([np.zeros(len(X)), b[:, 0] + X @ b[:, 1:].T])
    own = m[np.arange(len(y)), y]
    return float((weights[y] * (logsumexp(m, axis=1) - own)).sum() + l2 * (b[:, 1:] ** 2).sum())


@pytest.mark.parametrize("rescale", [True, False])
def test_gradient_and_hessian_are_derivatives_of_the_value(rescale: bool) -> None:
    table = Table.random(1, 300, 3, (4,), classes=4)
    objective = table.objective(l2=0.7, rescale=rescale, margins=3)
    rng = np.random.default_rng(0)
    b, d = rng.normal(size=objective.size), rng.normal(size=objective.size)
    at = objective.value_gradient_hessian(b)
    h = 1e-6
    up, down = (objective.value_gradient(b + s * h * d) for s in (1, -1))
    assert (up.value - down.value) / (2 * h) == pytest.approx(at.gradient @ d, rel=1e-5)
    assert at.hessian is not None
    np.testing.assert_allclose(at.hessian, at.hessian.T, rtol=1e-14)
    slope = (up.gradient - down.gradient) / (2 * h)
    np.testing.assert_allclose(slope, at.hessian @ d, rtol=2e-3, atol=1e-3)


def test_the_hessian_of_one_margin_keeps_its_bits() -> None:
    table = Table.random(1, 300, 3, (4,))
    design = table.objective().design
    W = np.linspace(-1, 1, table.layout.size)
    sums = Sums.of(table.reduce(Curvature(Loss.LOGISTIC, table.layout), W), table.layout)
    assert sums.hessian is not None
    inner = sums.hessian[np.ix_(design.free, design.free)]
    wanted = inner / design.scale[:, None] / design.scale[None, :]  # in this order
    assert design.contract_hessian(sums.hessian).tobytes() == wanted.tobytes()


def test_no_intercept_is_penalised() -> None:
    objective = Table.random(1, 300, 2, classes=3).objective(l2=2.0, margins=2)
    at = objective.value_gradient(np.array([5.0, 1.0, -3.0, 7.0, 2.0, 0.0]))
    assert at.value - at.loss == pytest.approx(2.0 * (1.0 + 9.0 + 4.0))


@given(st.integers(3, 5), st.integers(1, 4), st.floats(0.01, 5.0), st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_solvers_find_the_minimum_that_scipy_finds(
    classes: int, numeric: int, l2: float, seed: int
) -> None:
    table = Table.random(seed, 400, numeric, classes=classes)
    weights = np.random.default_rng(seed).uniform(0.5, 2.0, classes)
    objective = table.objective(l2=l2, rescale=False, margins=classes - 1, class_weights=weights)
    X, y = rows_of(table)
    shape = (classes - 1, 1 + numeric)
    oracle = minimize(
        lambda b: stated(X, y, weights, l2, b.reshape(shape)),
        np.zeros(objective.size),
        method="BFGS",
        options={"gtol": 1e-6},
    )
    for solver in OF_SEVERAL:
        # Fista's threshold is for its moves, which are small long before the gradient is.
        state = fit(objective, solver, Options(20_000, 1e-11) if solver == "fista" else TIGHT)
        b = objective.design.expand(state.coefficients)
        own = stated(X, y, weights, l2, b)
        assert state.numbers["value"] == pytest.approx(own, rel=1e-10)
        assert own <= oracle.fun * (1.0 + 1e-9)
        assert own == pytest.approx(oracle.fun, rel=1e-6)


@given(st.integers(3, 5), st.floats(0.1, 30.0), st.integers(0, 10_000))
@example(4, 29.1171875, 812)
@settings(max_examples=15, deadline=None)
def test_an_l1_penalty_acts_on_the_coefficients_of_all_classes(
    classes: int, l1: float, seed: int
) -> None:
    table = Table.random(seed, 400, 3, (3,), classes=classes)
    objective = table.objective(l2=0.1, l1=l1, margins=classes - 1)
    # The threshold is for moves, which are small long before the gradient is at rest.
    state = fit(objective, "fista", Options(max_iterations=100_000, threshold=1e-13))
    b, gradient = state.coefficients, state.arrays["gradient"]
    bound = np.where(objective.design.penalised, l1, 0.0)  # Karush, Kuhn and Tucker's conditions
    moves = b != 0.0
    assert moves[~objective.design.penalised].all()
    np.testing.assert_allclose(gradient[moves], -(bound * np.sign(b))[moves], atol=1e-5)
    assert (np.abs(gradient[~moves]) <= bound[~moves] + 1e-5).all()


class Symmetric(Objective):
    """Our loss with scikit-learn's penalty, ``sum_k |c_k|^2 / (2 C)`` over all K classes.

    Its c_k are ours plus a shift, c_k = b_k - s with b_0 = 0; the s that costs least is the mean of
    all b_k, which leaves ``sum_k b_k' (I - J / K) b_k / (2 C)``, J being all ones.
    """

    C = 1.0

    def _evaluate(self, kernel: Gradient | Curvature, b: NDArray[np.float64]) -> Evaluation:
        at = super()._evaluate(kernel, b)
        k = self.design.margins
        inner = np.diag(self.design.penalised[: b.size // k].astype(float)) / self.C
        P = np.kron(np.eye(k) - 1.0 / (k + 1), inner)
        hessian = None if at.hessian is None else at.hessian + P
        value = at.value + float(b @ P @ b) / 2.0
        return replace(at, value=value, gradient=at.gradient + P @ b, hessian=hessian)


@given(
    st.integers(3, 5),
    st.floats(0.05, 20.0),
    st.integers(0, 10_000),
    st.sampled_from(["newton", "lbfgs"]),
)
@settings(max_examples=20, deadline=None)
def test_with_its_penalty_the_minimum_is_that_of_scikit_learn(
    classes: int, C: float, seed: int, solver: str
) -> None:
    table = Table.random(seed, 600, 3, classes=classes)
    X, y = rows_of(table)
    assume(len(set(y)) == classes)
    oracle = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, y)
    design = Design.of(*table.statistics(), rescale=False, margins=classes - 1)
    objective = Symmetric(table.reduce, design, Loss.LOGISTIC)
    objective.C = C
    state = fit(objective, solver)
    theirs = np.column_stack([oracle.intercept_, oracle.coef_])
    differences = (theirs[1:] - theirs[0]).reshape(-1)
    assert state.numbers["value"] <= objective.value_gradient(differences).value * (1 + 1e-12)
    assert state.coefficients == pytest.approx(differences, abs=1e-3)


@pytest.mark.parametrize("solver", OF_SEVERAL)
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_separable_rows_end_finite_with_a_status(solver: str, l2: float) -> None:
    x = np.linspace(-3, 3, 60)[:, None]
    target = np.digitize(x[:, 0], [-1.0, 1.0]).astype(float)
    table = Table.of(np.hstack([x, np.abs(x)]), np.zeros((60, 0), np.int64), target)
    for limit in (10, 200):
        state = fit(table.objective(l2=l2, margins=2), solver, Options(limit, 1e-12))
        assert state.status is not Status.RUNNING
        assert np.isfinite(state.coefficients).all()
        assert np.isfinite(state.numbers["value"])
    assert state.numbers["score_train"] == 60


def test_a_class_that_a_category_tells_alone_ends_finite() -> None:
    codes = np.repeat([0, 1, 2], 30)[:, None]
    target = np.where(codes[:, 0] == 2, 2, np.arange(90) % 2).astype(float)
    table = Table.of(np.zeros((90, 0)), codes, target, levels=(3,))
    state = fit(table.objective(l2=0.0, margins=2), "newton", Options(50, 1e-10))
    assert np.isfinite(state.coefficients).all()
    assert state.numbers["loss"] == pytest.approx(60 * np.log(2.0), rel=1e-6)


def test_standard_errors_are_those_of_the_information_matrix() -> None:
    table = Table.random(4, 900, 2, classes=3)
    objective = table.objective(l2=0.3, margins=2)
    state = fit(objective, "newton")
    b = objective.design.expand(state.coefficients)
    Z = table.matrix[table.trains]
    p = softmax(np.column_stack([np.zeros(len(Z)), Z @ b.T]), axis=1)[:, 1:]
    blocks = [[(Z.T * (p[:, a] * ((a == c) - p[:, c]))) @ Z for c in range(2)] for a in range(2)]
    expected = np.sqrt(np.diag(np.linalg.inv(np.block(blocks))))
    assert Information.of(state.arrays["hessian"], objective).errors() == pytest.approx(
        expected, rel=1e-8
    )


@given(st.integers(0, 50), st.sampled_from(sorted(OF_SEVERAL)), st.integers(0, 12))
@settings(max_examples=10, deadline=None)
def test_going_on_from_a_saved_state_gives_the_same_bits(seed: int, solver: str, cut: int) -> None:
    table = Table.random(seed, 400, 3, (4,), classes=4, leaf=200)
    options = Options(20, 1e-6, memory=4)
    start = SOLVERS[solver].start(table.objective(margins=3), np.zeros(3 * 7), options)
    states = [start, *iterate(SOLVERS[solver], start, table.objective(margins=3), options)]
    arrays, record = states[min(cut, len(states) - 1)].to_npz_parts()
    again = SolverState.from_parts(arrays, json.loads(json.dumps(record)))
    last = [again, *iterate(SOLVERS[solver], again, table.objective(margins=3), options)][-1]
    assert last.coefficients.tobytes() == states[-1].coefficients.tobytes()
    assert (last.passes, last.numbers) == (states[-1].passes, states[-1].numbers)
