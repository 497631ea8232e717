from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.support.lowering import bits, table

from windrow.config import Deadline, Settings, configured
from windrow.errors import (
    CancelledError,
    CastError,
    FunctionDiedError,
    FunctionTimeoutError,
    RemoteError,
)
from windrow.execution import isolated
from windrow.execution.cancel import Cancellation, cancellable
from windrow.execution.lower import Position, evaluate
from windrow.execution.values import CHUNK, python_values
from windrow.plan.expressions import Apply, Column
from windrow.plan.types import DType

if TYPE_CHECKING:
    import polars as pl

INT, STR = DType.INT, DType.STR
LONG = 1000
"""Seconds: none of the tests waits for a function that sleeps so long."""


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with configured(isolate_functions=True):
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_child_stays() -> Iterator[None]:
    yield
    isolated.close()


def applied(
    function: Callable[[Any], Any],
    values: Any,
    kinds: tuple[DType, DType] = (INT, INT),
    position: Position | None = None,
) -> list[Any]:
    frame = table(x=(kinds[0], values))
    node = Apply.of(function, (Column("x", kinds[0]),), None, kinds[1], skip_missing=True)
    found = evaluate(frame, [("y", node)], position or Position())
    return python_values(found["y"], kinds[1])


def pid(_: object) -> int:
    return os.getpid()


def hang(_: object) -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock, as a thread would see


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def written(path: Path) -> int:
    deadline = Deadline(60, "the function to begin")
    while not path.exists() or not path.read_text().endswith("\n"):
        deadline.pause(0.01)
    return int(path.read_text())


VALUES = {
    INT: st.integers(-(1 << 63), (1 << 63) - 1),
    DType.FLOAT: st.floats(),
    STR: st.text(st.characters(exclude_categories=["Cs"])),
    DType.ARRAY: st.lists(st.floats(), max_size=3),
    DType.LIST: st.lists(st.one_of(st.none(), st.text("ab"), st.integers(0, 9)), max_size=3),
    DType.DICT: st.dictionaries(st.text("ab"), st.integers(0, 9), max_size=3),
    DType.DATETIME: st.datetimes(),
}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.value)
@given(data=st.data())
@settings(max_examples=15)
def test_values_come_and_go_as_they_do_without_a_process(kind: DType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.one_of(st.none(), VALUES[kind]), max_size=6))
    found = applied(lambda x: x, values, (kind, kind)), applied(repr, values, (kind, STR))
    with configured(isolate_functions=False):
        here = applied(lambda x: x, values, (kind, kind)), applied(repr, values, (kind, STR))
    assert bits(found) == bits(here)


def test_a_function_runs_in_a_process_that_is_used_again() -> None:
    (first,), (second,) = applied(pid, [1]), applied(pid, [1])
    assert first == second != os.getpid()


def test_a_function_keeps_its_state_over_the_chunks_of_a_partition_and_no_longer() -> None:
    seen: list[int] = []

    def count(x: int) -> int:
        seen.append(x)
        return len(seen)

    rows = 2 * CHUNK + 3
    assert applied(count, range(rows))[-1] == rows
    assert applied(count, [1]) == [1]
    assert seen == []


def test_threads_do_not_wait_for_each_other(tmp_path: Path) -> None:
    def meet(other: int) -> int:
        (tmp_path / str(1 - other)).touch()
        deadline = Deadline(60, "the other to come")
        while not (tmp_path / str(other)).exists():
            deadline.pause(0.01)
        return os.getpid()

    found: list[int] = []
    threads = [
        threading.Thread(target=lambda i=i: found.extend(applied(meet, [i]))) for i in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2


# --- a function that ends its process ---


def test_a_function_that_ends_its_process_is_an_error_with_the_row() -> None:
    def leave(x: int) -> None:
        if x == 20:
            os._exit(3)

    with pytest.raises(
        FunctionDiedError, match=r"leave for column 'x' .* in row 120 \(exit code 3"
    ):
        applied(leave, range(100), position=Position(before=lambda: 100))
    assert applied(abs, [-1]) == [1]


def test_a_function_that_reads_wild_memory_is_an_error_with_the_row() -> None:
    with pytest.raises(FunctionDiedError, match=r"in row 0 \(SIGSEGV"):
        applied(lambda _: ctypes.string_at(0), [1])


def test_a_process_killed_from_outside_speaks_of_memory() -> None:
    def end(x: int) -> None:
        if x:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(FunctionDiedError, match=r"in row 1 .*memory ran out") as caught:
        applied(end, [0, 1, 2])
    assert (caught.value.first, caught.value.last) == (1, 1)
    assert isinstance(caught.value, ChildProcessError)


class Deadly:
    """Ends the process that loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (4,)

    def __call__(self, value: object) -> object:
        return value


def test_a_function_that_cannot_live_to_be_called_names_the_rows_of_its_chunk() -> None:
    with pytest.raises(FunctionDiedError, match=r"being loaded .* in rows 0 to 9"):
        applied(Deadly(), range(10))


def test_a_process_that_dies_while_nobody_needs_it_is_replaced() -> None:
    (process,) = applied(pid, [1])
    os.kill(process, signal.SIGKILL)
    assert applied(pid, [1]) != [process]


def test_memory_of_a_function_can_be_limited() -> None:
    with configured(function_memory=256 << 20):
        with pytest.raises(MemoryError) as caught:
            applied(lambda x: len(bytearray(x << 20)), [1, 1 << 12])
        assert "in row 1 of column 'x'" in caught.value.__notes__[0]
    isolated.close()


# --- a function that has to be stopped ---


def test_a_function_that_takes_too_long_for_a_row_is_stopped() -> None:
    (process,) = applied(pid, [1])
    with (
        configured(function_timeout=0.2),
        pytest.raises(FunctionTimeoutError, match=r"more than 0.2 s for row 12 ") as caught,
    ):
        applied(lambda x: hang(x) if x == 2 else None, range(5), position=Position(10))
    assert isinstance(caught.value, TimeoutError)
    assert gone(process)


def test_the_time_limit_is_for_a_row_and_not_for_all_of_them() -> None:
    def slow(x: int) -> int:
        time.sleep(0.02)
        return x

    with configured(function_timeout=1.0):
        assert applied(slow, range(60)) == list(range(60))


def test_a_function_of_work_that_is_cancelled_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "pid"

    def begin(x: int) -> None:
        path.write_text(f"{os.getpid()}\n")
        hang(x)

    cancellation = Cancellation()
    caught: list[BaseException] = []

    def work(_store: Any, values: Any) -> None:
        try:
            applied(begin, values)
        except CancelledError as error:
            caught.append(error)

    thread = threading.Thread(target=cancellable(work, cancellation), args=(None, [1]))
    thread.start()
    process = written(path)
    cancellation.cancel()
    thread.join()
    assert len(caught) == 1
    assert gone(process)


PARENT = """
import sys
from tests.unit.execution.test_isolated import applied, configured, hang, pid
def begin(x):
    print("begun", flush=True)
    hang(x) if x == 1 else None
with configured(isolate_functions=True):
    applied(begin, [int(sys.argv[1])])
    print("idle", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "idle"])
def test_no_process_outlives_a_worker_that_is_killed(*, busy: bool) -> None:
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(int(busy))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"PYTHONPATH": f"{root}:{root / 'src'}"},
        text=True,
    )
    assert parent.stdin
    assert parent.stdout
    with parent:
        assert parent.stdout.readline() == "begun\n"
        if not busy:
            assert parent.stdout.readline() == "idle\n"
        parent.kill()
        assert parent.stdout.read() == ""  # ends when nobody holds the other end


# --- errors ---


class OwnError(Exception):
    """Takes other arguments than it gives away."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


def test_an_error_keeps_its_type_and_brings_row_and_traceback() -> None:
    def divide(x: int) -> float:
        return 1 / x

    with pytest.raises(ZeroDivisionError) as caught:
        applied(divide, [1, 0], position=Position(before=lambda: 100))
    row, trace = caught.value.__notes__
    assert row == "in row 101 of column 'x', where the function was called on 0"
    assert "return 1 / x" in trace
    assert applied(abs, [-1]) == [1]


def test_an_error_that_does_not_pickle_comes_in_words() -> None:
    def fail(x: int) -> None:
        raise OwnError(x, 2)

    with pytest.raises(RemoteError, match="OwnError: 1 and 2") as caught:
        applied(fail, [1])
    assert "in row 0 of column 'x'" in caught.value.__notes__[0]


def test_an_error_of_loading_a_function_is_its_own() -> None:
    node = Apply(b"cmissing_module\nf\n.", (), (), INT, skip_missing=False)
    frame: pl.DataFrame = table(x=(INT, [1]))
    with pytest.raises(ModuleNotFoundError, match="missing_module"):
        evaluate(frame, [("y", node)], Position())


def test_a_result_of_the_wrong_type_names_the_row_of_the_table() -> None:
    with pytest.raises(CastError, match="row 102 of what the function gave for column 'x'"):
        applied(lambda x: x or "a", [1, 2, 0], position=Position(before=lambda: 100))


def test_what_a_function_raises_to_end_a_program_is_raised_here() -> None:
    with pytest.raises(SystemExit, match="5"):
        applied(sys.exit, [5])


def test_the_rows_before_are_counted_for_a_message_only() -> None:
    def count() -> int:
        raise ConnectionRefusedError

    assert applied(abs, [1], position=Position(before=count)) == [1]
    with pytest.raises(ConnectionRefusedError):
        applied(lambda x: 1 // x, [0], position=Position(before=count))
    assert applied(abs, [-1]) == [1]


# --- what can be set, and what a function sees ---


@pytest.mark.parametrize("text, meant", [("1", True), ("true", True), ("0", False), ("", False)])
def test_isolation_is_set_by_the_environment(
    text: str, *, meant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDROW_ISOLATE_FUNCTIONS", text)
    monkeypatch.setenv("WINDROW_FUNCTION_TIMEOUT", "2.5")
    found = Settings.from_environment()
    assert (found.isolate_functions, found.function_timeout) == (meant, 2.5)


def test_what_a_function_prints_goes_where_its_worker_prints(
    capfd: pytest.CaptureFixture[str],
) -> None:
    isolated.close()

    def speak(x: int) -> None:
        print("said", x)
        print("warned", x, file=sys.stderr)
        os.write(1, b"written\n")

    applied(speak, [7])
    isolated.close()
    found = capfd.readouterr()
    assert found.out.splitlines() == ["said 7", "written"]
    assert found.err.splitlines() == ["warned 7"]


def test_a_function_has_nothing_to_read_from() -> None:
    assert applied(lambda _: sys.stdin.read(), [1], (INT, STR)) == [""]
