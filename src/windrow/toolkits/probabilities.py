"""How predicted probabilities lie for the rows of each class: counts that scores follow from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ClassCountError, MissingTargetError, VectorLengthError
from windrow.learn import metrics
from windrow.learn.layout import Layout
from windrow.plan.compose import column, project
from windrow.plan.expressions import Expression, Operation
from windrow.plan.types import DType
from windrow.toolkits.features import Facts, FeatureEncoder, FeatureFinisher
from windrow.toolkits.prepare import with_unseen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.execution.protocol import Blocks, Session
    from windrow.learn.leaf import Leaf
    from windrow.plan.tables import Plan

__all__ = [
    "PREDICTION",
    "TARGET",
    "CountProbabilities",
    "CountVectors",
    "Probabilities",
    "refuse_gaps",
]

TARGET, PREDICTION = "target", "prediction"
LENGTH = "length"


@dataclass(frozen=True, eq=False)
class Probabilities:
    """What scores of probabilities follow from.

    Attributes
    ----------
    rows
        How many.
    log_loss
        Sum over the rows of -log of the probability of their class.
    bins
        int64 (curves, 2, 1001), see `metrics.score_bins`: of two classes the probability of the
        second, of more that of each.
    classes
        In order.
    """

    rows: int
    log_loss: float
    bins: NDArray[np.int64]
    classes: tuple[Any, ...]


@dataclass(frozen=True)
class CountProbabilities:
    """Program: how the probabilities of the second class lie for the rows of each class.

    Attributes
    ----------
    plan
        Columns target (labels) and prediction (numbers).
    classes
        Both, in order; None: those of the target, sorted.
    """

    plan: Plan
    classes: tuple[Any, ...] | None

    def __call__(self, session: Session) -> Probabilities:
        """Count over all rows."""
        blocks = session.place(self.plan, FeatureEncoder((PREDICTION,), (), TARGET))
        refuse_gaps(blocks, PREDICTION)
        classes = self.classes or tuple(sorted(blocks.classes))
        if len(classes) != 2 or not set(blocks.classes) <= set(classes):
            raise ClassCountError("targets", len({*classes, *blocks.classes}), blocks.rows)
        finisher = FeatureFinisher(Layout(1), (), (), classes)
        sums = session.reduce(count_probabilities, blocks.finished(finisher))
        return Probabilities(blocks.rows, float(sums[0]), _bins(sums[1:]), classes)


def count_probabilities(leaf: Leaf) -> NDArray[np.float64]:
    """Kernel: summed log loss, then rows of the first and of the second class by threshold."""
    probability = leaf.dense.reshape(-1)[: leaf.rows]
    second = leaf.target.reshape(-1)[: leaf.rows] == 1.0
    loss = metrics.log_loss_sum(np.where(second, probability, 1.0 - probability))
    return np.concatenate([[loss], metrics.score_bins(probability, second).reshape(-1)])


@dataclass(frozen=True)
class CountVectors:
    """Program: the same for vectors with the probability of each class, of any number of classes.

    A label that is no class has been given no probability, and is left out of the curves.

    Attributes
    ----------
    plan
        Columns target (labels) and prediction (vectors).
    classes
        In the order of the vectors; None: those of the target, sorted.
    """

    plan: Plan
    classes: tuple[Any, ...] | None

    def __call__(self, session: Session) -> Probabilities:
        """Count over all rows, in one pass; the first vector says how many classes there are."""
        width = len(self.classes) if self.classes else self._width(session)
        numbers = tuple(f"{PREDICTION} {place}" for place in range(width))
        columns = (*numbers, LENGTH)
        blocks = session.place(self._spread(numbers), FeatureEncoder(columns, (), TARGET))
        classes = self.classes or _classes(blocks)
        if len(classes) != width:  # an error follows, which says how many rows are wrong
            return CountVectors(self.plan, classes)(session)
        labels = with_unseen(classes, blocks.classes)
        finisher = FeatureFinisher(Layout(len(columns)), (), (), labels)
        sums = session.reduce(count_vectors, blocks.finished(finisher))
        if wrong := int(sums[1]):
            raise VectorLengthError(PREDICTION, wrong, blocks.rows, len(classes))
        refuse_gaps(blocks, *(PREDICTION for _ in columns))
        bins = _bins(sums[2:])
        curves = bins[1:] if len(classes) == 2 else bins
        return Probabilities(blocks.rows, float(sums[0]), curves, classes)

    def _width(self, session: Session) -> int:
        """Give the length of the first vector; 2 where there is none."""
        vectors = project(self.plan, [(PREDICTION, column(self.plan, PREDICTION))])
        first = next(iter(session.executor.stream(vectors, limit=1)))
        found = first.get_column(PREDICTION).drop_nulls()
        return len(found[0]) if len(found) else 2

    def _spread(self, numbers: tuple[str, ...]) -> Plan:
        """Put each number of the vectors, and their length, into a column of its own."""
        vector = column(self.plan, PREDICTION)
        columns: list[tuple[str, Expression]] = [(TARGET, column(self.plan, TARGET))]
        for place, name in enumerate(numbers):
            at = (("at", place), ("dtype", DType.FLOAT))
            columns.append((name, Operation("element", (vector,), at)))
        return project(self.plan, [*columns, (LENGTH, Operation("item_length", (vector,)))])


def _classes(blocks: Blocks) -> tuple[Any, ...]:
    """Give the classes of a target, sorted; refuse one with gaps, or with fewer than two."""
    if gaps := Facts.of(blocks.facts).target:
        raise MissingTargetError(TARGET, gaps, blocks.rows)
    if len(blocks.classes) < 2:
        raise ClassCountError("targets", len(blocks.classes), blocks.rows)
    return tuple(sorted(blocks.classes))


def count_vectors(leaf: Leaf) -> NDArray[np.float64]:
    """Kernel: summed log loss, and how many vectors have another length.

    Then, class by class, the rows of all others and of the class by threshold. A row whose vector
    has a gap is left out: it is refused once all are counted.
    """
    *chances, length = leaf.dense.swapaxes(0, 1).reshape(leaf.dense.shape[1], -1)[:, : leaf.rows]
    label = leaf.target.reshape(-1)[: leaf.rows].astype(np.int64)
    probability = np.array(chances)
    known = (label < len(chances)) & np.isfinite(probability).all(axis=0)
    own = np.zeros(leaf.rows)
    own[known] = probability[label[known], np.flatnonzero(known)]
    bins = [metrics.score_bins(p[known], label[known] == k) for k, p in enumerate(probability)]
    other = np.count_nonzero(np.isfinite(length) & (length != len(chances)))
    return np.concatenate([[metrics.log_loss_sum(own), other], np.reshape(bins, -1)])


def _bins(sums: NDArray[np.float64]) -> NDArray[np.int64]:
    return sums.astype(np.int64).reshape(-1, 2, metrics.THRESHOLDS)


def refuse_gaps(blocks: Blocks, *columns: str) -> None:
    """Raise `MissingTargetError` for rows without a target, or without a number in a column."""
    facts = Facts.of(blocks.facts)
    for name, gaps in zip(columns, facts.missing + facts.not_finite, strict=True):
        if gaps:
            raise MissingTargetError(name, int(gaps), blocks.rows)
    if facts.target:
        raise MissingTargetError(TARGET, facts.target, blocks.rows)
