from __future__ import annotations

import math
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from windrow.execution.order import numbered, sort, topk, unique

NAN = float("nan")
FLOATS = st.sampled_from([None, NAN, -NAN, 0.0, -0.0, 1.5, -2.0, math.inf, -math.inf])
TEXTS = st.sampled_from([None, "", "a", "B", "é", "\U0001f600", "z"])
INTS = st.sampled_from([None, 0, 1, -3, 2**62])
VECTORS = st.sampled_from([None, (), (0.0,), (-0.0,), (NAN,), (1.0, 2.0)])
ROWS = st.lists(st.tuples(FLOATS, TEXTS, INTS, VECTORS), max_size=30)
SCHEMA: dict[str, Any] = {"f": pl.Float64, "s": pl.String, "i": pl.Int64, "v": pl.List(pl.Float64)}


def frame_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = [[row[place] for row in rows] for place in range(len(SCHEMA))]
    made = {
        name: pl.Series(values, dtype=kind, strict=True)
        for (name, kind), values in zip(SCHEMA.items(), columns, strict=True)
    }
    return pl.DataFrame(made).with_columns(row=pl.int_range(len(rows), dtype=pl.Int64))


def same(value: Any) -> Any:
    """Something that is equal for cells that the library takes as equal."""
    if isinstance(value, tuple):
        return tuple(map(same, value))
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value + 0.0
    return value


def rank(value: Any) -> Any:
    """Something that orders cells as the library does, ascending."""
    if value is None:
        return (0, 0)
    if isinstance(value, float) and math.isnan(value):
        return (2, 0)
    return (1, value.encode("utf-32-be") if isinstance(value, str) else value)


@given(ROWS, st.lists(st.tuples(st.sampled_from("fsi"), st.booleans()), min_size=1, max_size=3))
@settings(max_examples=80)
def test_sort_orders_as_python_does_and_is_stable(
    rows: list[tuple[Any, ...]], by: list[tuple[str, bool]]
) -> None:
    by = list(dict(by).items())
    expected = list(range(len(rows)))
    for name, ascending in reversed(by):
        column = "fsiv".index(name)
        expected.sort(key=lambda row: rank(rows[row][column]), reverse=not ascending)
    assert sort(frame_of(rows), by)["row"].to_list() == expected


def test_missing_comes_first_ascending_and_last_descending() -> None:
    frame = pl.DataFrame({"f": [1.0, None, NAN, -1.0]})
    assert str(sort(frame, [("f", True)])["f"].to_list()) == "[None, -1.0, 1.0, nan]"
    assert str(sort(frame, [("f", False)])["f"].to_list()) == "[nan, 1.0, -1.0, None]"


@given(ROWS, st.sampled_from("fsi"), st.integers(0, 12), st.booleans())
@settings(max_examples=80)
def test_topk_takes_the_earliest_of_equal_rows_and_never_a_missing_one(
    rows: list[tuple[Any, ...]], name: str, count: int, smallest: bool
) -> None:
    column = "fsiv".index(name)
    there = [row for row in range(len(rows)) if rank(rows[row][column])[0] == 1]
    there.sort(key=lambda row: rank(rows[row][column]), reverse=not smallest)
    frame = topk(frame_of(rows), name, count, smallest=smallest)
    assert frame["row"].to_list() == there[:count]


@given(ROWS, st.sets(st.sampled_from("fsiv"), min_size=1))
@settings(max_examples=80)
def test_unique_keeps_the_first_of_equal_rows_in_row_order(
    rows: list[tuple[Any, ...]], names: set[str]
) -> None:
    frame = frame_of(rows).select(sorted(names))
    keys = [tuple(same(row["fsiv".index(name)]) for name in sorted(names)) for row in rows]
    firsts = sorted({key: row for row, key in reversed(list(enumerate(keys)))}.values())
    codes, starts = numbered(frame)
    assert starts.tolist() == firsts
    assert [keys[firsts[code]] for code in codes] == keys
    kept = unique(frame)
    assert repr(kept.rows()) == repr([frame.row(first) for first in firsts])  # bit for bit


@pytest.mark.parametrize("rows", [0, 1])
def test_frames_without_rows_keep_their_columns(rows: int) -> None:
    frame = frame_of([(1.0, "a", 1, (1.0,))]).head(rows)
    assert sort(frame, [("s", False)]).schema == frame.schema
    assert topk(frame, "f", 3).equals(frame)
    assert unique(frame).equals(frame)


def test_many_rows_give_the_same_rows_in_the_same_order_every_time() -> None:
    draw = random.Random(3)
    frame = pl.DataFrame(
        {
            "f": [draw.choice([NAN, None, -0.0, draw.randrange(50) / 4]) for _ in range(30000)],
            "row": range(30000),
        }
    )
    outcomes = {
        (
            tuple(sort(frame, [("f", False)])["row"]),
            tuple(topk(frame, "f", 500)["row"]),
            repr(unique(frame.select("f"))["f"].to_list()),
            numbered(frame.select("f"))[0].tobytes(),
        )
        for _ in range(5)
    }
    assert len(outcomes) == 1
