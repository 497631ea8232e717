"""The executor of this process: the driver over its threads."""

from __future__ import annotations

import atexit
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from windrow.config import settings
from windrow.execution.cancel import Cancellation, cancellable
from windrow.execution.driver import Driver
from windrow.execution.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


class Threads:
    """Workers that are threads of this process and share one store.

    Parameters
    ----------
    count
        Number of threads; None means the setting at each call.
    memory_budget
        Bytes of blocks in memory; None means the setting.
    """

    def __init__(self, count: int | None = None, memory_budget: int | None = None) -> None:
        self._count = count
        self.store = Store(settings().memory_budget if memory_budget is None else memory_budget)

    @property
    def parallelism(self) -> int:
        """See `Workers`."""
        return self._count or settings().threads

    def map(self, task: Callable[[Store, T], R], items: Sequence[T]) -> Iterator[R]:
        """See `Workers`."""
        if self.parallelism == 1 or len(items) == 1:
            yield from (task(self.store, item) for item in items)
            return
        ahead = 2 * self.parallelism
        pool = ThreadPoolExecutor(self.parallelism, thread_name_prefix="windrow")
        running: deque[Future[R]] = deque()
        cancellation = Cancellation()
        work = cancellable(task, cancellation)
        waiting = iter(items)
        try:
            for item in waiting:
                running.append(pool.submit(work, self.store, item))
                if len(running) == ahead:
                    break
            while running:
                yield running.popleft().result()
                for item in waiting:
                    running.append(pool.submit(work, self.store, item))
                    break
        finally:
            cancellation.cancel()
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """See `Workers`."""
        self.store.close()


class LocalExecutor(Driver):
    """Runs plans and programs on threads of this process.

    Parameters
    ----------
    threads
        None means the setting `threads`; the result is the same for any number.
    memory_budget
        Bytes of blocks kept in memory before they go to scratch disk; None means the setting.
    """

    def __init__(self, threads: int | None = None, memory_budget: int | None = None) -> None:
        super().__init__(Threads(threads, memory_budget))
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"LocalExecutor(threads={self.workers.parallelism})"
