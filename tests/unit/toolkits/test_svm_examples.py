"""What the ancestor's users saw of svm_classifier, which stopped at its limit of iterations there.

So its numbers are no optimum: here the fit goes on to one, with fewer passes. What does not depend
on that is held to be equal, and the objective to be no larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.examples import cases, check_field, rows, table, values, without_times

import windrow as wr

if TYPE_CHECKING:
    from windrow.toolkits.svm_classifier import SVMClassifier

CASES = cases("svm")
OF_THE_OPTIMUM = {"coefficients", "training_iterations", "training_loss", "training_solver_status"}


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CASES[request.param]


def create(case: dict[str, Any], **options: Any) -> SVMClassifier:
    data, params = table(case["data"]), case["params"] | options
    return wr.svm_classifier.create(data, target=case["target"], **params)


@pytest.fixture(scope="module")
def model(case: dict[str, Any]) -> SVMClassifier:
    return create(case, verbose=False)


def objective(case: dict[str, Any], coefficients: list[float]) -> float:
    """Smoothed hinge and penalty, in plain numpy."""
    data = table(case["data"])
    X = np.column_stack([data["x1"].to_numpy(), data["x2"].to_numpy()])
    y = np.where(np.array(list(data[case["target"]])) == model_classes(case)[1], 1.0, -1.0)
    scale = np.sqrt(X.mean(axis=0) ** 2 + X.var(axis=0, ddof=1))
    b = np.array(coefficients)
    hinge = np.logaddexp(0.0, 30.0 * (1.0 - y * (X @ b[1:] + b[0]))).sum() / 30.0
    return float(hinge + ((b[1:] * scale) ** 2).sum() / 2.0)


def model_classes(case: dict[str, Any]) -> list[Any]:
    classes: list[Any] = case["fields"]["classes"]
    return classes


def test_the_objective_is_no_larger(case: dict[str, Any], model: SVMClassifier) -> None:
    theirs = values(case["fields"]["coefficients"]["columns"]["value"])
    assert objective(case, list(model.coefficients["value"])) < objective(case, theirs)
    assert model.training_solver_status == "SUCCESS: Optimal solution found."


def test_it_prints_the_header_that_users_know(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    create(case)
    found, wanted = (
        without_times(text).splitlines() for text in (capsys.readouterr().out, case["printed"])
    )
    assert found[:11] == wanted[:11]


def test_the_summary_has_the_lines_that_users_know(
    case: dict[str, Any], model: SVMClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    def labels(page: str) -> list[str]:
        return [line.split(" : ")[0] for line in without_times(page).splitlines()]

    model.summary()
    assert labels(capsys.readouterr().out) == labels(case["summary"])


def test_the_fields_are_there(case: dict[str, Any], model: SVMClassifier) -> None:
    assert model.list_fields() == case["list_fields"]


@pytest.mark.parametrize(
    "name",
    sorted({name for case in CASES.values() for name in case["fields"]} - OF_THE_OPTIMUM),
)
def test_a_field_has_its_value(name: str, case: dict[str, Any], model: SVMClassifier) -> None:
    check_field(model.get(name), case["fields"][name])


def test_coefficients_have_no_standard_errors(case: dict[str, Any], model: SVMClassifier) -> None:
    assert model.coefficients.column_names() == case["fields"]["coefficients"]["order"]


def test_the_columns_of_the_table_are_those_that_users_know(
    case: dict[str, Any], model: SVMClassifier
) -> None:
    assert model.progress.column_names() == case["progress"]["columns"]


def test_predict_classify_and_evaluate(case: dict[str, Any], model: SVMClassifier) -> None:
    test = table(case["test"])
    assert list(model.predict(test)) == values(case["predict"]["class"]["value"])
    margins = values(case["predict"]["margin"]["value"])
    assert list(model.predict(test, "margin")) == pytest.approx(margins, abs=0.03)
    assert model.classify(test).column_names() == case["classify"]["value"]["order"]
    found, expected = model.evaluate(test), case["evaluate"]["value"]
    matrix, wanted = found.pop("confusion_matrix"), expected["confusion_matrix"]
    columns = [wanted["columns"][column]["values"] for column in wanted["order"]]
    assert sorted(rows(matrix)) == sorted(zip(*columns, strict=True))
    numbers = {name: value for name, value in expected.items() if name != "confusion_matrix"}
    assert found == pytest.approx(numbers)
