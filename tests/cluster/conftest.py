"""Clusters of hosts in network namespaces, and what must not be left of them."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import IN_CI
from tests.support.namespaces import NamespaceGround, Network, missing, reachable

from windrow.config import Deadline
from windrow.deploy import local_cluster, versions
from windrow.deploy.records import ClusterRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster

HOSTS = ("host-0", "host-1", "host-2", "spare-0", "spare-1", "client")


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """Give three hosts, two to spare and a client; tests may speak to their addresses."""
    lacking = missing()
    if lacking and IN_CI:
        pytest.fail(f"needs {lacking}, which CI must have", pytrace=False)
    if lacking:
        pytest.skip(f"left out: needs {lacking}")
    made = Network(HOSTS)
    with reachable(made), made:
        yield made


def start(
    network: Network, state: Path, num_hosts: int = 3, prefix: str = "host", **changes: Any
) -> Cluster:
    """Start a cluster whose hosts stand in the network, at those with this prefix."""
    facts: dict[str, Any] = {
        "name": "namespaces",
        "kind": "local",
        "created": time.time(),
        "num_hosts": num_hosts,
        "cores": 1,
        "memory": 1_000_000_000,
        "idle_shutdown_timeout": 600.0,
        "max_lifetime": 3600.0,
        "versions": versions.installed(),
    }
    ground = NamespaceGround(network, prefix)
    return local_cluster.start(ClusterRecord(**(facts | changes)), state, ground)


@contextmanager
def nothing_left(network: Network, seconds: float = 20.0) -> Iterator[None]:
    """Hold that within some seconds no new process of a host and no scratch of one is left.

    This process's own scratch lives as long as it does; the session looks after that.
    """

    def found() -> set[str]:
        scratch = {str(path) for path in Path(tempfile.gettempdir()).glob("windrow-host-*")}
        return scratch | {f"process {pid}" for pid in network.processes()}

    def told(name: str) -> str:
        """Add to a process what it is and how it stands, for whoever must find out why."""
        place = Path("/proc") / name.removeprefix("process ")
        with suppress(OSError):
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = re.findall(r"^(?:State|PPid):.*", (place / "status").read_text(), re.MULTILINE)
            return f"{name}: {command} {state} in {(place / 'wchan').read_text()}"
        return name

    before = found()
    yield
    deadline = Deadline(seconds, "every process and scratch file of the hosts to go")
    while left := found() - before:
        assert not deadline.expired(), sorted(map(told, left))
        deadline.pause(0.05)


@pytest.fixture
def launch(network: Network, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Start clusters that are stopped at the end; nothing is left of them."""
    made: list[Cluster] = []

    def launched(num_hosts: int = 3, **changes: Any) -> Cluster:
        cluster = start(network, tmp_path / f"state-{len(made)}", num_hosts, **changes)
        made.append(cluster)
        return cluster

    with nothing_left(network):
        try:
            yield launched
        finally:
            for cluster in made:
                cluster.stop()


@pytest.fixture(scope="module")
def cluster(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give three hosts that stay for the module."""
    with (
        nothing_left(network),
        start(network, tmp_path_factory.mktemp("namespaces") / "state") as made,
    ):
        yield made
