"""What dies in a cluster of containers, and what becomes of the training that runs meanwhile.

``python -m tests.cluster.hadoop.death_table`` starts a Hadoop, installs windrow and prints a table:
what was killed, whether the model has the bits of this process, how long the training took, and how
long until the cluster was whole again.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import hdfs_native
from tests.support.clusters import until as until_within
from tests.support.fitting import write_table
from tests.support.hadoop import Hadoop
from tests.support.hadoop_settings import NODES
from tests.support.places import InHdfs
from tests.support.resuming import interrupted, trained

import windrow as gl
from windrow.deploy import hadoop_install
from windrow.errors import ClusterUnreachableError, SchedulerLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster

until = partial(until_within, seconds=240.0)  # YARN restarts what died, on a busy machine

FITS = 4
"""How often a model is trained in each row; after a death the later ones run on what is left."""
WHOLE = "Running, 3 of 3 hosts"
MOMENT = 2.0
"""Seconds of training before something is killed."""


@dataclass(frozen=True)
class Row:
    """What became of one training.

    Attributes
    ----------
    killed
        What was; of the first row nothing.
    same
        Whether the model has the bits of this process.
    seconds
        That the training took.
    whole
        Seconds from the kill until the cluster was whole again.
    """

    killed: str
    same: bool
    seconds: float
    whole: float

    def __str__(self) -> str:
        bits = "same" if self.same else "OTHER"
        return f"{self.killed:<40}{bits:>6}{self.seconds:>10.1f}{self.whole:>10.1f}"


def kill_all(hadoop: Hadoop, part: str) -> list[int]:
    """Kill the processes in containers whose place or command has a part; return their numbers."""
    found = [pid for pid, command in hadoop.containers().items() if part in command]
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def container_of(cluster: Cluster, name: str) -> str:
    """Return the container of a host."""
    return next(h.details["container"] for h in cluster.recorded_hosts() if h.name == name)


def node_of(hadoop: Hadoop, container: str) -> str:
    """Name the node that a container runs on."""
    commands = [command for command in hadoop.containers().values() if container in command]
    return next(node for node in NODES if any(f"/data/{node}/" in each for each in commands))


def a_worker_container(hadoop: Hadoop, cluster: Cluster) -> None:
    assert kill_all(hadoop, container_of(cluster, "host-2"))


def the_service_master(hadoop: Hadoop, cluster: Cluster) -> None:
    del cluster
    assert kill_all(hadoop, "service.ServiceMaster")


def a_node_manager_alone(hadoop: Hadoop, cluster: Cluster) -> str:
    """Kill the daemon of the node without the scheduler, and name the node.

    What it ran goes on, and YARN starts the same host elsewhere.
    """
    (other,) = set(NODES) - {node_of(hadoop, container_of(cluster, "host-0"))}
    hadoop.kill(other)
    return other


def a_node(hadoop: Hadoop, cluster: Cluster) -> None:
    """Kill a daemon and all that it ran, as when the power fails."""
    kill_all(hadoop, f"/data/{a_node_manager_alone(hadoop, cluster)}/")


DEATHS: dict[str, Callable[[Hadoop, Cluster], object]] = {
    "a worker's container": a_worker_container,
    "the service's ApplicationMaster": the_service_master,
    "a node with its workers": a_node,
    "a NodeManager, not its workers": a_node_manager_alone,
}


def undisturbed(cluster: Cluster, work: Callable[[], bool]) -> Row:
    """Work as long as it takes."""
    with gl.distributed(cluster):
        began = time.monotonic()
        return Row("nothing", work(), time.monotonic() - began, 0.0)


def survived(hadoop: Hadoop, cluster: Cluster, name: str, work: Callable[[], bool]) -> Row:
    """Kill something while work goes on, and wait until the cluster is whole again."""
    with gl.distributed(cluster):
        began = time.monotonic()
        with ThreadPoolExecutor(1) as threads:
            result = threads.submit(work)
            until("the moment", lambda: time.monotonic() - began > MOMENT)
            killed = time.monotonic()
            DEATHS[name](hadoop, cluster)
            found = result.result(timeout=240)
        seconds = time.monotonic() - began
        revive(hadoop)
        until("a whole cluster", lambda: cluster.status == WHOLE)
        whole = time.monotonic() - killed
        assert work()
    return Row(name, found, seconds, whole)


def resumed(hadoop: Hadoop, cluster: Cluster, url: str, kept: str) -> Row:
    """Kill the scheduler's container: the training ends, and goes on in the restarted service."""
    expected, began = trained(url), time.monotonic()
    killed = 0.0

    def kill() -> None:
        nonlocal killed
        killed = time.monotonic()
        assert kill_all(hadoop, container_of(cluster, "host-0"))

    with gl.distributed(cluster):
        error = interrupted(url, kept, kill)
        assert isinstance(error, (ClusterUnreachableError, SchedulerLostError)), error
        until("a whole cluster", lambda: cluster.status == WHOLE)
        whole = time.monotonic() - killed
        found = trained(url, resume_from_checkpoint=kept)
    seconds = time.monotonic() - began
    return Row("the scheduler's container, resumed", found == expected, seconds, whole)


def revive(hadoop: Hadoop) -> None:
    """Start the nodes that were killed."""
    for node in NODES:
        if hadoop.daemons[node].poll() is not None:
            hadoop.start(node)


def table(hadoop: Hadoop, installation: str, url: str) -> Iterator[Row]:
    """Try every death on one cluster."""
    expected = trained(url)

    def work() -> bool:
        return all(trained(url) == expected for _ in range(FITS))

    with gl.deploy.hadoop_cluster.create("mortal", installation, container_size=2560) as cluster:
        cluster.begin()
        yield undisturbed(cluster, work)
        yield resumed(hadoop, cluster, url, f"{hadoop.hdfs}/kept")
        for name in DEATHS:
            yield survived(hadoop, cluster, name, work)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Hadoop(folder / "hadoop") as hadoop:
            os.environ["HADOOP_CONF_DIR"] = str(hadoop.conf)
            installation = f"{hadoop.hdfs}/windrow"
            hadoop_install.install(installation)
            write_table(folder / "all.csv")
            client = hdfs_native.Client(config_dir=str(hadoop.conf))
            client.mkdirs("/data")
            place = InHdfs(client, hadoop.hdfs, "data")
            url = place.put("all.csv", (folder / "all.csv").read_bytes())
            print(f"{'killed':<40}{'bits':>6}{'seconds':>10}{'whole':>10}", flush=True)
            rows = []
            for row in table(hadoop, installation, url):
                print(row, flush=True)
                rows.append(row)
    return int(not all(row.same for row in rows))


if __name__ == "__main__":
    sys.exit(main())
