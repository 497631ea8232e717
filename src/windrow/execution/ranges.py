"""Sorting what no worker could hold: rows go to ranges of keys, and each range is sorted alone.

Where ranges end follows from a sample of the data alone. Rows with equal keys may fall into two
ranges: then the earlier rows are in the first, so that the whole is as stable as its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.execution import order
from windrow.execution.buckets import numbered_from
from windrow.learn.hashing import uniform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.execution.spooled import Files
    from windrow.execution.store import Store
    from windrow.execution.table import Table

    By = tuple[tuple[str, bool], ...]

__all__ = ["MergeRange", "SampleKeys", "SplitRanges", "ends_of"]


@dataclass(frozen=True)
class SampleKeys:
    """The task that draws keys of a partition, and the numbers of their rows.

    Attributes
    ----------
    rate
        Share of the rows; which ones follows from their places.
    """

    table: Table
    by: By
    rate: float

    def __call__(self, store: Store, index: int) -> pl.DataFrame:
        """Do it."""
        keys = _keys(self.table, self.by, index, store)
        rows = np.arange(keys.height, dtype=np.uint64)
        return keys.filter(uniform(index, rows) < self.rate)


def ends_of(samples: Sequence[pl.DataFrame], by: By, ranges: int) -> pl.DataFrame:
    """Choose where ranges of about equal size begin, all but the first.

    Parameters
    ----------
    samples : sequence of DataFrame
        Keys and row numbers, of all partitions in order.
    by : pairs of column name and whether ascending
    ranges : int

    Returns
    -------
    DataFrame
        At most ``ranges - 1`` of the samples, in the order of the sort.
    """
    ordered = order.sort(pl.concat(samples), _numbered(by))
    places = {ordered.height * place // ranges for place in range(1, ranges)}
    inside = sorted(place for place in places if 0 < place < ordered.height)
    return ordered[np.array(inside, dtype=np.int64)]


@dataclass(frozen=True, eq=False)
class SplitRanges:
    """The recipe that cuts a partition into sorted parts, one for each range."""

    table: Table
    by: By
    begins: pl.DataFrame

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        frame = self.table.frame(index, self.table.plan.schema.names, store)
        keys = _keys(self.table, self.by, index, store)
        row = pl.Series("row", np.append(np.full(self.begins.height, -1), np.arange(frame.height)))
        # A range begins before the row that it is named by, so it stands before its equals there.
        together = pl.concat([self.begins, keys]).with_columns(row)
        together = together.sort("number", maintain_order=True)
        rows = order.sort(together, _numbered(self.by))["row"].to_numpy()
        for part in np.split(rows, np.flatnonzero(rows < 0)):
            yield frame[part[part >= 0]]


@dataclass(frozen=True)
class MergeRange:
    """The recipe that sorts a range."""

    split: Files
    by: By

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        yield order.sort(self.split.across(store, index), self.by)


def _keys(table: Table, by: By, index: int, store: Store) -> pl.DataFrame:
    """Return the keys of a partition, named by their places, and the numbers of the rows."""
    names = [name for name, _ in by]
    frame = table.frame(index, list(dict.fromkeys(names)), store)
    columns = [frame[name].alias(str(place)) for place, name in enumerate(names)]
    return pl.DataFrame([*columns, numbered_from(index, frame.height).alias("number")])


def _numbered(by: By) -> By:
    return tuple((str(place), ascending) for place, (_, ascending) in enumerate(by))
