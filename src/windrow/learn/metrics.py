"""Measures of predictions, each in two halves: counts that add up, and what follows from them.

The first half (`confusion`, `score_bins`, and the sums of losses and errors) looks at rows and
gives a statistic; statistics of parts of a table add with ``+``. The second half turns the sum into
numbers. A measure that the counts leave undefined (a share of nothing) is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from windrow.learn.elementary import dot, exp_array, log_array, total
from windrow.learn.losses import HINGE_GAMMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CLIP",
    "THRESHOLDS",
    "Average",
    "RocCurve",
    "accuracy",
    "auc",
    "binned",
    "calibration",
    "confusion",
    "fbeta",
    "hinge_loss_sum",
    "log_loss_sum",
    "mean_auc",
    "precision",
    "recall",
    "roc_curve",
    "score_bins",
    "squared_error_sum",
]

THRESHOLDS: Final = 1001
CLIP: Final = 1e-9

Average = Literal["micro", "macro", "binary"] | None


# --- statistics: these add up ---------------------------------------------------------------------


def confusion(
    target: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count rows by class and predicted class.

    Returns
    -------
    int64 (classes, classes)
        Row: the class; column: the predicted one.

    Examples
    --------
    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    pairs = np.asarray(target, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def binned(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the last of the thresholds 0, 0.001, ..., 1 at or below each probability.

    Examples
    --------
    >>> binned(np.array([0.0, 0.0005, 0.96, 1.0])).tolist()
    [0, 0, 960, 1000]
    """
    return np.floor(np.clip(probability, 0.0, 1.0) * (THRESHOLDS - 1)).astype(np.int64)


def score_bins(probability: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count negative (row 0) and positive (row 1) rows by the threshold their score reaches.

    Returns
    -------
    int64 (2, 1001)
    """
    place = binned(probability) + THRESHOLDS * np.asarray(positive, np.int64)
    return np.bincount(place, minlength=2 * THRESHOLDS).reshape(2, THRESHOLDS)


def log_loss_sum(own: NDArray[np.float64]) -> float:
    """Sum of -log(p) over rows, p in [1e-9, 1 - 1e-9] being what a row's own class was given.

    Examples
    --------
    >>> round(log_loss_sum(np.array([0.0])), 3)
    20.723
    """
    return -total(log_array(np.clip(own, CLIP, 1.0 - CLIP)))


def hinge_loss_sum(own: NDArray[np.float64]) -> float:
    """Sum of the smoothed hinge over rows: log(1 + exp(30 (1 - m))) / 30.

    Parameters
    ----------
    own : float64 (rows,)
        Margins m towards each row's own class.

    Examples
    --------
    >>> round(hinge_loss_sum(np.array([-1.0, 1.0])), 6)
    2.023105
    """
    u = HINGE_GAMMA * (1.0 - own)
    return total(np.maximum(u, 0.0) + log_array(1.0 + exp_array(-np.abs(u)))) / HINGE_GAMMA


def squared_error_sum(target: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Sum of (target - predicted)^2; the root of its mean is the rmse.

    Examples
    --------
    >>> squared_error_sum(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    9.0
    """
    error = np.asarray(target, np.float64) - np.asarray(predicted, np.float64)
    return dot(error, error)


# --- results --------------------------------------------------------------------------------------


class RocCurve(NamedTuple):
    """True and false positive rates by threshold, 1001 of each.

    Attributes
    ----------
    threshold : float64
        0, 0.001, ..., 1: a row is called positive when its probability is at least this.
    fpr, tpr : float64
        Shares of the negatives and of the positives that are called positive.
    positives, negatives : int
        Rows of each.
    """

    threshold: NDArray[np.float64]
    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    positives: int
    negatives: int


def roc_curve(bins: NDArray[np.int64]) -> RocCurve:
    """Build the ROC curve from the sum of `score_bins`.

    Examples
    --------
    >>> curve = roc_curve(score_bins(np.array([0.2, 0.7]), np.array([False, True])))
    >>> curve.tpr[[0, 700, 701]].tolist(), curve.fpr[[0, 200, 201]].tolist()
    ([1.0, 1.0, 0.0], [1.0, 1.0, 0.0])
    """
    reached = np.cumsum(bins[:, ::-1], axis=1)[:, ::-1]  # whole numbers: exact
    negatives, positives = int(reached[0, 0]), int(reached[1, 0])
    return RocCurve(
        np.arange(THRESHOLDS) / (THRESHOLDS - 1),
        _share(reached[0], negatives),
        _share(reached[1], positives),
        positives,
        negatives,
    )


def auc(bins: NDArray[np.int64]) -> float:
    """Area under the ROC curve's 1001 points, joined by lines and led to (0, 0).

    NaN when there are only positives or only negatives. Rows within one thousandth of each other
    count as ties.

    Examples
    --------
    >>> auc(score_bins(np.array([0.2, 0.7, 0.1]), np.array([False, True, True])))
    0.5
    """
    curve = roc_curve(bins)
    fpr, tpr = np.append(curve.fpr, 0.0), np.append(curve.tpr, 0.0)
    return dot(fpr[:-1] - fpr[1:], tpr[:-1] + tpr[1:]) / 2.0


def calibration(
    bins: NDArray[np.int64], groups: int = 10
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Compare predicted probabilities with what happened, in groups of equal width.

    Parameters
    ----------
    bins : int64 (2, 1001)
        Sum of `score_bins`.
    groups : int, default 10
        A divisor of 1000.

    Returns
    -------
    predicted, observed : float64 (groups,)
        Mean probability of a group's rows (each as the middle of its thousandth), and share of them
        that are positive; NaN of a group without rows.
    rows : int64 (groups,)

    Examples
    --------
    >>> bins = score_bins(np.array([0.2, 0.2, 0.7, 1.0]), np.array([False, True, True, True]))
    >>> _, observed, rows = calibration(bins, 2)
    >>> observed.tolist(), rows.tolist()
    ([0.5, 1.0], [2, 2])
    """
    width = (THRESHOLDS - 1) // groups
    group = np.minimum(np.arange(THRESHOLDS) // width, groups - 1)
    middle = np.minimum(np.arange(THRESHOLDS) + 0.5, THRESHOLDS - 1) / (THRESHOLDS - 1)
    both = bins.sum(axis=0)
    rows = np.bincount(group, weights=both, minlength=groups)
    positive = np.bincount(group, weights=bins[1], minlength=groups)
    predicted = np.bincount(group, weights=both * middle, minlength=groups)
    known = np.where(rows > 0, rows, np.nan)
    return predicted / known, positive / known, rows.astype(np.int64)


def mean_auc(bins: NDArray[np.int64]) -> float:
    """Mean of the areas under several curves, of those that are defined; NaN when none is.

    Parameters
    ----------
    bins : int64 (curves, 2, 1001)
        Sums of `score_bins`, one for each class against all others.
    """
    return _mean(np.array([auc(each) for each in bins]))


def accuracy(counts: NDArray[np.int64], average: Average = "micro") -> NDArray[np.float64] | float:
    """Share of rows whose class is right.

    Parameters
    ----------
    counts : int64 (classes, classes)
        Sum of `confusion`.
    average : {'micro', 'macro', None}, default 'micro'
        Over all rows; the mean over the classes that occur; each class (classes,).

    Examples
    --------
    >>> accuracy(np.array([[3, 1], [0, 1]])), accuracy(np.array([[3, 1], [0, 1]]), "macro")
    (0.8, 0.875)
    """
    right = np.diag(counts)
    return _averaged(right, counts.sum(axis=1), "micro" if average == "binary" else average)


def precision(counts: NDArray[np.int64], average: Average = "macro") -> NDArray[np.float64] | float:
    """Share of the rows predicted to be of a class that are.

    Parameters
    ----------
    counts : int64 (classes, classes)
        Sum of `confusion`.
    average : {'macro', 'micro', 'binary', None}, default 'macro'
        The mean over the classes that are predicted; all rows; the last class alone; each class.
        With two classes 'macro' is 'binary', as the ancestor has it.
    """
    return _averaged(np.diag(counts), counts.sum(axis=0), _two(counts, average))


def recall(counts: NDArray[np.int64], average: Average = "macro") -> NDArray[np.float64] | float:
    """Share of the rows of a class that are predicted to be; arguments as for `precision`."""
    return _averaged(np.diag(counts), counts.sum(axis=1), _two(counts, average))


def fbeta(
    counts: NDArray[np.int64], beta: float = 1.0, average: Average = "macro"
) -> NDArray[np.float64] | float:
    """(1 + beta^2) p r / (beta^2 p + r) for precision p and recall r; f1 when beta is 1.

    Computed as (1 + beta^2) tp / ((1 + beta^2) tp + beta^2 fn + fp), so that it is 0, not
    undefined, for a class that occurs and is never predicted. Other arguments as for `precision`.

    Examples
    --------
    >>> fbeta(np.array([[4, 1], [1, 4]]))
    0.8
    """
    right, weight = np.diag(counts), beta * beta
    wanted = weight * counts.sum(axis=1) + counts.sum(axis=0)
    return _averaged((1.0 + weight) * right, wanted, _two(counts, average))


def _two(counts: NDArray[np.int64], average: Average) -> Average:
    return "binary" if average == "macro" and len(counts) == 2 else average


def _averaged(
    part: NDArray[Any],
    whole: NDArray[Any],
    average: Average,
) -> NDArray[np.float64] | float:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    if average == "micro":
        part, whole = np.array([total(part)]), np.array([total(whole)])
    elif average == "binary":
        part, whole = part[-1:], whole[-1:]
    each = np.full(part.size, np.nan)
    np.divide(part, whole, out=each, where=whole > 0)
    if average is None:
        return each
    return _mean(each)


def _mean(each: NDArray[np.float64]) -> float:
    """Mean of what is not NaN."""
    known = each[~np.isnan(each)]
    return total(known) / known.size if known.size else float("nan")


def _share(part: NDArray[np.int64], whole: int) -> NDArray[np.float64]:
    return part / whole if whole else np.full(part.size, np.nan)
