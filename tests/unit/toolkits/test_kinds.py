"""Features of every kind: a model of them is the model of the columns that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.plain_session import PlainSession

import windrow as wr
from windrow.errors import (
    ArrayLengthError,
    DictValueError,
    FeatureTypeError,
    MissingFeatureError,
    NonFiniteFeatureError,
)
from windrow.execution.local import LocalExecutor
from windrow.execution.values import series_from_values
from windrow.io import memory
from windrow.learn.losses import Loss
from windrow.learn.solvers import Options
from windrow.plan.schema import Schema
from windrow.plan.types import DType
from windrow.toolkits.features import FeatureEncoder
from windrow.toolkits.fit import Fit, Method

EXACT: dict[str, Any] = {
    "validation_set": None,
    "verbose": False,
    "solver": "newton",
    "convergence_threshold": 1e-9,
    "max_iterations": 100,
}
KEYS = [f"k{i}" for i in range(6)]


def rows_of(seed: int, n: int) -> dict[str, list[Any]]:
    """Columns of every kind, and targets that they say something about."""
    rng = np.random.default_rng(seed)
    pairs = [{k: round(float(rng.normal()), 3) for k in rng.choice(KEYS, 3)} for _ in range(n)]
    words = [[f"w{i}" for i in rng.integers(0, 4, rng.integers(0, 4))] for _ in range(n)]
    vectors = rng.normal(size=(n, 3)).round(3)
    texts = [f"s{i}" for i in rng.integers(0, 3, n)]
    x = rng.normal(size=n)
    z = np.array([sum(p.values()) + 0.5 * len(set(w)) for p, w in zip(pairs, words, strict=True)])
    z += vectors.sum(axis=1) + x + rng.normal(size=n)
    return {
        "x": x.tolist(),
        "s": texts,
        "d": pairs,
        "l": words,
        "v": vectors.tolist(),
        "number": z.tolist(),
        "second": (z > 1.0).astype(int).tolist(),
        "third": ((z > 0.0).astype(int) + (z > 2.0)).tolist(),
    }


def spread(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The same as numbers and texts alone; the first element of all lists is their reference."""
    elements = list(dict.fromkeys(e for row in rows["l"] for e in row))[1:]
    found: dict[str, list[Any]] = {"x": rows["x"], "s": rows["s"]}
    found |= {f"d {key}": [row.get(key, 0.0) for row in rows["d"]] for key in KEYS}
    found |= {f"l {e}": [float(e in row) for row in rows["l"]] for e in elements}
    found |= {f"v {i}": [row[i] for row in rows["v"]] for i in range(3)}
    return found | {name: rows[name] for name in ("number", "second", "third")}


def fits(target: str) -> Any:
    return wr.linear_regression if target == "number" else wr.logistic_classifier


OTHERS = {"number", "second", "third"}


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), target=st.sampled_from(["number", "second", "third"]))
def test_every_kind_has_the_optimum_of_its_columns(seed: int, target: str) -> None:
    rows = rows_of(seed, 120)
    sf, plain = wr.SFrame(rows), wr.SFrame(spread(rows))
    create = fits(target).create
    features = [name for name in sf.column_names() if name not in OTHERS]
    columns = [name for name in plain.column_names() if name not in OTHERS]
    model = create(sf, target, features=features, l2_penalty=0.1, **EXACT)
    other = create(plain, target, features=columns, l2_penalty=0.1, **EXACT)
    assert model.training_loss == pytest.approx(other.training_loss, rel=1e-9)
    assert model.num_coefficients == other.num_coefficients
    values = np.sort(model.coefficients["value"].to_numpy())
    assert np.allclose(values, np.sort(other.coefficients["value"].to_numpy()), atol=1e-6)
    metric = "rmse" if target == "number" else "log_loss"
    assert model.evaluate(sf)[metric] == pytest.approx(other.evaluate(plain)[metric], rel=1e-9)


@pytest.fixture(scope="module")
def table() -> wr.SFrame:
    return wr.SFrame(rows_of(1, 150))


@pytest.fixture(scope="module")
def model(table: wr.SFrame) -> Any:
    features = ["x", "s", "d", "l", "v"]
    return wr.linear_regression.create(table, "number", features=features, **EXACT)


@pytest.mark.parametrize("solver", ["lbfgs", "fista"])
def test_every_solver_takes_them(table: wr.SFrame, model: Any, solver: str) -> None:
    options = {**EXACT, "solver": solver, "max_iterations": 3000}
    features = ["x", "s", "d", "l", "v"]
    found = wr.linear_regression.create(table, "number", features=features, **options)
    assert found.training_loss == pytest.approx(model.training_loss, rel=1e-7)


def test_coefficients_are_named_by_key_element_and_position(model: Any) -> None:
    names = {(row["name"], row["index"]) for row in model.coefficients}
    assert {("d", "k0"), ("v", "0"), ("v", "2"), ("x", None), ("(intercept)", None)} <= names
    elements = list(dict.fromkeys(e for row in rows_of(1, 150)["l"] for e in row))
    assert {index for name, index in names if name == "l"} == set(elements[1:])


def test_unpacked_features_count_keys_elements_and_positions(model: Any) -> None:
    assert model.num_features == 5
    assert model.num_unpacked_features == 2 + 6 + 4 + 3
    assert len(model.unpacked_features) == 15
    assert {"x", "s", "d[k3]", "l[w0]", "v[2]"} <= set(model.unpacked_features)
    assert "Number of unpacked features    : 15" in model.summary("str")


def test_a_summary_names_the_strongest(model: Any) -> None:
    rows = [(r["value"], f"{r['name']}[{r['index']}]") for r in model.coefficients if r["index"]]
    page = model.summary("str")
    assert max(rows)[1] in page
    assert "Lowest Negative Coefficients" in page


def test_what_training_did_not_have_adds_nothing(model: Any) -> None:
    row = {"x": 1.0, "s": "s1", "d": {"k1": 2.0}, "l": ["w1"], "v": [1.0, 2.0, 3.0]}
    more = row | {"d": {"k1": 2.0, "new": 9.0}, "l": ["w1", "new", 7]}
    assert model.predict(row)[0] == model.predict(more)[0]


def test_missing_lists_and_dicts_add_nothing_and_vectors_are_imputed(
    table: wr.SFrame, model: Any
) -> None:
    means = np.array(rows_of(1, 150)["v"]).mean(axis=0)
    row = {"x": 1.0, "s": "s1", "d": None, "l": None, "v": None}
    given_row = row | {"d": {}, "l": [], "v": means.tolist()}
    assert model.predict(row)[0] == pytest.approx(model.predict(given_row)[0], rel=1e-12)
    absent = table[["x", "s"]]
    assert model.predict(absent)[0] == pytest.approx(
        model.predict({"x": table["x"][0], "s": table["s"][0]})[0], rel=1e-12
    )
    with pytest.raises(MissingFeatureError, match="'d'"):
        model.predict(row, missing_value_action="error")


def test_a_table_and_its_rows_are_predicted_alike(table: wr.SFrame, model: Any) -> None:
    rows = [dict(row) for row in table.head(20)]
    assert list(model.predict(rows)) == list(model.predict(table.head(20)))


def test_values_of_another_type_are_refused(model: Any) -> None:
    for name, wrong in {"d": [1], "l": "text", "v": 3.0, "x": {}}.items():
        with pytest.raises(FeatureTypeError, match=f"'{name}'"):
            model.predict({name: wrong})
    with pytest.raises(FeatureTypeError, match="'d'"):
        model.predict(wr.SFrame({"d": ["text"]}))


def test_a_model_of_every_kind_is_saved(model: Any, table: wr.SFrame, tmp_path: Any) -> None:
    model.save(tmp_path / "kinds.model")
    again = wr.load_model(tmp_path / "kinds.model")
    assert list(again.predict(table)) == list(model.predict(table))
    assert again.unpacked_features == model.unpacked_features
    assert list(again.coefficients) == list(model.coefficients)


def test_the_reference_of_lists_is_the_first_element_of_a_training_row() -> None:
    rows = rows_of(3, 200)
    rows["l"] = [[f"row {i}"] if i < 100 else ["common"] for i in range(200)]
    sf = wr.SFrame(rows)
    options = EXACT | {"validation_set": "auto"}
    found = wr.logistic_classifier.create(sf, "second", features=["l"], seed=3, **options)
    held = set(found.validation_data["l"].apply(lambda row: row[0], dtype=str))
    first = next(row[0] for row in rows["l"] if row[0] not in held)
    indices = set(found.coefficients["index"]) - {None}
    assert first not in indices
    assert not indices & {name for name in held if name != "common"}
    assert found.num_unpacked_features == len(indices) + 1


@pytest.mark.parametrize("name", ["d", "l", "v"])
def test_missing_values_are_refused_in_training_unless_imputed(name: str) -> None:
    rows = rows_of(2, 120)
    rows[name][7] = None
    sf = wr.SFrame(rows)
    with pytest.raises(MissingFeatureError, match=f"'{name}' \\(1 of 120 rows\\)"):
        wr.linear_regression.create(sf, "number", features=[name], **EXACT)
    found = wr.linear_regression.create(
        sf, "number", features=[name], missing_value_action="impute", **EXACT
    )
    filled = rows | {}
    means = np.array([v for v in rows["v"] if v is not None]).mean(axis=0).tolist()
    filled[name][7] = {"d": {}, "l": [], "v": means}[name]
    other = wr.linear_regression.create(wr.SFrame(filled), "number", features=[name], **EXACT)
    assert found.training_loss == pytest.approx(other.training_loss, rel=1e-9)


def test_vectors_of_two_lengths_are_refused_with_row_and_lengths(model: Any) -> None:
    rows = rows_of(2, 120)
    rows["v"][77] = [1.0]
    says = "'v' has a vector of 1 numbers in row 77, and 3 in others"
    with pytest.raises(ArrayLengthError, match=says):
        wr.linear_regression.create(wr.SFrame(rows), "number", features=["v"], **EXACT)
    with pytest.raises(ArrayLengthError, match=says):
        model.evaluate(wr.SFrame(rows))
    with pytest.raises(ArrayLengthError, match="2 numbers in row 0, and 3"):
        model.predict({"v": [1.0, 2.0]})


def test_vectors_and_dicts_with_nan_are_refused() -> None:
    rows = rows_of(2, 120)
    rows["v"][3] = [1.0, float("nan"), 2.0]
    rows["d"][4] = {"k1": float("inf")}
    for name in ("v", "d"):
        with pytest.raises(NonFiniteFeatureError, match=f"'{name}'"):
            wr.linear_regression.create(wr.SFrame(rows), "number", features=[name], **EXACT)


def test_texts_in_dicts_are_refused() -> None:
    sf = wr.SFrame({"d": [{"a": "red"}, {"a": "blue"}], "y": [1.0, 2.0]})
    with pytest.raises(DictValueError, match="make a category of it"):
        wr.linear_regression.create(sf, "y", **EXACT)


def test_lists_that_are_all_empty_have_no_column() -> None:
    sf = wr.SFrame({"x": [1.0, 2.0, 3.0], "l": [[], [], []], "y": [1.0, 2.0, 4.0]})
    found = wr.linear_regression.create(sf, "y", **EXACT)
    assert (found.num_coefficients, found.num_unpacked_features) == (2, 1)


def test_a_validation_table_may_have_other_keys(table: wr.SFrame) -> None:
    rows = rows_of(9, 60)
    rows["d"][0] = {"unknown": 5.0}
    rows["l"][0] = ["unknown"]
    options = EXACT | {"validation_set": wr.SFrame(rows)}
    found = wr.linear_regression.create(table, "number", features=["d", "l", "v"], **options)
    measured = found.evaluate(wr.SFrame(rows))
    assert found.validation_rmse == pytest.approx(measured["rmse"], rel=1e-12)


def test_scattered_partials_change_no_bit() -> None:
    """Each of ten partitions has keys of its own, so partials are scattered, but not here."""
    rng, rows = np.random.default_rng(4), 3000
    pairs: list[object] = [
        {"all": float(rng.normal())} | {f"{row // 300} {rng.integers(0, 2000)}": 1.5}
        for row in range(rows)
    ]
    columns = {
        "d": (series_from_values(pairs, DType.DICT)[0], DType.DICT),
        "y": (pl.Series(rng.normal(size=rows)), DType.FLOAT),
    }
    frame = pl.DataFrame([own.alias(name) for name, (own, _) in columns.items()])
    schema = Schema((name, kind) for name, (_, kind) in columns.items())
    plan = memory.from_frame(frame, schema, [300] * 10)
    encoder = FeatureEncoder((), (), "y", classes=False, dicts=("d",))
    options = Options(max_iterations=5)
    fit = Fit(plan, encoder, Method(Loss.SQUARED, solver="lbfgs", options=options))
    wanted = fit(PlainSession())  # type: ignore[arg-type]  # no table is read by it
    assert wanted.size > 4096 / 2
    for threads in (1, 2):
        executor = LocalExecutor(threads=threads)
        found = executor.run(fit)
        executor.close()
        assert found.predictor.weights.tobytes() == wanted.predictor.weights.tobytes()
        assert found.loss == wanted.loss
