"""Joins and distinct rows of what no worker could hold: rows meet by the hash of their keys.

Each row carries its number, so what was found in the buckets goes back to where it came from: the
partitions of the result are those of the (left) table, in its order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windrow.execution import order
from windrow.execution.buckets import by_code, numbered_from, numbers_of, partition_of
from windrow.execution.join import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from windrow.execution.spooled import Files
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.plan.tables import Join

__all__ = ["DistinctRows", "JoinBucket", "RestoreOrder", "SplitRows", "UniqueBucket", "numbered"]


@dataclass(frozen=True)
class DistinctRows:
    """The recipe that takes the first of each set of equal rows of a partition."""

    table: Table

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        yield order.unique(self.table.frame(index, self.table.plan.schema.names, store))


@dataclass(frozen=True)
class SplitRows:
    """The recipe that cuts a partition by the hash of some columns; the last column numbers rows.

    Attributes
    ----------
    keys
        Names of the columns.
    buckets
        Number of parts.
    """

    table: Table
    keys: tuple[str, ...]
    buckets: int

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        frame = self.table.frame(index, self.table.plan.schema.names, store)
        # A key may be named twice, by two columns of the other side.
        codes = numbers_of([frame[name] for name in self.keys], self.buckets)
        yield from by_code(numbered(frame, numbered_from(index, frame.height)), codes, self.buckets)


@dataclass(frozen=True)
class JoinBucket:
    """The recipe that joins a bucket, with a part for each partition of the left table."""

    left: Files
    right: Files
    join: Join

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        left, right = self.left.across(store, index), self.right.across(store, index)
        names = self.join.schema.names
        number = _spare((*left.columns, *right.columns, *names))
        left = left.rename({left.columns[-1]: number})
        found = joined(left, right[:, :-1], self.join, (*names, number))
        yield from by_partition(found, len(self.left))


@dataclass(frozen=True)
class UniqueBucket:
    """The recipe that takes the first of each set of equal rows of a bucket, by partition."""

    split: Files

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        rows = self.split.across(store, index)
        yield from by_partition(order.unique(rows, rows.columns[:-1]), len(self.split))


@dataclass(frozen=True)
class RestoreOrder:
    """The recipe that gathers a partition from all buckets, in the order of its rows' numbers."""

    found: Files

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        rows = self.found.across(store, index)
        yield rows.sort(rows.columns[-1], maintain_order=True)[:, :-1]


def numbered(frame: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Put the numbers of the rows behind the other columns."""
    return frame.with_columns(numbers.alias(_spare(frame.columns)))


def by_partition(frame: pl.DataFrame, partitions: int) -> Iterator[pl.DataFrame]:
    """Cut rows by the partition that the numbers in the last column tell."""
    return by_code(frame, partition_of(frame[:, -1]), partitions)


def _spare(names: Iterable[str]) -> str:
    """Return a name that is none of these: it is longer."""
    return "#" * (1 + max(map(len, names), default=0))
