"""What a fit shows while it runs: a header, and what each iteration does for the rows of a role."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windrow.learn.losses import Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["METHODS", "REPORTS", "Report"]

METHODS = {
    "auto": "Starting Newton Method on a sample, then L-BFGS",
    "newton": "Starting Newton Method",
    "lbfgs": "Starting L-BFGS",
    "newton-cg": "Starting Newton Method by conjugate gradients",
    "fista": "Starting Accelerated Gradient (FISTA)",
}
"""What a header says of each solver."""


def _accuracy(score: float, _peak: float, rows: int) -> float:
    return score / rows


def _max_error(_score: float, peak: float, _rows: int) -> float:
    return math.sqrt(peak)


def _rmse(score: float, _peak: float, rows: int) -> float:
    return math.sqrt(score / rows)


@dataclass(frozen=True)
class Report:
    """How the fits of one loss are shown.

    Attributes
    ----------
    title
        First line of the header.
    features
        What the header calls the number of feature columns.
    measures
        Name, and function of score, peak and number of rows of a role (see `Evaluation`).
    """

    title: str
    features: str
    measures: tuple[tuple[str, Callable[[float, float, int], float]], ...]

    def columns(self, roles: Mapping[str, int]) -> tuple[str, ...]:
        """Names of the columns that measure, for roles with their numbers of rows.

        >>> REPORTS[Loss.LOGISTIC].columns({"train": 9, "validation": 1})
        ('Training Accuracy', 'Validation Accuracy')
        """
        return tuple(f"{_ROLES[role]} {name}" for name, _ in self.measures for role in roles)

    def values(self, numbers: Mapping[str, float], roles: Mapping[str, int]) -> list[float]:
        """Give the measures themselves, from the numbers of a solver's state.

        >>> REPORTS[Loss.SQUARED].values({"score_train": 16.0, "peak_train": 9.0}, {"train": 4})
        [3.0, 2.0]
        """
        return [
            measure(numbers[f"score_{role}"], numbers[f"peak_{role}"], rows)
            for _, measure in self.measures
            for role, rows in roles.items()
        ]


_ROLES = {"train": "Training", "validation": "Validation"}
_RIGHT = (("Accuracy", _accuracy),)
_OFF = (("Max Error", _max_error), ("Root-Mean-Square Error", _rmse))

REPORTS = {
    Loss.LOGISTIC: Report("Logistic regression:", "Number of feature columns", _RIGHT),
    Loss.SQUARED: Report("Linear regression:", "Number of features", _OFF),
    Loss.SMOOTH_HINGE: Report("SVM:", "Number of feature columns", _RIGHT),
}
