from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import metrics as oracle

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    ClassCountError,
    LengthMismatchError,
    MissingTargetError,
    OptionChoiceError,
    TypeMismatchError,
    UnsupportedTargetError,
    VectorLengthError,
)
from windrow.execution.driver import DriverSession

LABELS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60
)
SCORES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1000)), min_size=2, max_size=60
).filter(lambda pairs: len({label for label, _ in pairs}) == 2)


def columns(pairs: list[tuple[str, str]]) -> tuple[wr.SArray, wr.SArray]:
    return wr.SArray([t for t, _ in pairs]), wr.SArray([p for _, p in pairs])


@settings(max_examples=25)
@given(LABELS)
def test_label_scores_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    targets, predictions = columns(pairs)
    one, other = list(targets), list(predictions)
    labels = sorted({*one, *other})
    assert wr.evaluation.accuracy(targets, predictions) == pytest.approx(
        oracle.accuracy_score(one, other)
    )
    arguments = {"labels": labels, "average": None, "zero_division": np.nan}
    for mine, theirs in (
        (wr.evaluation.precision, oracle.precision_score),
        (wr.evaluation.recall, oracle.recall_score),
    ):
        found = mine(targets, predictions, average=None)
        assert list(found) == labels
        values = [math.nan if value is None else value for value in found.values()]
        assert values == pytest.approx(theirs(one, other, **arguments).tolist(), nan_ok=True)


@settings(max_examples=25)
@given(SCORES)
def test_auc_is_that_of_scikit_learn_where_scores_lie_on_thresholds(
    pairs: list[tuple[int, int]],
) -> None:
    labels = [label for label, _ in pairs]
    scores = [(2 * score + 1) / 2002 for _, score in pairs]  # in the middle of a bin each
    found = wr.evaluation.auc(wr.SArray(labels), wr.SArray(scores))
    assert found == pytest.approx(oracle.roc_auc_score(labels, scores))
    loss = wr.evaluation.log_loss(wr.SArray(labels), wr.SArray(scores))
    assert loss == pytest.approx(oracle.log_loss(labels, scores))


def test_of_two_labels_the_larger_one_is_scored() -> None:
    targets, predictions = wr.SArray(["n", "y", "y", "y"]), wr.SArray(["n", "y", "n", "n"])
    assert wr.evaluation.precision(targets, predictions) == 1.0
    assert wr.evaluation.recall(targets, predictions) == pytest.approx(1 / 3)
    assert wr.evaluation.f1_score(targets, predictions) == pytest.approx(0.5)
    assert wr.evaluation.fbeta_score(targets, predictions, beta=2.0) == pytest.approx(5 / 13)


def test_of_more_labels_the_mean_is_taken_or_all_rows_count() -> None:
    targets = wr.SArray([0, 1, 2, 3, 0, 1, 2, 3])
    predictions = wr.SArray([1, 0, 2, 1, 3, 1, 0, 1])
    assert wr.evaluation.precision(targets, predictions) == pytest.approx(0.3125)
    assert wr.evaluation.precision(targets, predictions, average="micro") == 0.25
    assert wr.evaluation.precision(targets, predictions, average=None) == {
        0: 0,
        1: 0.25,
        2: 1,
        3: 0,
    }
    with pytest.raises(OptionChoiceError, match="'average'"):
        wr.evaluation.recall(targets, predictions, average="weighted")


def test_none_is_a_label() -> None:
    targets, predictions = wr.SArray([None, "a", "b"]), wr.SArray(["a", "a", None])
    assert wr.evaluation.accuracy(targets, predictions, average=None) == {None: 0, "a": 1, "b": 0}
    found = wr.evaluation.confusion_matrix(targets, predictions)
    assert [tuple(row.values()) for row in found] == [(None, "a", 1), ("a", "a", 1), ("b", None, 1)]


def test_a_score_of_nothing_is_none() -> None:
    assert wr.evaluation.precision(wr.SArray([0, 1]), wr.SArray([0, 0])) is None
    empty = wr.SArray([], dtype=int)
    assert wr.evaluation.accuracy(empty, empty) is None


def test_columns_must_be_alike() -> None:
    ints, texts = wr.SArray([0, 1]), wr.SArray(["a", "b"])
    with pytest.raises(TypeMismatchError, match="int and str"):
        wr.evaluation.accuracy(ints, texts)
    with pytest.raises(LengthMismatchError):
        wr.evaluation.accuracy(ints, wr.SArray([0, 1, 1]))
    with pytest.raises(UnsupportedTargetError, match="float"):
        wr.evaluation.f1_score(wr.SArray([0.5]), wr.SArray([0.5]))
    with pytest.raises(ArgumentTypeError, match="predictions"):
        wr.evaluation.accuracy(ints, [0, 1])  # type: ignore[arg-type]


def test_probabilities_may_be_vectors_and_labels_may_be_mapped() -> None:
    targets = wr.SArray(["no", "yes", "yes"])
    vectors = wr.SArray([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    seconds = wr.SArray([0.1, 0.8, 0.6])
    assert wr.evaluation.log_loss(targets, vectors) == wr.evaluation.log_loss(targets, seconds)
    swapped = wr.evaluation.auc(targets, seconds, index_map={"yes": 0, "no": 1})
    assert swapped == 0.0
    with pytest.raises(ArgumentError, match="a dict of two classes"):
        wr.evaluation.auc(targets, seconds, index_map={"yes": 0, "no": 1, "perhaps": 2})
    with pytest.raises(ArgumentError, match=r"places 0, 1, \.\.\."):
        wr.evaluation.auc(targets, vectors, index_map={"yes": 0, "no": 2})


def test_of_more_classes_each_has_a_curve_against_all_others() -> None:
    vectors = wr.SArray([[0.1, 0.8, 0.1], [0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.3, 0.6, 0.1]])
    for targets in (wr.SArray([1, 0, 2, 1]), wr.SArray(["b", "a", "c", "b"])):
        labels = sorted(set(targets))
        assert wr.evaluation.auc(targets, vectors) == pytest.approx(8 / 9)  # the manual's numbers
        each = wr.evaluation.auc(targets, vectors, average=None)
        assert each == pytest.approx(dict(zip(labels, (1.0, 1.0, 2 / 3), strict=True)))
        curve = wr.evaluation.roc_curve(targets, vectors)
        assert curve.column_names() == ["threshold", "fpr", "tpr", "p", "n", "class"]
        assert list(curve["class"]) == [label for label in labels for _ in range(1001)]
        assert (curve[0]["p"], curve[0]["n"]) == (1, 3)
        expected = -np.mean(np.log([0.8, 0.9, 0.1, 0.6]))
        assert wr.evaluation.log_loss(targets, vectors) == pytest.approx(expected)
    with pytest.raises(OptionChoiceError, match="'average'"):
        wr.evaluation.auc(targets, vectors, average="micro")
    with pytest.raises(OptionChoiceError, match="'average'"):
        wr.evaluation.roc_curve(targets, vectors, average="macro")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), min_size=4, max_size=30))
def test_auc_and_log_loss_of_vectors_are_those_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    targets = np.array([0, 1, 2, 3] + [label for label, _ in rows])
    random = np.random.default_rng([seed for _, seed in rows])
    cuts = np.sort(random.integers(0, 9, (len(targets), 3)), axis=1)
    vectors = np.diff(cuts, prepend=0, append=8, axis=1) / 8  # exact, and thresholds apart
    given_targets, given_vectors = wr.SArray(targets.tolist()), wr.SArray(vectors.tolist())
    expected = oracle.roc_auc_score(np.eye(4)[targets], vectors, average="macro")
    assert wr.evaluation.auc(given_targets, given_vectors) == pytest.approx(expected)
    clipped = np.clip(vectors, 1e-9, 1.0 - 1e-9)
    own = -np.log(clipped[np.arange(len(targets)), targets])
    assert wr.evaluation.log_loss(given_targets, given_vectors) == pytest.approx(own.mean())


def test_labels_without_a_place_are_sure_misses_and_in_no_curve() -> None:
    targets = wr.SArray(["a", "b", "c", "new"])
    vectors = wr.SArray([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.2, 0.4, 0.4]])
    places = {"a": 0, "b": 1, "c": 2}
    assert wr.evaluation.auc(targets, vectors, index_map=places) == 1.0
    loss = wr.evaluation.log_loss(targets, vectors, index_map=places)
    assert loss == pytest.approx((-3 * math.log(0.8) - math.log(1e-9)) / 4)
    curve = wr.evaluation.roc_curve(targets, vectors, index_map=places)
    assert (curve[0]["p"], curve[0]["n"]) == (1, 2)


def test_vectors_of_another_length_or_with_gaps_are_refused() -> None:
    targets = wr.SArray([0, 1, 2])
    full = [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]
    for wrong in ([0.5, 0.5], [0.5, 0.25, 0.125, 0.125]):
        with pytest.raises(VectorLengthError, match=r"vectors of 3 .* 1 of 3 rows"):
            wr.evaluation.log_loss(targets, wr.SArray([*full, wrong]))
    for gap in (None, [0.5, math.nan, 0.25]):
        with pytest.raises(MissingTargetError, match="'prediction'"):
            wr.evaluation.auc(targets, wr.SArray([*full, gap]))
    with pytest.raises(MissingTargetError, match="'target'"):
        wr.evaluation.auc(wr.SArray([0, 1, None]), wr.SArray([*full, full[0]]))
    with pytest.raises(ClassCountError):
        wr.evaluation.auc(wr.SArray([1, 1]), wr.SArray(full))


def test_a_sure_miss_costs_twenty_point_seven() -> None:
    assert wr.evaluation.log_loss(wr.SArray([0, 1]), wr.SArray([0.0, 0.0])) == pytest.approx(
        20.723266 / 2
    )


def test_a_roc_curve_has_the_thousand_and_one_thresholds() -> None:
    curve = wr.evaluation.roc_curve(wr.SArray([0, 0, 1]), wr.SArray([0.25, 0.5, 0.75]))
    assert curve.column_names() == ["threshold", "fpr", "tpr", "p", "n"]
    assert (curve[0]["fpr"], curve[251]["fpr"], curve[501]["fpr"]) == (1.0, 0.5, 0.0)
    assert (curve[750]["tpr"], curve[751]["tpr"]) == (1.0, 0.0)
    assert (curve[0]["p"], curve[0]["n"]) == (1, 2)


def test_probabilities_of_one_class_or_with_gaps_are_refused() -> None:
    with pytest.raises(ClassCountError):
        wr.evaluation.auc(wr.SArray([1, 1]), wr.SArray([0.5, 0.6]))
    with pytest.raises(MissingTargetError, match="'prediction'"):
        wr.evaluation.auc(wr.SArray([0, 1]), wr.SArray([0.5, None]))
    with pytest.raises(MissingTargetError, match="'target'"):
        wr.evaluation.auc(wr.SArray([0, 1, None]), wr.SArray([0.5, 0.1, 0.2]))
    with pytest.raises(UnsupportedTargetError, match="'predictions'"):
        wr.evaluation.auc(wr.SArray([0, 1]), wr.SArray(["a", "b"]))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=40))
def test_errors_of_numbers_are_those_of_numpy(pairs: list[tuple[float, float]]) -> None:
    targets, predictions = (np.array(side) for side in zip(*pairs, strict=True))
    found = wr.evaluation.rmse(wr.SArray(targets), wr.SArray(predictions))
    assert found == pytest.approx(np.sqrt(np.mean((targets - predictions) ** 2)))
    largest = wr.evaluation.max_error(wr.SArray(targets), wr.SArray(predictions))
    assert largest == pytest.approx(np.max(np.abs(targets - predictions)))


def test_errors_of_no_numbers_are_nan_and_gaps_are_refused() -> None:
    empty = wr.SArray([], dtype=float)
    assert math.isnan(wr.evaluation.rmse(empty, empty))
    assert math.isnan(wr.evaluation.max_error(empty, empty))
    with pytest.raises(MissingTargetError, match="'target'"):
        wr.evaluation.rmse(wr.SArray([1.0, None]), wr.SArray([1.0, 2.0]))


def test_rows_with_vectors_are_placed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    place, count = DriverSession.place, 0

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return place(*arguments)

    monkeypatch.setattr(DriverSession, "place", counted)
    targets = wr.SArray(["a", "b", "c", "a"])
    vectors = wr.SArray([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.4, 0.3, 0.3]])
    assert wr.evaluation.auc(targets, vectors) == 1.0
    assert count == 1
