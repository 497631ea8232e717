from __future__ import annotations

import hashlib
import pickle

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from tests.support.plain_session import PlainSession, table

from windrow.errors import (
    ClassCountError,
    ConvergenceWarning,
    MissingFeatureError,
    MissingTargetError,
    NonFiniteFeatureError,
    NoRowsError,
    SolverSizeError,
)
from windrow.learn.losses import Loss
from windrow.learn.solvers import Options, SolverState
from windrow.progress import Finished, Header, Notice, Row, Warned
from windrow.toolkits.features import FeatureEncoder
from windrow.toolkits.fit import Fit, Fitted, Method

TIGHT = Options(max_iterations=200, threshold=1e-8)


def frame(rows: int = 400, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 2)) * [1.0, 20.0] + [0.0, 100.0]
    level = random.integers(0, 4, rows)
    margin = x[:, 0] - 0.05 * (x[:, 1] - 100.0) + 0.7 * (level == 2) - 0.2
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(-margin))).astype(int)
    texts = [f"level {code}" for code in level]
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "s": texts, "y": label})


def fitted(
    *parts: pl.DataFrame,
    method: Method | None = None,
    validation: pl.DataFrame | None = None,
    session: PlainSession | None = None,
) -> Fitted:
    plan = table(*(parts or (frame(),)))
    features = [name for name in plan.schema if name != "y"]
    fit = Fit(
        plan,
        FeatureEncoder.of(plan.schema, features, "y"),
        method or Method(Loss.LOGISTIC, options=TIGHT),
        None if validation is None else table(validation),
    )
    return pickle.loads(pickle.dumps(fit))(session or PlainSession())  # type: ignore[no-any-return]


def coefficients(found: Fitted) -> np.ndarray:
    return found.predictor.weights[found.free]


def design_matrix(data: pl.DataFrame) -> np.ndarray:
    levels = list(dict.fromkeys(data["s"]))[1:]
    columns = [np.ones(data.height), data["a"].to_numpy(), data["b"].to_numpy()]
    return np.column_stack([*columns, *((data["s"] == level).to_numpy() for level in levels)])


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_without_rescaling_the_optimum_is_that_of_scikit_learn(solver: str) -> None:
    data = frame()
    options = Options(2000, 1e-7)
    found = fitted(data, method=Method(Loss.LOGISTIC, 0.5, solver, rescale=False, options=options))
    X = design_matrix(data)[:, 1:]
    oracle = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000, solver="newton-cg").fit(
        X, data["y"].to_numpy()
    )
    expected = np.concatenate([oracle.intercept_, oracle.coef_[0]])
    assert coefficients(found) == pytest.approx(expected, abs=2e-5)


def test_standard_errors_are_those_of_the_unpenalised_information() -> None:
    data = frame()
    found = fitted(data)
    X, b = design_matrix(data), coefficients(found)
    p = 1.0 / (1.0 + np.exp(-(X @ b)))
    information = (X * (p * (1.0 - p))[:, None]).T @ X
    assert found.errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(information))), rel=1e-6)


def test_newton_and_lbfgs_meet() -> None:
    newton, lbfgs = (
        fitted(method=Method(Loss.LOGISTIC, solver=solver, options=Options(500, 1e-7)))
        for solver in ("newton", "lbfgs")
    )
    assert coefficients(lbfgs) == pytest.approx(coefficients(newton), rel=1e-5)
    assert newton.errors is not None
    assert lbfgs.errors == pytest.approx(newton.errors, rel=1e-5)


def test_lbfgs_computes_no_standard_errors_of_more_coefficients_than_newton_takes_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method = Method(Loss.LOGISTIC, solver="lbfgs")
    size = fitted(method=method).size
    monkeypatch.setattr("windrow.toolkits.fit.NEWTON_AUTO", size - 1)
    assert fitted(method=method).errors is None


def test_a_penalty_does_not_depend_on_units_when_columns_are_rescaled() -> None:
    data = frame()
    strong = Method(Loss.LOGISTIC, l2=5.0, options=TIGHT)
    one = coefficients(fitted(data, method=strong))
    other = coefficients(fitted(data.with_columns(pl.col("b") * 1024.0), method=strong))
    assert other[2] * 1024.0 == pytest.approx(one[2], rel=1e-6)


def test_the_intercept_is_not_penalised() -> None:
    data = frame().with_columns(y=(pl.int_range(pl.len()) % 10 == 0).cast(pl.Int64))
    found = fitted(data.select("a", "y"), method=Method(Loss.LOGISTIC, l2=1e9, options=TIGHT))
    assert coefficients(found)[0] == pytest.approx(np.log(0.1 / 0.9), abs=1e-4)


def test_the_cut_into_partitions_does_not_change_what_is_learnt() -> None:
    data = frame()
    one = fitted(data)
    many = fitted(data[:100], data[100:100], data[100:101], data[101:])
    assert coefficients(many) == pytest.approx(coefficients(one), rel=1e-9)
    again = fitted(data[:100], data[100:100], data[100:101], data[101:])
    digests = {hashlib.sha256(coefficients(f).tobytes()).hexdigest() for f in (many, again)}
    assert len(digests) == 1


def test_progress_is_a_row_an_iteration_and_a_checkpoint_each() -> None:
    session = PlainSession()
    found = fitted(session=session)
    header, *rows, end = session.events
    assert isinstance(header, Header)
    assert header.title == "Logistic regression:"
    assert dict(header.lines)["Number of coefficients"] == "6"
    assert end == Finished("SUCCESS: Optimal solution found.")
    assert all(isinstance(row, Row) for row in rows)
    assert len(rows) == found.iterations
    states = [SolverState.from_parts(a, record["state"]) for a, record in session.checkpoints]
    assert [state.iteration for state in states] == list(range(found.iterations + 1))
    assert [len(record["rows"]) for _, record in session.checkpoints] == [
        s.iteration for s in states
    ]


def test_lbfgs_counts_from_zero_and_shows_its_steps() -> None:
    session = PlainSession()
    fitted(session=session, method=Method(Loss.LOGISTIC, solver="lbfgs", options=Options(3)))
    rows = [event for event in session.events if isinstance(event, Row)]
    assert [row.number for row in rows] == [0, 1, 2]
    assert rows[0].columns[:4] == ("Iteration", "Passes", "Step size", "Elapsed Time")


def test_a_fit_that_ends_at_its_limit_says_so_with_the_gradient_left() -> None:
    session = PlainSession()
    options = Options(max_iterations=1, threshold=1e-9)
    found = fitted(session=session, method=Method(Loss.LOGISTIC, options=options))
    warned = next(event for event in session.events if isinstance(event, Warned))
    assert warned.category == ConvergenceWarning.__name__
    assert f"gradient entry is {found.gradient:.3g}" in warned.text
    assert "raise max_iterations" in warned.text
    assert found.status == "Completed (Iteration limit reached)."


def test_separable_data_ends_finite_with_a_status() -> None:
    values = np.arange(200.0)
    data = pl.DataFrame({"x": values, "y": (values >= 100).astype(int)})
    for solver in ("newton", "lbfgs"):
        method = Method(Loss.LOGISTIC, l2=0.0, solver=solver, options=Options(50, 1e-10))
        found = fitted(data, method=method)
        assert np.isfinite(coefficients(found)).all()
        assert np.isfinite(found.loss)
        assert found.loss < 1.0
        assert found.status in {
            "Completed (Iteration limit reached).",
            "TERMINATED: Terminated due to numerical difficulties.",
            "SUCCESS: Optimal solution found.",
        }


def test_separable_categories_like_mushrooms_end_finite() -> None:
    random = np.random.default_rng(3)
    label = random.integers(0, 2, 500)
    columns = {f"c{j}": [f"{'pe'[y]}{random.integers(0, 4)}" for y in label] for j in range(5)}
    data = pl.DataFrame(columns | {"same": ["p"] * 500, "y": ["pe"[y] for y in label]})
    found = fitted(data, method=Method(Loss.LOGISTIC))
    assert np.isfinite(coefficients(found)).all()
    assert found.free.size == 1 + 5 * 7  # a constant column has none
    assert found.classes == ("e", "p")


def test_the_first_training_rows_category_is_the_reference() -> None:
    data = frame()
    found = fitted(data.select("s", "y"))
    levels = found.predictor.levels[0]
    assert levels[0] == data["s"][0]
    assert found.predictor.reference == (1,)
    assert 1 not in found.free


def test_class_weights_are_those_of_scikit_learn() -> None:
    data = frame().filter((pl.col("y") == 1) | (pl.int_range(pl.len()) % 4 == 0))
    given = ((0, 3.0), (1, 0.5))
    found = fitted(data, method=Method(Loss.LOGISTIC, 0.5, options=TIGHT, class_weights=given))
    plain = Method(Loss.LOGISTIC, 0.5, rescale=False, options=TIGHT, class_weights=given)
    X, y = design_matrix(data)[:, 1:], data["y"].to_numpy()
    oracle = LogisticRegression(
        C=1.0, tol=1e-10, max_iter=10_000, solver="newton-cg", class_weight=dict(given)
    ).fit(X, y)
    expected = np.concatenate([oracle.intercept_, oracle.coef_[0]])
    assert coefficients(fitted(data, method=plain)) == pytest.approx(expected, abs=2e-5)
    p = 1.0 / (1.0 + np.exp(-(design_matrix(data) @ coefficients(found))))
    loss = -np.where(y == 1, 0.5 * np.log(p), 3.0 * np.log1p(-p)).sum()
    assert found.loss == pytest.approx(loss)


def test_automatic_class_weights_add_up_to_one_and_favour_the_rare() -> None:
    data = frame()
    found = fitted(data, method=Method(Loss.LOGISTIC, options=TIGHT, class_weights="auto"))
    rows = np.bincount(data["y"].to_numpy())
    assert sum(found.class_weights) == pytest.approx(1.0)
    assert found.class_weights[0] / found.class_weights[1] == pytest.approx(rows[1] / rows[0])


# --- validation ---


def test_from_a_hundred_rows_on_five_percent_validate() -> None:
    method = Method(Loss.LOGISTIC, split_seed=1)
    session = PlainSession()
    found = fitted(frame(333), method=method, session=session)
    assert found.rows == 316
    assert found.validation is not None
    assert any(isinstance(event, Notice) for event in session.events)
    assert found.columns[-1] == "Validation Accuracy"
    assert fitted(frame(99), method=method).validation is None


def test_a_split_follows_from_its_seed_alone() -> None:
    one, same, other = (
        fitted(frame(333), method=Method(Loss.LOGISTIC, split_seed=seed)) for seed in (1, 1, 2)
    )
    assert (coefficients(one) == coefficients(same)).all()
    assert (coefficients(one) != coefficients(other)).any()


def test_a_validation_table_does_not_change_what_is_learnt() -> None:
    data, other = frame(), frame(50, seed=9)
    alone, beside = fitted(data), fitted(data, validation=other)
    assert (coefficients(alone) == coefficients(beside)).all()
    assert alone.loss == beside.loss
    assert (alone.training == beside.training).all()


def test_a_validation_table_may_have_other_levels_classes_and_gaps() -> None:
    other = pl.DataFrame(
        {
            "a": [None, 1.0, 2.0],
            "b": [100.0, 90.0, 80.0],
            "s": ["level 1", "new", None],
            "y": [1, 0, 5],
        }
    )
    found = fitted(frame(), validation=other)
    assert found.labels == (0, 1, 5)
    assert float(found.progress[-1][-1]) <= 2 / 3 + 1e-6  # the unknown class is never right


# --- what cannot be learnt from ---


def test_no_rows() -> None:
    with pytest.raises(NoRowsError, match="training table has 0 rows"):
        fitted(frame().clear())


def test_a_missing_target() -> None:
    with pytest.raises(MissingTargetError, match=r"'y' is missing .* in 1 of 3 rows"):
        fitted(pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0, None, 1]}))


def test_one_class() -> None:
    with pytest.raises(ClassCountError, match="'y' has 1 distinct value in 3 rows"):
        fitted(pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1, 1, 1]}))


def test_a_hinge_tells_two_classes_apart_and_no_more() -> None:
    data = pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0, 1, 2]})
    with pytest.raises(ClassCountError, match="3 distinct values in 3 rows; only two"):
        fitted(data, method=Method(Loss.SMOOTH_HINGE))


def test_more_than_a_thousand_classes() -> None:
    data = pl.DataFrame({"x": np.arange(1001.0), "y": np.arange(1001)})
    with pytest.raises(ClassCountError, match=r"1001 distinct values .* at most 1000 classes"):
        fitted(data)


def test_a_split_that_leaves_one_class_for_training() -> None:
    labels = [0] * 199 + [1]
    data = pl.DataFrame({"x": np.arange(200.0), "y": labels})
    seed = next(seed for seed in range(200) if _validates(seed, 199, 200))
    with pytest.raises(ClassCountError, match="1 distinct value in 190 rows"):
        fitted(data, method=Method(Loss.LOGISTIC, split_seed=seed))


def _validates(seed: int, row: int, rows: int) -> bool:
    from windrow.learn.hashing import permute

    return int(permute(np.array([row], dtype=np.uint64), rows, seed)[0]) >= int(rows * 0.95)


def test_a_missing_number_names_its_column_and_the_way_out() -> None:
    data = pl.DataFrame({"x": [1.0, None, 3.0], "z": [1, 2, None], "y": [0, 1, 1]})
    with pytest.raises(MissingFeatureError) as caught:
        fitted(data)
    text = str(caught.value)
    assert "'x' (1 of 3 rows), 'z' (1 of 3 rows)" in text
    assert "fillna" in text
    assert "missing_value_action='impute'" in text


def test_a_column_without_any_value_is_to_be_left_out() -> None:
    data = pl.DataFrame({"x": pl.Series([None] * 3, dtype=pl.Float64), "y": [0, 1, 1]})
    for impute in (False, True):
        with pytest.raises(MissingFeatureError, match="leave out 'x', which has no value at all"):
            fitted(data, method=Method(Loss.LOGISTIC, impute=impute))


def test_nan_and_infinities_name_their_columns() -> None:
    data = pl.DataFrame({"x": [1.0, float("nan"), 3.0], "z": [1.0, 2.0, 3.0], "y": [0, 1, 1]})
    with pytest.raises(NonFiniteFeatureError, match=r"Detected inf/nan values in feature\(s\) 'x'"):
        fitted(data)


def test_missing_numbers_can_be_filled_with_training_means() -> None:
    data = frame(60)
    gaps = data.with_columns(a=pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise("a"))
    filled = gaps.with_columns(pl.col("a").fill_null(pl.col("a").mean()))
    method = Method(Loss.LOGISTIC, options=TIGHT, impute=True)
    found, expected = fitted(gaps, method=method), fitted(filled, method=method)
    assert coefficients(found) == pytest.approx(coefficients(expected), rel=1e-9)
    assert found.predictor.means[0] == pytest.approx(gaps["a"].mean())


def test_missing_numbers_of_validation_rows_alone_are_filled_too() -> None:
    row = next(row for row in range(120) if _validates(5, row, 120))
    data = frame(120)
    gaps = data.with_columns(a=pl.when(pl.int_range(pl.len()) == row).then(None).otherwise("a"))
    found = fitted(gaps, method=Method(Loss.LOGISTIC, impute=True, split_seed=5))
    assert found.validation is not None
    assert np.isfinite(found.validation).all()


def test_newton_refuses_too_many_coefficients_with_numbers() -> None:
    method = Method(Loss.LOGISTIC, solver="newton")
    with pytest.raises(SolverSizeError, match=r"at most 10000 .* has 10001, .* 0\.8 GB"):
        method.solver_for(10_001)
    assert Method(Loss.LOGISTIC).solver_for(10_001) == "lbfgs"


def test_a_variance_far_from_zero_is_right() -> None:
    data = frame().with_columns(pl.col("a") + 1e9)
    found = fitted(data, method=Method(Loss.LOGISTIC, l2=0.0, rescale=True, options=Options(30)))
    assert np.isfinite(coefficients(found)).all()
