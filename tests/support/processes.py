"""An executor over bare spawned processes that share nothing: the seam's second implementation.

Everything that reaches a worker is pickled; each worker has its own store, so a block that was
built in one is built again in another when a task lands there. Files they fetch from each other
through sockets.
"""

from __future__ import annotations

import multiprocessing
import pickle
import shutil
import tempfile
import threading
import traceback
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import cloudpickle

from windrow.config import Deadline
from windrow.execution.cuts import spread
from windrow.execution.driver import Driver
from windrow.execution.store import Store
from windrow.execution.workers import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from windrow.execution.locality import Near
    from windrow.execution.spool import FileKey, Spool

T = TypeVar("T")
R = TypeVar("R")

LONGEST_TASK = 60.0
"""Seconds."""


class SocketPeers:
    """The other processes, each with a socket of its number in one folder."""

    def __init__(self, folder: str, number: int, spool: Spool) -> None:
        self.address = str(number)
        self._folder, self._spool = Path(folder), spool
        self._listener = Listener(str(self._folder / self.address), "AF_UNIX")
        threading.Thread(target=self._answer, daemon=True).start()

    def fetch(self, address: str, key: FileKey, part: int) -> bytes | None:
        with Client(str(self._folder / address), "AF_UNIX") as connection:
            connection.send((key, part))
            answer: bytes | None = connection.recv()
            return answer

    def _answer(self) -> None:
        while True:
            with self._listener.accept() as connection:
                connection.send(self._spool.own(*connection.recv()))


def forget(store: Store, names: Sequence[str]) -> None:
    store.forget(*names)


def serve(connection: Connection, memory_budget: int, folder: str, number: int) -> None:
    """Answer requests until the other end goes away."""
    store = Store(memory_budget)
    store.spool.peers = SocketPeers(folder, number, store.spool)
    while True:
        try:
            task, item = pickle.loads(connection.recv_bytes())
        except EOFError:
            break
        try:
            answer = True, task(store, item)
        except Exception as error:  # noqa: BLE001  # all of them travel
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
            answer = False, error
        connection.send_bytes(cloudpickle.dumps(answer))
    store.close()


class Worker:
    """A process that answers one request at a time; answers nobody has asked for yet are kept."""

    def __init__(self, memory_budget: int, folder: str, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=serve, args=(other, memory_budget, folder, number), daemon=True
        )
        self._process.start()
        other.close()
        self._asked = 0
        self._waiting = False
        self._answers: dict[int, bytes] = {}

    def ask(self, request: bytes) -> int:
        """Send a request, after the last was answered; give its number."""
        self._receive()
        self._connection.send_bytes(request)
        self._asked += 1
        self._waiting = True
        return self._asked

    def answer(self, number: int) -> tuple[bool, Any]:
        """Wait for the answer to a request."""
        self._receive()
        found: tuple[bool, Any] = pickle.loads(self._answers.pop(number))
        return found

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(Deadline(LONGEST_TASK, "the worker to end").remaining())

    def _receive(self) -> None:
        """Wait for what is under way: pipes are narrow, both ends sending would never end."""
        if self._waiting:
            deadline = Deadline(LONGEST_TASK, "a task of a worker process")
            while not self._connection.poll(deadline.remaining()):
                continue
            self._answers[self._asked] = self._connection.recv_bytes()
            self._waiting = False


class Processes:
    """Workers that are processes; an item without a place goes to worker i modulo their number."""

    def __init__(self, count: int, memory_budget: int = 1 << 26) -> None:
        self._folder = tempfile.mkdtemp(prefix="processes-")
        self._workers = [Worker(memory_budget, self._folder, i) for i in range(count)]

    @property
    def parallelism(self) -> int:
        return len(self._workers)

    def map(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        count = len(self._workers)
        homes = [place % count for place in range(len(items))]
        if places is not None:
            homes = [homes[i] if place is None else int(place) for i, place in enumerate(places)]
        asked: list[int] = []
        taken = 0
        try:
            while taken < len(items):
                for place in range(len(asked), min(taken + count, len(items))):
                    request = cloudpickle.dumps((task, items[place]))
                    asked.append(self._workers[homes[place]].ask(request))
                fine, result = self._workers[homes[taken]].answer(asked[taken])
                taken += 1
                if not fine:
                    raise result
                yield result
        finally:
            for place in range(taken, len(asked)):
                self._workers[homes[place]].answer(asked[place])

    def shares(self, name: str, partitions: int, near: Near | None = None) -> list[Share]:
        del name, near
        ranges = spread(partitions, [1] * len(self._workers))
        return [Share(numbers, 1, str(i)) for i, numbers in enumerate(ranges)]

    def forget(self, names: Sequence[str]) -> None:
        places = [str(i) for i in range(len(self._workers))]
        list(self.map(forget, [names] * len(places), places))

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        shutil.rmtree(self._folder)


class ProcessExecutor(Driver):
    """The driver over processes."""

    def __init__(self, count: int, memory_budget: int = 1 << 26) -> None:
        super().__init__(Processes(count, memory_budget))

    def __repr__(self) -> str:
        return f"ProcessExecutor({self.workers.parallelism})"
