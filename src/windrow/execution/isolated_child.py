"""The process in which a user's function runs, and what it and its parent say to each other.

The parent sends a `Request` and gets a `Part` or a `Raised`; before that the child may say that it
has `Loaded` the function, and ask for `RowsBefore`, which is answered by an int. A `Hello` is
returned. None makes the child forget the function.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.execution.calls import Called, Calls
from windrow.execution.lower_step import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.execution.calls import Place

PLACE = 8
"""Bytes of the shared memory that holds the row on which the function works."""

START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from windrow.execution.isolated_child import main
main(*map(int, sys.argv[2:]))
"""
"""The child's program."""


@dataclass(frozen=True)
class Hello:
    """Asks for a sign of life."""


@dataclass(frozen=True)
class Request:
    """A chunk to call the function on; the function comes with the first one."""

    called: Called | None
    columns: bytes
    start: int
    rows: int


@dataclass(frozen=True)
class Loaded:
    """The function is loaded; this is its name."""

    name: str


@dataclass(frozen=True)
class RowsBefore:
    """Asks how many rows of the table come before the partition."""


@dataclass(frozen=True)
class Part:
    """The results for a chunk."""

    column: bytes


@dataclass(frozen=True)
class Raised:
    """What the function raised.

    Attributes
    ----------
    error
        Its pickle; empty if it has none.
    kind, text, notes
        Its class's name, its words and its notes.
    trace
        Where it was raised, as text.
    """

    error: bytes
    kind: str
    text: str
    notes: tuple[str, ...]
    trace: str


def packed(columns: Sequence[pl.Series]) -> bytes:
    """Write columns of equal length as an Arrow stream.

    >>> [column.to_list() for column in unpacked(packed([pl.Series([1, None])]))]
    [[1, None]]
    """
    file = io.BytesIO()
    pl.DataFrame([c.alias(str(i)) for i, c in enumerate(columns)]).write_ipc_stream(file)
    return file.getvalue()


def unpacked(data: bytes) -> list[pl.Series]:
    """Read what `packed` wrote."""
    return pl.read_ipc_stream(io.BytesIO(data)).get_columns()


def arguments(connection: int, place: int, memory: int) -> list[str]:
    """Return what to start the child with: two file descriptors, and bytes that it may take."""
    return ["-c", START, json.dumps(sys.path), str(connection), str(place), str(memory)]


def main(connection: int, place: int, memory: int) -> None:
    """Call functions until the parent is gone."""
    _end_with_parent()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    shared = memoryview(mmap.mmap(place, PLACE)).cast("q")
    os.close(place)
    if memory:
        _limit(memory)
    _serve(Connection(connection), shared)


def _serve(parent: Connection[Any, Any], place: Place) -> None:
    calls: Calls | None = None
    while True:
        try:
            request: Request | Hello | None = parent.recv()
        except EOFError:
            return
        if request is None:
            calls = None
            continue
        if isinstance(request, Hello):
            parent.send(request)
            continue
        try:
            calls = calls if request.called is None else _loaded(request.called, parent, place)
            answer: Part | Raised = _worked(calls, request)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the parent raises it
            answer = _raised(error)
        parent.send(answer)


def _loaded(called: Called, parent: Connection[Any, Any], place: Place) -> Calls:
    def rows_before() -> int:
        parent.send(RowsBefore())
        rows: int = parent.recv()
        return rows

    calls = Calls(called, Position(before=rows_before), place)
    parent.send(Loaded(calls.name))
    return calls


def _worked(calls: Calls | None, request: Request) -> Part:
    if calls is None:
        raise RuntimeError("the first request brings no function")
    return Part(packed([calls(unpacked(request.columns), request.start, request.rows)]))


def _raised(error: BaseException) -> Raised:
    import cloudpickle

    trace = "".join(traceback.format_exception(error))
    try:
        data = cloudpickle.dumps(error)
    except Exception:  # noqa: BLE001  # pickling runs the user's code
        data = b""
    notes = tuple(getattr(error, "__notes__", ()))
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # and so does this
        text = "it has no words"
    return Raised(data, type(error).__qualname__, text, notes, trace)


def _end_with_parent() -> None:
    """Have the kernel end this process when the parent does, whatever the function is doing.

    Standard input is a pipe of which the parent alone holds the other end: when that closes, the
    kernel sends SIGIO, which ends who does not handle it, even one that holds the interpreter's
    lock. (`PR_SET_PDEATHSIG` would be sent when the parent's *thread* ends.) The function gets an
    empty standard input.
    """
    import fcntl
    import select

    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:  # it was gone before
        os._exit(0)


def _limit(memory: int) -> None:
    """Let this process take so many bytes beyond what it has, where the system can tell."""
    import resource

    status = Path("/proc/self/status")
    if not status.exists():
        return
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    limit = int(lines["VmData"].split()[0]) * 1024 + memory
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
