"""User functions in child processes, which are kept warm and can be stopped.

A thread cannot be stopped, and what ends a process ends all of its threads. So a worker calls
functions in processes of their own: one for each thread that needs one, started at first use and
used again; one whose function has to be stopped is killed. What runs there is `Calls`, the same as
without them. A child ends with its parent, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import mmap
import os
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windrow.config import Deadline, settings
from windrow.errors import FunctionDiedError, FunctionTimeoutError, RemoteError
from windrow.execution.calls import OUTSIDE
from windrow.execution.cancel import check
from windrow.execution.isolated_child import (
    PLACE,
    Hello,
    Loaded,
    Part,
    Raised,
    Request,
    RowsBefore,
    arguments,
    packed,
    unpacked,
)
from windrow.execution.lower_step import repeated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from windrow.execution.calls import Called, Caller
    from windrow.execution.lower_step import Position

LOOK = 0.1
"""Seconds between two looks at whether a function is still wanted, and still within its time."""

PATIENCE = 1.0
"""Seconds for an idle child's sign of life, and for the exit code of one that went away."""


class _GoneError(EOFError):
    """The child does not answer any more."""


class _Child:
    """A process that calls functions, one at a time, used by one thread at a time.

    Parameters
    ----------
    memory
        Bytes that functions may take in it; 0 is no limit.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.busy = False
        scratch = Path(settings().scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        self._pipe, theirs = Pipe()
        with theirs, tempfile.TemporaryFile(dir=scratch) as place:
            place.truncate(PLACE)
            self._place = mmap.mmap(place.fileno(), PLACE)
            struct.pack_into("q", self._place, 0, OUTSIDE)
            descriptors = theirs.fileno(), place.fileno()
            self._process = subprocess.Popen(  # noqa: S603  # ourselves
                [sys.executable, *arguments(*descriptors, memory)],
                stdin=subprocess.PIPE,  # closes when this process ends, see `_end_with_parent`
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C is this process's; what it starts dies with it
                env=os.environ | {"POLARS_MAX_THREADS": "1"},
            )

    def alive(self) -> bool:
        """Whether the process, which is idle, still answers."""
        try:
            self.send(Hello())
            return self._pipe.poll(PATIENCE) and bool(self._pipe.recv() == Hello())
        except (EOFError, ConnectionError):
            return False

    def send(self, message: object) -> None:
        """Say something to the child."""
        try:
            self._pipe.send(message)
        except ConnectionError:
            raise _GoneError from None

    def receive(self) -> Any:  # one of the answers
        """Return the next that the child says; raises `TimeoutError` after `function_timeout`."""
        limit = settings().function_timeout
        seen, deadline = OUTSIDE, Deadline(limit, "a function to return")
        while not self._pipe.poll(min(LOOK, limit / 2) if limit else LOOK):
            check()
            if (
                self._process.poll() is not None and not self._pipe.poll()
            ):  # its own children may hold the pipe
                raise _GoneError
            row = self.row
            if row == OUTSIDE or row != seen:
                seen, deadline = row, Deadline(limit, "a function to return")
            elif limit and deadline.expired():
                raise TimeoutError
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionError):
            raise _GoneError from None

    @property
    def row(self) -> int:
        """Row of the chunk on which the function works, or `OUTSIDE`."""
        row: int = struct.unpack_from("q", self._place)[0]
        return row

    def fate(self) -> str:
        """Say how the process ended."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return "it closed its files"
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"{name}, perhaps because memory ran out" if code == -signal.SIGKILL else name

    def kill(self) -> None:
        """End the process, with those that it started."""
        if self._process.returncode is None:  # else its number may be another's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._pipe.close()
        self._place.close()


class _Calls:
    """Calls a function in a child; see `Caller`."""

    def __init__(self, child: _Child, called: Called, position: Position) -> None:
        self._child, self._called, self._position = child, called, position
        self._name: str | None = None

    def __call__(self, columns: Sequence[pl.Series], start: int, rows: int) -> pl.Series:
        """See `Caller`."""
        check()
        called = self._called if self._name is None else None
        data = packed([repeated(column, rows) for column in columns])
        try:
            answer = self._answer(Request(called, data, start, rows))
        except _GoneError:
            raise self._died(start, rows) from None
        except TimeoutError as error:
            if type(error) is not TimeoutError:  # not ours
                raise
            row = self._position.number(start + self._child.row)
            raise FunctionTimeoutError(self._words(), row, settings().function_timeout) from None
        if isinstance(answer, Raised):
            raise _rebuilt(answer)
        return unpacked(answer.column)[0]

    def _answer(self, request: Request) -> Part | Raised:
        child = self._child
        child.busy = True
        child.send(request)
        while True:
            answer = child.receive()
            match answer:
                case Loaded():
                    self._name = answer.name
                case RowsBefore():
                    child.send(self._position.number(0))
                case Part() | Raised():
                    child.busy = False
                    return answer

    def _died(self, start: int, rows: int) -> FunctionDiedError:
        fate, row, before = self._child.fate(), self._child.row, self._position.number(0)
        first, last = (0, rows - 1) if row == OUTSIDE else (row, row)
        return FunctionDiedError(self._words(), before + start + first, before + start + last, fate)

    def _words(self) -> str:
        name = "that was being loaded" if self._name is None else self._name
        return f"{name} for {self._called.subject}"


def _rebuilt(raised: Raised) -> BaseException:
    """Make the error that was raised in a child, or one that says the same."""
    error: BaseException = RemoteError(raised.kind, raised.text)
    with contextlib.suppress(Exception):  # unpickling runs the user's code
        loaded = pickle.loads(raised.error)  # noqa: S301  # by our own child
        if isinstance(loaded, BaseException):
            error = loaded
    for note in raised.notes:
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
    error.add_note(f"in a process of its own:\n{raised.trace}")
    return error


_idle: list[_Child] = []


@contextmanager
def calling(called: Called, position: Position) -> Iterator[Caller]:
    """Have a child for calls of one function on the chunks of a partition.

    Parameters
    ----------
    called
        The function.
    position
        Where the partition's rows stand, for messages.

    Raises
    ------
    FunctionTimeoutError
        The function worked on one row for longer than the setting `function_timeout`.
    FunctionDiedError
        The function ended its process.
    CancelledError
        The results are not wanted any more; the function is stopped.
    Exception
        As `Calls`, with the child's traceback in a note.

    Examples
    --------
    >>> import os
    >>> from windrow.execution.lower_step import Position
    >>> from windrow.execution.calls import Called
    >>> from windrow.plan.expressions import Apply
    >>> from windrow.plan.types import DType
    >>> here = Apply.of(lambda row: os.getpid(), (), (), DType.INT, skip_missing=False)
    >>> with calling(Called.of(here), Position()) as call:
    ...     call((), 0, 1)[0] == os.getpid()
    False
    >>> close()
    """
    child = _take()
    try:
        yield _Calls(child, called, position)
    finally:
        _give_back(child)


def _take() -> _Child:
    memory = settings().function_memory
    while _idle:
        try:
            child = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if child.memory == memory and child.alive():
            return child
        child.kill()
    return _Child(memory)


def _give_back(child: _Child) -> None:
    if not child.busy:
        with contextlib.suppress(_GoneError):
            child.send(None)
            _idle.append(child)
            return
    child.kill()


def close() -> None:
    """End the children that nobody uses; more are started when they are needed."""
    while _idle:
        _idle.pop().kill()


atexit.register(close)
