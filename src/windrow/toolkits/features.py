"""From columns to leaves: how a table's numbers, texts and target become what kernels read.

In two steps. A `FeatureEncoder` turns one partition into a `RawBlock`, alone, with dictionaries of
its own; once all partitions are known a `FeatureFinisher` brings each to its final form: places in
the expanded coefficient space, class codes, roles. The second step reads nothing again, and the
first is shared by every model, split and evaluation of the same columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from windrow.errors import UnsupportedFeatureError
from windrow.execution.protocol import RawBlock
from windrow.learn.hashing import permute
from windrow.learn.layout import Layout
from windrow.learn.leaf import LEAF, TRAIN, VALIDATION, Leaf
from windrow.learn.narrow import kind_of
from windrow.learn.sparse import SparseRows
from windrow.plan.node import digest
from windrow.plan.types import DType
from windrow.toolkits.columns import (
    Entries,
    Matrix,
    entries_of_dicts,
    entries_of_lists,
    levels_of,
    matrix_of,
    numbers_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.levels import Levels
    from windrow.plan.schema import Schema

__all__ = ["Facts", "FeatureEncoder", "FeatureFinisher", "Fold", "Split"]


class Facts(NamedTuple):
    """What an encoder counts while it reads, a row each of the table.

    Attributes
    ----------
    missing, not_finite : int64 (columns,)
        Of each feature that is not text, as `FeatureEncoder.gapped` has them: rows without a value,
        rows with NaN or an infinity.
    target : int
        Rows whose target is None, NaN or infinite.
    weight : int
        Rows whose weight is None, negative, NaN or infinite.
    """

    missing: NDArray[np.int64]
    not_finite: NDArray[np.int64]
    target: int
    weight: int

    @classmethod
    def of(cls, counts: NDArray[np.float64]) -> Facts:
        """Read the sum over partitions.

        Examples
        --------
        >>> Facts.of(np.array([2.0, 0.0, 1.0, 0.0])).target
        1
        """
        whole = counts.astype(np.int64)
        d = (whole.size - 2) // 2
        return cls(whole[:d], whole[d : 2 * d], int(whole[-2]), int(whole[-1]))


@dataclass(frozen=True)
class FeatureEncoder:
    """Encodes partitions; its `repr` is its identity in a block's key.

    The levels of its blocks are those of the categorical columns, then those of the sparse ones,
    then of each vector column the distinct lengths.

    Parameters
    ----------
    numeric
        Int and float columns.
    categorical
        Columns of which each distinct value is a level, None too.
    target
        Column to predict; None when there is none.
    classes
        Whether the target is a class (int or str) or a number.
    lists
        Columns of lists, of which each distinct element is a level.
    dicts
        Columns of dictionaries, of which each key is a column.
    vectors
        Columns of vectors of one length, of which each position is a column.
    weight
        Column of what each row weighs in the loss; None for 1 each.
    precision
        How numbers are stored; see `windrow.learn.narrow.kind_of`.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    target: str | None = None
    classes: bool = True
    lists: tuple[str, ...] = ()
    dicts: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    weight: str | None = None
    precision: str = "double"

    @classmethod
    def of(
        cls,
        schema: Schema,
        features: Sequence[str],
        target: str | None = None,
        *,
        classes: bool = True,
        weight: str | None = None,
        precision: str = "double",
    ) -> FeatureEncoder:
        """Choose how each feature is encoded by its type.

        Raises
        ------
        UnsupportedFeatureError
            A feature is a date.
        """
        for name in features:
            if schema[name] is DType.DATETIME:
                raise UnsupportedFeatureError(name, schema[name].value)

        def named(*kinds: DType) -> tuple[str, ...]:
            return tuple(name for name in features if schema[name] in kinds)

        return cls(
            named(DType.INT, DType.FLOAT),
            named(DType.STR),
            target,
            classes,
            named(DType.LIST),
            named(DType.DICT),
            named(DType.ARRAY),
            weight,
            precision,
        )

    @property
    def sparse(self) -> tuple[str, ...]:
        """Columns whose entries are sparse: lists, then dictionaries."""
        return self.lists + self.dicts

    @property
    def gapped(self) -> tuple[str, ...]:
        """Features in which None is no value of its own."""
        return self.numeric + self.vectors + self.sparse

    @property
    def features(self) -> tuple[str, ...]:
        """All features."""
        return self.numeric + self.categorical + self.sparse + self.vectors

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        others = (self.target, self.weight)
        return self.features + tuple(name for name in others if name is not None)

    def widths(self, levels: Sequence[Levels]) -> tuple[int, ...]:
        """Give the length of the vectors of each vector column, of several the largest."""
        first = len(self.categorical) + len(self.sparse)
        return tuple(max(lengths, default=0) for lengths in levels[first:])

    def layout(self, levels: Sequence[Levels]) -> Layout:
        """Give the expanded coefficient space of some levels."""
        c, s = len(self.categorical), len(self.sparse)
        sizes = tuple(len(own) for own in levels[: c + s])
        return Layout(len(self.numeric) + sum(self.widths(levels)), sizes[:c], sizes[c:])

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        """Encode a partition; every row trains until a finisher says otherwise."""
        numbers = [numbers_of(frame.get_column(name)) for name in self.numeric]
        texts = [levels_of(frame.get_column(name)) for name in self.categorical]
        entries = [entries_of_lists(frame.get_column(name)) for name in self.lists]
        entries += [entries_of_dicts(frame.get_column(name), name) for name in self.dicts]
        vectors = [matrix_of(frame.get_column(name)) for name in self.vectors]
        target, classes, bad = self._target(frame)
        weight, wrong = self._weight(frame)
        role = np.full(frame.height, TRAIN, dtype=np.uint8)
        dense = [column for column, _, _ in numbers]
        dense += [column for matrix in vectors for column in matrix.numbers.T]
        sparse = _side_by_side(entries)
        parts = [slice(start, start + LEAF) for start in range(0, frame.height, LEAF)]
        leaves = tuple(
            Leaf.pack(
                [column[part] for column in dense],
                [codes[part] for codes, _ in texts],
                target[part],
                role[part],
                sparse=None if sparse is None else sparse.part(part.start, part.stop),
                weight=None if weight is None else weight[part],
                kind=kind_of([column[part] for column in dense], self.precision),
            )
            for part in parts
        )
        taken: list[Matrix | Entries] = [*vectors, *entries]
        missing = [count for _, count, _ in numbers] + [found.missing for found in taken]
        infinite = [count for _, _, count in numbers] + [found.wrong for found in taken]
        return RawBlock(
            leaves,
            (
                *(levels for _, levels in texts),
                *(found.levels for found in entries),
                *(found.lengths for found in vectors),
            ),
            classes,
            np.array([*missing, *infinite, bad, wrong], dtype=np.float64),
        )

    def _target(self, frame: pl.DataFrame) -> tuple[NDArray[np.float64], tuple[Any, ...], int]:
        if self.target is None:
            return np.zeros(frame.height), (), 0
        column = frame.get_column(self.target)
        if not self.classes:
            numbers, missing, wrong = numbers_of(column)
            return numbers, (), missing + wrong
        codes, classes = levels_of(column)
        return codes.astype(np.float64), tuple(classes), column.null_count()

    def _weight(self, frame: pl.DataFrame) -> tuple[NDArray[np.float64] | None, int]:
        if self.weight is None:
            return None, 0
        weight, missing, wrong = numbers_of(frame.get_column(self.weight))
        return weight, missing + wrong + int(np.count_nonzero(weight[np.isfinite(weight)] < 0.0))


def _side_by_side(entries: Sequence[Entries]) -> SparseRows | None:
    """Put sparse columns together; levels of each are numbered after those of the one before."""
    if not entries:
        return None
    first, parts = 0, []
    for found in entries:
        rows = found.rows
        parts.append(SparseRows(rows.starts, rows.places + np.int32(first), rows.values))
        first += len(found.levels)
    return SparseRows.joined(parts)


@dataclass(frozen=True)
class Split:
    """An exact random split: row i trains iff a keyed bijection sends it below `train`.

    Parameters
    ----------
    rows
        Rows of the table.
    train
        How many of them train.
    seed
        Any whole number.
    """

    rows: int
    train: int
    seed: int

    def roles(self, first: int, count: int) -> NDArray[np.uint8]:
        """Roles (count,) of the rows from number `first` on.

        Examples
        --------
        >>> Split(10, 8, seed=1).roles(0, 10).tolist().count(TRAIN)
        8
        """
        numbers = np.arange(first, first + count, dtype=np.uint64)
        places = permute(numbers, self.rows, self.seed)
        return np.where(places < np.uint64(self.train), TRAIN, VALIDATION).astype(np.uint8)


@dataclass(frozen=True)
class Fold:
    """One of k parts of a table, of sizes that differ by one row at most: its rows validate.

    Row i belongs to the part ``floor(k * pi(i) / rows)`` of a keyed bijection pi of the rows.

    Parameters
    ----------
    rows
        Rows of the table.
    number, of
        Which part, from 0 on, and of how many.
    seed
        Any whole number.
    """

    rows: int
    number: int
    of: int
    seed: int

    def roles(self, first: int, count: int) -> NDArray[np.uint8]:
        """Roles (count,) of the rows from number `first` on.

        Examples
        --------
        >>> sum(Fold(10, part, 3, seed=1).roles(0, 10) == VALIDATION for part in range(3)).tolist()
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        """
        numbers = np.arange(first, first + count, dtype=np.uint64)
        parts = permute(numbers, self.rows, self.seed) * np.uint64(self.of) // np.uint64(self.rows)
        return np.where(parts == self.number, VALIDATION, TRAIN).astype(np.uint8)


@dataclass(frozen=True, repr=False)
class FeatureFinisher:
    """Brings a partition to the form that kernels read; its `repr` is a digest of all it holds.

    Parameters
    ----------
    layout
        The expanded coefficient space.
    levels
        Of each categorical column, then of each sparse one, the levels in the order of the layout.
        Entries of a sparse column that are no level are left out.
    fallback
        Of each categorical column the place of values that are no level.
    classes
        The target's classes in the order of their codes; empty for a number.
    role
        Of rows that no split divides.
    split
        Divides the rows into training and validation.
    means
        What missing numbers become, one a numeric column of the layout; None leaves them NaN.
    widths
        Of each vector column its length.
    """

    layout: Layout
    levels: tuple[Levels, ...]
    fallback: tuple[int, ...]
    classes: tuple[Any, ...] = ()
    role: int = TRAIN
    split: Split | Fold | None = None
    means: tuple[float, ...] | None = None
    widths: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"FeatureFinisher({self._identity})"

    @cached_property
    def _identity(self) -> str:
        return digest(
            *(self.layout, self.levels, self.fallback, self.classes),
            *(self.role, self.split, self.means, self.widths),
        )

    def __call__(self, raw: RawBlock, first_row: int) -> tuple[Leaf, ...]:
        """Finish one partition whose first row has this global number."""
        c, s = len(self.layout.levels), len(self.layout.sparse)
        places = [self._places(column, own) for column, own in enumerate(raw.levels[:c])]
        entries = [self._entry_places(column, raw.levels[c + column]) for column in range(s)]
        lengths = [max(own, default=0) for own in raw.levels[c + s :]]
        codes = {value: code for code, value in enumerate(self.classes)}
        made = _Places(
            places,
            np.concatenate(entries) if entries else None,
            np.array([codes[value] for value in raw.classes], dtype=np.float64),
            None if tuple(lengths) == self.widths else lengths,
        )
        finished = []
        for leaf in raw.leaves:
            finished.append(self._finish(leaf, first_row, made))
            first_row += leaf.rows
        return tuple(finished)

    def _places(self, column: int, own: Levels) -> NDArray[np.int32]:
        """Of each level of a partition its place in the expanded space."""
        codes = self.levels[column].codes_of(own)
        found = np.where(codes < 0, self.fallback[column], codes + self.layout.offset(column))
        return found.astype(np.int32)

    def _entry_places(self, column: int, own: Levels) -> NDArray[np.int32]:
        """Of each level of a partition's sparse column its place; -1 where it is none."""
        codes = self.levels[len(self.layout.levels) + column].codes_of(own)
        found = np.where(codes < 0, -1, codes + self.layout.sparse_offset(column))
        return found.astype(np.int32)

    def _finish(self, leaf: Leaf, first_row: int, made: _Places) -> Leaf:
        codes = np.empty_like(leaf.codes)
        for column, place in enumerate(made.codes):
            codes[:, column] = place[leaf.codes[:, column]]
        sparse = leaf.sparse
        if made.entries is not None:
            rows = SparseRows(*leaf.sparse).mapped(made.entries)
            sparse = rows.starts, rows.places, rows.values
        target = made.classes[leaf.target.astype(np.intp)] if self.classes else leaf.target
        role = np.zeros(leaf.role.shape, dtype=np.uint8)
        own = role.reshape(-1)[: leaf.rows]
        own[:] = self.role if self.split is None else self.split.roles(first_row, leaf.rows)
        dense = self._filled(self._widened(leaf.dense, made.lengths))
        return Leaf(leaf.rows, dense, codes, target, role, sparse, leaf.weight)

    def _widened(self, dense: NDArray[Any], lengths: Sequence[int] | None) -> NDArray[Any]:
        """Give each vector its width: a partition of missing ones alone knows none."""
        if lengths is None:
            return dense
        scalars = dense.shape[1] - sum(lengths)
        parts, at = [dense[:, :scalars]], scalars
        for length, width in zip(lengths, self.widths, strict=True):
            rest = np.full((len(dense), width - length, dense.shape[2]), np.nan)
            parts += [dense[:, at : at + length], rest]
            at += length
        return np.concatenate(parts, axis=1)

    def _filled(self, dense: NDArray[Any]) -> NDArray[Any]:
        if self.means is None or not np.isnan(dense).any():
            return dense
        means = np.array(self.means).reshape(1, -1, 1)
        return np.where(np.isnan(dense), np.broadcast_to(means, dense.shape), dense)


@dataclass(frozen=True, eq=False)
class _Places:
    """What becomes of a partition's own numbering.

    Attributes
    ----------
    codes
        Of each categorical column the place of each of its levels.
    entries
        The place of each level of all sparse columns, -1 where it has none.
    classes
        The code of each class.
    lengths
        Lengths of the vector columns where they differ from what is wanted.
    """

    codes: list[NDArray[np.int32]]
    entries: NDArray[np.int32] | None
    classes: NDArray[np.float64]
    lengths: list[int] | None
