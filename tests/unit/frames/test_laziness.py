"""Nothing runs until it is asked for, and only as much as is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import windrow as wr
from windrow.execution import environment
from windrow.execution.local import LocalExecutor
from windrow.frames.lazy import _counting
from windrow.plan.node import topological
from windrow.plan.tables import Filter, Memory, Plan, Project, Sort

if TYPE_CHECKING:
    import polars as pl


class Watched(LocalExecutor):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.asked: list[int | None] = []

    def stream(self, plan: Plan, *, limit: int | None = None) -> Iterator[pl.DataFrame]:
        self.asked.append(limit)
        return super().stream(plan, limit=limit)


@pytest.fixture
def watched() -> Iterator[Watched]:
    executor = Watched()
    environment.use(executor)
    yield executor
    environment.use(None)
    executor.close()


def test_building_runs_nothing(watched: Watched) -> None:
    sf = wr.SFrame({"a": [1, 2, 3], "k": ["x", "y", "x"]})
    sf["b"] = sf["a"] * 2 + 1
    kept = sf[sf["b"] > 3].sort("a").join(sf, on="k").groupby("k", wr.aggregate.SUM("a"))
    kept.head(1).append(kept).random_split(0.5, exact=True)
    assert sf.num_rows() == 3
    assert watched.asked == []
    assert len(kept) == 2
    assert len(watched.asked) == 1


def test_apply_runs_on_the_first_hundred_rows_alone(watched: Watched) -> None:
    calls: list[int] = []

    def double(x: int) -> int:
        calls.append(x)
        return 2 * x

    wr.SArray(range(500)).apply(double)
    assert watched.asked == [100]
    assert calls == list(range(100))


def test_counts_and_reductions_are_computed_once(watched: Watched) -> None:
    sf = wr.SFrame({"a": range(10)})
    kept = sf[sf["a"] > 3]
    column = kept["a"]
    assert [len(kept), len(kept), column.sum(), column.sum(), column.max()] == [6, 6, 39, 39, 9]
    assert len(watched.asked) == 3
    kept["b"] = kept["a"] + 1  # one more column, no other rows
    assert len(kept) == 6
    assert len(watched.asked) == 3


def test_counting_does_not_sort() -> None:
    sf = wr.SFrame({"a": [3, 1, 2]})
    kept = sf[sf["a"] > 1]
    assert not [n for n in topological(_counting(kept.sort("a").plan)) if isinstance(n, Sort)]
    assert len(kept.sort("a")) == 2


def test_printing_asks_for_the_head(watched: Watched) -> None:
    sf = wr.SFrame({"a": range(1000)})
    str(sf[sf["a"] > 3])
    assert watched.asked == [10]


def test_the_head_of_a_table_is_a_limit(watched: Watched) -> None:
    sf = wr.SFrame({"a": range(1000)})
    assert [row["a"] for row in sf[sf["a"] > 3].head(2)] == [4, 5]
    assert watched.asked == [2]


def test_materialize_keeps_the_rows(watched: Watched) -> None:
    made = wr.SArray(range(10)).apply(lambda x: x + 1)
    assert not made.is_materialized()
    made.materialize()
    assert made.is_materialized()
    assert isinstance(made.plan, Memory)
    before = len(watched.asked)
    made.materialize()
    assert len(watched.asked) == before


def test_row_by_row_steps_stay_one_projection_over_their_base() -> None:
    sf = wr.SFrame({"a": range(10)})
    for number in range(50):
        sf[f"c{number}"] = sf["a"] + number
    sf = sf[sf["c7"] > 3]
    assert isinstance(sf.plan, Project)
    assert isinstance(sf.plan.source, Filter)
    assert isinstance(sf.plan.source.source, Memory)


def test_a_function_in_a_mask_runs_once_a_row(tmp_path: Path) -> None:
    log = tmp_path / "calls"

    def noted(x: int) -> int:
        with log.open("a") as calls:  # the function runs as a copy, which shares no list
            calls.write("x")
        return x % 2

    sf = wr.SFrame({"a": range(300)})
    sf["odd"] = sf["a"].apply(noted)
    for low in range(3):
        sf = sf[sf["odd"] >= low - 1]
    log.unlink()
    assert sf["odd"].sum() == 150
    assert log.stat().st_size == 300
