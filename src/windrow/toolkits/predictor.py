"""The linear predictor: what a fitted model is, as far as a row's margin goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ArrayLengthError, MissingFeatureError
from windrow.learn.kernels import margins
from windrow.learn.layout import Layout
from windrow.learn.leaf import LEAF, TRAIN, VALIDATION, Leaf
from windrow.learn.sparse import SparseRows
from windrow.plan.types import DType
from windrow.toolkits.columns import (
    entries_of_dicts,
    entries_of_lists,
    levels_of,
    matrix_of,
    numbers_of,
)
from windrow.toolkits.features import FeatureEncoder, FeatureFinisher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.levels import Levels
    from windrow.toolkits.transformers import Transformer

__all__ = ["LinearPredictor"]


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """Margins of rows that come as columns: one, or one for each class but the first of several.

    Attributes
    ----------
    numeric, categorical
        Names of the features.
    levels
        Of each categorical feature the levels, in the order of the layout.
    reference
        Of each categorical feature the place of its reference: what any other value counts as.
        Then of each feature of lists the place of its reference, -1 where it has none.
    means
        Of each number, those of vectors last, the mean in training: what a missing one counts as.
    weights
        float64 (layout.size,) or (margins, layout.size), 0 at the references.
    lists, dicts, vectors
        Names of the features of these kinds; what a list or dictionary has that is no level adds
        nothing.
    widths
        Of each feature of vectors their length.
    transformer
        What makes the features of the columns that users have; None when they are the same.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    levels: tuple[Levels, ...]
    reference: tuple[int, ...]
    means: tuple[float, ...]
    weights: NDArray[np.float64]
    lists: tuple[str, ...] = ()
    dicts: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    transformer: Transformer | None = None

    @property
    def inputs(self) -> dict[str, DType]:
        """Columns that it needs, before they are transformed, and their types."""
        learnt = self.transformer
        if learnt is None:
            return {name: self.kind(name) for name in self.features}
        own = {name: self.kind(name) for name in self.features if name not in learnt.made}
        read = learnt.inputs.items()
        return own | {n: DType.FLOAT if kind.is_number else kind for n, kind in read}

    @property
    def is_plain(self) -> bool:
        """Whether its features are numbers and texts alone, as users have them."""
        others = self.lists + self.dicts + self.vectors
        return not others and self.transformer is None

    @property
    def layout(self) -> Layout:
        """The expanded coefficient space."""
        sizes = tuple(len(levels) for levels in self.levels)
        c = len(self.categorical)
        return Layout(len(self.numeric) + sum(self.widths), sizes[:c], sizes[c:])

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return self.numeric + self.categorical + self.lists + self.dicts + self.vectors

    def kind(self, name: str) -> DType:
        """Type of a feature; `DType.FLOAT` stands for all numbers."""
        kinds = {
            DType.FLOAT: self.numeric,
            DType.STR: self.categorical,
            DType.LIST: self.lists,
            DType.DICT: self.dicts,
            DType.ARRAY: self.vectors,
        }
        return next(kind for kind, names in kinds.items() if name in names)

    def columns_of(self, name: str) -> tuple[int, Sequence[Any] | None]:
        """Give a feature's first place, and what each place stands for; None of a number."""
        layout = self.layout
        if name in self.numeric:
            return 1 + self.numeric.index(name), None
        if name in self.vectors:
            j = self.vectors.index(name)
            first = 1 + len(self.numeric) + sum(self.widths[:j])
            return first, [str(position) for position in range(self.widths[j])]
        if name in self.categorical:
            j = self.categorical.index(name)
            return layout.offset(j), self.levels[j]
        j = (*self.lists, *self.dicts).index(name)
        return layout.sparse_offset(j), self.levels[len(self.categorical) + j]

    def encoder(self, target: str, *, classes: bool) -> FeatureEncoder:
        """Give what reads a table of these features."""
        return FeatureEncoder(
            self.numeric,
            self.categorical,
            target,
            classes,
            self.lists,
            self.dicts,
            self.vectors,
        )

    def finisher(self, classes: tuple[Any, ...] = ()) -> FeatureFinisher:
        """Give what brings an encoded table to the form that the weights are for."""
        return FeatureFinisher(
            layout=self.layout,
            levels=self.levels,
            fallback=self.reference[: len(self.categorical)],
            classes=classes,
            role=VALIDATION,
            means=self.means,
            widths=self.widths,
        )

    @property
    def margin_count(self) -> int:
        """Number of margins that a row has."""
        return 1 if self.weights.ndim == 1 else len(self.weights)

    def margins(
        self, columns: Mapping[str, pl.Series], rows: int, *, impute: bool
    ) -> NDArray[np.float64]:
        """Margins of each row.

        Parameters
        ----------
        columns
            Each of the features, of `rows` values.
        rows
            Number of rows.
        impute
            Whether missing values get a substitute; else they are refused.

        Returns
        -------
        float64 (rows,) or (margins, rows), as the weights are
            NaN where a number is NaN.

        Raises
        ------
        MissingFeatureError
            A value is missing and `impute` is off.

        Examples
        --------
        >>> import polars as pl
        >>> twice = LinearPredictor(("x",), (), (), (), (0.5,), np.array([1.0, 2.0]))
        >>> twice.margins({"x": pl.Series([3.0, None])}, 2, impute=True).tolist()
        [7.0, 2.0]
        """
        if not impute:
            self._refuse_missing(columns, rows)
        dense = [
            numbers_of(columns[name].cast(float).fill_null(mean))[0]
            for name, mean in zip(self.numeric, self.means, strict=False)
        ]
        dense += self._vector_numbers(columns)
        sparse = self._entries(columns)
        codes = [self._codes(j, columns[name]) for j, name in enumerate(self.categorical)]
        target, role = np.zeros(rows), np.full(rows, TRAIN, dtype=np.uint8)
        found = np.empty((*self.weights.shape[:-1], rows))
        for start in range(0, rows, LEAF):
            part = slice(start, min(start + LEAF, rows))
            leaf = Leaf.pack(
                [x[part] for x in dense],
                [c[part] for c in codes],
                target[part],
                role[part],
                sparse=None if sparse is None else sparse.part(part.start, part.stop),
            )
            found[..., part] = margins(leaf, self.weights)
        return found

    def _refuse_missing(self, columns: Mapping[str, pl.Series], rows: int) -> None:
        """Raise when a value is missing; None is a level like others where training had it."""
        known = {
            n for n, own in zip(self.categorical, self.levels, strict=False) if own.has_missing
        }
        gaps = {n: columns[n].null_count() for n in self.features if n not in known}
        missing = tuple((name, count) for name, count in gaps.items() if count)
        if missing:
            raise MissingFeatureError(missing, rows)

    def _codes(self, j: int, column: pl.Series) -> NDArray[np.int32]:
        """Places of the levels of a categorical column."""
        codes, own = levels_of(column)
        numbers = self.levels[j].codes_of(own)
        known = numbers + np.int32(self.layout.offset(j))
        return np.where(numbers < 0, np.int32(self.reference[j]), known)[codes]

    def _vector_numbers(self, columns: Mapping[str, pl.Series]) -> list[NDArray[np.float64]]:
        """Give each position of the vectors as a column."""
        found, at = [], len(self.numeric)
        for name, width in zip(self.vectors, self.widths, strict=True):
            matrix = matrix_of(columns[name])
            if set(matrix.lengths) - {width}:
                lengths = columns[name].list.len().to_numpy()
                row = int(np.flatnonzero(~matrix.absent & (lengths != width))[0])
                raise ArrayLengthError(name, row, int(lengths[row]), width)
            numbers = np.full((len(matrix.absent), width), np.nan)
            if len(matrix.lengths):
                numbers[:] = matrix.numbers
            numbers[matrix.absent] = self.means[at : at + width]
            found += list(numbers.T)
            at += width
        return found

    def _entries(self, columns: Mapping[str, pl.Series]) -> SparseRows | None:
        """Give the entries of lists and dictionaries that are known."""
        found = [entries_of_lists(columns[name]) for name in self.lists]
        found += [entries_of_dicts(columns[name], name) for name in self.dicts]
        if not found:
            return None
        parts = []
        for j, entries in enumerate(found):
            numbers = self.levels[len(self.categorical) + j].codes_of(entries.levels)
            offset = np.int32(self.layout.sparse_offset(j))
            table = np.where(numbers < 0, np.int32(-1), numbers + offset)
            parts.append(entries.rows.mapped(table))
        return SparseRows.joined(parts)
