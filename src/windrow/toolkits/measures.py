"""Kernels that count what every measure of a classifier follows from: sums, so they add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from windrow.learn.elementary import log_array, sigmoid_array, total
from windrow.learn.kernels import margins
from windrow.learn.leaf import TRAIN, Leaf

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "CLIP", "ClassCounts", "ClassSums", "binned", "log_loss_sum"]

BINS = 1001
"""Thresholds 0, 0.001, ..., 1 of a ROC curve."""
CLIP = 1e-9
"""A probability counts as at least this far from 0 and 1 in a log loss."""


class ClassCounts(NamedTuple):
    """What `ClassSums` counted for the rows of one role.

    Attributes
    ----------
    log_loss : float
        Sum over the rows of -log of the probability given to their class.
    confusion : int64 (labels, 2)
        Rows by their label and the predicted class.
    positives, negatives : int64 (1001,)
        Rows of the second and of the first class, by the last threshold at or below the
        probability of the second.
    """

    log_loss: float
    confusion: NDArray[np.int64]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]

    @classmethod
    def of(cls, sums: NDArray[np.float64]) -> ClassCounts:
        """Read the sums of one role."""
        whole = sums[1:].astype(np.int64)
        counts, bins = whole[: -2 * BINS], whole[-2 * BINS :]
        return cls(float(sums[0]), counts.reshape(-1, 2), bins[:BINS], bins[BINS:])


@dataclass(frozen=True)
class ClassSums:
    """Kernel: what `ClassCounts` needs of the training rows, then of all other rows.

    Called with a leaf and the weights float64 (layout.size,).

    Parameters
    ----------
    labels
        Number of labels of the target; those from 2 on are not known to the model, and a row
        with one of them is never right.
    """

    labels: int

    @property
    def size(self) -> int:
        """Number of sums for one role."""
        return 1 + 2 * self.labels + 2 * BINS

    def __call__(self, leaf: Leaf, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Count one leaf."""
        margin = margins(leaf, weights)
        label = leaf.target.reshape(-1)[: leaf.rows].astype(np.int64)
        trains = leaf.role.reshape(-1)[: leaf.rows] == TRAIN
        return np.concatenate(
            [self._counted(margin[rows], label[rows]) for rows in (trains, ~trains)]
        )

    def split(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Part the sum of partials by role: training, validation."""
        return sums[: self.size], sums[self.size :]

    def _counted(
        self, margin: NDArray[np.float64], label: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        probability = sigmoid_array(margin)
        pairs = np.bincount(2 * label + (margin >= 0.0), minlength=2 * self.labels)
        known = label < 2
        place = binned(probability)
        positives = np.bincount(place[label == 1], minlength=BINS)
        negatives = np.bincount(place[label == 0], minlength=BINS)
        own = np.where(known, np.where(label == 1, probability, 1.0 - probability), 0.0)
        return np.concatenate([[log_loss_sum(own)], pairs, positives, negatives]).astype(np.float64)


def binned(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the last threshold at or below each probability.

    >>> binned(np.array([0.0, 0.0005, 0.96, 1.0])).tolist()
    [0, 0, 960, 1000]
    """
    return np.floor(np.clip(probability, 0.0, 1.0) * (BINS - 1)).astype(np.int64)


def log_loss_sum(own: NDArray[np.float64]) -> float:
    """Sum of -log of the probabilities that rows gave to their own class.

    >>> round(log_loss_sum(np.array([0.0])), 3)
    20.723
    """
    return -total(log_array(np.clip(own, CLIP, 1.0 - CLIP)))
