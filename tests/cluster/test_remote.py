"""Hosts that share no folder with their client: their state, secrets and logs are in a bucket."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.booted_hosts import BootedHosts
from tests.support.clusters import Waiting, until
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy import versions
from windrow.deploy.cluster import Cluster
from windrow.deploy.jobs import Job
from windrow.deploy.kinds import Kind
from windrow.deploy.lifecycle import READY
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import CancelledError, ClusterEndedError, SchedulerLostError
from windrow.execution import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.places import InBucket

pytestmark = on_clusters("distributed", "cryptography", timeout=300)


@pytest.fixture
def providers() -> Iterator[list[BootedHosts]]:
    made: list[BootedHosts] = []
    yield made
    for provider in made:
        provider.close()
    made.clear()


def start(place: InBucket, folder: Path, providers: list[BootedHosts], num_hosts: int) -> Cluster:
    """Start a cluster whose state is in a bucket."""
    record = ClusterRecord(
        "remote", "test", time.time(), num_hosts, 1, 10**9, 600.0, 3600.0, versions.installed()
    )
    found: dict[str, BootedHosts] = {}

    def provider(store: StateStore, generation: Any) -> BootedHosts:
        del store
        if generation.url not in found:
            found[generation.url] = BootedHosts(generation, folder / generation.url[-8:])
            providers.append(found[generation.url])
        return found[generation.url]

    return Kind("test_cluster", provider).start(StateStore(place.url("state")), record)


def test_work_on_remote_hosts_has_the_bits_of_this_process_and_leaves_logs_behind(
    s3_place: InBucket, tmp_path: Path, providers: list[BootedHosts]
) -> None:
    path, hosts = tmp_path / "all.csv", tmp_path / "hosts"
    write_table(path)
    url = s3_place.put("all.csv", path.read_bytes())
    expected = digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier")
    cluster = start(s3_place, hosts, providers, 2)
    assert [host.details for host in cluster.hosts] == [
        {"instance": "i-host-0"},
        {"instance": "i-host-1"},
    ]
    with gl.distributed(cluster):
        assert digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier") == expected
    _work_in_the_background(cluster, tmp_path)
    cluster.stop()
    assert cluster.status == "Ended: stopped by a client"
    for name in ("host-0", "host-1"):
        assert "ready" in cluster.logs(name)
        until("what follows the end", (hosts / "gen-0001" / f"{name}.over").exists)
        left = {entry.name for entry in (hosts / "gen-0001" / name).iterdir()}
        assert left == {"host.json", "logs"}  # no certificate, no scratch
    assert providers[0].collected == 1


def _work_in_the_background(cluster: Cluster, folder: Path) -> None:
    """Nobody listens where the scheduler is said to be: all goes through the state store."""
    unreachable = Cluster(cluster.store, cluster.number, cluster.provider)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BootedHosts, "reach", lambda *_: "tls://127.0.0.1:9")
        _cancel_in_the_background(unreachable, folder / "never")
    assert [job.status for job in cluster.jobs][-2:] == ["Completed", "Canceled"]


def _cancel_in_the_background(cluster: Cluster, path: Path) -> None:
    waiting = queue.SimpleQueue[BaseException]()
    with gl.distributed(cluster, background=True):
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6

        def work() -> None:
            try:
                environment.current().run(Waiting(str(path)))
            except CancelledError as error:
                waiting.put(error)

        thread = threading.Thread(target=work)
        thread.start()
        until("the job to run", Path(f"{path}.begun").exists)
        cluster.jobs[-1].cancel()
        thread.join(60)
        assert isinstance(waiting.get(timeout=1), CancelledError)


def test_a_killed_host_program_takes_its_host_with_it_and_the_store_learns_why(
    s3_place: InBucket, tmp_path: Path, providers: list[BootedHosts]
) -> None:
    cluster = start(s3_place, tmp_path, providers, 1)
    (running,) = providers[0].running.values()
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    until("what follows the end", (tmp_path / "gen-0001" / "host-0.over").exists)
    with pytest.raises(ClusterEndedError, match="its host program was killed") as caught:
        cluster.require_alive()
    assert "[host-0/worker.log]" in caught.value.__notes__[0]


def test_a_first_host_that_comes_back_ends_what_it_left_undone(
    s3_place: InBucket, tmp_path: Path, providers: list[BootedHosts]
) -> None:
    """As a Hadoop container does, which is started again after it was killed."""
    cluster = start(s3_place, tmp_path, providers, 1)
    provider = providers[0]
    undone = Job.new(cluster.folder.folder("jobs"), cluster.credentials)
    undone.folder.put("claim", b"driver-9")
    undone.submit(b"", "undone")
    os.killpg(provider.running["host-0"].pid, signal.SIGKILL)
    provider.running["host-0"].wait()
    until("what follows the end", (tmp_path / "gen-0001" / "host-0.over").exists)

    provider.start(cluster.record, [0])
    assert [host.state for host in cluster.hosts] == [READY]
    assert cluster.status == "Running, 1 of 1 hosts"
    outcome = undone.outcome()
    assert outcome is not None
    assert isinstance(outcome.error, SchedulerLostError)
    with gl.distributed(cluster):
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
    cluster.stop()
