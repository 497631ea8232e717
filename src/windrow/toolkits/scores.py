"""A confusion matrix with its labels, and the scores that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import OptionChoiceError
from windrow.learn import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Score = Callable[[NDArray[np.int64], metrics.Average], NDArray[np.float64] | float]

__all__ = ["Confusion"]

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

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    def pairs(self) -> list[tuple[Any, Any, int]]:
        """Label, prediction and count of each pair that occurs, sorted; None first.

        >>> Confusion((1, 0), (0,), np.array([[2], [3]])).pairs()
        [(0, 0, 3), (1, 0, 2)]
        """
        found = [
            (self.labels[i], self.predictions[j], int(self.counts[i, j]))
            for i, j in np.argwhere(self.counts).tolist()
        ]
        return sorted(found, key=lambda pair: (_order(pair[0]), _order(pair[1])))

    @cached_property
    def classes(self) -> tuple[Any, ...]:
        """Every label and prediction that occurs, sorted; None first."""
        found = {value for label, prediction, _ in self.pairs() for value in (label, prediction)}
        return tuple(sorted(found, key=_order))

    def among(self, classes: tuple[Any, ...]) -> NDArray[np.int64]:
        """Counts (classes, classes) by these classes, which are all that occur."""
        place = {label: code for code, label in enumerate(classes)}
        square = np.zeros((len(classes), len(classes)), dtype=np.int64)
        for label, prediction, count in self.pairs():
            square[place[label], place[prediction]] = count
        return square

    def accuracy(self, average: str | None = "micro") -> Any:
        """Share of rows that were predicted right: of all, or of each label's rows.

        >>> Confusion((0, 1), (0, 1), np.array([[4, 1], [1, 4]])).accuracy()
        0.8
        """
        return self._scored(metrics.accuracy, average)

    def precision(self, average: str | None = "macro") -> Any:
        """Share of a label's predictions that are right; of two labels that of the larger."""
        return self._scored(metrics.precision, average)

    def recall(self, average: str | None = "macro") -> Any:
        """Share of a label's rows that were predicted right; of two labels that of the larger."""
        return self._scored(metrics.recall, average)

    def fbeta(self, beta: float = 1.0, average: str | None = "macro") -> Any:
        """Weighted harmonic mean of precision and recall, which counts `beta` times as much.

        >>> found = Confusion((0, 1), (0, 1), np.array([[5, 0], [1, 4]]))
        >>> round(found.fbeta(), 6), found.precision(), found.recall(average=None)
        (0.888889, 1.0, {0: 1.0, 1: 0.8})
        """
        return self._scored(lambda counts, kind: metrics.fbeta(counts, beta, kind), average)

    def _scored(self, score: Score, average: str | None) -> Any:
        classes = self.classes
        if average not in {"micro", "macro", None}:
            raise OptionChoiceError("average", average, AVERAGES)
        counts = self.among(classes)
        if average == "micro":
            return defined(score(counts, "micro"))
        if average == "macro":
            return defined(score(counts, "macro"))
        each = np.asarray(score(counts, None)).tolist()
        return dict(zip(classes, map(defined, each), strict=True))


def defined(value: Any) -> float | None:
    """Turn NaN, a share of nothing, into None."""
    return None if math.isnan(value) else float(value)


def _order(label: object) -> tuple[bool, Any]:
    """Sort None before all else."""
    return (False, 0) if label is None else (True, label)
