"""The executor of this process: the driver over its threads."""

from __future__ import annotations

import weakref
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from windrow.config import settings
from windrow.execution.cancel import Cancellation, cancellable
from windrow.execution.driver import Driver
from windrow.execution.pool import Pool
from windrow.execution.store import Store
from windrow.execution.workers import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from windrow.execution.locality import Near

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 0.5
"""Seconds that Ctrl-C, or who has seen enough, waits for what is under way in threads."""


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

    def map(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        """See `Workers`."""
        del places
        if self.parallelism == 1 or len(items) == 1:
            yield from (task(self.store, item) for item in items)
            return
        cancellation = Cancellation()
        work = cancellable(task, cancellation)
        pool = Pool(self.parallelism)
        running: deque[Future[R]] = deque()
        waiting = iter(items)
        patience: float | None = None
        try:
            for item in islice(waiting, 2 * self.parallelism):
                running.append(pool.submit(partial(work, self.store, item)))
            while running:
                yield running.popleft().result()
                for item in islice(waiting, 1):
                    running.append(pool.submit(partial(work, self.store, item)))
        except (KeyboardInterrupt, GeneratorExit):
            patience = PATIENCE
            raise
        finally:
            cancellation.cancel()
            for future in running:
                future.cancel()
            pool.close(patience)

    def shares(self, name: str, partitions: int, near: Near | None = None) -> list[Share]:
        """See `Workers`: all is in one store, so many small tasks keep the threads equally busy."""
        del name, near
        return [Share(range(partitions), 4 * self.parallelism)]

    def forget(self, names: Sequence[str]) -> None:
        """See `Workers`."""
        self.store.forget(*names)

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
        workers = Threads(threads, memory_budget)
        super().__init__(workers)
        weakref.finalize(self, workers.close)  # scratch goes with the executor, or with the process

    def __repr__(self) -> str:
        return f"LocalExecutor(threads={self.workers.parallelism})"
