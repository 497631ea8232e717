"""Before a solver may run: place the rows, refuse what cannot be learnt from, describe the columns.

Three passes at most over the finished leaves: where the first training row stands (its levels are
the references), counts and moments, and both again when gaps were filled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from windrow.errors import (
    ClassCountError,
    MissingFeatureError,
    MissingTargetError,
    NonFiniteFeatureError,
    NoRowsError,
    OptionRangeError,
)
from windrow.learn.layout import Layout
from windrow.learn.leaf import VALIDATION
from windrow.learn.moments import FirstRow, Moments, Statistics, first_training_row
from windrow.learn.tree import Partial, tree_sum
from windrow.toolkits.features import Facts, FeatureEncoder, FeatureFinisher, Fold, Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from windrow.execution.protocol import Blocks, Kernel, Session
    from windrow.learn.leaf import Leaf
    from windrow.plan.tables import Plan

__all__ = ["AUTO_ROWS", "AUTO_SHARE", "Prepared", "place_checked", "prepare", "with_unseen"]

P = TypeVar("P", bound=Partial)

AUTO_ROWS = 100
"""From this many rows on, ``validation_set='auto'`` splits."""
AUTO_SHARE = 0.95
"""Of the rows train, rounded down."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Rows that are ready to be learnt from.

    Attributes
    ----------
    session
        Where they are.
    parts
        The blocks: of the table, and of a validation table if one was given.
    finisher
        What brought the table's blocks to their form.
    statistics
        Of the training rows.
    reference
        Of each categorical column the place of its reference level, int32 (c,).
    means
        Of each numeric column over the training rows that have a value, float64 (d,).
    classes
        Those of the training rows in the order of their codes; empty for a target that is a number.
    validation_rows
        Rows that validate; those of a class that training has not seen are never right.
    labels
        The classes, then those that only validation rows have.
    """

    session: Session
    parts: tuple[Blocks, ...]
    finisher: FeatureFinisher
    statistics: Statistics
    reference: NDArray[np.int32]
    means: NDArray[np.float64]
    classes: tuple[Any, ...]
    validation_rows: int
    labels: tuple[Any, ...]

    @property
    def layout(self) -> Layout:
        """The expanded coefficient space."""
        return self.finisher.layout

    def reduce(self, kernel: Kernel[P], /, *arguments: object) -> P:
        """Sum of a kernel over all rows, those of a validation table last."""
        sums = [self.session.reduce(kernel, blocks, *arguments) for blocks in self.parts]
        return tree_sum(sums)


def prepare(
    session: Session,
    plan: Plan,
    encoder: FeatureEncoder,
    *,
    impute: bool,
    split_seed: int | None,
    validation: Plan | None,
    most_classes: int = 2,
    fold: tuple[int, int] | None = None,
) -> Prepared:
    """Place a table and describe its training rows.

    Parameters
    ----------
    session, plan, encoder
        Where, what, and how its columns are read.
    impute
        Whether missing numbers become their column's training mean; else they are refused.
    split_seed
        Seed of the split of a table of at least `AUTO_ROWS` rows; None does not split.
    validation
        A validation table of its own.
    most_classes
        More classes are refused.
    fold
        Which part of how many validates, by the split seed; instead of the split.

    Raises
    ------
    NoRowsError, MissingTargetError, ClassCountError, MissingFeatureError, NonFiniteFeatureError
        The rows cannot be learnt from.
    """
    blocks = place_checked(session, plan, encoder, "the training table", impute=impute)
    split: Split | Fold | None = None
    if fold is not None:
        number, of = fold
        if blocks.rows < of:
            raise OptionRangeError("n_folds", 2, blocks.rows, of)
        split = Fold(blocks.rows, number, of, split_seed or 0)
    elif split_seed is not None and blocks.rows >= AUTO_ROWS:
        split = Split(blocks.rows, int(blocks.rows * AUTO_SHARE), split_seed)
    labels = _labels(encoder, blocks, most_classes)
    finisher = FeatureFinisher(
        layout=Layout(len(encoder.numeric), tuple(len(levels) for levels in blocks.levels)),
        levels=blocks.levels,
        fallback=tuple(0 for _ in blocks.levels),
        classes=labels,
        split=split,
    )
    first, statistics = _describe(session, blocks.finished(finisher), finisher)
    classes = _classes(encoder, labels, statistics)
    if classes != labels:  # codes of classes that do not train come last
        labels = with_unseen(classes, labels)
        finisher = replace(finisher, classes=labels)
        first, statistics = _describe(session, blocks.finished(finisher), finisher, len(classes))
    means = _means(encoder, statistics, first.dense)
    if Facts.of(blocks.facts).missing.any():
        finisher = replace(finisher, means=tuple(means.tolist()))
        first, statistics = _describe(session, blocks.finished(finisher), finisher, len(classes))
    parts: tuple[Blocks, ...] = (blocks.finished(finisher),)
    validation_rows = statistics.n_validation
    if validation is not None:
        other = place_checked(session, validation, encoder, "the validation table", impute=True)
        of_other = _of_validation(finisher, other, first, means)
        parts += (other.finished(of_other),)
        validation_rows, labels = other.rows, of_other.classes
    return Prepared(
        session, parts, finisher, statistics, first.codes, means, classes, validation_rows, labels
    )


def place_checked(
    session: Session, plan: Plan, encoder: FeatureEncoder, what: str, *, impute: bool
) -> Blocks:
    """Place a table; refuse one without rows, and rows without target or with NaN in a feature."""
    blocks = session.place(plan, encoder)
    if not blocks.rows:
        raise NoRowsError(what)
    facts = Facts.of(blocks.facts)
    if facts.target:
        raise MissingTargetError(str(encoder.target), facts.target, blocks.rows)
    missing = _counted(encoder.numeric, facts.missing)
    if missing and not impute:
        raise MissingFeatureError(missing, blocks.rows)
    if facts.not_finite.any():
        raise NonFiniteFeatureError(_counted(encoder.numeric, facts.not_finite))
    return blocks


def with_unseen(known: tuple[Any, ...], found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Append to a model's classes those that only another table has, sorted.

    >>> with_unseen((0, 1), (1, 5, 4))
    (0, 1, 4, 5)
    """
    return known + tuple(sorted(set(found) - set(known)))


def _counted(names: tuple[str, ...], counts: NDArray[np.int64]) -> tuple[tuple[str, int], ...]:
    return tuple((n, int(c)) for n, c in zip(names, counts, strict=True) if c)


def _labels(encoder: FeatureEncoder, blocks: Blocks, most: int) -> tuple[Any, ...]:
    """Give all classes of the table, sorted."""
    if not encoder.classes:
        return ()
    if not 2 <= len(blocks.classes) <= most:
        raise ClassCountError(str(encoder.target), len(blocks.classes), blocks.rows, most)
    return tuple(sorted(blocks.classes))


def _classes(
    encoder: FeatureEncoder, labels: tuple[Any, ...], statistics: Statistics
) -> tuple[Any, ...]:
    """Give those that training rows have: a split may leave a rare one to validation alone."""
    counts = statistics.class_counts.tolist()
    classes = tuple(label for label, n in zip(labels, counts, strict=True) if n)
    if encoder.classes and len(classes) < 2:
        raise ClassCountError(str(encoder.target), len(classes), statistics.n_train)
    return classes


def _describe(
    session: Session, blocks: Blocks, finisher: FeatureFinisher, classes: int | None = None
) -> tuple[FirstRow, Statistics]:
    """Look at the training rows, counting those of the first classes (of all by default)."""
    first = next(row for row in session.gather(_first_row, blocks) if row is not None)
    kernel = Moments(finisher.layout, len(finisher.classes) if classes is None else classes)
    return first, Statistics.of(session.reduce(kernel, blocks, first.dense), kernel, first.dense)


def _first_row(leaves: tuple[Leaf, ...]) -> FirstRow | None:
    found = (first_training_row(leaf) for leaf in leaves)
    return next((row for row in found if row is not None), None)


def _means(
    encoder: FeatureEncoder, statistics: Statistics, shift: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the mean of each numeric column over the training rows that have a value."""
    gaps, rows = statistics.not_finite, statistics.n_train
    empty = tuple((n, rows) for n, gap in zip(encoder.numeric, gaps, strict=True) if gap == rows)
    if empty:
        raise MissingFeatureError(empty, rows)
    over_all = statistics.mean[1 : 1 + len(encoder.numeric)]  # a gap counts as the shift there
    return shift + (over_all - shift) * (rows / (rows - gaps))


def _of_validation(
    finisher: FeatureFinisher, blocks: Blocks, first: FirstRow, means: NDArray[np.float64]
) -> FeatureFinisher:
    return replace(
        finisher,
        fallback=tuple(first.codes.tolist()),
        classes=with_unseen(finisher.classes, blocks.classes),
        role=VALIDATION,
        split=None,
        means=tuple(means.tolist()),
    )
