"""Kernels that count what every measure of a model follows from, so that it adds up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from windrow.learn import softmax
from windrow.learn.elementary import sigmoid_array
from windrow.learn.kernels import margins
from windrow.learn.leaf import TRAIN, Leaf
from windrow.learn.losses import Loss
from windrow.learn.metrics import (
    THRESHOLDS,
    hinge_loss_sum,
    log_loss_sum,
    score_bins,
    squared_error_sum,
)
from windrow.learn.peaks import Peaked

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClassCounts", "ClassSums", "Errors", "error_sums"]


class ClassCounts(NamedTuple):
    """What `ClassSums` counted for the rows of one role.

    Attributes
    ----------
    log_loss : float
        Sum over the rows of -log of the probability given to their class; of a smoothed hinge, the
        sum of that.
    confusion : int64 (labels, classes)
        Rows by their label and the predicted class.
    bins : int64 (curves, 2, 1001)
        Rows by the last threshold at or below a probability. Of two classes there is one curve:
        rows of the first and of the second class, by the probability of the second. Of more there
        is one for each: rows of all others and of the class itself, by its probability.
    """

    log_loss: float
    confusion: NDArray[np.int64]
    bins: NDArray[np.int64]


@dataclass(frozen=True)
class ClassSums:
    """Kernel: what `ClassCounts` needs of the training rows, then of all other rows.

    Called with a leaf and the weights float64 (layout.size,), of more than two classes
    (classes - 1, layout.size).

    Parameters
    ----------
    labels
        Number of labels of the target; those beyond the classes are not known to the model, and a
        row with one of them is never right, and counts in no curve.
    classes
        Number of classes of the model.
    loss
        Of the model; a hinge tells two classes apart.
    """

    labels: int
    classes: int = 2
    loss: Loss = Loss.LOGISTIC

    @property
    def curves(self) -> int:
        """Number of ROC curves."""
        return 1 if self.classes == 2 else self.classes

    @property
    def size(self) -> int:
        """Number of sums for one role."""
        return 1 + self.classes * self.labels + self.curves * 2 * THRESHOLDS

    def __call__(self, leaf: Leaf, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Count one leaf."""
        margin = margins(leaf, weights)
        label = leaf.target.reshape(-1)[: leaf.rows].astype(np.int64)
        trains = leaf.role.reshape(-1)[: leaf.rows] == TRAIN
        counted = self._counted if self.classes == 2 else self._counted_of_many
        return np.concatenate(
            [counted(margin[..., rows], label[rows]) for rows in (trains, ~trains)]
        )

    def split(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Part the sum of partials by role: training, validation."""
        return sums[: self.size], sums[self.size :]

    def counts(self, sums: NDArray[np.float64]) -> ClassCounts:
        """Read the sums of one role."""
        whole = sums[1:].astype(np.int64)
        pairs, bins = np.split(whole, [self.labels * self.classes])
        return ClassCounts(
            float(sums[0]),
            pairs.reshape(self.labels, self.classes),
            bins.reshape(self.curves, 2, THRESHOLDS),
        )

    def _counted(
        self, margin: NDArray[np.float64], label: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        probability, second = sigmoid_array(margin), label == 1
        pairs = np.bincount(2 * label + (margin >= 0.0), minlength=2 * self.labels)
        known = label < 2
        bins = score_bins(probability[known], second[known])
        if self.loss is Loss.SMOOTH_HINGE:
            towards = np.where(known, np.where(second, margin, -margin), -np.abs(margin))
            lost = hinge_loss_sum(towards)
        else:
            own = np.where(known, np.where(second, probability, 1.0 - probability), 0.0)
            lost = log_loss_sum(own)
        return np.concatenate([[lost], pairs, bins.reshape(-1)])

    def _counted_of_many(
        self, margin: NDArray[np.float64], label: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        probability, predicted = softmax.probabilities(margin), softmax.leaders(margin)
        pairs = np.bincount(self.classes * label + predicted, minlength=self.classes * self.labels)
        known = label < self.classes
        chances, labels = probability[:, known], label[known]
        bins = [score_bins(chance, labels == k) for k, chance in enumerate(chances)]
        own = np.zeros(label.size)
        own[known] = chances[labels, np.arange(labels.size)]
        return np.concatenate([[log_loss_sum(own)], pairs, np.reshape(bins, -1)])


@dataclass(frozen=True)
class Errors:
    """How far a regression is off over some rows.

    Attributes
    ----------
    rows
        How many; at least one.
    squares
        Sum of squared errors.
    largest
        Largest absolute error.

    Examples
    --------
    >>> found = Errors(4, 16.0, 3.5)
    >>> found.rmse, found.max_error
    (2.0, 3.5)
    """

    rows: int
    squares: float
    largest: float

    @classmethod
    def of(cls, partial: Peaked) -> Errors:
        """Read the total of `error_sums`."""
        return cls(int(partial.sums[0]), float(partial.sums[1]), float(partial.peaks[0]))

    @property
    def rmse(self) -> float:
        """Root of the mean squared error."""
        return math.sqrt(self.squares / self.rows)

    @property
    def max_error(self) -> float:
        """Largest absolute error."""
        return self.largest


def error_sums(leaf: Leaf, weights: NDArray[np.float64]) -> Peaked:
    """Kernel: number of rows, sum of squared errors; the largest absolute error.

    Called with a leaf whose target is a number, and the weights float64 (layout.size,).
    """
    margin, target = margins(leaf, weights), leaf.target.reshape(-1)[: leaf.rows]
    squares = squared_error_sum(target, margin)
    return Peaked(
        np.array([leaf.rows, squares]), np.array([np.max(np.abs(target - margin), initial=0.0)])
    )
