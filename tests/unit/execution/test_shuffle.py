"""What goes from worker to worker gives what one worker would have given, whatever the data."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from windrow.execution import group, order, shuffle
from windrow.execution.join import joined
from windrow.execution.local import LocalExecutor
from windrow.execution.protocol import collect
from windrow.io import memory
from windrow.learn.tree import tree_sum
from windrow.plan.compose import select
from windrow.plan.schema import Schema
from windrow.plan.tables import Aggregation, Group, Join, Memory, Plan, Sort, Unique, Zip
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Iterator

NAN = float("nan")
SCHEMA = Schema(
    [("k", DType.FLOAT), ("s", DType.STR), ("v", DType.ARRAY), ("n", DType.INT), ("i", DType.INT)]
)
CELLS = st.tuples(
    st.sampled_from([None, 0.0, -0.0, NAN, -NAN, 1.0, -1.5, float("inf")]),
    st.sampled_from([None, "", "a", "b", "ab", "\N{SNOWMAN}"]),
    st.sampled_from([None, [], [0.0], [-0.0], [1.0, NAN], [1.0, 2.0]]),
    st.sampled_from([None, 0, -1, 1 << 60]),
)
PARTS = st.lists(st.lists(CELLS, max_size=12), min_size=1, max_size=5)


def table(parts: list[list[tuple[object, ...]]]) -> Plan:
    rows = [row for part in parts for row in part]
    data = [(*row, number) for number, row in enumerate(rows)]
    kinds = {name: memory.PHYSICAL[kind] for name, kind in SCHEMA.items()}
    frame = pl.DataFrame(data, schema=kinds, orient="row")
    return memory.from_frame(frame, SCHEMA, [len(part) for part in parts])


@pytest.fixture(scope="module", autouse=True)
def _everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(shuffle, "AT_ONCE", 0)
        limits.setattr(shuffle, "DRIVER_BYTES", 0)
        limits.setattr(shuffle, "BROADCAST_BYTES", 0)
        limits.setattr(shuffle, "BUCKET_BYTES", 300)
        limits.setattr(shuffle, "MOST_PARTS", 9)
        limits.setattr(shuffle, "RANGE_ROWS", 3)
        yield


def result(plan: Plan) -> pl.DataFrame:
    executor = LocalExecutor(threads=1)
    try:
        return collect(executor, plan)
    finally:
        executor.close()


def whole(plan: Plan) -> pl.DataFrame:
    assert isinstance(plan, Memory)
    return pl.concat([memory.part(plan, i, plan.schema.names) for i in range(len(plan.parts))])


def same(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    return left.schema == right.schema and repr(left.rows()) == repr(right.rows())


@settings(max_examples=25, deadline=None)
@given(
    parts=PARTS,
    by=st.lists(st.tuples(st.sampled_from("ksvn"), st.booleans()), min_size=1, max_size=3),
)
def test_a_large_table_is_sorted_as_a_small_one_is(
    parts: list[list[tuple[object, ...]]], by: list[tuple[str, bool]]
) -> None:
    plan = table(parts)
    by = list(dict(by).items())
    assert same(result(Sort(plan, tuple(by))), order.sort(whole(plan), by))


def test_a_sorted_table_is_cut_into_ranges_even_where_all_keys_are_equal() -> None:
    plan = table([[(1.0, None, None, None)] * 30] * 3)
    executor = LocalExecutor(threads=1)
    heights = [frame.height for frame in executor.stream(Sort(plan, (("k", True),)))]
    executor.close()
    assert heights == [10] * 9


KEYS = st.lists(st.sampled_from("ksvn"), min_size=1, max_size=3, unique=True)


@settings(max_examples=25, deadline=None)
@given(parts=PARTS, keys=KEYS)
def test_distinct_rows_of_a_large_table_are_those_of_a_small_one(
    parts: list[list[tuple[object, ...]]], keys: list[str]
) -> None:
    plan = select(table(parts), keys)
    assert same(result(Unique(plan)), order.unique(whole(table(parts)).select(keys)))


LIMITS = st.sampled_from([0, 1 << 20])
"""Bytes up to which every worker takes the whole right side."""


@settings(max_examples=40, deadline=None)
@given(left=PARTS, right=PARTS, keys=KEYS, how=st.sampled_from(["inner", "left"]), limit=LIMITS)
def test_large_tables_are_joined_as_small_ones_are(
    left: list[list[tuple[object, ...]]],
    right: list[list[tuple[object, ...]]],
    keys: list[str],
    how: str,
    limit: int,
) -> None:
    ours, theirs = table(left), table(right)
    renamed = tuple((name, f"{name}.1") for name in SCHEMA if name not in keys)
    join = Join(ours, theirs, tuple((key, key) for key in keys), how, renamed)
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(shuffle, "BROADCAST_BYTES", limit)
        assert same(result(join), joined(whole(ours), whole(theirs), join))


WANTED = (
    Aggregation("count", "count", (), DType.INT),
    Aggregation("sum", "sum", ("k",), DType.FLOAT),
    Aggregation("var", "var", ("i",), DType.FLOAT),
    Aggregation("max", "max", ("i",), DType.INT),
    Aggregation("first", "select_one", ("s",), DType.STR),
    Aggregation("all", "concat", ("i",), DType.ARRAY),
    Aggregation("last", "argmax", ("k", "i"), DType.INT),
    Aggregation("distinct", "count_distinct", ("s",), DType.INT),
    Aggregation("vectors", "sum", ("v",), DType.ARRAY),
)


@settings(max_examples=25, deadline=None)
@given(parts=PARTS, keys=KEYS)
def test_many_groups_have_the_bits_of_a_few(
    parts: list[list[tuple[object, ...]]], keys: list[str]
) -> None:
    plan = table(parts)
    wanted = Group(plan, tuple(keys), WANTED)
    assert isinstance(plan, Memory)
    frames = [memory.part(plan, i, plan.schema.names) for i in range(len(plan.parts))]
    expected = group.final(tree_sum([group.partial(frame, wanted) for frame in frames]), wanted)
    assert same(result(wanted), expected)


@settings(max_examples=25, deadline=None)
@given(parts=PARTS, cuts=st.lists(st.integers(0, 60), max_size=4))
def test_large_tables_side_by_side_may_be_cut_differently(
    parts: list[list[tuple[object, ...]]], cuts: list[int]
) -> None:
    plan = table(parts)
    ends = sorted(min(cut, plan.rows or 0) for cut in cuts)
    sizes = [b - a for a, b in pairwise([0, *ends, plan.rows or 0])]
    names = Schema((f"{name}.1", kind) for name, kind in SCHEMA.items())
    renamed = whole(plan).rename(dict(zip(SCHEMA, names, strict=True)))
    other = memory.from_frame(renamed, names, sizes)
    expected = pl.concat([whole(plan), renamed], how="horizontal")
    assert same(result(Zip((plan, other))), expected)
