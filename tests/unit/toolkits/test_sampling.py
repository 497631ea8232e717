"""Fits of many rows begin on a sample: of which rows, and that only the time follows from it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from sklearn.linear_model import LogisticRegression
from tests.support.plain_session import PlainSession, table

import windrow as wr
from windrow.execution import environment
from windrow.execution.local import LocalExecutor
from windrow.learn.leaf import LEAF, TRAIN
from windrow.learn.losses import Loss
from windrow.learn.solvers import Options
from windrow.progress import Header, Row
from windrow.toolkits.features import FeatureEncoder
from windrow.toolkits.fit import Fit, Fitted, Method
from windrow.toolkits.prepare import Prepared, prepare
from windrow.toolkits.sampling import SAMPLED_ROWS, SampleFinisher, share_of

MANY = 140_000  # more than SAMPLED_ROWS, without the 5 percent that validate too
WIDTH = 3


def sorted_rows(rows: int = MANY) -> pl.DataFrame:
    """Make rows sorted by target and a feature: their beginning says nothing of the rest."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, WIDTH)) * [1.0, 20.0, 0.1] + [0.0, 100.0, 0.0]
    level = random.integers(0, 4, rows)
    margin = x[:, 0] - 0.05 * (x[:, 1] - 100.0) + 0.7 * (level == 2) - 0.2
    data = pl.DataFrame({f"x{j}": x[:, j] for j in range(WIDTH)}).with_columns(
        s=pl.Series([f"level {code}" for code in level]),
        y=pl.Series((random.random(rows) < 1.0 / (1.0 + np.exp(-margin))).astype(int)),
    )
    return data.sort("y", "x0")


DATA = sorted_rows()


def fitted(method: Method, session: Any = None) -> Fitted:
    plan = table(DATA[:40_000], DATA[40_000:40_001], DATA[40_001:])
    encoder = FeatureEncoder.of(plan.schema, [c for c in plan.schema if c != "y"], "y")
    session = session or PlainSession()
    return Fit(plan, encoder, method)(session)


def prepared(seed: int | None = None) -> tuple[Any, Prepared]:
    session: Any = PlainSession()
    plan = table(DATA[:70_000], DATA[70_000:])
    encoder = FeatureEncoder.of(plan.schema, ["x0"], "y")
    return session, prepare(session, plan, encoder, impute=False, split_seed=seed, validation=None)


@given(st.integers(2**17, 2**40), st.integers(1, 500))
def test_a_sample_has_rows_enough_for_its_coefficients_and_no_end_of_them(
    rows: int, coefficients: int
) -> None:
    drawn = share_of(rows, coefficients) * rows
    assert 32 * coefficients <= drawn + 1e-3
    assert drawn <= min(2**20, rows / 8) + 1e-3


@pytest.mark.parametrize("seed", [None, 3])
def test_training_rows_are_drawn_all_over_the_table(seed: int | None) -> None:
    session, data = prepared(seed)
    whole = session.leaves(data.parts[0])
    drawn = session.leaves(data.parts[0].finished(SampleFinisher(data.finisher, 0.05)))
    assert [len(leaves) for leaves in drawn] == [len(leaves) for leaves in whole]
    rows = 0
    for some, leaf in zip(sum(drawn, ()), sum(whole, ()), strict=True):
        trains = int((leaf.role == TRAIN).sum())
        rows += some.rows
        assert some.rows == int((some.role == TRAIN).sum())
        assert abs(some.rows - 0.05 * trains) < 6 * np.sqrt(0.05 * trains) + 1
        assert np.isin(some.dense.ravel()[: some.rows], leaf.dense).all()
    assert 0.045 * 0.95 * MANY < rows < 0.055 * MANY
    assert len(whole[0]) == -(-70_000 // LEAF)


def test_how_a_table_is_cut_does_not_change_which_rows_are_drawn() -> None:
    found = []
    for cut in (1, 70_000, MANY - 1):
        session: Any = PlainSession()
        plan = table(DATA[:cut], DATA[cut:])
        encoder = FeatureEncoder.of(plan.schema, ["x0"], "y")
        data = prepare(session, plan, encoder, impute=False, split_seed=1, validation=None)
        drawn = session.leaves(data.parts[0].finished(SampleFinisher(data.finisher, 0.05)))
        columns = [leaf.dense[:, 0].ravel()[: leaf.rows] for part in drawn for leaf in part]
        found.append(np.concatenate(columns))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_sorted_rows_end_at_the_optimum_of_scikit_learn_with_newtons_errors() -> None:
    options, session = Options(30, 1e-6), PlainSession()
    found = fitted(Method(Loss.LOGISTIC, 0.5, rescale=False, options=options), session)
    newton = fitted(Method(Loss.LOGISTIC, 0.5, "newton", rescale=False, options=options))
    names = [f"x{j}" for j in range(WIDTH)]
    levels = list(dict.fromkeys(DATA["s"]))[1:]
    X = np.column_stack([DATA[names].to_numpy(), *((DATA["s"] == v).to_numpy() for v in levels)])
    oracle = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000, solver="newton-cholesky").fit(
        X, DATA["y"].to_numpy()
    )
    weights = found.predictor.weights[found.free]
    expected = np.concatenate([oracle.intercept_, oracle.coef_[0]])
    assert (found.solver, newton.solver) == ("auto", "newton")
    assert weights == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert found.errors == pytest.approx(newton.errors, rel=1e-9)
    header, *rows, _ = session.events
    assert isinstance(header, Header)
    assert header.method == "Starting Newton Method on a sample, then L-BFGS"
    assert all(isinstance(row, Row) for row in rows)
    assert found.columns[:4] == ("Iteration", "Passes", "Step size", "Elapsed Time")
    assert [row[0] for row in found.progress] == [str(1 + k) for k in range(found.iterations)]


def test_going_on_from_a_checkpoint_of_any_iteration_ends_with_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sf = wr.SFrame(DATA)
    ends = set()
    folder = str(tmp_path_factory.mktemp("fit"))
    options: dict[str, Any] = {
        "validation_set": None,
        "verbose": False,
        "convergence_threshold": 1e-5,
    }
    whole = wr.logistic_classifier.create(sf, "y", **options)
    ends.add(tuple(whole.coefficients["value"]))
    for limit in range(1, whole.training_iterations):
        with pytest.warns(wr.errors.ConvergenceWarning):
            wr.logistic_classifier.create(
                sf, "y", **options, max_iterations=limit, checkpoint=folder
            )
        again = wr.logistic_classifier.create(sf, "y", **options, resume_from_checkpoint=folder)
        ends.add(tuple(again.coefficients["value"]))
    assert len(ends) == 1


def test_threads_and_memory_change_no_bit_of_a_sampled_fit() -> None:
    digests = set()
    for threads, budget in ((1, 1 << 30), (2, 1 << 30), (2, 1000)):
        executor = LocalExecutor(threads=threads, memory_budget=budget)
        environment.use(executor)
        try:
            model = wr.logistic_classifier.create(wr.SFrame(DATA), "y", verbose=False)
        finally:
            environment.use(None)
            executor.close()
        assert model.solver == "auto"
        weights = np.array(list(model.coefficients["value"]))
        digests.add(hashlib.sha256(weights.tobytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    "loss, l1, solver, of_many",
    [
        (Loss.LOGISTIC, 0.0, "auto", "newton-cg"),
        (Loss.SMOOTH_HINGE, 0.0, "auto", "lbfgs"),
        (Loss.SQUARED, 0.0, "newton", "newton-cg"),
        (Loss.LOGISTIC, 1.0, "fista", "fista"),
    ],
)
def test_only_many_rows_begin_on_a_sample(loss: Loss, l1: float, solver: str, of_many: str) -> None:
    method = Method(loss, l1=l1)
    few = {Loss.SMOOTH_HINGE: "lbfgs"}.get(loss, "fista" if l1 else "newton")
    assert method.solver_for(500, SAMPLED_ROWS) == few
    assert method.solver_for(500, SAMPLED_ROWS + 1) == solver
    assert method.solver_for(501, SAMPLED_ROWS + 1) == of_many
    assert method.solver_for(501, SAMPLED_ROWS) == ("fista" if l1 else "lbfgs")
    assert method.solver_for(501, SAMPLED_ROWS + 1, margins=2) == ("fista" if l1 else "lbfgs")
    assert Method(loss, solver="lbfgs").solver_for(3, 2**30) == "lbfgs"


def test_a_support_vector_machine_of_many_rows_has_lbfgss_optimum_and_no_errors() -> None:
    options = Options(200, 1e-4)
    found = fitted(Method(Loss.SMOOTH_HINGE, 0.5, options=options))
    other = fitted(Method(Loss.SMOOTH_HINGE, 0.5, "lbfgs", options=options))
    assert found.solver == "auto"
    assert found.errors is None
    assert found.loss == pytest.approx(other.loss, rel=1e-6)
