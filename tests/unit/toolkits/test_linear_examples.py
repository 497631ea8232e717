"""What the ancestor's users saw of linear_regression: data, printed lines and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.examples import DIGITS, cases, check_field, table, values, without_times

import windrow as wr

if TYPE_CHECKING:
    from windrow.toolkits.linear_regression import LinearRegression

CASES = cases("linear")


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CASES[request.param]


def create(case: dict[str, Any], **options: Any) -> LinearRegression:
    data, params = table(case["data"]), case["params"] | options
    return wr.linear_regression.create(data, target=case["target"], **params)


@pytest.fixture(scope="module")
def model(case: dict[str, Any]) -> LinearRegression:
    return create(case, verbose=False)


def test_it_prints_what_users_know(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    create(case)
    assert without_times(capsys.readouterr().out) == without_times(case["printed"])


def test_the_summary_is_the_page_that_users_know(
    case: dict[str, Any], model: LinearRegression, capsys: pytest.CaptureFixture[str]
) -> None:
    model.summary()
    assert without_times(capsys.readouterr().out) == without_times(case["summary"])


def test_the_fields_are_there(case: dict[str, Any], model: LinearRegression) -> None:
    assert model.list_fields() == case["list_fields"]


@pytest.mark.parametrize(
    "name", sorted({name for case in CASES.values() for name in case["fields"]})
)
def test_a_field_has_its_value(name: str, case: dict[str, Any], model: LinearRegression) -> None:
    check_field(model.get(name), case["fields"][name])


def test_progress_has_every_iteration_as_text(
    case: dict[str, Any], model: LinearRegression
) -> None:
    expected = case["progress"]
    assert model.progress.column_names() == expected["columns"]
    assert set(model.progress.column_types()) == {str}
    for name in set(expected["columns"]) - {"Elapsed Time"}:
        assert list(model.progress[name]) == expected[name]


def test_predict_and_evaluate(case: dict[str, Any], model: LinearRegression) -> None:
    test = table(case["test"])
    wanted = values(case["predict"]["value"]["value"])
    assert list(model.predict(test)) == pytest.approx(wanted, rel=DIGITS)
    assert model.evaluate(test) == pytest.approx(case["evaluate"]["value"], rel=DIGITS)
