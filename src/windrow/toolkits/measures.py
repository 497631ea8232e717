"""The kernel that counts what every measure of a classifier follows from: sums, so they add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from windrow.learn.elementary import sigmoid_array
from windrow.learn.kernels import margins
from windrow.learn.leaf import TRAIN, Leaf
from windrow.learn.metrics import THRESHOLDS, log_loss_sum, score_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClassCounts", "ClassSums"]


class ClassCounts(NamedTuple):
    """What `ClassSums` counted for the rows of one role.

    Attributes
    ----------
    log_loss : float
        Sum over the rows of -log of the probability given to their class.
    confusion : int64 (labels, 2)
        Rows by their label and the predicted class.
    bins : int64 (2, 1001)
        Rows of the first and of the second class, by the last threshold at or below the
        probability of the second.
    """

    log_loss: float
    confusion: NDArray[np.int64]
    bins: NDArray[np.int64]

    @classmethod
    def of(cls, sums: NDArray[np.float64]) -> ClassCounts:
        """Read the sums of one role."""
        whole = sums[1:].astype(np.int64)
        counts, bins = whole[: -2 * THRESHOLDS], whole[-2 * THRESHOLDS :]
        return cls(float(sums[0]), counts.reshape(-1, 2), bins.reshape(2, THRESHOLDS))


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
        return 1 + 2 * self.labels + 2 * THRESHOLDS

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
        probability, second = sigmoid_array(margin), label == 1
        pairs = np.bincount(2 * label + (margin >= 0.0), minlength=2 * self.labels)
        known = label < 2
        bins = score_bins(probability[known], second[known])
        own = np.where(known, np.where(second, probability, 1.0 - probability), 0.0)
        return np.concatenate([[log_loss_sum(own)], pairs, bins.reshape(-1)])
