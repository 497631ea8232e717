from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize
from tests.support.leaves import Table

from windrow.learn.information import Information
from windrow.learn.losses import Loss
from windrow.learn.solvers import SOLVERS, Options, SolverState, Status, iterate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

TIGHT = Options(max_iterations=500, threshold=1e-7)
X = np.array(
    [
        [0.2, 1.1, 1.9, 3.2, 4.1, 5.0, 5.9, 7.1, 2.5, 3.6],
        [1.0, 0.0, 2.0, 1.0, 0.0, 3.0, 1.0, 2.0, 2.0, 0.5],
    ]
).T
Y = np.array([0, 0, 0, 1, 0, 1, 1, 1, 1, 0], float)


def example() -> Table:
    return Table.of(X, np.zeros((10, 0), np.int64), Y)


def fit(
    objective: Objective, solver: str, options: Options = TIGHT
) -> tuple[SolverState, list[SolverState]]:
    state = SOLVERS[solver].start(objective, np.zeros(objective.size), options)
    states = [state, *iterate(SOLVERS[solver], state, objective, options)]
    return states[-1], states[1:]


def weights(objective: Objective, state: SolverState) -> NDArray[np.float64]:
    return objective.design.expand(state.coefficients)


def test_newton_repeats_the_ancestors_worked_example() -> None:
    objective = example().objective(l2=float(np.float32(0.01)))
    state, states = fit(objective, "newton", Options())
    assert state.status.value == "SUCCESS: Optimal solution found."
    assert [s.passes for s in states] == [2, 3, 4, 5]
    assert [s.numbers["score_train"] for s in states] == [9, 8, 8, 8]
    np.testing.assert_allclose(
        weights(objective, state),
        [-6.443995082352501, 1.2035775909534179, 2.1209465917296666],
        rtol=1e-7,
    )
    np.testing.assert_allclose(
        Information.of(state.arrays["hessian"], objective).errors(),
        [5.197151390664867, 1.1755036541885187, 1.658545194886448],
        rtol=1e-7,
    )
    assert state.numbers["loss"] == pytest.approx(2.6488633210705137, rel=1e-9)


def test_newton_repeats_the_ancestors_example_without_rescaling() -> None:
    objective = example().objective(l2=float(np.float32(0.3)), rescale=False)
    state, states = fit(objective, "newton", Options(100, 1e-8))
    assert len(states) == 6
    np.testing.assert_allclose(
        weights(objective, state),
        [-4.127256909297126, 0.8373110773324642, 1.1115380269123263],
        rtol=1e-8,
    )
    np.testing.assert_allclose(
        Information.of(state.arrays["hessian"], objective).errors(),
        [2.879536737765822, 0.658612489876164, 1.0938947498523792],
        rtol=1e-7,
    )
    assert state.numbers["loss"] == pytest.approx(3.167868298947906, rel=1e-9)


def test_a_squared_loss_is_solved_by_one_step() -> None:
    table = Table.random(0, 500, 4, (3,), loss=Loss.SQUARED)
    objective = table.objective(Loss.SQUARED, l2=0.0)
    state, states = fit(objective, "newton")
    assert len(states) == 1
    places = objective.design.free
    on = table.trains
    wanted = np.linalg.lstsq(table.matrix[on][:, places], table.target[on], rcond=None)[0]
    np.testing.assert_allclose(weights(objective, state)[places], wanted, rtol=1e-9)


@pytest.mark.parametrize("loss", [Loss.SMOOTH_HINGE, Loss.LOGISTIC])
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_every_solver_finds_the_minimum_that_scipy_finds(loss: Loss, solver: str) -> None:
    table = Table.random(3, 800, 4, (5, 3))
    objective = table.objective(loss, l2=0.5)
    state, _ = fit(objective, solver)

    def plain(b: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        at = objective.value_gradient(b)
        return at.value, at.gradient

    wanted = optimize.minimize(
        plain, np.zeros(objective.size), jac=True, options={"gtol": 1e-8}, method="BFGS"
    )
    assert state.status is Status.OPTIMAL
    assert state.numbers["value"] == pytest.approx(wanted.fun, rel=1e-10)
    np.testing.assert_allclose(state.coefficients, wanted.x, atol=1e-5)


def test_lbfgs_ends_no_higher_than_the_ancestors_svm_did_at_its_limit() -> None:
    objective = example().objective(Loss.SMOOTH_HINGE, l2=0.5)
    state, _ = fit(objective, "lbfgs", Options())
    theirs = np.array([-1.7373040252513163, 0.20867873838063064, 0.6513150842160974])
    at = objective.value_gradient(theirs * objective.design.scale)
    assert state.numbers["value"] <= at.value


@given(st.integers(0, 50), st.sampled_from(sorted(SOLVERS)), st.integers(0, 12))
@settings(max_examples=20, deadline=None)
def test_going_on_from_a_saved_state_gives_the_same_bits(seed: int, solver: str, cut: int) -> None:
    table = Table.random(seed, 400, 3, (4,), leaf=200)
    options = Options(30, 1e-6, memory=4)
    l1 = 2.0 if solver == "fista" else 0.0
    _, states = fit(table.objective(l1=l1), solver, options)
    saved = states[min(cut, len(states) - 1)]
    arrays, record = saved.to_npz_parts()
    again = SolverState.from_parts(arrays, json.loads(json.dumps(record)))
    rest = list(iterate(SOLVERS[solver], again, table.objective(l1=l1), options))
    last = rest[-1] if rest else again
    assert last.coefficients.tobytes() == states[-1].coefficients.tobytes()
    assert (last.iteration, last.passes) == (states[-1].iteration, states[-1].passes)
    assert last.numbers == states[-1].numbers


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_separable_rows_end_finite_with_a_status(solver: str, l2: float) -> None:
    x = np.linspace(-3, 3, 60)[:, None]
    table = Table.of(x, np.zeros((60, 0), np.int64), (x[:, 0] > 0).astype(float))
    for limit in (10, 200):
        state, _ = fit(table.objective(l2=l2), solver, Options(limit, 1e-12))
        assert state.status is not Status.RUNNING
        assert np.isfinite(state.coefficients).all()
        assert np.isfinite(state.numbers["value"])
        assert state.numbers["score_train"] == 60


def test_a_full_newton_step_that_overshoots_is_damped() -> None:
    # one row far out: from zero, the quadratic model sends the margin of the others too far
    x = np.array([[-40.0], [1.0], [1.1], [0.9], [-0.1], [30.0], [-35.0]])
    y = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    table = Table.of(x, np.zeros((7, 0), np.int64), y)
    objective = table.objective(Loss.SMOOTH_HINGE, l2=0.01, rescale=False)
    state, states = fit(objective, "newton")
    values = [s.numbers["value"] for s in states]
    assert values == sorted(values, reverse=True)
    assert min(s.numbers["step"] for s in states) < 1.0
    assert state.status is Status.OPTIMAL


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_a_column_given_twice_is_no_obstacle(solver: str) -> None:
    table = Table.random(5, 500, 2)
    twice = Table.of(
        np.column_stack([table.matrix[:, 1:], table.matrix[:, 1]]),
        np.zeros((500, 0), np.int64),
        table.target,
        table.role,
    )
    single_objective = table.objective(l2=0.0)
    single, _ = fit(single_objective, solver)
    objective = twice.objective(l2=0.0)
    double, _ = fit(objective, solver)
    assert double.status is Status.OPTIMAL
    assert double.numbers["value"] == pytest.approx(single.numbers["value"], rel=1e-9)
    if solver == "newton":
        found = Information.of(double.arrays["hessian"], objective)
        assert found.collinear == ((3, 1),)
        errors = Information.of(single.arrays["hessian"], single_objective).errors()
        assert np.isnan(found.errors()[[1, 3]]).all()
        assert found.errors()[[0, 2]] == pytest.approx(errors[[0, 2]], rel=1e-8)


def test_the_limit_is_named() -> None:
    for solver in SOLVERS:
        state, states = fit(example().objective(), solver, Options(2, 1e-9))
        assert state.status.value == "Completed (Iteration limit reached)."
        assert (state.iteration, len(states)) == (2, 2)
        assert fit(example().objective(), solver, Options(0, 1e-9))[0].passes == 1


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_objective_that_is_not_finite_ends_at_once(solver: str) -> None:
    table = Table.of(np.array([[np.inf], [1.0]]), np.zeros((2, 0), np.int64), np.zeros(2))
    objective = Table.objective(table, rescale=False)
    state, states = fit(objective, solver)
    assert state.status.value == "TERMINATED: Terminated due to numerical difficulties."
    assert not states


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_a_threshold_out_of_reach_ends_at_the_optimum_all_the_same(solver: str) -> None:
    table = Table.random(7, 3000, 3)
    near, _ = fit(table.objective(), solver, Options(1000, 1e-6))
    state, _ = fit(table.objective(), solver, Options(1000, 1e-300))
    assert state.status is Status.NUMERICAL
    assert state.numbers["value"] == pytest.approx(near.numbers["value"], rel=1e-9)


def test_a_state_that_has_ended_is_given_back() -> None:
    for name, solver in SOLVERS.items():
        objective = example().objective()
        state, _ = fit(objective, name)
        assert solver.step(state, objective, TIGHT) is state


def test_class_weights_count_rows_of_a_class_more_than_once() -> None:
    rows = np.repeat(np.arange(10), np.where(Y == 1, 3, 1))
    repeated = Table.of(X[rows], np.zeros((len(rows), 0), np.int64), Y[rows])
    weighted = example().objective(l2=0.1, rescale=False, class_weights=np.array([1.0, 3.0]))
    one, _ = fit(weighted, "newton")
    other, _ = fit(repeated.objective(l2=0.1, rescale=False), "newton")
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-9)


def test_passes_are_counted() -> None:
    for name in SOLVERS:
        objective = example().objective()
        state, _ = fit(objective, name)
        assert state.passes == objective.passes
