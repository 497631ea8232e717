"""What users of the ancestor saw of three classes: printed lines and numbers, to five digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.examples import DIGITS, cases, check_field, rows, table, values, without_times

import windrow as wr

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier

CASES = cases("many_classes")


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CASES[request.param]


@pytest.fixture(scope="module")
def model(case: dict[str, Any]) -> LogisticClassifier:
    data, params = table(case["data"]), case["params"]
    return wr.logistic_classifier.create(data, target=case["target"], verbose=False, **params)


def counts(expected: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a confusion matrix, which had no order."""
    columns = [values(expected["columns"][name]) for name in expected["order"]]
    return sorted(zip(*columns, strict=True))


def assert_report(found: wr.SFrame, expected: dict[str, Any]) -> None:
    """Hold a report to an example, in which a share of nothing is None."""
    assert found.column_names() == expected["order"]
    for name in expected["order"]:
        for own, wanted in zip(found[name], values(expected["columns"][name]), strict=True):
            exact = wanted is None or isinstance(wanted, str)
            assert own == (wanted if exact else pytest.approx(wanted, rel=DIGITS))


def test_it_prints_what_users_know(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    wr.logistic_classifier.create(table(case["data"]), target=case["target"], **case["params"])
    assert without_times(capsys.readouterr().out) == without_times(case["printed"])


def test_the_summary_says_the_same_and_whose_a_coefficient_is(
    case: dict[str, Any], model: LogisticClassifier
) -> None:
    own, expected = (
        without_times(text).partition("Highest Positive")
        for text in (model.summary(output="str"), case["summary"])
    )
    assert own[0] == expected[0]
    numbers = [line.rpartition(": ")[2] for line in expected[2].splitlines()]
    assert [line.rpartition(": ")[2] for line in own[2].splitlines()] == numbers
    assert f"{model.classes[1]}: " in own[2]


def test_the_fields_are_there(case: dict[str, Any], model: LogisticClassifier) -> None:
    assert model.list_fields() == case["list_fields"]


@pytest.mark.parametrize(
    "name", sorted({name for case in CASES.values() for name in case["fields"]})
)
def test_a_field_has_its_value(name: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    expected = case["fields"][name]
    if name == "training_confusion_matrix":
        assert sorted(rows(model.get(name))) == counts(expected)
    elif name == "class_weights":  # the ancestor's passed through single precision
        assert model.get(name) == pytest.approx(dict(expected["dict"]), rel=1e-6)
    elif name == "training_report_by_class":
        assert_report(model.get(name), expected)
    else:
        check_field(model.get(name), expected)


def test_progress_has_every_iteration_as_text(
    case: dict[str, Any], model: LogisticClassifier
) -> None:
    expected = case["progress"]
    assert model.progress.column_names() == expected["columns"]
    for name in ("Iteration", "Passes", "Training Accuracy"):
        assert list(model.progress[name]) == expected[name]


@pytest.mark.parametrize("output", ["class", "probability_vector"])
def test_predict(output: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    found = list(model.predict(table(case["data"]), output_type=output))
    expected = values(case["predict"][output])
    for one, other in zip(found, expected, strict=True):
        assert one == (other if output == "class" else pytest.approx(other, rel=DIGITS))


def test_classify(case: dict[str, Any], model: LogisticClassifier) -> None:
    check_field(model.classify(table(case["data"])), case["classify"])


@pytest.mark.parametrize("output", ["probability", "rank", "margin"])
def test_predict_topk(output: str, case: dict[str, Any], model: LogisticClassifier) -> None:
    found = model.predict_topk(table(case["data"]), output_type=output, k=2)
    expected = case["predict_topk"][output]
    assert found.column_names() == expected["order"]
    for name in expected["order"]:
        wanted = values(expected["columns"][name])
        numeric = name in {"margin", "probability"}  # margins may be near 0
        assert list(found[name]) == (pytest.approx(wanted, DIGITS, 1e-6) if numeric else wanted)


def test_the_roc_curve_has_a_part_for_each_class(
    case: dict[str, Any], model: LogisticClassifier
) -> None:
    curve = model.training_roc_curve
    assert curve.column_names() == case["roc_curve_columns"]
    assert len(curve) == case["roc_curve_rows"]
    *numbers, code = case["roc_curve_first"]  # the ancestor tells a class's number, we its name
    assert list(curve[0].values()) == [*numbers, model.classes[code]]
    assert list(curve["class"]) == [label for label in model.classes for _ in range(1001)]


@pytest.mark.parametrize("known", [True, False])
def test_evaluate(known: bool, case: dict[str, Any], model: LogisticClassifier) -> None:
    """Two numbers differ on purpose.

    With a class that no row has the ancestor's auc is NaN, ours the mean of the others; a sure miss
    costs it -log(1e-15) where there are more than two classes, us -log(1e-9) always.
    """
    data, expected = table(case["data"]), case["evaluate" if known else "unseen"]
    missed = 0
    if not known:  # the first class under a name that training did not have
        first = model.classes[0]
        renamed = data[case["target"]] == first
        missed = sum(renamed)
        data[case["target"]] = wr.SArray.where(renamed, case["renamed"], data[case["target"]])
    found = model.evaluate(data)
    assert sorted(found) == sorted([*expected, "roc_curve"])
    for name, value in expected.items():
        if name == "confusion_matrix":
            assert sorted(rows(found[name])) == counts(value)
        elif value is None:
            assert name == "auc"
            assert 0.5 < found[name] <= 1.0
        else:
            less = missed / len(data) * math.log(1e6) if name == "log_loss" else 0.0
            assert found[name] == pytest.approx(value - less, rel=DIGITS), name


def test_an_l1_penalty_ends_where_the_ancestor_did() -> None:
    example = CASES["three_ints"]
    found = wr.logistic_classifier.create(
        table(example["data"]),
        target=example["target"],
        l1_penalty=0.5,
        convergence_threshold=1e-9,
        max_iterations=20_000,
        validation_set=None,
        verbose=False,
    )
    expected = [2.197225473, 0.0, 0.0, 0.591226286, 0.500173073, -0.714022460]
    assert found.solver == "fista"
    assert list(found.coefficients["value"]) == pytest.approx(expected, rel=DIGITS)
    assert list(found.coefficients["value"])[1:3] == [0.0, 0.0]
    assert found.training_loss == pytest.approx(11.413883870, rel=DIGITS)
