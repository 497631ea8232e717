"""The linear predictor: what a fitted model is, as far as a row's margin goes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from windrow.errors import MissingFeatureError
from windrow.learn.kernels import margins
from windrow.learn.layout import Layout
from windrow.learn.leaf import LEAF, TRAIN, Leaf
from windrow.toolkits.features import levels_of, numbers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray

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
    means
        Of each numeric feature the mean in training: what a missing one counts as.
    weights
        float64 (layout.size,) or (margins, layout.size), 0 at the references.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    levels: tuple[tuple[str | None, ...], ...]
    reference: tuple[int, ...]
    means: tuple[float, ...]
    weights: NDArray[np.float64]

    @property
    def layout(self) -> Layout:
        """The expanded coefficient space."""
        return Layout(len(self.numeric), tuple(len(levels) for levels in self.levels))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return self.numeric + self.categorical

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
            for name, mean in zip(self.numeric, self.means, strict=True)
        ]
        codes = [self._codes(j, columns[name]) for j, name in enumerate(self.categorical)]
        target, role = np.zeros(rows), np.full(rows, TRAIN, dtype=np.uint8)
        found = np.empty((*self.weights.shape[:-1], rows))
        for start in range(0, rows, LEAF):
            part = slice(start, min(start + LEAF, rows))
            leaf = Leaf.pack(
                [x[part] for x in dense], [c[part] for c in codes], target[part], role[part]
            )
            found[..., part] = margins(leaf, self.weights)
        return found

    def _refuse_missing(self, columns: Mapping[str, pl.Series], rows: int) -> None:
        """Raise when a value is missing; None is a level like others where training had it."""
        known = {n for n, own in zip(self.categorical, self.levels, strict=True) if None in own}
        gaps = {n: columns[n].null_count() for n in self.features if n not in known}
        missing = tuple((name, count) for name, count in gaps.items() if count)
        if missing:
            raise MissingFeatureError(missing, rows)

    def _codes(self, j: int, column: pl.Series) -> NDArray[np.int32]:
        """Places of the levels of a categorical column."""
        codes, own = levels_of(column)
        places = [self._places[j].get(level, self.reference[j]) for level in own]
        return np.array(places, dtype=np.int32)[codes]

    @cached_property
    def _places(self) -> list[dict[str | None, int]]:
        """Of each categorical feature the place of each level."""
        first = [self.layout.offset(j) for j in range(len(self.levels))]
        return [
            {level: start + code for code, level in enumerate(own)}
            for start, own in zip(first, self.levels, strict=True)
        ]
