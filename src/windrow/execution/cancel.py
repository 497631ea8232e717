"""Stopping work that runs in threads: a flag that long loops look at."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, TypeVar

from windrow.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.execution.store import Store

T = TypeVar("T")
R = TypeVar("R")


class Cancellation:
    """Whether the results of some work are still wanted."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Say that nobody wants the results any more."""
        self._event.set()

    def check(self) -> None:
        """Raise `CancelledError` once nobody wants the results."""
        if self._event.is_set():
            raise CancelledError


_current: contextvars.ContextVar[Cancellation | None] = contextvars.ContextVar(
    "windrow_cancellation", default=None
)


def check() -> None:
    """Raise `CancelledError` when the task that this thread works on is not wanted any more."""
    cancellation = _current.get()
    if cancellation is not None:
        cancellation.check()


def cancellable(
    task: Callable[[Store, T], R], cancellation: Cancellation
) -> Callable[[Store, T], R]:
    """Return the task with `check` bound to this cancellation while it runs."""

    def run(store: Store, item: T) -> R:
        token = _current.set(cancellation)
        try:
            cancellation.check()
            return task(store, item)
        finally:
            _current.reset(token)

    return run
