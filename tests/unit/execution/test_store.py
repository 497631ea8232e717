import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

from windrow.config import configured
from windrow.execution.levels import Levels
from windrow.execution.notes import note, noting
from windrow.execution.protocol import RawBlock
from windrow.execution.store import Store
from windrow.learn.leaf import TRAIN, Leaf


def block(seed: int, rows: int = 1000) -> RawBlock:
    numbers = np.random.default_rng(seed).normal(size=rows)
    codes = np.arange(rows, dtype=np.int32)
    leaf = Leaf.pack([numbers], [codes], numbers, np.full(rows, TRAIN, np.uint8))
    return RawBlock((leaf, leaf), (Levels.of(("a", None)),), (0, 1), np.array([1.0]))


def same(a: RawBlock, b: RawBlock) -> bool:
    arrays = zip(a.leaves, b.leaves, strict=True)
    return (a.levels, a.classes) == (b.levels, b.classes) and all(
        np.array_equal(x.to_arrays()[name], y.to_arrays()[name])
        for x, y in arrays
        for name in x.to_arrays()
    )


@pytest.fixture
def built() -> list[int]:
    return []


@pytest.mark.parametrize("budget", [1 << 30, 50_000, 0])
def test_a_block_is_built_once_and_comes_back_the_same_whatever_the_budget(
    budget: int, built: list[int]
) -> None:
    store = Store(budget)

    def build(number: int) -> RawBlock:
        built.append(number)
        return block(number)

    for _ in range(3):
        for number in range(4):
            found = store.block(("x", number), partial(build, number))
            assert same(found, block(number))
    assert built == [0, 1, 2, 3]
    assert (store.spilled_bytes > 0) == (budget < 4 * block(0).nbytes)
    store.close()


def test_blocks_of_another_name_make_room() -> None:
    store = Store(block(0).nbytes)
    first = store.block(("old", 0), lambda: block(0))
    store.block(("new", 0), lambda: block(1))
    assert store.spilled_bytes > 0
    assert same(store.block(("old", 0), pytest.fail), first)
    store.close()


def test_a_damaged_scratch_file_is_built_again(built: list[int]) -> None:
    store = Store(0)

    def build() -> RawBlock:
        built.append(0)
        return block(0)

    store.block(("x", 0), build)
    (path,) = [stored.path for stored in store._stored.values()]
    path.write_bytes(path.read_bytes()[:-100] + bytes(100))
    assert same(store.block(("x", 0), build), block(0))
    assert built == [0, 0]
    path.unlink()
    assert same(store.block(("x", 0), build), block(0))
    store.close()


def test_threads_that_ask_at_once_build_once(built: list[int]) -> None:
    store, start = Store(1 << 30), threading.Barrier(4)

    def build() -> RawBlock:
        built.append(0)
        return block(0)

    def ask() -> None:
        start.wait()
        store.block(("x", 0), build)
        store.broadcast("shared", lambda: built.append(1))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(built) == [0, 1]


def test_closing_leaves_no_scratch_files(tmp_path: object) -> None:
    with configured(scratch=str(tmp_path)):
        store = Store(0)
        store.block(("x", 0), lambda: block(0))
        store.forget("x")
        store.block(("x", 1), lambda: block(0))
        store.close()
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("budget", [1 << 30, 0])
def test_who_finds_a_block_is_told_what_its_builder_was_told(budget: int) -> None:
    store = Store(budget)
    told: Any = {("scan", 0): "2 rows did not parse"}

    def build() -> RawBlock:
        note(told)
        return block(0)

    for _ in range(3):
        with noting() as notes:
            store.block(("a", 0), build)
        assert notes == told
    with noting() as notes:
        store.block(("a", 1), lambda: block(1))
        store.broadcast("right", lambda: note(told))
    assert notes == told
    with noting() as notes:
        store.broadcast("right", lambda: note({}))
    assert notes == told
    store.close()


A, B = ("driver-0", "job-1"), ("driver-1", "job-2")
NEXT = ("driver-0", "job-3")
SIZE = block(0).nbytes


def ask(store: Store, owner: tuple[str, str], name: str, number: int) -> None:
    seed = 10 * len(name) + number
    with store.working_for(owner):
        found = store.block((name, number), lambda: block(seed))
    assert same(found, block(seed))


def in_memory(store: Store) -> set[tuple[str, int]]:
    return set(store._resident)


def test_two_jobs_have_a_part_of_the_memory_each_and_leave_the_other_its_own() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(3):
        ask(store, A, "a", number)
        ask(store, B, "bb", number)
    assert in_memory(store) == {("a", 0), ("a", 1), ("bb", 0), ("bb", 1)}
    ask(store, B, "newer", 0)
    assert in_memory(store) == {("a", 0), ("a", 1), ("bb", 1), ("newer", 0)}
    for number in range(3):
        ask(store, A, "a", number)
        ask(store, B, "bb", number)
    assert store.held()["bytes"] <= store.budget
    store.close()


def test_a_job_that_is_alone_has_all_memory_and_gives_another_its_part() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(4):
        ask(store, A, "a", number)
    assert len(in_memory(store)) == 4
    for number in range(3):
        ask(store, B, "bb", number)
    assert in_memory(store) == {("a", 2), ("a", 3), ("bb", 0), ("bb", 1)}
    assert store.held()["bytes"] <= store.budget
    store.close()


def test_blocks_of_a_job_that_ended_go_first_and_only_when_there_is_need() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(2):
        ask(store, A, "a", number)
    ask(store, B, "bb", 0)
    ask(store, NEXT, "next", 0)
    assert {("a", 0), ("a", 1)} < in_memory(store)
    ask(store, NEXT, "next", 1)
    assert in_memory(store) == {("a", 1), ("bb", 0), ("next", 0), ("next", 1)}
    ask(store, B, "bb", 1)
    assert in_memory(store) == {("bb", 0), ("bb", 1), ("next", 0), ("next", 1)}
    store.close()


def test_a_job_that_ended_leaves_all_memory_to_the_next_and_nothing_of_it_is_written() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(6):
        ask(store, A, "a", number)
    written = store.spilled_bytes
    assert written >= 2 * SIZE
    store.release(A)
    store.release(A)
    assert store.held() == {"in_memory": 4, "on_scratch": 2, "bytes": 4 * SIZE}
    for number in range(4):
        ask(store, B, "bb", number)
    assert in_memory(store) == {("bb", number) for number in range(4)}
    assert store.spilled_bytes == written
    for number in range(4, 6):
        ask(store, B, "bb", number)
    assert store.held() == {"in_memory": 4, "on_scratch": 2, "bytes": 4 * SIZE}
    assert {key[0] for key in store._stored} == {"bb"}
    store.close()


def test_a_second_job_on_the_same_table_finds_all_that_the_first_left() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(6):
        ask(store, A, "a", number)
    store.release(A)
    with store.working_for(B):
        for number in range(6):
            store.block(("a", number), lambda: pytest.fail("it is there already"))
    ask(store, B, "bb", 0)
    assert len(store._stored) == 3  # what is the second's own now was moved, not dropped
    store.close()


def test_a_block_that_both_jobs_want_counts_once_and_stays_for_who_goes_on() -> None:
    store = Store(4 * SIZE, jobs=2)
    for number in range(2):
        ask(store, A, "shared", number)
        ask(store, B, "shared", number)
        ask(store, B, "bb", number)
    assert len(in_memory(store)) == 4
    ask(store, NEXT, "next", 0)  # job 1 has ended, and job 2 has no room for what both had
    assert ("shared", 0) not in in_memory(store)
    store.close()

    store = Store(4 * SIZE, jobs=2)
    ask(store, A, "shared", 0)
    ask(store, NEXT, "next", 0)
    ask(store, B, "shared", 0)  # is its own from now on
    for number in range(1, 3):
        ask(store, NEXT, "next", number)
        ask(store, B, "shared", number)
    assert in_memory(store) == {("shared", 0), ("shared", 1), ("next", 0), ("next", 1)}
    store.close()
