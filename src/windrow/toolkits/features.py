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
from windrow.learn.leaf import LEAF, TRAIN, VALIDATION, Leaf
from windrow.plan.node import digest
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from windrow.learn.layout import Layout
    from windrow.plan.schema import Schema

__all__ = [
    "Facts",
    "FeatureEncoder",
    "FeatureFinisher",
    "Fold",
    "Split",
    "levels_of",
    "numbers_of",
]


class Facts(NamedTuple):
    """What an encoder counts while it reads, a row each of the table.

    Attributes
    ----------
    missing, not_finite : int64 (d,)
        Of each numeric feature: rows with None, rows with NaN or an infinity.
    target : int
        Rows whose target is None, NaN or infinite.
    """

    missing: NDArray[np.int64]
    not_finite: NDArray[np.int64]
    target: int

    @classmethod
    def of(cls, counts: NDArray[np.float64]) -> Facts:
        """Read the sum over partitions.

        Examples
        --------
        >>> Facts.of(np.array([2.0, 0.0, 1.0])).target
        1
        """
        whole = counts.astype(np.int64)
        d = (whole.size - 1) // 2
        return cls(whole[:d], whole[d : 2 * d], int(whole[-1]))


@dataclass(frozen=True)
class FeatureEncoder:
    """Encodes partitions; its `repr` is its identity in a block's key.

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
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    target: str | None = None
    classes: bool = True

    @classmethod
    def of(
        cls,
        schema: Schema,
        features: Sequence[str],
        target: str | None = None,
        *,
        classes: bool = True,
    ) -> FeatureEncoder:
        """Choose how each feature is encoded by its type.

        Raises
        ------
        UnsupportedFeatureError
            A feature is neither a number nor text.
        """
        for name in features:
            if not schema[name].is_number and schema[name] is not DType.STR:
                raise UnsupportedFeatureError(name, schema[name].value)
        numeric = tuple(name for name in features if schema[name].is_number)
        categorical = tuple(name for name in features if schema[name] is DType.STR)
        return cls(numeric, categorical, target, classes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return self.numeric + self.categorical + (() if self.target is None else (self.target,))

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        """Encode a partition; every row trains until a finisher says otherwise."""
        numbers = [numbers_of(frame.get_column(name)) for name in self.numeric]
        texts = [levels_of(frame.get_column(name)) for name in self.categorical]
        target, classes, bad = self._target(frame)
        role = np.full(frame.height, TRAIN, dtype=np.uint8)
        leaves = tuple(
            Leaf.pack(
                [column[start : start + LEAF] for column, _, _ in numbers],
                [codes[start : start + LEAF] for codes, _ in texts],
                target[start : start + LEAF],
                role[start : start + LEAF],
            )
            for start in range(0, frame.height, LEAF)
        )
        counts = [missing for _, missing, _ in numbers] + [wrong for _, _, wrong in numbers] + [bad]
        return RawBlock(
            leaves,
            tuple(levels for _, levels in texts),
            classes,
            np.array(counts, dtype=np.float64),
        )

    def _target(self, frame: pl.DataFrame) -> tuple[NDArray[np.float64], tuple[Any, ...], int]:
        if self.target is None:
            return np.zeros(frame.height), (), 0
        column = frame.get_column(self.target)
        if not self.classes:
            numbers, missing, wrong = numbers_of(column)
            return numbers, (), missing + wrong
        codes, classes = levels_of(column)
        return codes.astype(np.float64), classes, column.null_count()


def numbers_of(column: pl.Series) -> tuple[NDArray[np.float64], int, int]:
    """Values of a number column, how many are missing (NaN then), how many not finite."""
    import polars as pl

    missing = column.null_count()
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong = 0 if column.dtype == pl.Int64 else int(np.count_nonzero(~np.isfinite(values))) - missing
    return values, missing, wrong


def levels_of(column: pl.Series) -> tuple[NDArray[np.int32], tuple[Any, ...]]:
    """Codes of a column's values, and the distinct values in the order they are first seen."""
    import polars as pl

    found = column.to_arrow().dictionary_encode(null_encoding="encode")
    codes = pl.Series(found.indices).to_numpy()  # Arrow's own way imports pandas if it is there
    return codes, tuple(found.dictionary.to_pylist())


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
        Of each categorical column the levels, in the order of the layout.
    fallback
        Of each categorical column the place of values that are no level.
    classes
        The target's classes in the order of their codes; empty for a number.
    role
        Of rows that no split divides.
    split
        Divides the rows into training and validation.
    means
        What missing numbers become, one a numeric column; None leaves them NaN.
    """

    layout: Layout
    levels: tuple[tuple[Any, ...], ...]
    fallback: tuple[int, ...]
    classes: tuple[Any, ...] = ()
    role: int = TRAIN
    split: Split | Fold | None = None
    means: tuple[float, ...] | None = None

    def __repr__(self) -> str:
        return f"FeatureFinisher({self._identity})"

    @cached_property
    def _identity(self) -> str:
        return digest(
            *(self.layout, self.levels, self.fallback, self.classes),
            *(self.role, self.split, self.means),
        )

    def __call__(self, raw: RawBlock, first_row: int) -> tuple[Leaf, ...]:
        """Finish one partition whose first row has this global number."""
        places = [self._places(column, own) for column, own in enumerate(raw.levels)]
        codes = {value: code for code, value in enumerate(self.classes)}
        classes = np.array([codes[value] for value in raw.classes], dtype=np.float64)
        finished = []
        for leaf in raw.leaves:
            finished.append(self._finish(leaf, first_row, places, classes))
            first_row += leaf.rows
        return tuple(finished)

    def _places(self, column: int, own: tuple[Any, ...]) -> NDArray[np.int32]:
        """Of each level of a partition its place in the expanded space."""
        levels, first = self.levels[column], self.layout.offset(column)
        if levels[: len(own)] == own:
            return np.arange(first, first + len(own), dtype=np.int32)
        place = {level: first + code for code, level in enumerate(levels)}
        return np.array([place.get(v, self.fallback[column]) for v in own], dtype=np.int32)

    def _finish(
        self,
        leaf: Leaf,
        first_row: int,
        places: list[NDArray[np.int32]],
        classes: NDArray[np.float64],
    ) -> Leaf:
        codes = np.empty_like(leaf.codes)
        for column, place in enumerate(places):
            codes[:, column] = place[leaf.codes[:, column]]
        target = classes[leaf.target.astype(np.intp)] if self.classes else leaf.target
        role = np.zeros(leaf.role.shape, dtype=np.uint8)
        own = role.reshape(-1)[: leaf.rows]
        own[:] = self.role if self.split is None else self.split.roles(first_row, leaf.rows)
        return Leaf(leaf.rows, self._filled(leaf), codes, target, role)

    def _filled(self, leaf: Leaf) -> NDArray[np.float64]:
        if self.means is None or not np.isnan(leaf.dense).any():
            return leaf.dense
        means = np.array(self.means).reshape(1, -1, 1)
        return np.where(np.isnan(leaf.dense), np.broadcast_to(means, leaf.dense.shape), leaf.dense)
