"""How good predictions are: scores of two columns, target and prediction, of any size.

Each function is a program that counts over partitions, so no row passes through the client.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import (
    ArgumentError,
    OptionChoiceError,
    TypeMismatchError,
    UnsupportedTargetError,
)
from windrow.execution import environment
from windrow.learn import metrics
from windrow.learn.layout import Layout
from windrow.learn.peaks import Peaked
from windrow.plan.compose import aligned
from windrow.plan.tables import Project
from windrow.plan.types import DType
from windrow.toolkits.features import FeatureEncoder, FeatureFinisher
from windrow.toolkits.probabilities import (
    PREDICTION,
    TARGET,
    CountProbabilities,
    CountVectors,
    Probabilities,
    refuse_gaps,
)
from windrow.toolkits.scores import Confusion, defined
from windrow.toolkits.tables import label_type, require_column, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.frames.sarray import SArray
    from windrow.frames.sframe import SFrame
    from windrow.learn.leaf import Leaf
    from windrow.plan.tables import Plan

__all__ = [
    "accuracy",
    "auc",
    "confusion_matrix",
    "f1_score",
    "fbeta_score",
    "log_loss",
    "max_error",
    "precision",
    "recall",
    "rmse",
    "roc_curve",
]

LABELS = {DType.INT, DType.STR}


def accuracy(targets: SArray, predictions: SArray, average: str | None = "micro") -> Any:
    """Share of predictions that are right.

    Parameters
    ----------
    targets, predictions
        Int or str labels, of one type and length; None is a label too.
    average
        ``micro``: of all rows; ``macro``: the mean over labels of the share of their rows; None:
        that share of each label.

    Raises
    ------
    TypeError
        The columns differ in type, or hold floats.
    ToolkitError
        They differ in length.

    Examples
    --------
    >>> import windrow as wr
    >>> targets = wr.SArray(["cat", "dog", "foosa", "cat"])
    >>> predictions = wr.SArray(["cat", "foosa", "dog", "cat"])
    >>> wr.evaluation.accuracy(targets, predictions)
    0.5
    >>> wr.evaluation.accuracy(targets, predictions, average=None)
    {'cat': 1.0, 'dog': 0.0, 'foosa': 0.0}
    """
    return _confusion(targets, predictions).accuracy(average)


def precision(targets: SArray, predictions: SArray, average: str | None = "macro") -> Any:
    """Share of a label's predictions that are right.

    With two labels it is that of the larger one; with more, their average: ``micro``, ``macro``,
    or None for a dict of each. A score that would divide by zero is None, and left out of means.

    Examples
    --------
    >>> import windrow as wr
    >>> targets = wr.SArray([0, 1, 2, 3, 0, 1, 2, 3])
    >>> predictions = wr.SArray([1, 0, 2, 1, 3, 1, 0, 1])
    >>> wr.evaluation.precision(targets, predictions)
    0.3125
    """
    return _confusion(targets, predictions).precision(average)


def recall(targets: SArray, predictions: SArray, average: str | None = "macro") -> Any:
    """Share of a label's rows that were predicted right; see `precision`.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.recall(wr.SArray([0, 1, 1]), wr.SArray([0, 1, 0]))
    0.5
    """
    return _confusion(targets, predictions).recall(average)


def fbeta_score(
    targets: SArray, predictions: SArray, beta: float = 1.0, average: str | None = "macro"
) -> Any:
    """Weighted harmonic mean of precision and recall; see `precision`.

    ``(1 + beta^2) precision recall / (beta^2 precision + recall)``

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.fbeta_score(wr.SArray([0, 1, 1]), wr.SArray([0, 1, 1]), beta=2.0)
    1.0
    """
    return _confusion(targets, predictions).fbeta(beta, average)


def f1_score(targets: SArray, predictions: SArray, average: str | None = "macro") -> Any:
    """Harmonic mean of precision and recall; see `precision`.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.f1_score(wr.SArray([0, 1, 1]), wr.SArray([0, 1, 1]))
    1.0
    """
    return fbeta_score(targets, predictions, 1.0, average)


def confusion_matrix(targets: SArray, predictions: SArray) -> SFrame:
    """Count each pair of label and prediction that occurs.

    Returns
    -------
    SFrame
        Columns target_label, predicted_label, count; sorted by label, then prediction.

    Examples
    --------
    >>> import windrow as wr
    >>> found = wr.evaluation.confusion_matrix(wr.SArray([0, 1, 1]), wr.SArray([0, 1, 0]))
    >>> list(found)[0]
    {'target_label': 0, 'predicted_label': 0, 'count': 1}
    """
    return confusion_table(_confusion(targets, predictions), "target_label", "predicted_label")


def log_loss(
    targets: SArray, predictions: SArray, index_map: Mapping[Any, int] | None = None
) -> float:
    """Mean of -log of the probability that each row's class was given.

    Parameters
    ----------
    targets
        Int or str labels.
    predictions
        Of two classes the probability of the larger one; or vectors of the probabilities of all.
        They count as at least 1e-9, so a sure miss costs 20.723.
    index_map
        Place of each label in the vectors; by default labels are sorted. A label that it does not
        have was given no probability.

    Raises
    ------
    ToolkitError
        There are more than two labels but no vectors, vectors have another length, or a value is
        missing.

    Examples
    --------
    >>> import windrow as wr
    >>> round(wr.evaluation.log_loss(wr.SArray([0, 1]), wr.SArray([0.5, 0.5])), 6)
    0.693147
    """
    counted = _probabilities(targets, predictions, index_map)
    return counted.log_loss / counted.rows


def roc_curve(
    targets: SArray,
    predictions: SArray,
    average: str | None = None,
    index_map: Mapping[Any, int] | None = None,
) -> SFrame:
    """True and false positive rates at the thresholds 0, 0.001, ..., 1.

    Parameters
    ----------
    targets, predictions, index_map
        As in `log_loss`.
    average
        None: there is no mean of curves.

    Returns
    -------
    SFrame
        Columns threshold, fpr, tpr, p, n: the rates of rows whose probability is at least the
        threshold, and how many positives and negatives there are. Of more than two classes one
        curve for each, against all others, below one another; the column ``class`` says whose.

    Examples
    --------
    >>> import windrow as wr
    >>> curve = wr.evaluation.roc_curve(wr.SArray([0, 1]), wr.SArray([0.2, 0.9]))
    >>> len(curve), curve[500]["tpr"], curve[500]["fpr"]
    (1001, 1.0, 0.0)
    """
    if average is not None:
        raise OptionChoiceError("average", average, ("None",))
    counted = _probabilities(targets, predictions, index_map)
    return roc_table(counted.bins, counted.classes if len(counted.classes) > 2 else None)


def auc(
    targets: SArray,
    predictions: SArray,
    average: str | None = "macro",
    index_map: Mapping[Any, int] | None = None,
) -> Any:
    """Area under the curve of `roc_curve`.

    Of more than two classes: ``macro``, the mean of the areas of all of them, leaving out those
    without rows; None, a dict of each.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.auc(wr.SArray([0, 1, 1]), wr.SArray([0.2, 0.9, 0.7]))
    1.0
    """
    if average not in {"macro", None}:
        raise OptionChoiceError("average", average, ("macro", "None"))
    counted = _probabilities(targets, predictions, index_map)
    if average is None and len(counted.classes) > 2:
        areas = (defined(metrics.auc(each)) for each in counted.bins)
        return dict(zip(counted.classes, areas, strict=True))
    return defined(metrics.mean_auc(counted.bins))


def rmse(targets: SArray, predictions: SArray) -> float:
    """Root of the mean squared difference; NaN of no rows.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.rmse(wr.SArray([1.0, 2.0]), wr.SArray([1.0, 4.0]))
    1.4142135623730951
    """
    rows, squares, _ = _differences(targets, predictions)
    return math.sqrt(squares / rows) if rows else math.nan


def max_error(targets: SArray, predictions: SArray) -> float:
    """Largest absolute difference; NaN of no rows.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.evaluation.max_error(wr.SArray([1.0, 2.0]), wr.SArray([1.0, 4.0]))
    2.0
    """
    rows, _, largest = _differences(targets, predictions)
    return largest if rows else math.nan


# --- results as tables ---


def confusion_table(confusion: Confusion, label: str, prediction: str) -> SFrame:
    """Return a confusion matrix as a table with these column names."""
    pairs = confusion.pairs()
    return table_of(
        {
            label: (label_type(confusion.labels), [pair[0] for pair in pairs]),
            prediction: (label_type(confusion.predictions), [pair[1] for pair in pairs]),
            "count": (DType.INT, [pair[2] for pair in pairs]),
        }
    )


def roc_table(bins: NDArray[np.int64], classes: tuple[Any, ...] | None = None) -> SFrame:
    """Return ROC curves as a table: those of `score_bins`, one below the other.

    Parameters
    ----------
    bins
        int64 (curves, 2, 1001).
    classes
        Whose they are, for a column ``class``; without it there is one curve.
    """
    curves = [metrics.roc_curve(each) for each in bins]
    size = metrics.THRESHOLDS
    found: dict[str, tuple[DType, list[Any]]] = {
        "threshold": (DType.FLOAT, [t for c in curves for t in c.threshold.tolist()]),
        "fpr": (DType.FLOAT, [rate for c in curves for rate in c.fpr.tolist()]),
        "tpr": (DType.FLOAT, [rate for c in curves for rate in c.tpr.tolist()]),
        "p": (DType.INT, [c.positives for c in curves for _ in range(size)]),
        "n": (DType.INT, [c.negatives for c in curves for _ in range(size)]),
    }
    if classes is not None:
        found["class"] = (label_type(classes), [name for name in classes for _ in range(size)])
    return table_of(found)


# --- programs ---


@dataclass(frozen=True)
class CountPairs:
    """Program: the confusion matrix of two columns of labels."""

    plan: Plan

    def __call__(self, session: Session) -> Confusion:
        """Count over all rows."""
        blocks = session.place(self.plan, FeatureEncoder((), (TARGET, PREDICTION)))
        labels, predictions = (tuple(levels) for levels in blocks.levels)
        layout = Layout(0, (len(labels), len(predictions)))
        counts = np.zeros(len(labels) * len(predictions))
        if blocks.rows:
            finisher = FeatureFinisher(layout, blocks.levels, (0, 0))
            counts = session.reduce(PairCounts(layout), blocks.finished(finisher))
        return Confusion(labels, predictions, counts.astype(np.int64).reshape(layout.levels))


@dataclass(frozen=True)
class PairCounts:
    """Kernel: rows of each pair of levels of two categorical columns."""

    layout: Layout

    def __call__(self, leaf: Leaf) -> NDArray[np.float64]:
        """Count one leaf."""
        codes = np.swapaxes(leaf.codes, 0, 1).reshape(2, -1)[:, : leaf.rows].astype(np.int64)
        first, second = (codes[j] - self.layout.offset(j) for j in range(2))
        rows, columns = self.layout.levels
        return np.bincount(first * columns + second, minlength=rows * columns).astype(np.float64)


@dataclass(frozen=True)
class CountDifferences:
    """Program: number of rows, sum of squared differences, largest absolute difference."""

    plan: Plan

    def __call__(self, session: Session) -> tuple[int, float, float]:
        """Go over all rows."""
        blocks = session.place(self.plan, FeatureEncoder((TARGET, PREDICTION), ()))
        if not blocks.rows:
            return 0, 0.0, 0.0
        refuse_gaps(blocks, TARGET, PREDICTION)
        found = session.reduce(differences, blocks)
        return blocks.rows, float(found.sums[0]), float(found.peaks[0])


def differences(leaf: Leaf) -> Peaked:
    """Kernel: sum of squared differences of two numeric columns, and the largest absolute one."""
    first, second = leaf.dense[:, 0], leaf.dense[:, 1]  # padding differs by 0
    squares = metrics.squared_error_sum(first, second)
    return Peaked(np.array([squares]), np.array([np.max(np.abs(first - second), initial=0.0)]))


# --- what users hand in ---


def _confusion(targets: object, predictions: object) -> Confusion:
    plan = _side_by_side(targets, predictions)
    kinds = plan.schema.types
    if kinds[0] is not kinds[1]:
        raise TypeMismatchError(
            "comparing targets with predictions", (kinds[0].value, kinds[1].value), "one type"
        )
    for name, kind in plan.schema.items():
        if kind not in LABELS:
            raise UnsupportedTargetError(name, kind.value, "int or str labels")
    return environment.current().run(CountPairs(plan))


def _probabilities(
    targets: object, predictions: object, index_map: Mapping[Any, int] | None
) -> Probabilities:
    plan = _side_by_side(targets, predictions)
    kinds = plan.schema
    if kinds[TARGET] not in LABELS:
        raise UnsupportedTargetError("targets", kinds[TARGET].value, "int or str labels")
    vectors = kinds[PREDICTION] is DType.ARRAY
    if not vectors and not kinds[PREDICTION].is_number:
        raise UnsupportedTargetError("predictions", kinds[PREDICTION].value, "probabilities")
    classes = None if index_map is None else _in_order(index_map, vectors=vectors)
    program = (CountVectors if vectors else CountProbabilities)(plan, classes)
    return environment.current().run(program)


def _in_order(index_map: Mapping[Any, int], *, vectors: bool) -> tuple[Any, ...]:
    """Give the labels in the order of their places, which are 0, 1 and so on."""
    classes = tuple(sorted(index_map, key=index_map.__getitem__))
    places = [index_map[label] for label in classes]
    if places != list(range(len(places))) or len(places) < 2 or (len(places) > 2 and not vectors):
        wanted = "all classes and their places 0, 1, ..." if vectors else "two classes: 0 and 1"
        raise ArgumentError("index_map", dict(index_map), f"a dict of {wanted}")
    return classes


def _differences(targets: object, predictions: object) -> tuple[int, float, float]:
    plan = _side_by_side(targets, predictions)
    for name, kind in plan.schema.items():
        if not kind.is_number:
            raise UnsupportedTargetError(name, kind.value, "int or float")
    return environment.current().run(CountDifferences(plan))


def _side_by_side(targets: object, predictions: object) -> Project:
    """Put the two columns into one table."""
    plans = [
        require_column("targets", targets).plan,
        require_column("predictions", predictions).plan,
    ]
    base, found = aligned(plans)
    (first,), (second,) = (expressions.values() for expressions in found)
    return Project(base, ((TARGET, first), (PREDICTION, second)))
