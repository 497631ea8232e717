"""A column of vectors, laid end to end: how all elements are computed at once."""

from __future__ import annotations

import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Vectors:
    """The vectors of a column.

    Attributes
    ----------
    lengths
        Elements of each row, int64; 0 where the row is missing.
    missing
        Whether each row is missing.
    elements
        All elements, float64.
    """

    lengths: NDArray[np.int64]
    missing: NDArray[np.bool_]
    elements: NDArray[np.float64]

    @staticmethod
    def of(series: pl.Series) -> Vectors:
        """Take a column apart; an element that is null counts as NaN."""
        lengths = series.list.len().fill_null(0).cast(pl.Int64).to_numpy()
        elements = series.explode(keep_nulls=False, empty_as_null=False)
        return Vectors(lengths, series.is_null().to_numpy(), elements.to_numpy())

    @staticmethod
    def of_values(values: Iterable[Any]) -> Vectors:
        """Lay sequences of numbers end to end; None is a missing row.

        >>> Vectors.of_values([[1, 2.5], None, ()]).series().to_list()
        [[1.0, 2.5], None, []]
        """
        elements = array.array("d")
        lengths, missing = [], []
        for value in values:
            before = len(elements)
            if value is not None:
                elements.extend(value)
            lengths.append(len(elements) - before)
            missing.append(value is None)
        return Vectors(
            np.array(lengths, dtype=np.int64),
            np.array(missing, dtype=np.bool_),
            np.frombuffer(elements) if elements else np.empty(0),
        )

    def series(self) -> pl.Series:
        """Put the column together."""
        import pyarrow as pa

        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.lengths)])
        mask = pa.array(self.missing) if self.missing.any() else None
        lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(self.elements), mask=mask)
        found = pl.from_arrow(lists)
        if not isinstance(found, pl.Series):
            raise TypeError(found)
        return found.cast(pl.List(pl.Float64))

    def values(self) -> list[array.array[float] | None]:
        """Return the vectors as users know them."""
        whole = array.array("d")
        whole.frombytes(np.ascontiguousarray(self.elements).tobytes())
        ends = np.cumsum(self.lengths).tolist()
        starts = [0, *ends[:-1]]
        missing = self.missing.tolist()
        return [
            None if absent else whole[start:end]
            for start, end, absent in zip(starts, ends, missing, strict=False)
        ]

    def where(self, kept: NDArray[np.bool_]) -> Vectors:
        """Make the other rows missing."""
        elements = self.elements[np.repeat(kept, self.lengths)]
        return Vectors(np.where(kept, self.lengths, 0), ~kept, elements)

    def rows(self) -> NDArray[np.int64]:
        """Row of each element."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)
