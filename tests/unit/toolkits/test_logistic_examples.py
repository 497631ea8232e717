"""What the ancestor's users saw: data, printed lines and numbers, to five digits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import windrow as wr

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier

CASES = json.loads((Path(__file__).parents[2] / "data" / "logistic_examples.json").read_text())
DIGITS = 2e-5


def values(column: dict[str, Any]) -> list[Any]:
    return [v["vector"] if isinstance(v, dict) else v for v in column["values"]]


def table(data: dict[str, Any]) -> wr.SFrame:
    return wr.SFrame({name: values(data["columns"][name]) for name in data["order"]})


def rows(frame: wr.SFrame) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in frame]


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CASES[request.param]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def model(case: dict[str, Any]) -> LogisticClassifier:
    data, params = table(case["data"]), case["params"]
    return wr.logistic_classifier.create(data, target=case["target"], verbose=False, **params)


def without_times(text: str) -> str:
    return re.sub(r"(?<=\| )\d\.\d{6}(?= +\| \d)|(?<=\(sec\)            : )\S+", "T", text)


def test_it_prints_what_users_know(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    wr.logistic_classifier.create(table(case["data"]), target=case["target"], **case["params"])
    assert without_times(capsys.readouterr().out) == without_times(case["printed"])


def test_the_summary_is_the_page_that_users_know(
    case: dict[str, Any], model: LogisticClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    model.summary()
    assert without_times(capsys.readouterr().out) == without_times(case["summary"])


def test_the_fields_are_there(case: dict[str, Any], model: LogisticClassifier) -> None:
    assert model.list_fields() == case["list_fields"]


@pytest.mark.parametrize(
    "name",
    sorted({name for case in CASES.values() for name in case["fields"]}),
)
def test_a_field_has_its_value(name: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    expected, found = case["fields"][name], model.get(name)
    if isinstance(found, wr.SFrame):
        assert found.column_names() == expected["order"]
        for column in expected["order"]:
            wanted = values(expected["columns"][column])
            numeric = expected["columns"][column]["dtype"] == "float"
            own = list(found[column])
            assert own == (pytest.approx(wanted, rel=DIGITS) if numeric else wanted)
    elif isinstance(found, dict):
        assert list(map(list, found.items())) == expected["dict"]
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=DIGITS)
    else:
        assert found == expected


def test_progress_has_every_iteration_as_text(
    case: dict[str, Any], model: LogisticClassifier
) -> None:
    expected = case["progress"]
    assert model.progress.column_names() == expected["columns"]
    assert set(model.progress.column_types()) == {str}
    for name in ("Iteration", "Passes", "Training Accuracy"):
        assert list(model.progress[name]) == expected[name]


@pytest.mark.parametrize("output", ["class", "probability", "margin", "probability_vector"])
def test_predict(output: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    found = list(model.predict(table(case["test"]), output_type=output))
    expected = values(case["predict"][output]["value"])
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_classify(case: dict[str, Any], model: LogisticClassifier) -> None:
    found, expected = model.classify(table(case["test"])), case["classify"]["value"]
    assert found.column_names() == expected["order"]
    assert list(found["class"]) == expected["columns"]["class"]["values"]
    wanted = expected["columns"]["probability"]["values"]
    assert list(found["probability"]) == pytest.approx(wanted, rel=DIGITS)


@pytest.mark.parametrize("output", ["probability", "rank", "margin"])
def test_predict_topk(output: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    found = model.predict_topk(table(case["test"]), output_type=output, k=2)
    expected = case["predict_topk_k2"][output]["value"]
    assert found.column_names() == expected["order"]
    for name in expected["order"]:
        wanted = expected["columns"][name]["values"]
        assert list(found[name]) == pytest.approx(wanted, rel=1e-4)


def test_evaluate(case: dict[str, Any], model: LogisticClassifier) -> None:
    found, expected = model.evaluate(table(case["test"])), case["evaluate"]["value"]
    assert sorted(found) == sorted([*expected, "roc_curve"])
    for name, value in expected.items():
        if name == "confusion_matrix":
            columns = [value["columns"][column]["values"] for column in value["order"]]
            assert sorted(rows(found[name])) == sorted(zip(*columns, strict=True))
        else:
            assert found[name] == pytest.approx(value, rel=DIGITS)
