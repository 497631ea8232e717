from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from windrow.errors import RowsLostError
from windrow.execution.join import joined
from windrow.plan.tables import Join, Memory
from windrow.plan.types import DType

NAN = float("nan")
Rows = list[tuple[Any, ...]]
KEYS = st.tuples(st.sampled_from([None, NAN, 0.0, -0.0, 1.0]), st.sampled_from([None, "", "a"]))
TABLES = st.lists(KEYS, max_size=10)
LEFT = (("a", DType.FLOAT), ("x", DType.INT), ("b", DType.STR))
RIGHT = (("y", DType.INT), ("b", DType.STR), ("c", DType.FLOAT))
JOIN = Join(
    Memory((), (), LEFT), Memory((), (), RIGHT), (("a", "c"), ("b", "b")), "inner", (("y", "x.1"),)
)


def left_of(keys: Rows, first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "a": [a for a, _ in keys],
            "x": range(first, first + len(keys)),
            "b": [b for _, b in keys],
        },
        schema={"a": pl.Float64, "x": pl.Int64, "b": pl.String},
    )


def right_of(keys: Rows) -> pl.DataFrame:
    return pl.DataFrame(
        {"y": range(100, 100 + len(keys)), "b": [b for _, b in keys], "c": [c for c, _ in keys]},
        schema={"y": pl.Int64, "b": pl.String, "c": pl.Float64},
    )


def reference(left: Rows, right: Rows, how: str) -> Rows:
    """Rows (key, left row, right row) by two plain loops."""

    def equal(one: Any, other: Any) -> bool:
        return repr(one).replace("-0.0", "0.0") == repr(other).replace("-0.0", "0.0")

    made: Rows = []
    for x, key in enumerate(left):
        matches = [y for y, other in enumerate(right) if equal(key, other)]
        if not matches and how == "left":
            made.append((key[0], x, key[1], None))
        made += [(key[0], x, key[1], 100 + y) for y in matches]
    return made


@given(TABLES, TABLES, st.sampled_from(["inner", "left"]))
@settings(max_examples=100)
def test_join_equals_two_plain_loops(left: Rows, right: Rows, how: str) -> None:
    table = joined(left_of(left), right_of(right), replace(JOIN, how=how))
    assert table.columns == ["a", "x", "b", "x.1"]
    assert repr(table.rows()) == repr(reference(left, right, how))


@given(TABLES, TABLES)
@settings(max_examples=60)
def test_anti_join_keeps_the_left_rows_without_a_match(left: Rows, right: Rows) -> None:
    table = joined(left_of(left), right_of(right), replace(JOIN, how="anti"))
    found = {row[1] for row in reference(left, right, "inner")}
    assert table["x"].to_list() == [x for x in range(len(left)) if x not in found]
    assert table.columns == ["a", "x", "b"]


def test_only_wanted_columns_are_needed_and_given() -> None:
    left = left_of([(1.0, "a"), (2.0, "b")]).select("a", "b")
    right = right_of([(2.0, "b")])
    table = joined(left, right, replace(JOIN, how="left"), ["x.1", "b"])
    assert table.rows() == [(None, "a"), (100, "b")]
    kept = joined(left, right.select("c", "b"), replace(JOIN, how="anti"), ["b"])
    assert kept.rows() == [("a",)]


def test_vectors_join_by_value() -> None:
    columns = (("k", DType.ARRAY),)
    join = Join(Memory((), (), columns), Memory((), (), columns), (("k", "k"),), "inner", ())
    kind = {"k": pl.List(pl.Float64)}
    left = pl.DataFrame({"k": [[0.0], None, [1.0, 2.0], []]}, schema=kind)
    right = pl.DataFrame({"k": [[], None, [-0.0]]}, schema=kind)
    assert joined(left, right, join).rows() == [([0.0],), (None,), ([],)]


def test_an_engine_that_loses_rows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pl.DataFrame.join

    def careless(self: pl.DataFrame, *args: Any, **options: Any) -> pl.DataFrame:
        return real(self, *args, **options).head(1)

    monkeypatch.setattr(pl.DataFrame, "join", careless)
    with pytest.raises(RowsLostError, match="left join of 2 rows kept 1"):
        joined(left_of([(1.0, "a"), (2.0, "b")]), right_of([]), replace(JOIN, how="left"))


def test_many_rows_join_the_same_way_every_time() -> None:
    left = left_of([(float(i * 7 % 1000), str(i % 3)) for i in range(20000)])
    right = right_of([(float(i * 11 % 1200), str(i % 3)) for i in range(6000)])
    tables = {repr(joined(left, right, JOIN).hash_rows().to_numpy().tobytes()) for _ in range(5)}
    assert len(tables) == 1
