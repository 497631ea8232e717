from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

import windrow as wr
from windrow.errors import ArgumentTypeError, ConvergenceWarning, OptionRangeError
from windrow.toolkits.logistic_classifier import LogisticClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow import SFrame

EXACT: dict[str, Any] = {
    "l2_penalty": 0.0,
    "convergence_threshold": 1e-10,
    "max_iterations": 100,
    "validation_set": None,
    "verbose": False,
}
STATISTICS = ("value", "stderr", "statistic", "p_value", "lower", "upper")
KINDS = ("oak", "ash", "elm")


def draw(seed: int, rows: int) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Columns, and the matrix that they stand for: ones, two numbers, two levels of three."""
    random = np.random.default_rng(seed)
    a, b = random.normal(2.0, 3.0, rows), random.integers(-5, 9, rows)
    kind = np.array([0, 1, 2, *random.integers(0, 3, rows - 3)])
    columns = {"a": a.tolist(), "b": b.tolist(), "kind": [KINDS[k] for k in kind]}
    X = np.column_stack([np.ones(rows), a, b, kind == 1, kind == 2]).astype(float)
    return columns, X


def rows_of(found: SFrame, field: str) -> NDArray[np.float64]:
    return np.array(list(found[field]), dtype=float)


def equals(found: SFrame, oracle: Any, interval: NDArray[np.float64]) -> None:
    """Compare all statistics with those of a fit of statsmodels, to 1e-8."""
    pairs = {
        "value": oracle.params,
        "stderr": oracle.bse,
        "statistic": oracle.tvalues,
        "p_value": oracle.pvalues,
        "lower": interval[..., 0],
        "upper": interval[..., 1],
    }
    for field, wanted in pairs.items():
        own = rows_of(found, field)
        expected = np.asarray(wanted).reshape(-1, order="F" if field[0] in "vsp" else "C")
        # Differences of numbers, such as value - half, are as exact as what they are taken from.
        unit = np.maximum(np.abs(expected), np.asarray(oracle.bse).reshape(-1, order="F"))
        if field == "p_value":
            unit = np.maximum(np.abs(expected), 1e-290)
        assert np.max(np.abs(own - expected) / unit) < 1e-8, field


@given(st.integers(0, 2**32), st.integers(20, 400), st.floats(0.5, 0.999))
@settings(max_examples=300, deadline=None)
def test_a_regression_has_the_statistics_of_statsmodels(seed: int, rows: int, level: float) -> None:
    columns, X = draw(seed, rows)
    y = X @ [3.0, 0.5, -0.2, 2.0, 0.0] + np.random.default_rng(seed + 1).normal(size=rows)
    sf = wr.SFrame(columns | {"y": y.tolist()})
    found = wr.linear_regression.create(sf, "y", **EXACT).inference(level)
    oracle = sm.OLS(y, X).fit()
    equals(found, oracle, oracle.conf_int(1.0 - level))
    assert set(found["note"]) == {None}


@given(st.integers(0, 2**32), st.integers(150, 500), st.sampled_from(["newton", "lbfgs"]))
@settings(max_examples=300, deadline=None)
def test_two_classes_have_the_statistics_of_statsmodels(seed: int, rows: int, solver: str) -> None:
    columns, X = draw(seed, rows)
    chance = 1.0 / (1.0 + np.exp(-(X @ [0.2, 0.3, -0.2, 0.5, 0.0])))
    y = (np.random.default_rng(seed + 1).random(rows) < chance).astype(int)
    sf = wr.SFrame(columns | {"y": y.tolist()})
    options = EXACT | {"max_iterations": 2000, "solver": solver}
    model = wr.logistic_classifier.create(sf, "y", **options)
    oracle = sm.Logit(y, X).fit(method="newton", disp=0, tol=1e-14, maxiter=100)
    equals(model.inference(0.9), oracle, oracle.conf_int(0.1))


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_three_classes_have_the_statistics_of_statsmodels(seed: int) -> None:
    columns, X = draw(seed, 600)
    random = np.random.default_rng(seed + 1)
    margins = X @ random.normal(0, 0.2, (5, 3)) + random.gumbel(size=(600, 3))
    y = np.argmax(margins, axis=1)
    model = wr.logistic_classifier.create(wr.SFrame(columns | {"y": y.tolist()}), "y", **EXACT)
    oracle = sm.MNLogit(y, X).fit(method="newton", disp=0, tol=1e-14, maxiter=100)
    found = model.inference()
    equals(found, oracle, np.asarray(oracle.conf_int()))
    assert list(found["class"]) == [1] * 5 + [2] * 5


def test_class_weights_count_as_numbers_of_rows() -> None:
    columns, X = draw(5, 300)
    y = (X[:, 1] + np.random.default_rng(6).logistic(0.0, 3.0, 300) > 2).astype(int)
    sf = wr.SFrame(columns | {"y": y.tolist()})
    model = wr.logistic_classifier.create(sf, "y", class_weights={0: 2.0, 1: 0.5}, **EXACT)
    family = sm.families.Binomial()
    weights = np.where(y == 1, 0.5, 2.0)
    oracle = sm.GLM(y, X, family=family, freq_weights=weights).fit(tol=1e-14, maxiter=100)
    equals(model.inference(), oracle, oracle.conf_int(0.05))


def flat(rows: int = 40) -> SFrame:
    columns, X = draw(3, rows)
    y = X @ [3.0, 0.5, -0.2, 2.0, 0.0] + np.random.default_rng(1).normal(size=rows)
    return wr.SFrame(columns | {"y": y.tolist(), "z": (y > np.median(y)).astype(int).tolist()})


@pytest.mark.parametrize(
    "toolkit, target", [("linear_regression", "y"), ("logistic_classifier", "z")]
)
def test_collinear_columns_are_named_and_others_keep_their_statistics(
    toolkit: str, target: str
) -> None:
    sf = flat()
    create, features = getattr(wr, toolkit).create, ["a", "b", "kind"]
    plain = {
        (row["name"], row["index"]): row
        for row in create(sf, target, features, **EXACT).inference()
    }
    sf["sum"] = sf["a"] * 2.0 - sf["b"] + 1.0
    found = create(sf, target, [*features, "sum"], **EXACT).inference()
    notes = {}
    for row in found:
        if row["note"] is None:
            wanted = plain[row["name"], row["index"]]
            assert [row[s] for s in STATISTICS] == pytest.approx(
                [wanted[s] for s in STATISTICS], rel=1e-6
            )
        else:
            notes[row["name"]] = row["note"]
            assert [row[s] for s in STATISTICS[1:]] == [None] * 5
    assert notes == {
        "(intercept)": "collinear with a, b, sum",
        "a": "collinear with (intercept), b, sum",
        "b": "collinear with (intercept), a, sum",
        "sum": "collinear with (intercept), a, b",
    }


def test_levels_that_stand_for_the_same_rows_are_collinear() -> None:
    sf = flat()
    sf["tree"] = sf["kind"]
    found = wr.linear_regression.create(sf, "y", ["kind", "tree", "a"], **EXACT).inference()
    notes = {f"{row['name']}[{row['index']}]": row["note"] for row in found}
    assert notes["kind[ash]"] == "collinear with tree[ash]"
    assert notes["tree[elm]"] == "collinear with kind[elm]"
    assert notes["a[None]"] is None


def test_a_column_of_zeros_says_so() -> None:
    sf = flat()
    sf["none"] = 0
    found = wr.linear_regression.create(sf, "y", ["a", "none"], **EXACT).inference()
    assert list(found["note"]) == [None, None, "the column is 0 in all training rows that count"]


def test_an_l1_penalty_and_too_few_rows_are_reasons() -> None:
    sf = flat()
    options = EXACT | {"l1_penalty": 1.0, "convergence_threshold": 1e-3, "max_iterations": 9999}
    found = wr.linear_regression.create(sf, "y", ["a", "b"], **options).inference()
    assert set(found["note"]) == {"l1_penalty=1 leaves estimates without a standard error"}
    assert set(found["p_value"]) == {None}
    found = wr.linear_regression.create(sf[:5], "y", ["a", "b", "kind"], **EXACT).inference()
    assert set(found["note"]) == {"5 coefficients and 5 training rows; more rows are needed"}


def test_a_fit_that_did_not_converge_is_marked() -> None:
    with pytest.warns(ConvergenceWarning):
        model = wr.logistic_classifier.create(flat(), "z", ["a"], **(EXACT | {"max_iterations": 1}))
    found = model.inference()
    assert all(note.startswith("the fit did not converge") for note in found["note"])
    assert all(error > 0 for error in found["stderr"])


def test_a_solver_without_second_derivatives_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("fit", "inference"):
        monkeypatch.setattr(f"windrow.toolkits.{module}.NEWTON_AUTO", 1)
    options = EXACT | {"solver": "lbfgs", "convergence_threshold": 1e-3, "max_iterations": 999}
    model = wr.logistic_classifier.create(flat(), "z", ["a"], **options)
    (note,) = set(model.inference()["note"])
    assert note == (
        "solver 'lbfgs' computes no second derivatives of more than 1 coefficients, and there are"
        " 2; 'newton' does, of up to 10000"
    )


def test_a_model_of_an_older_version_says_what_it_lacks() -> None:
    options = EXACT | {"solver": "lbfgs", "max_iterations": 999}
    record, arrays = wr.logistic_classifier.create(flat(), "z", ["a"], **options).to_parts()
    del arrays["errors"], record["fitted"]["collinear"]
    (note,) = set(LogisticClassifier.from_parts(record, arrays).inference()["note"])
    assert (
        note == "the version that trained the model computed no second derivatives for this solver"
    )


def test_statistics_outlive_saving(tmp_path: Any) -> None:
    sf = flat()
    sf["again"] = sf["a"]
    model = wr.logistic_classifier.create(sf, "z", ["a", "b", "again"], **EXACT)
    model.save(tmp_path / "saved.model")
    loaded = wr.load_model(tmp_path / "saved.model")
    assert list(loaded.inference(0.8)) == list(model.inference(0.8))
    assert {row["note"] for row in loaded.inference()} > {"collinear with again"}


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1, float("nan")])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    model = wr.linear_regression.create(flat(), "y", ["a"], **EXACT)
    with pytest.raises(OptionRangeError, match="'level'"):
        model.inference(level)
    with pytest.raises(ArgumentTypeError, match="level"):
        model.inference("95 %")  # type: ignore[arg-type]
