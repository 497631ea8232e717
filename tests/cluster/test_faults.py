"""What dies, and what is left: of the work the same bits, of the dead nothing.

Twenty kills a toolkit happen in CI, every other fault once; ``./dev soak`` repeats all those that
work must survive. Moments are drawn from the seed, and a table tells what became of the work.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import SOAK
from tests.cluster.conftest import nothing_left, start
from tests.support import graph_digests
from tests.support.clusters import Saying, Waiting, process_of, processes_of, until
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.graph_digests import graph_of, in_parts, write_edges
from tests.support.marks import on_clusters

import windrow as gl
from windrow.config import Deadline
from windrow.errors import ClusterEndedError, DriverDiedError, HostStartError
from windrow.execution import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.namespaces import Network

    from windrow.deploy.cluster import Cluster

pytestmark = on_clusters("ip", "distributed", "cryptography", timeout=3600 if SOAK else 300)

ROOT = Path(__file__).parents[2]
PROMPT = 10.0
"""Seconds after which a client knows that its work has ended."""
OTHERS = ("host-1", "host-2")
"""Hosts without a scheduler."""


def kill(cluster: Cluster, host: str, role: str) -> None:
    os.kill(process_of(cluster.state_path, host, role), signal.SIGKILL)


@dataclass(frozen=True)
class Fault:
    """Something that work must survive, and how the cluster is whole again."""

    name: str
    happen: Callable[[Cluster, Network, random.Random], list[str]]
    tries: tuple[int, int]
    """In CI and in soak; the slow ones are tried less."""
    prompt: float = 10.0
    """Seconds after which nothing of a dead host may be left."""


def a_worker(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    del network
    kill(cluster, draw.choice(("host-0", *OTHERS)), "worker")
    return []


def a_host_program(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    del network
    lost = draw.choice(OTHERS)
    kill(cluster, lost, "host")
    return [lost]


def two_hosts_of_three(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    del network, draw
    for host in OTHERS:
        kill(cluster, host, "host")
    return list(OTHERS)


def a_whole_host(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    """Kill every process at once, the dead-man timer too."""
    lost = draw.choice(OTHERS)
    config = f"/config/{lost}.json"
    names = f"--name {lost} "
    for pid, command in processes_of(cluster.state_path).items():
        if config in command or names in f"{command} ":
            os.kill(pid, signal.SIGKILL)
    del network
    return [lost]


def a_frozen_worker(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    """Stop a worker without ending it: it is there, and says nothing."""
    del network
    os.kill(process_of(cluster.state_path, draw.choice(OTHERS), "worker"), signal.SIGSTOP)
    return []


def a_link(cluster: Cluster, network: Network, draw: random.Random) -> list[str]:
    del cluster
    lost = draw.choice(OTHERS)
    network.unplug(lost)
    return [lost]  # it ends itself: it has nobody to work for


KILLS = (
    Fault("kill -9 of a worker", a_worker, (8, 80)),
    Fault("kill -9 of a host program", a_host_program, (6, 60)),
    Fault("kill -9 of two host programs of three", two_hosts_of_three, (6, 60)),
)
OTHER_FAULTS = (
    Fault("a link goes down", a_link, (1, 10), prompt=90.0),
    Fault("a worker freezes", a_frozen_worker, (1, 10)),
)
TABLES = ("logistic_classifier", "linear_regression", "svm_classifier")
GRAPHS = ("pagerank", "label_propagation")
WORK = (*TABLES, *GRAPHS)
"""Toolkits, each with some fits and predictions, or some walks over a graph."""


@dataclass
class Tally:
    """What became of the work in spite of each fault."""

    usual: dict[str, float] = field(default_factory=dict)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    same: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def lines(self) -> list[str]:
        head = f"{'work':<22}{'seconds':>8}  {'fault':<38}{'tries':>6}{'same bits':>11}"
        rows = [f"{head}{'seconds lost: median':>22}{'most':>7}"]
        for (work, fault), seconds in self.seconds.items():
            usual = self.usual[work]
            lost = sorted(max(0.0, s - usual) for s in seconds)
            rows.append(
                f"{work:<22}{usual:>8.1f}  {fault:<38}{len(lost):>6}{self.same[work, fault]:>11}"
                f"{lost[len(lost) // 2]:>22.1f}{lost[-1]:>7.1f}"
            )
        return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("faults")
    write_table(made / "rows.csv")
    write_edges(made / "edges.csv")
    return made


def done(work: str, folder: Path) -> dict[str, str]:
    """Do some work on a table that no host has seen, and digest what it found."""
    path = folder / ("edges.csv" if work in GRAPHS else "rows.csv")
    path.touch()
    if work in GRAPHS:
        return graph_digests.digests(graph_of(in_parts(path)), work)
    return digests(cut(gl.SFrame(str(path)), PARTITION), work)


@pytest.fixture(scope="module")
def here(folder: Path) -> dict[str, dict[str, str]]:
    """Digests of what this process finds."""
    return {work: done(work, folder) for work in WORK}


@pytest.fixture(scope="module")
def tally(
    request: pytest.FixtureRequest,
    cluster: Cluster,
    folder: Path,
    here: dict[str, dict[str, str]],
) -> Iterator[Tally]:
    made = Tally()
    with gl.distributed(cluster):
        for work in WORK:
            assert done(work, folder) == here[work]
            began = time.monotonic()
            assert done(work, folder) == here[work]
            made.usual[work] = time.monotonic() - began
    yield made
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in ("", *made.lines()):
            reporter.write_line(line)


@pytest.mark.parametrize(
    "work, fault",
    [*((work, fault) for work in WORK for fault in KILLS), *((WORK[0], f) for f in OTHER_FAULTS)],
    ids=lambda value: value if isinstance(value, str) else str(value.name),
)
def test_work_survives_with_the_same_bits(  # noqa: PLR0917  # fixtures
    work: str,
    fault: Fault,
    cluster: Cluster,
    network: Network,
    folder: Path,
    here: dict[str, dict[str, str]],
    tally: Tally,
    seed: int,
) -> None:
    draw = random.Random(f"{seed} {work} {fault.name}")
    for _ in range(fault.tries[SOAK]):
        moment = draw.uniform(0, 0.8 * tally.usual[work])
        try:
            with gl.distributed(cluster), ThreadPoolExecutor(1) as threads:
                began = time.monotonic()
                result = threads.submit(done, work, folder)
                wait(moment, result.done)
                lost = fault.happen(cluster, network, draw)
                found = result.result(timeout=120)
                tally.seconds[work, fault.name].append(time.monotonic() - began)
            tally.same[work, fault.name] += found == here[work]
            assert found == here[work], f"killed {moment:.3f} s after the beginning"
            for host in lost:
                gone(network, host, fault.prompt)
        finally:
            heal(cluster, network)


def wait(seconds: float, done: Callable[[], bool]) -> None:
    """Wait for a moment of work under way."""
    deadline = Deadline(seconds + 1, "a moment")
    end = time.monotonic() + seconds
    while time.monotonic() < end and not done():
        deadline.pause(0.01)


def gone(network: Network, host: str, prompt: float) -> None:
    """Hold that nothing of a host goes on by itself."""
    deadline = Deadline(prompt, f"the end of every process of {host}")
    while network.processes(host):
        deadline.pause(0.05)


def heal(cluster: Cluster, network: Network) -> None:
    """Bring the cluster to three hosts, all of which answer."""
    for host in OTHERS:
        network.plug(host)
        with suppress(LookupError):
            os.kill(process_of(cluster.state_path, host, "worker"), signal.SIGCONT)
    cluster.resize(3)
    until("three hosts to work", lambda: len(working(cluster)) == 3)


def working(cluster: Cluster) -> set[str]:
    from windrow.execution.cluster_client import loads

    return set(loads(cluster.connection()))


# ------------------------------------------------------------------------- what ends the work


def test_a_killed_driver_is_an_error_at_once(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "go"
    with gl.distributed(cluster), ThreadPoolExecutor(1) as threads:
        result = threads.submit(environment.current().run, Waiting(str(path)), None)
        until("the job to begin", Path(f"{path}.begun").exists)
        began = time.monotonic()
        kill(cluster, "host-0", cluster.jobs[-1].job.record["driver"])
        assert isinstance(result.exception(timeout=30), DriverDiedError)
        assert time.monotonic() - began < PROMPT
        assert environment.current().run(Saying(1)) == 1


@pytest.mark.parametrize(
    "role, why",
    [("scheduler", "the scheduler ended with -9"), ("host", "its host program was killed")],
)
def test_a_cluster_ends_with_its_scheduler_and_says_so(
    role: str,
    why: str,
    network: Network,
    launch: Callable[..., Cluster],
    tmp_path: Path,
) -> None:
    path = tmp_path / "go"
    with nothing_left(network):
        cluster = launch(2)
        with gl.distributed(cluster), ThreadPoolExecutor(1) as threads:
            result = threads.submit(environment.current().run, Waiting(str(path)), None)
            until("the job to begin", Path(f"{path}.begun").exists)
            kill(cluster, "host-0", role)
            error = result.exception(timeout=30)
        assert isinstance(error, ClusterEndedError), error
        assert why in str(error)
        # Nobody stops it: every host ends itself.


CLIENT = """
import sys
import windrow as gl
from tests.support.clusters import Waiting
from tests.support.marks import on_clusters
from windrow.execution import environment

state, path = sys.argv[1:]
gl.set_distributed_execution_environment(gl.deploy.local_cluster.load(state))
environment.current().run(Waiting(path))
"""


def test_a_job_outlives_its_client_and_an_idle_cluster_ends(
    network: Network, launch: Callable[..., Cluster], tmp_path: Path
) -> None:
    path = tmp_path / "go"
    with nothing_left(network, 30):
        cluster = launch(2, idle_shutdown_timeout=12.0)
        client = subprocess.Popen(
            [*network.enter("client"), sys.executable, "-c", CLIENT, cluster.state_path, str(path)],
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        )
        until("the job to begin", Path(f"{path}.begun").exists)
        client.kill()
        client.wait()
        path.write_text("found")
        assert gl.deploy.local_cluster.load(cluster.state_path).jobs[-1].attach() == "found"
        cluster.disconnect()
        until("the end of the cluster", lambda: cluster.ended)
        assert cluster.status == "Ended: idle for 12 s"


def test_a_cluster_ends_at_max_lifetime_in_the_midst_of_work(
    network: Network, launch: Callable[..., Cluster], tmp_path: Path
) -> None:
    with nothing_left(network, 30):
        cluster = launch(2, max_lifetime=8.0)
        with gl.distributed(cluster), pytest.raises(ClusterEndedError, match="max_lifetime, 8 s"):
            environment.current().run(Waiting(str(tmp_path / "never")))


def test_a_boot_that_cannot_finish_undoes_the_cluster(network: Network, tmp_path: Path) -> None:
    network.unplug("spare-1")
    try:
        with nothing_left(network), pytest.raises(HostStartError, match="host-1 did not start"):
            start(network, tmp_path / "state", 2, prefix="spare", boot_timeout=20.0)
    finally:
        network.plug("spare-1")
    with pytest.raises(ClusterEndedError, match="it did not start"):
        gl.deploy.local_cluster.load(tmp_path / "state")
