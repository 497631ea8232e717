"""Weights of rows multiply their losses: what scikit-learn calls sample_weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.linear_model import LogisticRegression

import windrow as wr
from windrow.errors import ArgumentError, ArgumentTypeError, ColumnNotFoundError, RowWeightError

EXACT: dict[str, Any] = {
    "validation_set": None,
    "verbose": False,
    "feature_rescaling": False,
    "convergence_threshold": 1e-9,
    "max_iterations": 200,
}


def columns(seed: int, rows: int = 200) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows))
    noisy = a - 0.5 * b + rng.normal(size=rows)
    return {
        "a": a,
        "b": b,
        "w": rng.choice([0.0, 0.5, 1.0, 3.0], rows),
        "number": noisy,
        "second": (noisy > 0.1).astype(int),
        "third": (noisy > -0.5).astype(int) + (noisy > 0.7),
    }


def values(model: Any) -> Any:
    return model.coefficients["value"].to_numpy()


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), target=st.sampled_from(["second", "third"]))
def test_a_weighted_classifier_is_that_of_scikit_learn(seed: int, target: str) -> None:
    own = columns(seed)
    options: dict[str, Any] = EXACT | {"l2_penalty": 0.5, "row_weights": "w"}
    found = wr.logistic_classifier.create(
        wr.SFrame(own), target, features=["a", "b"], solver="newton", **options
    )
    oracle = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000)
    x = np.column_stack([own["a"], own["b"]])
    oracle.fit(x, own[target], sample_weight=own["w"])
    rows = np.column_stack([np.ones(200), x])
    if target == "second":
        assert np.allclose(values(found), [*oracle.intercept_, *oracle.coef_[0]], atol=1e-5)
    else:  # scikit-learn penalises every class: only its loss of the same parameters compares
        margin = np.column_stack([np.zeros(200), rows @ values(found).reshape(2, 3).T])
        lost = np.log(np.exp(margin).sum(axis=1)) - margin[np.arange(200), own[target]]
        assert found.training_loss == pytest.approx(float(own["w"] @ lost), rel=1e-9)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_weighted_least_squares_have_their_closed_form(seed: int) -> None:
    own = columns(seed)
    found = wr.linear_regression.create(
        wr.SFrame(own), "number", features=["a", "b"], l2_penalty=0.0, row_weights="w", **EXACT
    )
    x = np.column_stack([np.ones(200), own["a"], own["b"]])
    inverse = np.linalg.inv(x.T @ (own["w"][:, None] * x))
    wanted = inverse @ (x.T @ (own["w"] * own["number"]))
    residuals = own["number"] - x @ wanted
    variance = float(own["w"] @ residuals**2) / (200 - 3)
    errors = np.sqrt(np.diag(inverse) * variance)
    assert np.allclose(values(found), wanted, rtol=1e-9, atol=1e-12)
    assert np.allclose(found.coefficients["stderr"].to_numpy(), errors, rtol=1e-9)
    assert found.training_rmse == pytest.approx(float(np.sqrt(np.mean(residuals**2))), rel=1e-9)


@pytest.mark.parametrize("toolkit", ["linear_regression", "logistic_classifier", "svm_classifier"])
def test_a_row_of_weight_two_counts_like_two_rows(toolkit: str) -> None:
    own = columns(1)
    own["w"] = np.random.default_rng(2).integers(0, 4, 200)
    target = "number" if toolkit == "linear_regression" else "second"
    twice = {name: np.repeat(column, own["w"]) for name, column in own.items()}
    create, options = getattr(wr, toolkit).create, EXACT | {"features": ["a", "b"]}
    found = create(wr.SFrame(own), target, row_weights="w", **options)
    wanted = create(wr.SFrame(twice), target, **options)
    assert np.allclose(values(found), values(wanted), rtol=1e-6, atol=1e-8)
    assert found.training_loss == pytest.approx(wanted.training_loss, rel=1e-9)


def test_the_column_of_weights_is_no_feature() -> None:
    sf = wr.SFrame(columns(1))[["a", "w", "number"]]
    found = wr.linear_regression.create(sf, "number", row_weights="w", verbose=False)
    assert found.features == ["a"]
    assert found.evaluate(sf[["a", "number"]])["rmse"] > 0.0


def test_weights_of_a_validation_table_do_not_count() -> None:
    sf, other = wr.SFrame(columns(1)), wr.SFrame(columns(2))
    options: dict[str, Any] = EXACT | {"features": ["a", "b"], "row_weights": "w"}
    found = wr.linear_regression.create(sf, "number", **(options | {"validation_set": other}))
    assert found.validation_rmse == pytest.approx(found.evaluate(other)["rmse"], rel=1e-12)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), None])
def test_a_weight_that_is_no_number_from_zero_on_is_refused(wrong: float | None) -> None:
    sf = wr.SFrame({"x": [1.0, 2.0, 3.0], "w": [1.0, wrong, 2.0], "y": [1.0, 2.0, 4.0]})
    with pytest.raises(RowWeightError, match=r"'w' is missing, negative, .* in 1 of 3 rows"):
        wr.linear_regression.create(sf, "y", row_weights="w", verbose=False)


def test_weights_that_are_all_zero_are_refused() -> None:
    sf = wr.SFrame({"x": [1.0, 2.0], "w": [0, 0], "y": [1.0, 2.0]})
    with pytest.raises(RowWeightError, match="adds up to 0 over the 2 training rows"):
        wr.linear_regression.create(sf, "y", row_weights="w", verbose=False)


def test_what_is_no_column_of_numbers_is_refused() -> None:
    sf = wr.SFrame({"x": [1.0, 2.0], "s": ["a", "b"], "y": [1.0, 2.0]})
    create = wr.linear_regression.create
    with pytest.raises(ArgumentError, match="int or float column, not str"):
        create(sf, "y", row_weights="s")
    with pytest.raises(ArgumentError, match="other than the target"):
        create(sf, "y", row_weights="y")
    with pytest.raises(ArgumentError, match="other than that of row_weights"):
        create(sf, "y", features=["x", "s"], row_weights="x")
    with pytest.raises(ColumnNotFoundError):
        create(sf, "y", row_weights="none")
    with pytest.raises(ArgumentTypeError, match="the name of a column"):
        create(sf, "y", row_weights=sf["x"])  # type: ignore[arg-type]
