from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import metrics as oracle

from windrow.learn import metrics

# the ancestor's worked example `binary_int`: classes, and probabilities of the second
CLASSES = np.array([0, 0, 0, 1, 0, 1, 1, 1, 1, 0])
PROBABILITIES = np.array(
    [
        0.016588255177943097,
        0.005940169475614747,
        0.5211612327797137,
        0.384237567829187,
        0.1810385591465611,
        0.9973663111493507,
        0.9414786097609682,
        0.998244595464275,
        0.6914361624357418,
        1 - 0.7408982498698353,
    ]
)


def test_the_worked_example_is_measured_as_the_ancestor_does() -> None:
    counts = metrics.confusion(CLASSES, (PROBABILITIES >= 0.5).astype(int), 2)
    assert counts.tolist() == [[4, 1], [1, 4]]
    for measure in (metrics.accuracy, metrics.precision, metrics.recall, metrics.fbeta):
        assert measure(counts) == pytest.approx(0.8)
    bins = metrics.score_bins(PROBABILITIES, CLASSES == 1)
    assert metrics.auc(bins) == pytest.approx(0.96)
    own = np.where(CLASSES == 1, PROBABILITIES, 1 - PROBABILITIES)
    assert metrics.log_loss_sum(own) / 10 == pytest.approx(0.2648863321070513)


@given(st.integers(0, 200), st.integers(2, 5), st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_measures_by_class_agree_with_scikit_learn(seed: int, k: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    target, predicted = rng.integers(0, k, rows), rng.integers(0, k, rows)
    counts = metrics.confusion(target, predicted, k)
    labels = np.arange(k)
    assert np.array_equal(counts, oracle.confusion_matrix(target, predicted, labels=labels))
    assert metrics.accuracy(counts) == pytest.approx(oracle.accuracy_score(target, predicted))
    for measure, other in (
        (metrics.precision, oracle.precision_score),
        (metrics.recall, oracle.recall_score),
        (metrics.fbeta, oracle.f1_score),
    ):
        for average in (None, "micro"):
            wanted = other(target, predicted, labels=labels, average=average, zero_division=np.nan)
            np.testing.assert_allclose(measure(counts, average=average), wanted)
    wanted = oracle.fbeta_score(
        target, predicted, beta=2.0, labels=labels, average=None, zero_division=np.nan
    )
    np.testing.assert_allclose(metrics.fbeta(counts, 2.0, average=None), wanted)


def test_averages_leave_out_what_is_undefined() -> None:
    counts = np.array([[2, 0, 0], [1, 0, 0], [0, 0, 3]])  # class 1 is never predicted
    each = metrics.precision(counts, average=None)
    np.testing.assert_allclose(each, [2 / 3, np.nan, 1.0])
    assert metrics.precision(counts) == pytest.approx(5 / 6)
    assert metrics.recall(counts) == pytest.approx(2 / 3)
    assert metrics.accuracy(counts, "macro") == pytest.approx(2 / 3)
    assert np.isnan(metrics.precision(np.zeros((3, 3), np.int64)))


def test_with_two_classes_the_default_measures_the_larger_label() -> None:
    counts = np.array([[5, 3], [1, 2]])
    assert metrics.precision(counts) == pytest.approx(2 / 5)
    assert metrics.recall(counts) == pytest.approx(2 / 3)


@given(st.integers(0, 200), st.integers(2, 300))
@settings(max_examples=40, deadline=None)
def test_the_area_is_that_of_scores_rounded_down_to_thousandths(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.4
    positive[:2] = [True, False]
    score = np.clip(rng.normal(0.4 + 0.2 * positive, 0.3), 0, 1)
    bins = metrics.score_bins(score, positive)
    rounded = metrics.binned(score)
    assert metrics.auc(bins) == pytest.approx(oracle.roc_auc_score(positive, rounded))
    curve = metrics.roc_curve(bins)
    for k in (0, 1, 500, 1000):
        called = rounded >= k
        assert curve.tpr[k] == pytest.approx(called[positive].mean())
        assert curve.fpr[k] == pytest.approx(called[~positive].mean())
    assert (curve.positives, curve.negatives) == (positive.sum(), (~positive).sum())


def test_statistics_of_parts_add_up_to_that_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    score, positive = rng.random(100), rng.random(100) < 0.5
    whole = metrics.score_bins(score, positive)
    parts = [metrics.score_bins(score[s], positive[s]) for s in (slice(0, 30), slice(30, 100))]
    assert np.array_equal(whole, parts[0] + parts[1])


def test_one_class_alone_has_no_area() -> None:
    assert np.isnan(metrics.auc(metrics.score_bins(np.array([0.2]), np.array([True]))))


def test_sure_rows_do_not_cost_more_than_the_clip() -> None:
    assert metrics.log_loss_sum(np.array([0.0, 1.0])) == pytest.approx(20.7232658, rel=1e-7)
    assert metrics.squared_error_sum(np.array([1.0, 2.0]), np.array([0.0, 4.0])) == 5.0


@given(st.lists(st.floats(-1e3, 1e3), max_size=50))
def test_the_smoothed_hinge_is_close_to_the_hinge(margins: list[float]) -> None:
    own = np.array(margins)
    exact = np.logaddexp(0.0, 30.0 * (1.0 - own)).sum() / 30.0
    assert metrics.hinge_loss_sum(own) == pytest.approx(exact, rel=1e-12, abs=1e-15)
    above = exact - np.maximum(0.0, 1.0 - own).sum()
    assert -1e-9 <= above <= len(own) * np.log(2) / 30 + 1e-9
