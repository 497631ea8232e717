from __future__ import annotations

import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import PolynomialFeatures

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    ColumnNotFoundError,
    MissingFeatureError,
    NotFittedError,
    OptionChoiceError,
)
from windrow.toolkits.feature_engineering import (
    FeatureBinner,
    NumericImputer,
    QuadraticFeatures,
    Transformer,
    TransformerChain,
)

EXACT: dict[str, Any] = {
    "verbose": False,
    "convergence_threshold": 1e-6,
    "max_iterations": 200,
}
NUMBERS = st.lists(st.floats(-1e3, 1e3) | st.none() | st.just(math.nan), min_size=1, max_size=20)


def rooms(rows: int = 200) -> wr.SFrame:
    rng = np.random.default_rng(1)
    size, age = rng.uniform(10, 90, rows).round(1), rng.integers(0, 100, rows)
    town, heat = rng.integers(0, 3, rows), rng.integers(0, 2, rows)
    rent = size * (8 - 0.03 * age) + 40 * town * heat + rng.normal(size=rows)
    return wr.SFrame(
        {
            "size": [None if i % 9 == 4 else v for i, v in enumerate(size.tolist())],
            "age": age.tolist(),
            "town": [f"town {v}" for v in town],
            "heat": ["gas" if v else "oil" for v in heat],
            "rent": rent.tolist(),
        }
    )


@settings(max_examples=20)
@given(values=NUMBERS)
def test_missing_numbers_become_means(values: list[float | None]) -> None:
    plain = np.array([math.nan if v is None else v for v in values])
    sf = wr.SFrame({"x": wr.SArray(values, dtype=float)})
    if np.isnan(plain).all():
        with pytest.raises(MissingFeatureError, match="'x'"):
            NumericImputer().fit(sf)
        return
    wanted = SimpleImputer().fit_transform(plain[:, None])[:, 0]
    assert np.allclose(NumericImputer().fit_transform(sf)["x"].to_numpy(), wanted, rtol=1e-12)


@settings(max_examples=20)
@given(rows=st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 3), min_size=1, max_size=10))
def test_products_are_those_of_scikit_learn(rows: list[tuple[float, ...]]) -> None:
    sf = wr.SFrame({name: [row[i] for row in rows] for i, name in enumerate("abc")})
    found = QuadraticFeatures().fit_transform(sf)
    wanted = PolynomialFeatures(2, include_bias=False).fit_transform(np.array(rows))
    assert np.array_equal(
        np.column_stack([found[n].to_numpy() for n in found.column_names()]), wanted
    )


def test_pairs_of_texts_are_categories() -> None:
    sf = wr.SFrame({"s": ["a", "b", None], "t": ["x", "y", "z"], "n": [1, 2, 3]})
    found = QuadraticFeatures().fit_transform(sf)
    assert found.column_names() == ["s", "t", "n", "s, t", "n, n"]
    assert list(found["s, t"]) == ["a, x", "b, y", None]


@settings(max_examples=20)
@given(values=NUMBERS, bins=st.integers(2, 6))
def test_logarithmic_bins_end_at_powers_of_ten(values: list[float | None], bins: int) -> None:
    sf = wr.SFrame({"x": wr.SArray(values, dtype=float)})
    found = list(FeatureBinner(num_bins=bins).fit_transform(sf)["x"])
    for value, name in zip(values, found, strict=True):
        if value is None or math.isnan(value):
            assert name is None
        else:
            assert name == f"x_{sum(value > 10.0**k for k in range(bins - 1))}"


def test_quantile_bins_hold_as_many_rows_each() -> None:
    sf = wr.SFrame({"x": list(range(100)), "same": [5] * 100})
    found = FeatureBinner(strategy="quantile", num_bins=4).fit_transform(sf)
    counts = {row["value"]: row["count"] for row in found["x"].value_counts()}
    assert set(counts) == {"x_0", "x_1", "x_2", "x_3"}
    assert all(abs(count - 25) <= 1 for count in counts.values())
    assert set(found["same"]) == {"same_0"}


def test_a_prefix_leaves_the_columns_as_they_are() -> None:
    sf = wr.SFrame({"x": [1, None]})
    found = NumericImputer(output_column_prefix="full").fit_transform(sf)
    assert (list(found["x"]), list(found["full.x"])) == ([1, None], [1.0, 1.0])
    assert sf.column_names() == ["x"]


def test_features_may_be_named_and_left_out() -> None:
    sf = wr.SFrame({"a": [1], "b": [2], "s": ["x"]})
    found = QuadraticFeatures(excluded_features=["b"]).fit_transform(sf)
    assert found.column_names() == ["a", "b", "s", "a, a"]
    with pytest.raises(ArgumentError, match="int or float columns"):
        NumericImputer(["s"]).fit(sf)
    with pytest.raises(ColumnNotFoundError):
        NumericImputer(["none"]).fit(sf)
    with pytest.raises(ArgumentError, match="at least one"):
        NumericImputer([]).fit(sf)
    with pytest.raises(ArgumentTypeError, match="features"):
        NumericImputer("a")
    with pytest.raises(OptionChoiceError, match="strategy"):
        FeatureBinner(strategy="even")
    with pytest.raises(OptionChoiceError, match="strategy"):
        NumericImputer(strategy="mode")
    with pytest.raises(ArgumentError, match="num_bins"):
        FeatureBinner(num_bins=1)
    with pytest.raises(ArgumentTypeError, match="transformers"):
        TransformerChain(["x"])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="a transformer or a list"):
        wr.feature_engineering.create(sf, 5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="at least one transformer"):
        TransformerChain([])


def test_what_has_not_learnt_is_refused() -> None:
    with pytest.raises(NotFittedError, match="NumericImputer has not learnt"):
        NumericImputer().transform(wr.SFrame({"a": [1]}))


def test_a_step_learns_from_what_the_one_before_made() -> None:
    sf = wr.SFrame({"x": [1.0, None, 100.0, 3.0]})
    steps = [NumericImputer(), FeatureBinner(num_bins=3)]
    chain = wr.feature_engineering.create(sf, steps)
    assert isinstance(chain, TransformerChain)
    assert list(chain.transform(sf)["x"]) == ["x_0", "x_2", "x_2", "x_1"]


def test_transformers_are_json_and_pickles() -> None:
    sf = rooms()
    chain = wr.feature_engineering.create(
        sf, [NumericImputer(["size"]), QuadraticFeatures(["size", "age"]), FeatureBinner(["age"])]
    )
    wanted = list(chain.transform(sf))
    again = Transformer.from_record(json.loads(json.dumps(chain.to_record())))
    assert list(again.transform(sf)) == wanted
    assert list(pickle.loads(pickle.dumps(chain)).transform(sf)) == wanted


STEPS = [NumericImputer(["size"]), QuadraticFeatures(["size", "age", "town", "heat"])]


@pytest.mark.parametrize("toolkit", ["linear_regression", "logistic_classifier", "svm_classifier"])
def test_a_model_brings_its_transformer_along(toolkit: str, tmp_path: Any) -> None:
    sf = rooms()
    target = "rent"
    if toolkit != "linear_regression":
        target = "dear"
        sf = sf.add_column(sf["rent"] > 300, "dear").remove_column("rent")
    create = getattr(wr, toolkit).create
    model = create(sf, target, transformer=STEPS, validation_set=None, **EXACT)
    by_hand = wr.feature_engineering.create(sf.remove_column(target), STEPS).transform(sf)
    other = create(by_hand, target, validation_set=None, **EXACT)
    shown = ["name", "index", "value"]
    assert list(model.coefficients[shown]) == list(other.coefficients[shown])
    kind = {} if toolkit == "linear_regression" else {"output_type": "margin"}
    wanted = list(other.predict(by_hand, **kind))
    assert list(model.predict(sf, **kind)) == wanted
    rows = [dict(row) for row in sf.head(7)]
    assert np.allclose(list(model.predict(rows, **kind)), wanted[:7], rtol=1e-12)
    assert model.evaluate(sf, model.METRICS[0]) == other.evaluate(by_hand, model.METRICS[0])
    model.save(tmp_path / "rooms.model")
    assert list(wr.load_model(tmp_path / "rooms.model").predict(sf, **kind)) == wanted


def test_absent_columns_are_imputed_before_they_are_transformed() -> None:
    sf = rooms()
    model = wr.linear_regression.create(sf, "rent", transformer=STEPS, **EXACT)
    mean = sf["size"].mean()
    row = {"age": 30, "town": "town 1", "heat": "gas"}
    assert model.predict(row)[0] == pytest.approx(model.predict(row | {"size": mean})[0])
    table = wr.SFrame({name: [value] for name, value in row.items()})
    assert list(model.predict(table)) == pytest.approx(list(model.predict(row)))
    with pytest.raises(ColumnNotFoundError):
        model.predict(table, missing_value_action="error")


def test_a_validation_table_is_transformed_too() -> None:
    sf = rooms()
    train, test = sf.random_split(0.7, seed=1)
    model = wr.linear_regression.create(
        train, "rent", transformer=NumericImputer(), validation_set=test, **EXACT
    )
    assert model.validation_rmse == pytest.approx(model.evaluate(test)["rmse"], rel=1e-12)
    split = wr.linear_regression.create(sf, "rent", transformer=NumericImputer(), **EXACT)
    measured = split.evaluate(split.validation_data)
    assert split.validation_rmse == pytest.approx(measured["rmse"], rel=1e-12)


def test_a_model_keeps_what_its_transformer_learnt() -> None:
    sf = rooms()
    imputer = NumericImputer(["size"])
    model = wr.linear_regression.create(sf, "rent", transformer=imputer, **EXACT)
    before = list(model.predict(sf))
    imputer.fit(wr.SFrame({"size": [1e6]}))
    assert list(model.predict(sf)) == before
