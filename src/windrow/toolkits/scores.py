"""From counts to scores: a confusion matrix and what follows from it; a ROC curve and its area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import OptionChoiceError
from windrow.learn.elementary import total

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Confusion", "Roc"]

AVERAGES = ("micro", "macro", "None")


@dataclass(frozen=True, eq=False)
class Confusion:
    """Rows by their label and what was predicted for them.

    Parameters
    ----------
    labels, predictions
        Distinct values of each.
    counts
        int64 (labels, predictions).

    Notes
    -----
    A score that would divide by zero is None, and a macro average leaves it out.
    """

    labels: tuple[Any, ...]
    predictions: tuple[Any, ...]
    counts: NDArray[np.int64]

    def pairs(self) -> list[tuple[Any, Any, int]]:
        """Label, prediction and count of each pair that occurs, sorted; None first.

        >>> Confusion((1, 0), (0,), np.array([[2], [3]])).pairs()
        [(0, 0, 3), (1, 0, 2)]
        """
        found = [
            (label, prediction, int(self.counts[i, j]))
            for i, label in enumerate(self.labels)
            for j, prediction in enumerate(self.predictions)
            if self.counts[i, j]
        ]
        return sorted(found, key=lambda pair: (_order(pair[0]), _order(pair[1])))

    @cached_property
    def classes(self) -> tuple[Any, ...]:
        """Every label and prediction that occurs, sorted; None first."""
        labels = [v for v, n in zip(self.labels, self.counts.sum(axis=1), strict=True) if n]
        predicted = [v for v, n in zip(self.predictions, self.counts.sum(axis=0), strict=True) if n]
        return tuple(sorted({*labels, *predicted}, key=_order))

    def right(self, label: object) -> int:
        """Rows of a label that were predicted as it."""
        if label not in self.labels or label not in self.predictions:
            return 0
        return int(self.counts[self.labels.index(label), self.predictions.index(label)])

    def actual(self, label: object) -> int:
        """Rows of a label."""
        return int(self.counts[self.labels.index(label)].sum()) if label in self.labels else 0

    def predicted(self, label: object) -> int:
        """Rows that a label was predicted for."""
        if label not in self.predictions:
            return 0
        return int(self.counts[:, self.predictions.index(label)].sum())

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    def accuracy(self, average: str | None = "micro") -> Any:
        """Share of rows that were predicted right: of all, or of each label's rows.

        >>> Confusion((0, 1), (0, 1), np.array([[4, 1], [1, 4]])).accuracy()
        0.8
        """
        overall = sum(map(self.right, self.classes)), self.rows
        return self._averaged(self._recall, overall, average)

    def precision(self, average: str | None = "macro", positive: object = None) -> Any:
        """Share of a label's predictions that are right."""
        overall = sum(map(self.right, self.classes)), self.rows
        return self._scored(self._precision, overall, average, positive)

    def recall(self, average: str | None = "macro", positive: object = None) -> Any:
        """Share of a label's rows that were predicted right."""
        overall = sum(map(self.right, self.classes)), self.rows
        return self._scored(self._recall, overall, average, positive)

    def fbeta(
        self, beta: float = 1.0, average: str | None = "macro", positive: object = None
    ) -> Any:
        """Weighted harmonic mean of precision and recall, which counts `beta` times as much.

        >>> found = Confusion((0, 1), (0, 1), np.array([[5, 0], [1, 4]]))
        >>> round(found.fbeta(), 6), found.precision(), found.recall(average=None)
        (0.888889, 1.0, {0: 1.0, 1: 0.8})
        """

        def score(label: object) -> float | None:
            precision, recall = self._precision(label), self._recall(label)
            if precision is None and recall is None:
                return None
            p, r = precision or 0.0, recall or 0.0
            return (1.0 + beta**2) * p * r / (beta**2 * p + r) if p + r else 0.0

        overall = sum(map(self.right, self.classes)), self.rows
        return self._scored(score, overall, average, positive)

    def _precision(self, label: object) -> float | None:
        return _share(self.right(label), self.predicted(label))

    def _recall(self, label: object) -> float | None:
        return _share(self.right(label), self.actual(label))

    def _scored(
        self,
        score: Callable[[object], float | None],
        overall: tuple[int, int],
        average: str | None,
        positive: object,
    ) -> Any:
        """Of at most two classes the score of `positive`, by default the larger; else averaged."""
        if average is not None and (positive is not None or len(self.classes) <= 2):
            known = positive if positive is not None else self.classes[-1] if self.classes else None
            return score(known)
        return self._averaged(score, overall, average)

    def _averaged(
        self,
        score: Callable[[object], float | None],
        overall: tuple[int, int],
        average: str | None,
    ) -> Any:
        if average == "micro":
            return _share(*overall)
        scores = {label: score(label) for label in self.classes}
        if average is None:
            return scores
        if average == "macro":
            known = [value for value in scores.values() if value is not None]
            return total(np.array(known)) / len(known) if known else None
        raise OptionChoiceError("average", average, AVERAGES)


@dataclass(frozen=True, eq=False)
class Roc:
    """True and false positive rates at the thresholds 0, 0.001, ..., 1.

    Parameters
    ----------
    positives, negatives
        int64 (1001,): rows of each kind by the last threshold at or below their probability.
    """

    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """float64 (1001,)."""
        return np.arange(self.positives.size) / (self.positives.size - 1)

    def rates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """False and true positive rates: shares of rows at or above each threshold.

        NaN where there are no rows of that kind.
        """
        with np.errstate(invalid="ignore"):
            fpr, tpr = (
                counts[::-1].cumsum()[::-1] / counts.sum()
                for counts in (self.negatives, self.positives)
            )
        return fpr, tpr

    def auc(self) -> float:
        """Area under the curve by the trapezoid rule, the corner (0, 0) included.

        >>> bins = np.zeros((2, 1001), dtype=np.int64)
        >>> bins[0, 900] = bins[1, 100] = 5
        >>> Roc(bins[0], bins[1]).auc()
        1.0
        """
        fpr, tpr = (np.append(rate, 0.0) for rate in self.rates())
        return total((fpr[:-1] - fpr[1:]) * (tpr[:-1] + tpr[1:])) / 2.0


def _order(label: object) -> tuple[bool, Any]:
    """Sort None before all else."""
    return (False, 0) if label is None else (True, label)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
