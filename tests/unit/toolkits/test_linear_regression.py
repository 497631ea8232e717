from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.linear_model import Lasso

import windrow as wr
from windrow.errors import (
    ArgumentTypeError,
    ColumnNotFoundError,
    ConvergenceWarning,
    FeatureTypeError,
    MissingFeatureError,
    MissingTargetError,
    NonFiniteFeatureError,
    NoRowsError,
    OptionChoiceError,
    OptionRangeError,
    PenaltySolverError,
    SchemaMismatchError,
    UnsupportedTargetError,
)
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.toolkits.linear_regression import LinearRegression

TIGHT: dict[str, Any] = {"convergence_threshold": 1e-7, "max_iterations": 20_000}


def flats(rows: int = 60, seed: int = 0) -> wr.SFrame:
    random = np.random.default_rng(seed)
    rooms = random.integers(1, 6, rows)
    metres = rooms * 17.0 + random.normal(10.0, 5.0, rows)
    town = random.choice(["graz", "linz", "wien"], rows)
    rent = 9.5 * metres + 40.0 * rooms + (town == "wien") * 150.0 + random.normal(0, 30, rows)
    return wr.SFrame(
        {
            "town": town.tolist(),
            "rooms": rooms.tolist(),
            "metres": metres.tolist(),
            "rent": rent.tolist(),
        }
    )


def create(data: wr.SFrame | None = None, **options: Any) -> LinearRegression:
    wanted: dict[str, Any] = {"target": "rent", "verbose": False, "validation_set": None}
    return wr.linear_regression.create(flats() if data is None else data, **(wanted | options))


def matrix(data: wr.SFrame) -> NDArray[np.float64]:
    """Ones, the levels of town but the first one met, rooms and metres."""
    towns = list(data["town"])
    levels = list(dict.fromkeys(towns))[1:]
    dummies = [np.array([float(town == level) for town in towns]) for level in levels]
    numbers = [data[name].to_numpy() for name in ("rooms", "metres")]
    return np.column_stack([np.ones(len(towns)), *dummies, *numbers])


def ridge(X: NDArray[np.float64], y: NDArray[np.float64], l2: float) -> NDArray[np.float64]:
    """The normal equations in rescaled columns, and back."""
    scale = np.sqrt(X.mean(axis=0) ** 2 + X.var(axis=0, ddof=1))
    scale[0] = 1.0
    penalty = l2 * np.eye(X.shape[1])
    penalty[0, 0] = 0.0
    Z = X / scale
    return np.linalg.solve(Z.T @ Z + penalty, Z.T @ y) / scale  # type: ignore[no-any-return]


def values(model: LinearRegression) -> NDArray[np.float64]:
    return np.array(list(model.coefficients["value"]))


@pytest.fixture(scope="module")
def model() -> LinearRegression:
    return create()


# --- what is found ---


@given(st.integers(0, 10_000), st.integers(8, 300), st.sampled_from([0.0, 0.01, 1.0, 300.0]))
@settings(max_examples=30, deadline=None)
def test_coefficients_are_those_of_the_normal_equations(seed: int, rows: int, l2: float) -> None:
    data = flats(rows, seed)
    wanted = ridge(matrix(data), data["rent"].to_numpy(), l2)
    exact = values(create(data, l2_penalty=l2, solver="newton"))
    assert exact == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    options: dict[str, Any] = {"convergence_threshold": 1e-3, "max_iterations": 500}
    stepped = values(create(data, l2_penalty=l2, solver="lbfgs", **options))
    assert stepped == pytest.approx(wanted, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("l1", [10.0, 1e3, 1e5])
def test_an_l1_penalty_gives_the_lasso(l1: float) -> None:
    data = flats(100, seed=3)
    found = create(data, l1_penalty=l1, l2_penalty=0.0, **TIGHT)
    X, y = matrix(data), data["rent"].to_numpy()
    scale = np.sqrt(X.mean(axis=0) ** 2 + X.var(axis=0, ddof=1))[1:]
    oracle = Lasso(alpha=l1 / 200, tol=1e-12, max_iter=100_000).fit(X[:, 1:] / scale, y)
    wanted = np.array([oracle.intercept_, *(oracle.coef_ / scale)])

    def cost(b: NDArray[np.float64]) -> float:
        residual = y - X @ b
        return float(residual @ residual + l1 * np.abs(b[1:] * scale).sum())

    assert found.solver == "fista"
    assert cost(values(found)) == pytest.approx(cost(wanted), rel=1e-8)


def test_standard_errors_are_those_of_the_textbook() -> None:
    data = flats()
    found = create(data, l2_penalty=0.0)
    X, y = matrix(data), data["rent"].to_numpy()
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    variance = residual @ residual / (len(y) - X.shape[1])
    wanted = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * variance)
    assert list(found.coefficients["stderr"]) == pytest.approx(wanted, rel=1e-6)


def test_there_are_no_standard_errors_without_more_rows_than_coefficients() -> None:
    data = flats()[:4]
    assert len(set(data["town"])) == 2
    found = create(data)
    assert found.num_coefficients == len(data)
    assert set(found.coefficients["stderr"]) == {None}


def test_only_columns_that_repeat_each_other_have_no_standard_errors() -> None:
    data = flats()
    data["again"] = data["metres"]
    found = create(data, l2_penalty=0.0)
    alone = create(l2_penalty=0.0)
    wanted = dict(zip(alone.coefficients["name"], alone.coefficients["stderr"], strict=True))
    for row in found.coefficients:
        if row["name"] in {"metres", "again"}:
            assert math.isnan(row["stderr"])
        elif row["index"] is None:
            assert row["stderr"] == pytest.approx(wanted[row["name"]], rel=1e-8)
    assert found.training_rmse == pytest.approx(create(l2_penalty=0.0).training_rmse)


def test_the_target_may_be_an_int() -> None:
    data = flats()
    data["rent"] = data["rent"].astype(int)
    found = create(data, l2_penalty=0.0)
    wanted = ridge(matrix(data), data["rent"].to_numpy().astype(float), 0.0)
    assert values(found) == pytest.approx(wanted)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "fista"])
def test_the_measures_are_those_of_the_predictions(solver: str) -> None:
    data = flats(250)
    options: dict[str, Any] = {"validation_set": "auto", "max_iterations": 500}
    found = create(data, solver=solver, **options)
    held = found.validation_data
    assert (found.num_examples, len(held)) == (237, 13)
    assert len(found.list_fields()) == 28
    off = held["rent"].to_numpy() - found.predict(held).to_numpy()
    assert found.validation_max_error == pytest.approx(np.abs(off).max())
    assert found.validation_rmse == pytest.approx(np.sqrt((off**2).mean()))
    assert found.validation_loss == pytest.approx((off**2).sum())
    assert found.evaluate(held) == pytest.approx(
        {"max_error": found.validation_max_error, "rmse": found.validation_rmse}
    )
    assert found.training_loss == pytest.approx(found.training_rmse**2 * 237)
    shown = found.progress
    assert shown.column_names()[-4:] == [
        "Training Max Error",
        "Validation Max Error",
        "Training Root-Mean-Square Error",
        "Validation Root-Mean-Square Error",
    ]
    last = shown[len(shown) - 1]
    for column, field in zip(
        shown.column_names()[-4:],
        ["training_max_error", "validation_max_error", "training_rmse", "validation_rmse"],
        strict=True,
    ):
        assert last[column] == f"{found[field]:.6f}"


def test_a_validation_table_is_measured_and_kept() -> None:
    other = flats(40, seed=5)
    found = create(validation_set=other)
    assert found.validation_data is other
    assert found.evaluate(other)["rmse"] == pytest.approx(found.validation_rmse)
    assert values(found).tolist() == values(create()).tolist()
    with pytest.raises(SchemaMismatchError, match="'rooms' is missing"):
        create(validation_set=other.remove_column("rooms"))


def test_a_split_follows_from_its_seed_alone() -> None:
    data = flats(250)
    first, second, other = (
        list(create(data, validation_set="auto", seed=seed).validation_data["rent"])
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


# --- solvers ---


def test_auto_is_fista_with_l1_newton_for_few_and_lbfgs_for_many() -> None:
    many = wr.SFrame({"c": [f"c{i % 502}" for i in range(1004)], "rent": [1.0, 2.0] * 502})
    assert create().solver == "newton"
    with pytest.warns(ConvergenceWarning, match="largest move of a coefficient"):
        assert create(l1_penalty=1.0, max_iterations=1).solver == "fista"
    found = create(many, max_iterations=100)
    assert (found.num_coefficients, found.solver) == (502, "lbfgs")


def test_only_fista_takes_an_l1_penalty() -> None:
    for solver in ("newton", "lbfgs"):
        with pytest.raises(PenaltySolverError, match=f"'{solver}' needs .* use solver='fista'"):
            create(solver=solver, l1_penalty=0.5)


def test_a_strong_l1_penalty_leaves_coefficients_that_are_nought() -> None:
    found = create(l1_penalty=1e5, **TIGHT)
    assert {0.0} < set(values(found).tolist())


def test_fista_shows_where_it_begins_and_then_five_iterations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options: dict[str, Any] = {"l1_penalty": 1.0, "convergence_threshold": 10.0}
    found = create(verbose=True, max_iterations=200, **options)
    printed = capsys.readouterr().out
    lines = [line.split()[1] for line in printed.splitlines() if line[:1] == "|"][1:]
    assert "Starting Accelerated Gradient (FISTA)" in printed
    last = found.training_iterations
    assert 10 < last < 50
    assert lines == ["0", "1", "2", "3", "4", "5", "10", str(last)]
    assert list(found.progress["Iteration"]) == [str(i) for i in range(last + 1)]


def test_at_its_limit_a_fit_says_so() -> None:
    with pytest.warns(ConvergenceWarning, match="largest gradient entry"):
        found = create(solver="lbfgs", max_iterations=1)
    assert found.training_solver_status == "Completed (Iteration limit reached)."


# --- predicting and evaluating ---


def test_a_table_one_dict_and_a_list_of_dicts_agree(model: LinearRegression) -> None:
    data = flats()
    rows, lazily = list(data), model.predict(data)
    assert not lazily.is_materialized()
    assert list(model.predict(rows)) == list(lazily)
    assert list(model.predict(rows[3])) == list(lazily)[3:4]
    assert model.predict(rows).dtype is lazily.dtype is float


def test_missing_numbers_new_categories_and_nan(model: LinearRegression) -> None:
    data = flats()
    means = {name: data[name].mean() for name in ("rooms", "metres")}
    reference = data[0]["town"]
    full = model.predict({"town": reference, **means})[0]
    assert model.predict({"town": "bonn"})[0] == pytest.approx(full)
    assert math.isnan(model.predict({"town": reference, "rooms": 2, "metres": math.nan})[0])
    with pytest.raises(MissingFeatureError, match="'rooms'"):
        model.predict({"town": "graz", "metres": 50.0}, missing_value_action="error")
    with pytest.raises(FeatureTypeError, match="'rooms' is of type str"):
        model.predict({"rooms": "3"})
    with pytest.raises(ArgumentTypeError, match="dataset"):
        model.predict(3)
    with pytest.raises(NoRowsError):
        model.predict(data[:0])


def test_one_metric_by_name(model: LinearRegression) -> None:
    data = flats()
    both = model.evaluate(data)
    assert list(both) == ["max_error", "rmse"]
    assert model.evaluate(data, metric="rmse") == {"rmse": both["rmse"]}
    with pytest.raises(OptionChoiceError, match="'auto', 'max_error', 'rmse'"):
        model.evaluate(data, metric="auc")


def test_the_scores_of_two_columns_agree(model: LinearRegression) -> None:
    data = flats()
    found, predicted = model.evaluate(data), model.predict(data)
    assert found["rmse"] == pytest.approx(wr.evaluation.rmse(data["rent"], predicted))
    assert found["max_error"] == wr.evaluation.max_error(data["rent"], predicted)


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_a_target_that_is_no_number_is_refused_everywhere(
    bad: float | None, model: LinearRegression
) -> None:
    data = flats()
    rents = list(data["rent"])
    data["rent"] = wr.SArray([*rents[:7], bad, *rents[8:]], dtype=float)
    for action in (
        lambda: create(data),
        lambda: create(validation_set=data),
        lambda: model.evaluate(data),
    ):
        with pytest.raises(MissingTargetError, match=r"'rent' is missing .* in 1 of 60 rows"):
            action()


def test_what_cannot_be_evaluated(model: LinearRegression) -> None:
    data = flats()
    with pytest.raises(ColumnNotFoundError, match="'rent'"):
        model.evaluate(data.remove_column("rent"))
    with pytest.raises(NoRowsError):
        model.evaluate(data[data["rooms"] > 1000])
    data["metres"] = data["metres"] / 0.0
    with pytest.raises(NonFiniteFeatureError, match="'metres'"):
        model.evaluate(data)
    data["rent"] = "much"
    with pytest.raises(FeatureTypeError, match="'rent'"):
        model.evaluate(data)


# --- what create refuses ---


@pytest.mark.parametrize(
    "option, value",
    [("l2_penalty", -1.0), ("l1_penalty", math.nan), ("step_size", 0.0), ("max_iterations", 0)],
)
def test_an_option_out_of_range_is_named_with_its_range(option: str, value: Any) -> None:
    with pytest.raises(OptionRangeError, match=rf"Option '{option}' must be in the range \["):
        create(None, **{option: value})


def test_what_create_refuses() -> None:
    with pytest.raises(UnsupportedTargetError, match="'town' has the type str; it must be int or"):
        create(target="town")
    with pytest.raises(OptionChoiceError, match="'solver'"):
        create(solver="gd")
    with pytest.raises(OptionChoiceError, match="'missing_value_action'"):
        create(missing_value_action="drop")
    data = flats()
    data["metres"] = data["metres"].apply(lambda m: None if m > 60 else m, dtype=float)
    with pytest.raises(MissingFeatureError, match="'metres'"):
        create(data)
    assert create(data, missing_value_action="impute").num_examples == 60


# --- as it is elsewhere ---


def test_a_saved_model_comes_back_with_every_field(tmp_path: Any) -> None:
    model = create(flats(250), validation_set="auto")
    model.save(str(tmp_path / "rent.model"))
    again = wr.load_model(str(tmp_path / "rent.model"))
    assert type(again) is type(model)
    assert again.list_fields() == model.list_fields()
    for name in set(model.list_fields()) - {"coefficients", "progress", "validation_data"}:
        assert again[name] == model[name], name
    assert list(again.coefficients) == list(model.coefficients)
    assert list(again.predict(flats())) == list(model.predict(flats()))
    assert again.evaluate(flats()) == model.evaluate(flats())


def test_threads_and_memory_change_no_bit() -> None:
    data, digests = flats(3000), set()
    for threads, budget in ((1, 1 << 30), (2, 1 << 30), (2, 1000)):
        executor = LocalExecutor(threads=threads, memory_budget=budget)
        environment.use(executor)
        try:
            found = create(data, l1_penalty=3.0, max_iterations=300)
            numbers = [*values(found), found.training_max_error, *found.evaluate(data).values()]
        finally:
            environment.use(None)
            executor.close()
        digests.add(hashlib.sha256(np.array(numbers).tobytes()).hexdigest())
    assert len(digests) == 1


def test_predictions_can_come_along() -> None:
    model = create()
    found = model.evaluate(flats(), metric="rmse", with_predictions=True)
    assert list(found) == ["rmse", "predictions"]
    assert list(found["predictions"]) == list(model.predict(flats()))
