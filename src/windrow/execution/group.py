"""Grouping: one row for each distinct key, computed by partitions and merged in a fixed tree.

A `Partial` is what is known after some of the rows: the distinct keys in first-seen order and a
small frame of state for each aggregation (`windrow.execution.group_states`). Partials are added up
like any other partial, in the tree of `windrow.learn.tree`, so that a result follows from data and
plan alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.execution.group_states import EXACT, Groups, Rows, State
from windrow.execution.group_sums import Spread, Totals, VectorTotals
from windrow.execution.order import numbered
from windrow.execution.values import PHYSICAL
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.plan.tables import Aggregation, Group

__all__ = ["Partial", "final", "merge", "partial"]


@dataclass(frozen=True)
class Partial:
    """Aggregates over some of the rows; ``left + right`` is `merge`.

    Attributes
    ----------
    keys
        The distinct keys in order of first appearance; no columns when all rows are one group.
    groups
        Number of groups.
    aggregations
        What is computed.
    states
        State of each aggregation.
    """

    keys: pl.DataFrame
    groups: int
    aggregations: tuple[Aggregation, ...]
    states: tuple[pl.DataFrame, ...]

    def __add__(self, right: Partial) -> Partial:
        return merge(self, right)


def partial(frame: pl.DataFrame, group: Group) -> Partial:
    """Aggregate the rows of one partition.

    Parameters
    ----------
    frame : DataFrame
        The rows; of its columns only the keys and those that the aggregations read are needed.
    group : Group
        Keys, which may be none (then there is one group, even of no rows), and aggregations.
    """
    keys = frame.select(group.keys)
    if group.keys:
        codes, firsts = numbered(keys)
        keys, groups = keys[firsts], len(firsts)
    else:
        codes, groups = np.zeros(frame.height, dtype=np.int64), 1
    rows = Rows(frame, group.source.schema, codes, groups)
    states = tuple(state_of(a).start(rows, a) for a in group.aggregations)
    return Partial(keys, groups, group.aggregations, states)


def merge(left: Partial, right: Partial) -> Partial:
    """Aggregate over the rows of both: the groups of `left`, then those that are new in `right`.

    Every row of `left` stands before every row of `right`. The keys and their order do not depend
    on how rows were cut and merged; the bits of sums of floats do, so merge in a fixed tree.
    """
    if left.keys.columns:
        both = pl.concat([left.keys, right.keys])
        codes, firsts = numbered(both)
        places, keys, groups = codes[left.groups :], both[firsts], len(firsts)
    else:
        places, keys, groups = np.zeros(1, dtype=np.int64), left.keys, 1
    states = tuple(
        state_of(a).merge(one, other, places, groups)
        for a, one, other in zip(left.aggregations, left.states, right.states, strict=True)
    )
    return Partial(keys, groups, left.aggregations, states)


def final(partial: Partial, group: Group) -> pl.DataFrame:
    """Return the table: keys and results with the names and physical types of ``group.schema``.

    Raises
    ------
    UnequalVectorsError
        Vectors of different lengths are to be added up over all rows (of a group with keys the
        result is None).

    Examples
    --------
    >>> from windrow.plan.tables import Aggregation, Group, Memory
    >>> from windrow.plan.types import DType
    >>> table = Memory((), (), (("k", DType.STR), ("v", DType.FLOAT)))
    >>> group = Group(table, ("k",), (Aggregation("total", "sum", ("v",), DType.FLOAT),))
    >>> parts = [
    ...     pl.DataFrame({"k": ["b", "a"], "v": [1.5, 2.0]}),
    ...     pl.DataFrame({"k": ["c", "b"], "v": [None, 1.0]}),
    ... ]
    >>> final(merge(*(partial(part, group) for part in parts)), group).rows()
    [('b', 2.5), ('a', 2.0), ('c', 0.0)]
    """
    groups = Groups(partial.groups, group.source.schema, whole=not group.keys)
    results = [
        state_of(a).finish(state, a, groups).cast(PHYSICAL[a.dtype]).alias(a.output)
        for a, state in zip(partial.aggregations, partial.states, strict=True)
    ]
    return pl.DataFrame([*partial.keys, *results])


def state_of(a: Aggregation) -> State:
    """Return how an aggregation is computed: by its kind, and of sums by the type of the result."""
    if a.kind in {"sum", "mean"} and a.dtype is not DType.INT:
        of = VectorTotals if a.dtype is DType.ARRAY else Totals
        return of(mean=a.kind == "mean")
    if a.kind in {"var", "std"}:
        return Spread(root=a.kind == "std")
    return EXACT["pairs" if a.kind == "concat" and len(a.columns) == 2 else a.kind]
