"""Workers that are hosts: tasks run there by Dask, each beside the blocks that it needs."""

from __future__ import annotations

import pickle
import time
import uuid
from collections import OrderedDict, deque
from contextlib import contextmanager, suppress
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Any, TypeVar

import distributed
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from windrow.config import travelling
from windrow.errors import HostsKilledError, HostsLostError, SchedulerLostError
from windrow.execution import cluster_tasks
from windrow.execution.cluster_tasks import Failure, Packer, Request
from windrow.execution.placement import Placement
from windrow.execution.workers import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from windrow.execution.cluster_tasks import Parcel
    from windrow.execution.locality import Near
    from windrow.execution.store import Store

    Future = distributed.Future[Any]

T = TypeVar("T")
R = TypeVar("R")

LARGE = 1 << 16
"""Bytes from which a shared value stays with the hosts by itself, instead of in each request."""
HEAVY = 1 << 22
"""Bytes of all requests from which their task crosses by itself: fewer bytes, but more steps."""
KEPT = 64
"""Shared values that stay with the hosts, and names of blocks whose homes are remembered."""
FRESH = 1.0
"""Seconds for which the list of hosts is good."""
PROMPT = 5.0
"""Seconds in which results that are ready should come; where they do not, ever more are given."""


class ClusterWorkers:
    """The workers of a cluster.

    Parameters
    ----------
    client
        Connected to the scheduler; stays the caller's to close.
    """

    def __init__(self, client: distributed.Client) -> None:
        self._link = _Link(client)
        self.owner = ("", "")
        """The driver and its job, for which hosts count the blocks that are asked for."""
        self._placements: OrderedDict[tuple[str, int], Placement] = OrderedDict()
        self._threads: dict[str, int] = {}
        self._seen = -FRESH
        # It holds back for 10 ms what is submitted right after something else: as long as a pass.
        stream: Any = client.scheduler_comm
        stream.interval = 0.001

    @property
    def parallelism(self) -> int:
        """See `Workers`."""
        return max(1, sum(self._hosts().values()))

    def shares(self, name: str, partitions: int, near: Near | None = None) -> list[Share]:
        """See `Workers`: neighbours lie together, and move only when hosts come or go."""
        hosts = self._hosts()
        if not hosts:
            return [Share(range(partitions), 1)]
        if (name, partitions) not in self._placements:
            found = near() if near else ()
            self._placements[name, partitions] = Placement(partitions, found)
        placement = self._placements[name, partitions]
        self._placements.move_to_end((name, partitions))
        while len(self._placements) > KEPT:
            self._placements.popitem(last=False)
        homes = placement.over(hosts)
        return [Share(tuple(homes[host]), hosts[host], host) for host in homes]

    def map(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        """See `Workers`."""
        call = _Call(self._link, task, len(items), self.owner)
        wave = 2 * self.parallelism
        try:
            if places is None:
                yield from call.ahead(items, wave)
            else:
                yield from call.everywhere(items, places, wave)
        finally:
            call.end()

    def forget(self, names: Sequence[str]) -> None:
        """See `Workers`; hosts that cannot be reached have nothing to keep."""
        if self._link.client.status == "running":
            self._link.client.run(cluster_tasks.forget, list(names), on_error="ignore")

    def release(self) -> None:
        """Tell the hosts that the job has ended, and wait for none; gone ones keep nothing."""
        if self._link.client.status == "running":
            with suppress(OSError, CommClosedError):  # the scheduler may end at this moment
                self._link.client.run(
                    cluster_tasks.release, self.owner, on_error="ignore", wait=False
                )

    def close(self) -> None:
        """Let go of what hosts keep for this driver; their stores are theirs."""
        self._link.close()

    def _hosts(self) -> dict[str, int]:
        """Return the addresses of the hosts' workers, and how many tasks each runs at once."""
        if time.monotonic() - self._seen > FRESH:
            with self._link.in_our_words():
                workers = self._link.client.scheduler_info(n_workers=-1)["workers"]
            self._threads = {address: workers[address]["nthreads"] for address in sorted(workers)}
            self._seen = time.monotonic()
        return self._threads


class _Link:
    """The way to the hosts: pickles tasks, brings what they share, says what went wrong."""

    def __init__(self, client: distributed.Client) -> None:
        self.client = client
        scheduler: Any = client.scheduler
        self._address = str(scheduler.address)
        self._packer = Packer()
        self._shared: OrderedDict[str, Future] = OrderedDict()

    def pack(self, value: object) -> Parcel:
        """Pickle a value without what it shares with others."""
        return self._packer.pack(value)

    def shared(self, parcel: Parcel) -> dict[str, Parcel]:
        """Return what a value just packed shares with others, by key."""
        return {key: self._packer.shared[key] for key in parcel.needs}

    def kept(self, key: str, parcel: Parcel) -> Future:
        """Bring a shared value to the hosts to stay; recently used ones stay longer."""
        if key not in self._shared or self._shared[key].cancelled():
            self._shared[key] = self.carry(parcel, f"shared-{key}")
            while len(self._shared) > KEPT:
                self._shared.popitem(last=False)
        self._shared.move_to_end(key)
        return self._shared[key]

    def carry(self, parcel: Parcel, key: str) -> Future:
        """Bring a value to the hosts: through the scheduler to one, from there to the others.

        It is the result of a task, so that it can be had again when the host that has it dies.
        """
        return self.client.submit(cluster_tasks.carry, parcel, key=f"windrow-{key}", pure=False)

    def fetch(self, futures: list[Future]) -> list[Any]:
        """Wait for results and take them from the hosts that have them.

        A frozen host keeps its connections open, and whoever reads from one waits for ever, also
        when the scheduler has long given that host up. So who has them is asked anew.
        """

        def gathered() -> Any:
            return self.client.gather(futures, direct=True, asynchronous=True)

        patience = PROMPT
        with self.in_our_words():
            while True:
                ready = all(future.done() for future in futures)
                try:
                    found: list[Any] = self.client.sync(gathered, callback_timeout=patience)
                except TimeoutError:
                    patience *= 2 if ready else 1
                else:
                    return found

    @contextmanager
    def in_our_words(self) -> Iterator[None]:
        """Say what Dask says when hosts or the scheduler are gone."""
        try:
            yield
        except KilledWorker as error:
            last = error.last_worker.address
            raise HostsKilledError(error.allowed_failures + 1, last) from error
        except (NoWorkerError, NoValidWorkerError) as error:
            raise HostsLostError(error.timeout) from error
        except (distributed.CancelledError, CommClosedError) as error:
            raise SchedulerLostError(self._address) from error

    def close(self) -> None:
        """Let go of everything."""
        self._shared.clear()


class _Call:
    """One task, run for some items."""

    def __init__(
        self, link: _Link, task: Callable[[Store, Any], Any], count: int, owner: tuple[str, str]
    ) -> None:
        self._link, self._client = link, link.client
        self._owner, self._settings = owner, travelling()
        self._name = uuid.uuid4().hex
        self._task = link.pack(task)
        self._shared = link.shared(self._task)
        self._heavy = self._task.nbytes * count >= HEAVY
        self._carried: dict[str, Future] = {}
        self._running: set[Future] = set()

    def ahead(self, items: Sequence[Any], wave: int) -> Iterator[Any]:
        """Yield results in order, a few items ahead of whoever takes them."""
        waiting = iter(items)
        running = deque(self._submit(item) for item in islice(waiting, wave))
        while running:
            yield from self._results([running.popleft()])
            running.extend(self._submit(item) for item in islice(waiting, 1))

    def everywhere(
        self, items: Sequence[Any], places: Sequence[str | None], wave: int
    ) -> Iterator[Any]:
        """Begin at all places at once, and yield the results in the order of the items."""
        queues: dict[str | None, list[int]] = {}
        for number, place in enumerate(places):
            queues.setdefault(place, []).append(number)
        turns = chain.from_iterable(zip_longest(*queues.values()))
        futures = {n: self._submit(items[n], places[n]) for n in turns if n is not None}
        running = deque(futures.pop(number) for number in range(len(items)))
        while running:
            # What can run at once is waited for at once, which saves a journey for each.
            together = [running.popleft() for _ in range(min(wave, len(running)))]
            if running:
                self._wait(together[0])
                while len(together) > 1 and not together[-1].done():
                    running.appendleft(together.pop())
            yield from self._results(together)

    def end(self) -> None:
        """Stop what is still under way."""
        if self._running and self._client.status == "running":
            self._client.cancel(list(self._running), force=True)
            self._client.run(cluster_tasks.cancel, self._name, on_error="ignore")
        self._running.clear()
        self._carried.clear()

    def _submit(self, item: object, place: str | None = None) -> Future:
        """Run the task for one item, at its place if that is still there."""
        parcel = self._link.pack(item)
        shared = self._shared | self._link.shared(parcel)
        small = {key: value for key, value in shared.items() if value.nbytes < LARGE}
        beside = {k: self._link.kept(k, value) for k, value in shared.items() if k not in small}
        if self._heavy:
            if not self._carried:
                self._carried[""] = self._link.carry(self._task, self._name)
            beside |= self._carried
        task = None if self._heavy else self._task
        request = Request(
            self._name, task, parcel, small, tuple(beside), self._owner, self._settings
        )
        where = {"workers": [place], "allow_other_workers": True} if place else {}
        future = self._client.submit(
            cluster_tasks.run,
            request,
            *beside.values(),
            key=f"windrow-{uuid.uuid4().hex}",
            pure=False,
            **where,
        )
        self._running.add(future)
        return future

    def _results(self, futures: list[Future]) -> Iterator[Any]:
        """Wait for some results; an error of a task is raised as its own type."""
        results = self._link.fetch(futures)
        self._running.difference_update(futures)
        for result in results:
            if isinstance(result, Failure):
                raise pickle.loads(result.error)  # noqa: S301  # of our own hosts, over TLS
            yield result

    def _wait(self, future: Future) -> None:
        with self._link.in_our_words():
            future.exception()  # waits for the end, whatever it is, and fetches no result
