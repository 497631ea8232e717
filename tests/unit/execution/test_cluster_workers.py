"""Hosts are processes of this machine; some of them are killed here."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
from tests.support.dask_cluster import ClusterDriver, DaskCluster, address_of
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.programs import NUMBERS, Program
from tests.support.tables import cut_numbers

import windrow as gl
from windrow.config import Deadline, configured, configured_here, settings
from windrow.deploy.credentials import Credentials, create_credentials
from windrow.errors import HostsLostError, RemoteError, SchedulerLostError
from windrow.execution import cancel, cluster_tasks, environment
from windrow.execution.cluster_dask import connect
from windrow.execution.cluster_workers import ClusterWorkers
from windrow.execution.local import LocalExecutor
from windrow.execution.store import Store

if TYPE_CHECKING:
    from windrow.execution.driver import Driver

PATIENCE = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    made = DaskCluster(2, cores=2)
    yield made
    made.close()


@pytest.fixture
def workers(cluster: DaskCluster) -> ClusterWorkers:
    return ClusterWorkers(cluster.client)


def wait_for(path: Path) -> None:
    deadline = Deadline(PATIENCE, f"{path.name} to be written")
    while not path.exists():
        deadline.pause(0.01)


def running_on(store: Store, item: int) -> str:
    del item
    return store._running[DRIVER][1]


DRIVER = "driver of a released job"


# ------------------------------------------------------------------------------------------ results


def test_hosts_hear_that_a_job_has_ended_and_nobody_waits_for_that(
    cluster: DaskCluster, workers: ClusterWorkers
) -> None:
    workers.owner = (DRIVER, "first")
    assert list(workers.map(running_on, range(4))) == ["first"] * 4
    workers.release()

    def told() -> set[str]:
        found: dict[str, str] = cluster.client.run(_of_this_store)
        return set(found.values())

    deadline = Deadline(PATIENCE, "all hosts to hear of it")
    while told() != {""}:
        deadline.pause(0.05)


def _of_this_store() -> str:
    return cluster_tasks._this_store()._running[DRIVER][1]


def test_results_come_in_order_from_all_hosts(workers: ClusterWorkers) -> None:
    found = list(workers.map(address_of, range(40)))
    assert [item for item, _ in found] == list(range(40))
    assert len({address for _, address in found}) == 2
    assert workers.parallelism == 4


def test_an_item_runs_at_its_place_while_there_is_one(workers: ClusterWorkers) -> None:
    shares = workers.shares("blocks", 20)
    places = {n: share.place for share in shares for n in share.partitions}
    assert sorted(places) == list(range(20))
    wanted = [places[number] for number in range(20)]
    found = list(workers.map(address_of, range(20), wanted))
    assert [address for _, address in found] == wanted
    gone = ["tls://127.0.0.1:1"] * 3
    assert [item for item, _ in workers.map(address_of, range(3), gone)] == [0, 1, 2]


@dataclass(frozen=True)
class Scaled:
    """A task with much in it."""

    numbers: Any

    def __call__(self, store: Store, item: int) -> Any:
        assert isinstance(store, Store)
        return self.numbers * item


def limits(store: Store, item: int) -> tuple[float, int]:
    del store, item
    return settings().function_timeout, settings().function_memory


def test_limits_of_functions_set_here_hold_on_hosts(workers: ClusterWorkers) -> None:
    with configured_here(function_timeout=7.5), configured(function_memory=1 << 30):
        assert list(workers.map(limits, range(2))) == [(7.5, 1 << 30)] * 2
    assert list(workers.map(limits, range(2))) == [(0.0, 0)] * 2


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_arrays_of_any_size_cross_unchanged(workers: ClusterWorkers, size: int) -> None:
    numbers = np.random.default_rng(3).normal(size=size)
    places = [share.place for share in workers.shares("", 2)]
    for item, found in enumerate(workers.map(Scaled(numbers), range(2), places)):
        assert np.array_equal(found, numbers * item)


# ------------------------------------------------------------------------------------------- errors


class BrokenFenceError(Exception):
    """An error with arguments of its own."""

    def __init__(self, field: str, metres: int) -> None:
        super().__init__(field, metres)
        self.field, self.metres = field, metres


def fails(store: Store, item: int) -> int:
    del store
    if item == 3:
        raise BrokenFenceError("north", 12)
    return item


def test_an_error_arrives_as_itself_and_says_where_it_happened(workers: ClusterWorkers) -> None:
    with pytest.raises(BrokenFenceError) as caught:
        list(workers.map(fails, range(10)))
    assert (caught.value.field, caught.value.metres) == ("north", 12)
    note = "\n".join(caught.value.__notes__)
    assert "on host host-" in note
    assert "in fails" in note


def test_an_error_of_a_class_that_no_module_has_arrives_as_itself(workers: ClusterWorkers) -> None:
    class OwnError(Exception):
        """As one of a notebook."""

    def fails_in_its_own_way(store: Store, item: int) -> int:
        del store
        raise OwnError("sheep", item)

    with pytest.raises(OwnError) as caught:
        list(workers.map(fails_in_its_own_way, range(1)))
    assert caught.value.args == ("sheep", 0)
    assert "in fails_in_its_own_way" in "\n".join(caught.value.__notes__)


def fails_strangely(store: Store, item: int) -> int:
    del store, item
    error = ValueError("it holds a lock")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    raise error


def test_an_error_that_cannot_travel_sends_its_words(workers: ClusterWorkers) -> None:
    with pytest.raises(RemoteError, match="ValueError: it holds a lock"):
        list(workers.map(fails_strangely, range(2)))


@dataclass(frozen=True)
class Lingering:
    """A task that goes on until nobody wants it any more."""

    folder: Path

    def __call__(self, store: Store, item: int) -> int:
        del store
        if item:
            (self.folder / f"began-{item}").touch()
            deadline = Deadline(PATIENCE, "the task to be cancelled")
            try:
                while not deadline.expired():
                    cancel.check()
                    deadline.pause(0.01)
            finally:
                (self.folder / f"ended-{item}").touch()
        return item


def test_who_stops_listening_stops_what_is_under_way(
    workers: ClusterWorkers, tmp_path: Path
) -> None:
    results = workers.map(Lingering(tmp_path), range(3))
    assert next(results) == 0
    wait_for(tmp_path / "began-1")
    results.close()  # type: ignore[attr-defined]
    wait_for(tmp_path / "ended-1")
    assert [item for item, _ in workers.map(address_of, range(4))] == [0, 1, 2, 3]


# ------------------------------------------------------------------------------------------- faults


class Treacherous(ClusterWorkers):
    """Adds hosts, and kills them while a chosen call runs."""

    def __init__(self, cluster: DaskCluster, victims: list[str], call: int) -> None:
        self.cluster, self.victims, self.left = cluster, victims, call
        cluster.add(*victims)
        super().__init__(cluster.client)

    def kill(self) -> None:
        for name in self.victims:
            self.cluster.kill(name)

    def map(
        self,
        task: Callable[[Store, Any], Any],
        items: Sequence[Any],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[Any]:
        self.left -= 1
        if self.left == 0:
            killer = threading.Thread(target=self.kill)
            killer.start()
            yield from super().map(task, items, places)
            killer.join()
        else:
            yield from super().map(task, items, places)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fit") / "all.csv"
    write_table(path)
    return path


def digests_on(executor: Driver, file: Path) -> dict[str, str]:
    environment.use(executor)
    try:
        return digests(cut(gl.SFrame(str(file)), PARTITION))
    finally:
        environment.use(None)


@pytest.fixture(scope="module")
def alone(file: Path) -> dict[str, str]:
    return digests_on(LocalExecutor(threads=2), file)


SOAK = os.environ.get("WINDROW_SOAK") == "1"


@pytest.mark.parametrize("call", range(2, 22) if SOAK else [2, 20])
def test_a_host_killed_during_a_fit_changes_no_bit(
    cluster: DaskCluster, file: Path, alone: dict[str, str], call: int
) -> None:
    workers = Treacherous(cluster, [f"victim-{call}"], call)
    assert digests_on(ClusterDriver(workers), file) == alone
    assert workers.left < 0
    assert len(cluster.processes) == 3


@pytest.mark.parametrize("call", range(1, 9) if SOAK else [1, 3])
def test_two_hosts_of_four_killed_at_once_change_no_bit(cluster: DaskCluster, call: int) -> None:
    workers = Treacherous(cluster, [f"first-{call}", f"second-{call}"], call)
    expected = LocalExecutor(threads=2).run(Program(cut_numbers(), NUMBERS))
    assert ClusterDriver(workers).run(Program(cut_numbers(), NUMBERS)) == expected
    assert workers.left < 0
    assert len(cluster.processes) == 3


def test_without_any_host_the_wait_ends_in_an_error() -> None:
    alone = DaskCluster(1)
    try:
        alone.client.run_on_scheduler(_lose_patience)  # type: ignore[no-untyped-call]
        workers = ClusterWorkers(alone.client)
        assert list(workers.map(fails, range(2))) == [0, 1]
        alone.kill("host-0")
        with pytest.raises(HostsLostError, match=r"no host .* 0\.2 s"):
            list(workers.map(fails, range(2)))
        alone.add("host-1")
        assert list(workers.map(fails, range(2))) == [0, 1]
        results = workers.map(fails, range(3))
        next(results)
        alone.kill("scheduler")
        with pytest.raises(SchedulerLostError, match=alone.address):
            list(workers.map(fails, range(100)))
        results.close()  # type: ignore[attr-defined]
    finally:
        alone.close()


def _lose_patience(dask_scheduler: Any) -> None:
    dask_scheduler.no_workers_timeout = 0.2
    dask_scheduler.periodic_callbacks["no-workers-timeout"].callback_time = 50


# ----------------------------------------------------------------------------------------- security


def test_each_process_listens_at_one_port_of_its_own_address(cluster: DaskCluster) -> None:
    for process in cluster.processes.values():
        listening = [
            found.laddr
            for found in psutil.Process(process.pid).net_connections("inet")
            if found.status == psutil.CONN_LISTEN
        ]
        assert [address.ip for address in listening] == ["127.0.0.1"]


def test_a_stranger_is_refused_in_time(cluster: DaskCluster, tmp_path: Path) -> None:
    for name, data in create_credentials("another", 3600.0).items():
        (tmp_path / name).write_bytes(data)
    strange = Credentials.of(str(tmp_path), "client").dask()
    with pytest.raises(OSError, match=r"SSL|certificate|[Tt]imed out"):
        connect(cluster.address, strange, 1.0)
    ours = Credentials.of(str(cluster.folder), "client").dask()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tls://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OSError, match="imed out"):
            connect(address, ours, 0.5)


def test_nobody_is_heard_without_the_clusters_certificate(cluster: DaskCluster) -> None:
    host, port = cluster.address.removeprefix("tls://").split(":")
    context = ssl.create_default_context(cafile=str(cluster.folder / "authority.pem"))
    context.check_hostname = False
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain) as stranger,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        stranger.recv(1)
