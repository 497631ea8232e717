"""The solver that begins on a sample: it ends where all rows say, however odd the rows are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize
from tests.support.leaves import Table

from windrow.learn.leaf import TRAIN
from windrow.learn.losses import HINGE_GAMMA, Loss
from windrow.learn.solvers import SOLVERS, Options, SolverState, Status, iterate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

    Floats = NDArray[np.float64]

ROWS, SHARE = 6_000, 1 / 8
NONE = np.zeros((ROWS, 0), np.int64)
AUTO, OPTIONS = SOLVERS["auto"], Options(100, 1e-4)


def fit(objective: Objective, options: Options = OPTIONS) -> list[SolverState]:
    state = AUTO.start(objective, np.zeros(objective.size), options)
    return [state, *iterate(AUTO, state, objective, options)]


def minimum(table: Table, objective: Objective, loss: Loss = Loss.LOGISTIC) -> float:
    """Minimum of the same objective, in NumPy's own arithmetic, found by SciPy's trust regions."""
    on = table.role == TRAIN
    X = table.matrix[on][:, objective.design.free] / objective.design.scale
    s = 2.0 * table.target[on] - 1.0
    steep = HINGE_GAMMA if loss is Loss.SMOOTH_HINGE else 1.0
    shift = steep if loss is Loss.SMOOTH_HINGE else 0.0
    penalty = np.full(X.shape[1], objective.l2)
    penalty[0] = 0.0

    def chance(b: Floats) -> Floats:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (shift - steep * s * (X @ b)))))

    def value(b: Floats) -> float:
        losses = np.logaddexp(0.0, shift - steep * s * (X @ b)) / steep
        return float(losses.sum() + penalty @ (b * b))

    def gradient(b: Floats) -> Floats:
        return np.asarray(-X.T @ (s * chance(b)) + 2.0 * penalty * b)

    def hessian(b: Floats) -> Floats:
        p = chance(b)
        return np.asarray(X.T @ (X * (steep * p * (1.0 - p))[:, None]) + np.diag(2.0 * penalty))

    begin, options = np.zeros(X.shape[1]), {"gtol": 1e-6, "maxiter": 500}
    found = optimize.minimize(
        value, begin, jac=gradient, hess=hessian, method="trust-exact", options=options
    )
    return float(found.fun)


def labels(rng: np.random.Generator, margin: Floats) -> Floats:
    return (rng.random(len(margin)) < 1.0 / (1.0 + np.exp(-margin))).astype(float)


def plain(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 6))
    return Table.of(x, NONE, labels(rng, x @ rng.normal(size=6)))


def sorted_by_target(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 6))
    y = labels(rng, x @ rng.normal(size=6) - 2.0)
    order = np.lexsort((x[:, 0], y))
    return Table.of(x[order], NONE, y[order])


def ill_conditioned(rng: np.random.Generator) -> Table:
    common = rng.normal(size=(ROWS, 1))
    x = common + 1e-4 * rng.normal(size=(ROWS, 6))
    return Table.of(x, NONE, labels(rng, common[:, 0] + 3e3 * (x[:, 0] - x[:, 1])))


def separable(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 4))
    return Table.of(x, NONE, (x[:, 0] + x[:, 1] > 0.1).astype(float))


def badly_scaled(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 5))
    y = labels(rng, x.sum(axis=1))
    return Table.of(x * np.array([1e-6, 1e-3, 1.0, 1e3, 1e6]) + 5.0, NONE, y)


def constant_and_duplicated(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 3))
    both = np.column_stack([x, x[:, 0], np.full(ROWS, 7.0), x[:, 1] - x[:, 2]])
    return Table.of(both, NONE, labels(rng, x @ np.array([1.0, -2.0, 0.5])))


def rare_levels(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 2))
    codes = rng.choice(60, ROWS, p=np.r_[0.9, np.full(59, 0.1 / 59)])[:, None]
    effect = rng.normal(size=60)[codes[:, 0]]
    return Table.of(x, codes, labels(rng, x[:, 0] + effect), levels=(60,))


def levels_that_the_sample_lacks(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 2))
    codes = np.zeros((ROWS, 1), np.int64)
    codes[rng.permutation(ROWS)[:120], 0] = np.repeat(np.arange(1, 41), 3)
    return Table.of(x, codes, labels(rng, x[:, 0]), levels=(41,))


def columns_apart_in_few_rows(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 1))
    other = x[:, 0].copy()
    other[:5] += 3.0
    return Table.of(np.column_stack([x, other]), NONE, labels(rng, x[:, 0]))


def outliers(rng: np.random.Generator) -> Table:
    x = rng.standard_t(1.2, size=(ROWS, 4))
    return Table.of(x, NONE, labels(rng, np.clip(x @ np.ones(4), -3.0, 3.0)))


def one_class_is_rare(rng: np.random.Generator) -> Table:
    x = rng.normal(size=(ROWS, 4))
    y = (np.arange(ROWS) % 3000 == 7).astype(float)
    return Table.of(x + 0.5 * y[:, None], NONE, y)


PROBLEMS = [
    plain,
    sorted_by_target,
    ill_conditioned,
    separable,
    badly_scaled,
    constant_and_duplicated,
    rare_levels,
    levels_that_the_sample_lacks,
    columns_apart_in_few_rows,
    outliers,
    one_class_is_rare,
]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("loss", [Loss.LOGISTIC, Loss.SMOOTH_HINGE])
@pytest.mark.parametrize("rescale", [True, False])
def test_the_minimum_is_that_of_all_rows(
    problem: Callable[[np.random.Generator], Table], loss: Loss, rescale: bool
) -> None:
    table = problem(np.random.default_rng(0))
    objective = table.objective(loss, rescale=rescale, share=SHARE)
    states = fit(objective)
    wanted = minimum(table, objective, loss)
    assert states[-1].numbers["value"] <= wanted * (1.0 + 1e-6)


def newtons(objective: Objective) -> SolverState:
    newton = SOLVERS["newton"]
    first = newton.start(objective, np.zeros(objective.size), OPTIONS)
    return [first, *iterate(newton, first, objective, OPTIONS)][-1]


def test_ordinary_rows_take_one_pass_a_step_and_newton_never() -> None:
    table = plain(np.random.default_rng(1))
    states = fit(table.objective(share=SHARE), Options(10, 0.01))
    assert states[-1].status is Status.OPTIMAL
    assert all("lower" in state.arrays for state in states)
    assert [state.passes for state in states] == [2 + k for k in range(len(states))]
    last = newtons(table.objective())
    np.testing.assert_allclose(states[-1].coefficients, last.coefficients, atol=1e-5)


def test_several_margins_begin_on_a_sample_too() -> None:
    table = Table.random(2, ROWS, 3, (4,), classes=3)
    states = fit(table.objective(l2=0.1, margins=2, share=SHARE))
    last = newtons(table.objective(l2=0.1, margins=2))
    assert "lower" in states[1].arrays
    assert states[-1].numbers["value"] == pytest.approx(last.numbers["value"], rel=1e-10)


def test_without_a_sample_it_is_newton() -> None:
    table = Table.random(4, 500, 3)
    last, newton = fit(table.objective())[-1], newtons(table.objective())
    assert last.coefficients.tobytes() == newton.coefficients.tobytes()
    assert (last.iteration, last.passes) == (newton.iteration, newton.passes)
    with pytest.raises(ValueError, match="no sample"):
        table.objective().sampled()


@given(st.sampled_from(PROBLEMS), st.integers(0, 12))
@settings(max_examples=15, deadline=None)
def test_going_on_from_any_iteration_gives_the_same_bits(
    problem: Callable[[np.random.Generator], Table], cut: int
) -> None:
    table = problem(np.random.default_rng(3))
    states = fit(table.objective(share=SHARE))
    saved = states[min(cut, len(states) - 1)]
    arrays, record = saved.to_npz_parts()
    again = SolverState.from_parts(arrays, json.loads(json.dumps(record)))
    rest = list(iterate(AUTO, again, table.objective(share=SHARE), OPTIONS))
    last = rest[-1] if rest else again
    assert last.coefficients.tobytes() == states[-1].coefficients.tobytes()
    assert (last.iteration, last.passes) == (states[-1].iteration, states[-1].passes)


@given(st.integers(0, 2**32), st.integers(1, 8), st.floats(0.05, 0.5))
@settings(max_examples=15, deadline=None)
def test_any_problem_ends_where_newton_ends(seed: int, numeric: int, share: float) -> None:
    table = Table.random(seed, 2000, numeric, (5,))
    state = fit(table.objective(share=share))[-1]
    assert state.status is Status.OPTIMAL
    wanted = newtons(table.objective()).numbers["value"]
    assert state.numbers["value"] == pytest.approx(wanted, rel=1e-9)
