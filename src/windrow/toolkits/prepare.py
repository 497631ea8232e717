"""Before a solver may run: place the rows, refuse what cannot be learnt from, describe the columns.

Three passes at most over the finished leaves: where the first training row stands (its levels are
the references), counts and moments, and both again when gaps were filled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from windrow.errors import (
    ArrayLengthError,
    ClassCountError,
    MissingFeatureError,
    MissingTargetError,
    NonFiniteFeatureError,
    NoRowsError,
    OptionRangeError,
    RowWeightError,
)
from windrow.execution.vectors import Vectors
from windrow.learn.leaf import TRAIN, VALIDATION
from windrow.learn.moments import (
    FirstRow,
    Moments,
    Statistics,
    first_entries,
    first_training_row,
)
from windrow.learn.tree import Partial, tree_sum
from windrow.plan.compose import select
from windrow.toolkits.features import Facts, FeatureEncoder, FeatureFinisher, Fold, Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.execution.protocol import Blocks, Kernel, Session
    from windrow.learn.layout import Layout
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
        Of each categorical column and then of each column of lists the place of its reference
        level, int32 (c + l,); -1 for lists that are all empty.
    means
        Of each numeric column of the layout over the training rows that have a value, float64 (d,).
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
    NoRowsError, MissingTargetError, ClassCountError, MissingFeatureError, NonFiniteFeatureError,
    ArrayLengthError, DictValueError, RowWeightError
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
    layout = encoder.layout(blocks.levels)
    finisher = FeatureFinisher(
        layout=layout,
        levels=blocks.levels[: len(layout.levels) + len(layout.sparse)],
        fallback=tuple(0 for _ in layout.levels),
        classes=labels,
        split=split,
        widths=encoder.widths(blocks.levels),
    )
    first, statistics = _describe(session, blocks.finished(finisher), finisher)
    classes = _classes(encoder, labels, statistics)
    if classes != labels:  # codes of classes that do not train come last
        labels = with_unseen(classes, labels)
        finisher = replace(finisher, classes=labels)
        first, statistics = _describe(session, blocks.finished(finisher), finisher, len(classes))
    means = _means(encoder, finisher.widths, statistics, first.dense)
    if Facts.of(blocks.facts).missing[: len(encoder.numeric) + len(encoder.vectors)].any():
        finisher = replace(finisher, means=tuple(means.tolist()))
        first, statistics = _describe(session, blocks.finished(finisher), finisher, len(classes))
    parts: tuple[Blocks, ...] = (blocks.finished(finisher),)
    if encoder.weight is not None and not session.reduce(_weighs, parts[0])[0]:
        raise RowWeightError(encoder.weight, 0, statistics.n_train)
    validation_rows = statistics.n_validation
    if validation is not None:
        unweighted, what = replace(encoder, weight=None), "the validation table"
        widths = finisher.widths
        other = place_checked(session, validation, unweighted, what, impute=True, widths=widths)
        of_other = _of_validation(finisher, other, first, means)
        parts += (other.finished(of_other),)
        validation_rows, labels = other.rows, of_other.classes
    reference = np.concatenate([first.codes, _list_references(parts[0], encoder, layout, session)])
    return Prepared(
        session, parts, finisher, statistics, reference, means, classes, validation_rows, labels
    )


def place_checked(
    session: Session,
    plan: Plan,
    encoder: FeatureEncoder,
    what: str,
    *,
    impute: bool,
    widths: tuple[int, ...] | None = None,
) -> Blocks:
    """Place a table; refuse one without rows, and rows without target or with NaN in a feature.

    `widths` are the lengths that vectors must have; None lets each column have one of its own.
    """
    blocks = session.place(plan, encoder)
    if not blocks.rows:
        raise NoRowsError(what)
    facts = Facts.of(blocks.facts)
    if facts.target:
        raise MissingTargetError(str(encoder.target), facts.target, blocks.rows)
    if facts.weight:
        raise RowWeightError(str(encoder.weight), facts.weight, blocks.rows)
    _refuse_lengths(session, blocks, widths)
    missing = _counted(encoder.gapped, facts.missing)
    if missing and not impute:
        raise MissingFeatureError(missing, blocks.rows)
    if facts.not_finite.any():
        raise NonFiniteFeatureError(_counted(encoder.gapped, facts.not_finite))
    return blocks


def _refuse_lengths(session: Session, blocks: Blocks, widths: tuple[int, ...] | None) -> None:
    """Refuse vectors of another length than the others'; only then a table is read for the row."""
    encoder = blocks.encoder
    if not isinstance(encoder, FeatureEncoder):
        raise TypeError(encoder)
    wanted = encoder.widths(blocks.levels) if widths is None else widths
    own = blocks.levels[len(blocks.levels) - len(wanted) :]
    for j, (name, lengths) in enumerate(zip(encoder.vectors, own, strict=True)):
        if widths is None and not len(lengths):
            raise MissingFeatureError(((name, blocks.rows),), blocks.rows)
        if not len(lengths) or tuple(lengths) == (wanted[j],):
            continue
        usual, first = (lengths[0], 0) if widths is None else (wanted[j], 0)
        for frame in session.executor.stream(select(blocks.plan, (name,))):
            found = Vectors.of(frame.get_column(name))
            other = np.flatnonzero(~found.missing & (found.lengths != usual))
            if other.size:
                at = int(other[0])
                raise ArrayLengthError(name, first + at, int(found.lengths[at]), usual)
            first += frame.height


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


def _list_references(
    blocks: Blocks, encoder: FeatureEncoder, layout: Layout, session: Session
) -> NDArray[np.int32]:
    """Give of each column of lists the place of the first element that a training row has."""
    bounds = np.zeros((len(encoder.lists), 2), dtype=np.int32)
    for j in range(len(bounds)):
        bounds[j] = layout.sparse_offset(j), layout.sparse_offset(j + 1)
    reference = np.full(len(bounds), -1, dtype=np.int32)
    if reference.size:
        for found in session.gather(_first_entries, blocks, bounds):
            reference = np.where(reference < 0, found, reference)
    return reference


def _first_entries(leaves: tuple[Leaf, ...], bounds: NDArray[np.int32]) -> NDArray[np.int32]:
    reference = np.full(len(bounds), -1, dtype=np.int32)
    for leaf in leaves:
        reference = np.where(reference < 0, first_entries(leaf, bounds), reference)
    return reference


def _weighs(leaf: Leaf) -> NDArray[np.float64]:
    """Kernel: 1 when a training row weighs something."""
    return np.array([float((leaf.weight[leaf.role == TRAIN] > 0.0).any())])


def _means(
    encoder: FeatureEncoder,
    widths: tuple[int, ...],
    statistics: Statistics,
    shift: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the mean of each numeric column over the training rows that have a value."""
    gaps, rows = statistics.not_finite, statistics.n_train
    names = [*encoder.numeric]
    for name, width in zip(encoder.vectors, widths, strict=True):
        names += [name] * width
    empty = {n: rows for n, gap in zip(names, gaps, strict=True) if gap == rows}
    if empty:
        raise MissingFeatureError(tuple(empty.items()), rows)
    over_all = statistics.mean[1 : 1 + len(names)]  # a gap counts as the shift there
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
