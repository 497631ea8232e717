"""What every executor does, whoever computes: threads of this process, or processes."""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.processes import ProcessExecutor
from tests.support.programs import NUMBERS, Program, Report
from tests.support.tables import CUTS, FLOAT, INT, ROWS, STR, cut_numbers, numbers, table

from windrow.errors import LengthMismatchError
from windrow.execution.local import LocalExecutor
from windrow.execution.protocol import Session, collect
from windrow.io import memory
from windrow.learn.hashing import permute, uniform
from windrow.learn.leaf import LEAF, Leaf
from windrow.plan.compose import column, project, select
from windrow.plan.expressions import Apply, Literal, Operation, RowCount, RowNumber
from windrow.plan.schema import Schema
from windrow.plan.tables import (
    Aggregation,
    Append,
    Filter,
    Group,
    Join,
    Plan,
    Slice,
    Sort,
    TopK,
    Unique,
    Zip,
)
from windrow.progress import Notice

if TYPE_CHECKING:
    import polars as pl

    from windrow.execution.driver import Driver
    from windrow.execution.store import Store
    from windrow.progress import Event


def rows_of(executor: Driver, plan: Plan, limit: int | None = None) -> list[tuple[Any, ...]]:
    frame = collect(executor, plan, limit)
    assert frame.schema == memory.empty(plan.schema).schema
    return frame.rows()


def process_of(store: Store, item: int) -> int:
    del store, item
    return os.getpid()


def test_the_two_implementations_differ() -> None:
    processes = ProcessExecutor(2)
    found = set(processes.map(process_of, range(6)))
    processes.close()
    assert len(found - {os.getpid()}) == 2
    assert set(LocalExecutor(threads=2).map(process_of, range(6))) == {os.getpid()}


# ------------------------------------------------------------------------------------------ reading


def test_partitions_come_in_order_and_cut_where_the_data_is(executor: Driver) -> None:
    frames = list(executor.stream(table()))
    assert [frame.height for frame in frames] == list(CUTS)
    assert [row for frame in frames for row in frame.rows()] == ROWS


@pytest.mark.parametrize("limit", [0, 1, 41, 10_000])
def test_a_limit_gives_the_first_rows(executor: Driver, limit: int) -> None:
    assert rows_of(executor, table(), limit) == ROWS[:limit]


def test_a_stream_may_be_left_unfinished_and_others_run_meanwhile(executor: Driver) -> None:
    stream = executor.stream(table())
    first = next(stream)
    assert rows_of(executor, table()) == ROWS
    second = next(stream)
    assert [*first.rows(), *second.rows()] == ROWS[:41]
    del stream
    assert rows_of(executor, table()) == ROWS


def test_a_table_without_rows_keeps_its_columns(executor: Driver) -> None:
    assert rows_of(executor, table([], cuts=())) == []
    assert rows_of(executor, Filter(table(), Literal(0, INT))) == []


# --------------------------------------------------------------------------------------- row by row


def test_columns_are_computed_and_rows_filtered(executor: Driver) -> None:
    plan = table()
    x, number = column(plan, "x"), column(plan, "id")
    some = Filter(plan, Operation("greater", (x, Literal(2.0, FLOAT))))
    made = project(some, [("twice", Operation("add", (number, number))), ("x", x)])
    expected = [(2 * i, v) for i, _, v in ROWS if v is not None and v > 2]
    assert rows_of(executor, made) == expected


def test_a_function_is_called_with_values_or_rows(executor: Driver) -> None:
    plan = table()
    offset = 100  # travels with the function
    one = Apply.of(
        lambda value: int(value[1:]) + offset, (column(plan, "key"),), None, INT, skip_missing=True
    )
    row = Apply.of(
        lambda row: f"{row['id']}{row['key']}",
        (column(plan, "id"), column(plan, "key")),
        ("id", "key"),
        STR,
        skip_missing=False,
    )
    expected = [(None if k is None else int(k[1:]) + 100, f"{i}{k}") for i, k, _ in ROWS]
    assert rows_of(executor, project(plan, [("a", one), ("b", row)])) == expected


def test_row_numbers_count_through_all_partitions(executor: Driver) -> None:
    odd = Filter(table(), Operation("modulo", (column(table(), "id"), Literal(2, INT))))
    numbers = project(odd, [("n", RowNumber()), ("all", RowCount())])
    expected = sum(i % 2 for i, _, _ in ROWS)
    assert rows_of(executor, numbers) == [(n, expected) for n in range(expected)]


def test_random_splits_follow_row_numbers_alone(executor: Driver) -> None:
    draw = Operation("row_uniform", (RowNumber(),), (("seed", 7),))
    place = Operation("row_permutation", (RowNumber(), RowCount()), (("seed", 7),))
    numbers = np.arange(len(ROWS), dtype=np.uint64)
    drawn, places = uniform(7, numbers), permute(numbers, len(ROWS), 7)
    some = Filter(table(), Operation("less", (draw, Literal(0.3, FLOAT))))
    assert rows_of(executor, some) == [r for r, u in zip(ROWS, drawn, strict=True) if u < 0.3]
    exact = Filter(table(), Operation("less", (place, Literal(50, INT))))
    assert rows_of(executor, exact) == [r for r, p in zip(ROWS, places, strict=True) if p < 50]


@pytest.mark.parametrize(
    "cut",
    [
        slice(0, 5),
        slice(39, 42),
        slice(-10, None),
        slice(None, None, 7),
        slice(3, 190, 9),
        slice(50, 20),
    ],
)
def test_slices_are_those_of_python(executor: Driver, cut: slice) -> None:
    plan = Slice(table(), cut.start, cut.stop, cut.step or 1)
    assert rows_of(executor, plan) == ROWS[cut]


# ----------------------------------------------------------------------------------- several tables


def test_appended_tables_follow_each_other(executor: Driver) -> None:
    other = table(ROWS[:30], cuts=[30])
    assert rows_of(executor, Append((table(), other, table()))) == [*ROWS, *ROWS[:30], *ROWS]


def test_zipped_tables_may_be_cut_differently(executor: Driver) -> None:
    letters = Schema([("letter", STR)])
    rows = [(chr(97 + i % 26),) for i in range(len(ROWS))]
    plan = Zip((table(), table(rows, letters, [150, 50])))
    assert rows_of(executor, plan) == [a + b for a, b in zip(ROWS, rows, strict=True)]
    short = Filter(table(), column(table(), "id"))
    with pytest.raises(LengthMismatchError):
        rows_of(executor, Zip((short, table(rows, letters, [150, 50]))))


@pytest.mark.parametrize("how", ["inner", "left", "right", "outer"])
def test_joins_keep_the_order_of_the_left_rows(executor: Driver, how: str) -> None:
    others = [(f"k{i % 5}", i) if i % 4 else (None, i) for i in range(12)] + [("new", 12)]
    right = table(others, Schema([("name", STR), ("n", INT)]), [5, 8])
    join = Join(table(), right, (("key", "name"),), how, (("n", "n"),))
    expected: list[tuple[Any, ...]] = []
    for row in ROWS:
        matches = [n for name, n in others if name == row[1]]
        missing = [None] if how in {"left", "outer"} else []
        expected += [(*row, n) for n in matches or missing]
    if how in {"right", "outer"}:
        met = {row[1] for row in ROWS}
        expected += [(None, name, None, n) for name, n in others if name not in met]
    assert rows_of(executor, join) == expected


def test_groups_are_in_first_seen_order(executor: Driver) -> None:
    wanted = (
        Aggregation("n", "count", (), INT),
        Aggregation("last", "max", ("id",), INT),
        Aggregation("mean", "mean", ("x",), FLOAT),
        Aggregation("first", "select_one", ("id",), INT),
    )
    expected = []
    for key in dict.fromkeys(row[1] for row in ROWS):
        ids = [i for i, k, _ in ROWS if k == key]
        xs = [x for _, k, x in ROWS if k == key and x is not None]
        expected.append((key, len(ids), ids[-1], math.fsum(xs) / len(xs), ids[0]))
    found = rows_of(executor, Group(table(), ("key",), wanted))
    assert [row[:3] + row[4:] for row in found] == [row[:3] + row[4:] for row in expected]
    assert [row[3] for row in found] == pytest.approx([row[3] for row in expected], rel=1e-12)
    nothing = Filter(table(), Literal(0, INT))
    assert rows_of(executor, Group(nothing, (), wanted)) == [(0, None, None, None)]
    assert rows_of(executor, Group(table([], cuts=()), (), wanted)) == [(0, None, None, None)]


def test_sort_unique_and_topk_have_one_answer(executor: Driver) -> None:
    ordered = sorted(ROWS, key=lambda r: (r[2] is not None, r[2] or 0.0))
    ordered.sort(key=lambda r: (r[1] is not None, r[1] or ""), reverse=True)
    assert rows_of(executor, Sort(table(), (("key", False), ("x", True)))) == ordered
    keys = list(dict.fromkeys(row[1:] for row in ROWS))
    assert rows_of(executor, Unique(select(table(), ["key", "x"]))) == keys
    known = [row for row in ROWS if row[2] is not None]
    largest = sorted(known, key=lambda r: -r[2])[:9]
    assert rows_of(executor, TopK(table(), "x", 9, smallest=False)) == largest
    assert rows_of(executor, TopK(table(), "x", 500, smallest=True)) == sorted(
        known, key=lambda r: r[2]
    )


def test_operations_stand_on_each_other(executor: Driver) -> None:
    grouped = Group(table(), ("key",), (Aggregation("n", "count", (), INT),))
    big = Filter(grouped, Operation("greater", (column(grouped, "n"), Literal(15, INT))))
    joined = Join(table(), big, (("key", "key"),), "inner", (("n", "n"),))
    top = TopK(joined, "id", 3, smallest=False)
    sizes = {k: sum(row[1] == k for row in ROWS) for k in {row[1] for row in ROWS}}
    expected = [(*row, sizes[row[1]]) for row in reversed(ROWS) if sizes[row[1]] > 15][:3]
    assert rows_of(executor, top) == expected


def test_a_persisted_table_is_computed_once(executor: Driver, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    log.touch()

    def noted(value: int) -> int:
        with log.open("a", encoding="utf-8") as file:
            file.write(".")
        return value + 1

    call = Apply.of(noted, (column(table(), "id"),), None, INT, skip_missing=True)
    kept = executor.persist(project(table(), [("next", call)]))
    for _ in range(2):
        assert rows_of(executor, kept) == [(i + 1,) for i, _, _ in ROWS]
    assert len(log.read_text(encoding="utf-8")) == len(ROWS)


# ------------------------------------------------------------------------------------------- errors


class OutOfHayError(Exception):
    """An error that only this test knows."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def fails_late(value: int) -> int:
    if value == 150:
        raise OutOfHayError(value)
    return value


def test_an_error_in_a_function_arrives_as_itself_with_the_row(executor: Driver) -> None:
    call = Apply.of(fails_late, (column(table(), "id"),), None, INT, skip_missing=True)
    with pytest.raises(OutOfHayError) as caught:
        rows_of(executor, project(table(), [("y", call)]))
    assert caught.value.row == 150
    assert any("column 'id'" in note for note in caught.value.__notes__)
    assert rows_of(executor, table()) == ROWS


# ------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True)
class Parts:
    """Writes JSON parts, and a list of them when all are there."""

    def part(self, url: str, index: int, frame: pl.DataFrame) -> dict[str, Any]:
        name = f"part-{index:04}.json"
        (Path(url) / name).write_text(json.dumps(frame.rows()), encoding="utf-8")
        return {"name": name, "rows": frame.height}

    def finish(self, url: str, records: Sequence[Any]) -> None:
        (Path(url) / "list.json").write_text(json.dumps(list(records)), encoding="utf-8")

    def abandon(self, url: str) -> None:
        for path in Path(url).iterdir():
            path.unlink()


def test_a_table_is_written_in_parts_and_then_made_visible(
    executor: Driver, tmp_path: Path
) -> None:
    executor.write(table(), str(tmp_path), Parts())
    records = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
    assert [record["rows"] for record in records] == list(CUTS)
    parts = [json.loads((tmp_path / r["name"]).read_text(encoding="utf-8")) for r in records]
    assert [tuple(row) for part in parts for row in part] == ROWS


def test_nothing_stays_of_a_table_that_could_not_be_written(
    executor: Driver, tmp_path: Path
) -> None:
    call = Apply.of(fails_late, (column(table(), "id"),), None, INT, skip_missing=True)
    with pytest.raises(OutOfHayError):
        executor.write(project(table(), [("y", call)]), str(tmp_path), Parts())
    assert list(tmp_path.iterdir()) == []


# ----------------------------------------------------------------------------------------- programs


@functools.cache
def expected_report() -> Report:
    alone = LocalExecutor(threads=1)
    return alone.run(Program(cut_numbers(), NUMBERS))


def test_a_program_has_the_same_bits_and_tells_as_it_goes(executor: Driver) -> None:
    events: list[Event] = []
    report = executor.run(Program(cut_numbers(), NUMBERS), events.append)
    assert report == expected_report()
    assert report.counts == (140_000, 0, 30_000, 20_000)
    assert report.levels == tuple(dict.fromkeys(numbers()["t"]))
    assert report.missing == (0.0, 190.0)
    assert report.held_out == [2 * 46_667, 0, 2 * 10_000, 2 * 6_667]
    assert events.count(Notice("a pass")) == 6


@pytest.mark.parametrize("budget", [0, 3_000_000])
def test_a_small_memory_budget_changes_no_bit(budget: int) -> None:
    small = LocalExecutor(threads=2, memory_budget=budget)
    assert small.run(Program(cut_numbers(), NUMBERS)) == expected_report()
    small.close()


@dataclass(frozen=True)
class Failing:
    """A kernel that does not like the third leaf."""

    def __call__(self, leaf: Leaf) -> Any:
        if leaf.rows < 10_000:
            raise OutOfHayError(leaf.rows)
        return np.zeros(1)


def test_an_error_in_a_kernel_arrives_as_itself(executor: Driver) -> None:
    def program(session: Session) -> Any:
        return session.reduce(Failing(), session.place(cut_numbers(), NUMBERS))

    with pytest.raises(OutOfHayError) as caught:
        executor.run(program)
    assert caught.value.row == 140_000 - 2 * LEAF
