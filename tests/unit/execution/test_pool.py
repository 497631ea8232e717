from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from windrow.errors import CancelledError
from windrow.execution.cancel import Cancellation, cancellable, check
from windrow.execution.local import Threads
from windrow.execution.pool import Pool
from windrow.execution.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENT = 30.0
"""Seconds after which a test has failed; none of them takes so long."""


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(2)
    yield made
    made.close()


def test_results_and_errors_come_from_the_threads() -> None:
    pool = Pool(2)
    fine = [pool.submit(partial(pow, number, 2)) for number in range(20)]
    wrong = pool.submit(partial(int, "x"))
    assert [future.result() for future in fine] == [number**2 for number in range(20)]
    with pytest.raises(ValueError, match="invalid literal"):
        wrong.result()
    pool.close()


def test_a_pool_that_is_closed_with_little_patience_leaves_what_does_not_end() -> None:
    pool = Pool(2)
    gate, began = threading.Event(), threading.Event()

    def held() -> bool:
        began.set()
        return gate.wait(PATIENT)

    future = pool.submit(held)
    assert began.wait(PATIENT)
    pool.close(patience=0.01)
    assert not future.done()
    gate.set()
    assert future.result(PATIENT)


def test_work_learns_that_nobody_wants_it_any_more() -> None:
    check()  # outside of a task nothing is cancelled
    cancellation = Cancellation()
    store = Store(0)

    def task(_: Store, item: int) -> int:
        check()
        cancellation.cancel()
        check()
        return item

    work = cancellable(task, cancellation)
    for _ in range(2):
        with pytest.raises(CancelledError):
            work(store, 1)
    check()
    store.close()


def test_when_one_task_fails_the_others_are_told_and_none_is_begun(threads: Threads) -> None:
    began: list[int] = []
    told = threading.Event()

    def task(_: Store, item: int) -> None:
        began.append(item)
        if item == 0:
            raise ZeroDivisionError
        try:
            while not told.wait(0.001):
                check()
        except CancelledError:
            told.set()
            raise

    with pytest.raises(ZeroDivisionError):
        list(threads.map(task, range(100)))
    assert told.is_set() or began == [0]
    assert len(began) <= 4
