from __future__ import annotations

import functools
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import polars as pl
import pytest

import windrow as wr
from windrow.errors import ArgumentTypeError, MissingPackageError, NotExportableError
from windrow.toolkits import exporting

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["line", "hinge", "two", "three", "texts alone", "numbers alone"]
FEATURES = ["s", "x", "t", "k"]


def rows(count: int = 400, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    x, k = random.normal(size=count), random.integers(0, 9, count)
    s, t = random.choice(["a", "b", "c"], count), random.choice(["a", "b"], count)
    margin = x - 0.3 * k + (s == "b") + random.logistic(size=count)
    return pl.DataFrame(
        {
            "s": s,
            "x": x,
            "t": [None if i % 7 == 3 else level for i, level in enumerate(t.tolist())],
            "k": k,
            "y": margin,
            "two": np.where(margin > -1, "yes", "no"),
            "three": np.digitize(margin, [-2.0, 0.0]),
        }
    )


@functools.cache
def model(name: str) -> Any:
    sf = wr.SFrame(rows())
    if name == "line":
        return wr.linear_regression.create(sf, "y", FEATURES, verbose=False)
    if name == "hinge":
        options: dict[str, Any] = {"max_iterations": 200, "convergence_threshold": 1.0}
        return wr.svm_classifier.create(sf, "two", FEATURES, verbose=False, **options)
    if name == "texts alone":
        return wr.logistic_classifier.create(sf, "three", ["s", "t"], verbose=False)
    if name == "numbers alone":
        return wr.logistic_classifier.create(sf, "two", ["x", "k"], verbose=False)
    return wr.logistic_classifier.create(sf, name, FEATURES, verbose=False)


def unseen() -> pl.DataFrame:
    """Rows with levels that training did not have, and gaps."""
    data = rows(300, seed=1)
    number = pl.int_range(data.height)
    return data.with_columns(
        s=pl.when(number % 11 == 0).then(pl.lit("new")).otherwise("s"),
        x=pl.when(number % 5 == 0).then(None).otherwise("x"),
    )


def close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.asarray(found), np.asarray(wanted), rtol=1e-12, atol=1e-12)


# --- pickle ---


@pytest.mark.parametrize("name", NAMES)
def test_a_pickled_model_is_the_same_without_rows(name: str) -> None:
    own = model(name)
    data = pickle.dumps(own)
    again = pickle.loads(data)
    sf = wr.SFrame(unseen())
    assert type(again) is type(own)
    assert list(again.predict(sf)) == list(own.predict(sf))
    assert list(again.coefficients) == list(own.coefficients)
    assert again.list_fields() == own.list_fields()
    assert len(again.validation_data) == 0 < len(own.validation_data)
    assert len(data) < 150_000


# --- scikit-learn ---


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_predicts_the_same(name: str, library: str) -> None:
    own, data = model(name), unseen()
    pipeline = own.to_sklearn()
    frame = data if library == "polars" else pd.DataFrame(data.to_dict(as_series=False))
    wanted = own.predict(wr.SFrame(data))
    if name == "line":
        close(pipeline.predict(frame), list(wanted))
        return
    assert pipeline.predict(frame).tolist() == list(wanted)
    assert pipeline.classes_.tolist() == own.classes
    if name == "hinge":
        close(pipeline.decision_function(frame), list(own.predict(wr.SFrame(data), "margin")))
        return
    chances = own.predict(wr.SFrame(data), "probability_vector")
    close(pipeline.predict_proba(frame), np.array(list(chances)))


def test_coefficients_are_those_of_the_encoded_columns() -> None:
    own = model("two")
    pipeline = own.to_sklearn()
    estimator, encoder = pipeline["model"], pipeline["encoder"]
    names = encoder.get_feature_names_out().tolist()
    assert estimator.coef_.shape == (1, len(names))
    values = {(row["name"], row["index"]): row["value"] for row in own.coefficients}
    assert estimator.intercept_[0] == values["(intercept)", None]
    found = dict(zip(names, estimator.coef_[0].tolist(), strict=True))
    assert found["numbers__x"] == values["x", None]
    assert found["levels__s_c"] == values.get(("s", "c"), 0.0)
    assert found["levels__t_None"] == values.get(("t", ""), 0.0)


def test_a_pickled_pipeline_needs_no_windrow(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(pickle.dumps(model("two").to_sklearn()))
    unseen().select(FEATURES).write_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys, pickle, pathlib, polars as pl\n"
        "sys.modules['windrow'] = None\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "model = pickle.loads((folder / 'model').read_bytes())\n"
        "print(*model.predict(pl.read_parquet(folder / 'rows.parquet').to_pandas()))\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(model("two").predict(wr.SFrame(unseen())))


# --- ONNX ---


def fed(data: pl.DataFrame, features: list[str]) -> dict[str, Any]:
    """Columns (rows, 1) as the exported model takes them."""
    found = {}
    for name in features:
        if data[name].dtype == pl.String:
            values = np.array(data[name].fill_null("").to_list(), dtype=object)
        else:
            values = data[name].cast(float).fill_null(float("nan")).to_numpy()
        found[name] = values.reshape(-1, 1)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_predicts_the_same(name: str, tmp_path: Path) -> None:
    own, data, path = model(name), unseen(), tmp_path / "model.onnx"
    own.export_onnx(path)
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, fed(data, own.features)), strict=True))
    sf = wr.SFrame(data)
    if name == "line":
        assert list(outputs) == ["prediction"]
        close(outputs["prediction"][:, 0], list(own.predict(sf)))
        return
    assert outputs["label"].tolist() == list(own.predict(sf))
    if name == "hinge":
        close(outputs["margin"][:, 0], list(own.predict(sf, "margin")))
        return
    close(outputs["probabilities"], np.array(list(own.predict(sf, "probability_vector"))))


def test_a_feature_may_be_named_as_an_output(tmp_path: Path) -> None:
    sf = wr.SFrame({"prediction": [1.0, 2.0, 4.0], "intercept": [1, 5, 2], "y": [1.0, 2.0, 3.0]})
    own = wr.linear_regression.create(sf, "y", verbose=False)
    own.export_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    assert [output.name for output in session.get_outputs()] == ["prediction_"]
    columns = {n: np.array(list(sf[n]), dtype=float).reshape(-1, 1) for n in own.features}
    close(session.run(None, columns)[0][:, 0], list(own.predict(sf)))


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="path"):
        model("line").export_onnx(3)


def test_without_the_packages_the_extras_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    own = model("line")
    monkeypatch.setattr(exporting, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"windrow\[sklearn\]"):
        own.to_sklearn()
    with pytest.raises(MissingPackageError, match=r"windrow\[onnx\]"):
        own.export_onnx("model.onnx")


def test_features_that_other_tools_cannot_take_are_named(tmp_path: Path) -> None:
    table = wr.SFrame({"d": [{"a": 1.0}, {"b": 2.0}, {"a": 3.0}], "x": [1, 2, 3], "y": [1, 2, 3]})
    model = wr.linear_regression.create(table, "y", validation_set=None, verbose=False)
    for export in (model.to_sklearn, lambda: model.export_onnx(tmp_path / "m.onnx")):
        with pytest.raises(NotExportableError, match="'d' is dict; make columns of it"):
            export()
    squares = wr.feature_engineering.QuadraticFeatures(features=["x"])
    model = wr.linear_regression.create(
        table[["x", "y"]], "y", transformer=squares, validation_set=None, verbose=False
    )
    with pytest.raises(NotExportableError, match="the transformer QuadraticFeatures"):
        model.to_sklearn()


def test_one_dict_with_a_dictionary_in_it_is_predicted_as_a_table_is() -> None:
    table = wr.SFrame({"d": [{"a": 1.0}, {"b": 2.0}, {"a": 3.0}], "y": [1, 2, 3]})
    model = wr.linear_regression.create(table, "y", validation_set=None, verbose=False)
    assert list(model.predict({"d": {"a": 3.0}})) == [list(model.predict(table))[2]]
