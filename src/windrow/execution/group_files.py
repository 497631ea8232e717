"""Partial aggregates in files, for groupings with more keys than a driver had better take.

A partial is a few frames, one part each: the keys, with the number of the row that each group was
first seen in behind them, and a state for each aggregation. Cut by the hash of the keys, each
bucket is added up in the same tree as the whole would be, with the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.execution.buckets import numbered_from, numbers_of
from windrow.execution.group import Partial, final
from windrow.execution.hashed import by_partition, numbered
from windrow.execution.order import numbered as sets_of
from windrow.execution.tasks import GroupPartition
from windrow.learn.tree import tree_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from windrow.execution.spooled import Files
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.plan.tables import Group

__all__ = ["GroupBucket", "GroupRows", "ReadPartial", "SplitGroups"]


@dataclass(frozen=True)
class GroupRows:
    """The recipe of the partial aggregates of a partition."""

    table: Table
    plan: Group

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        partial = GroupPartition(self.table, self.plan)(store, index)
        yield numbered(partial.keys, numbered_from(index, partial.groups))
        yield from partial.states


@dataclass(frozen=True)
class ReadPartial:
    """The task that reads such a file."""

    files: Files
    plan: Group

    def __call__(self, store: Store, index: int) -> Partial:
        """Do it."""
        return _read(self.files, self.plan, store, index, 0)[0]


@dataclass(frozen=True)
class SplitGroups:
    """The recipe that cuts such a file by the hash of the keys."""

    files: Files
    plan: Group
    buckets: int

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        partial, numbers = _read(self.files, self.plan, store, index, 0)
        codes = numbers_of(list(partial.keys), self.buckets)
        for bucket in range(self.buckets):
            chosen = np.flatnonzero(codes == bucket)
            yield numbered(partial.keys[chosen], numbers.gather(chosen))
            for state in partial.states:
                yield _groups(state, chosen, partial.groups)


@dataclass(frozen=True)
class GroupBucket:
    """The recipe of the groups of a bucket, with a part for each partition they begin in."""

    split: Files
    plan: Group

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        parts = range(len(self.split))
        read = [_read(self.split, self.plan, store, partition, index) for partition in parts]
        _, firsts = sets_of(pl.concat([partial.keys for partial, _ in read]))
        numbers = pl.concat([numbers for _, numbers in read]).gather(firsts)
        result = final(tree_sum([partial for partial, _ in read]), self.plan)
        yield from by_partition(numbered(result, numbers), len(self.split))


def _read(
    files: Files, plan: Group, store: Store, index: int, bucket: int
) -> tuple[Partial, pl.Series]:
    """Read the partial of one bucket, and the numbers of the rows that its groups begin with."""
    step = 1 + len(plan.aggregations)
    keys, *states = (files.part(store, index, bucket * step + i) for i in range(step))
    return Partial(keys[:, :-1], keys.height, plan.aggregations, tuple(states)), keys[:, -1]


def _groups(state: pl.DataFrame, chosen: NDArray[np.int64], groups: int) -> pl.DataFrame:
    """Return the state of some groups, numbered anew in their order."""
    if "group" not in state.columns:
        return state[chosen]
    places = np.full(groups, -1, dtype=np.int64)
    places[chosen] = np.arange(len(chosen))
    return state.with_columns(pl.Series("group", places[state["group"].to_numpy()])).filter(
        pl.col("group") >= 0
    )
