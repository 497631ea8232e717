"""Threads that never keep the process from ending.

`concurrent.futures.ThreadPoolExecutor` is waited for at the end of the process, so that a user's
function that sleeps, or a web server that is silent, would hold Ctrl-C back for as long.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from windrow.config import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
Work = tuple["Future[Any]", "Callable[[], Any]"]


class Pool:
    """Some threads that take work in order.

    Parameters
    ----------
    count
        Number of threads.

    Examples
    --------
    >>> pool = Pool(2)
    >>> pool.submit(lambda: 6 * 7).result()
    42
    >>> pool.close()
    """

    def __init__(self, count: int) -> None:
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"windrow-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], R]) -> Future[R]:
        """Ask for a piece of work."""
        future: Future[R] = Future()
        self._work.put((future, work))
        return future

    def close(self, patience: float | None = None) -> None:
        """Let the threads end after the work that was asked for and not cancelled.

        Parameters
        ----------
        patience
            Seconds to wait for all of them; None waits as long as it takes.
        """
        for _ in self._threads:
            self._work.put(None)
        deadline = None if patience is None else Deadline(patience, "threads to end")
        for thread in self._threads:
            if deadline is None:
                thread.join()
            elif not deadline.expired():
                thread.join(deadline.remaining())

    def _run(self) -> None:
        while (asked := self._work.get()) is not None:
            future, work = asked
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001  # who waits for the result gets it
                    future.set_exception(error)
            del asked, future, work  # an idle thread holds nothing
