"""Setting a cluster holds for the process, until it is cleared; both say when they cannot."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

import windrow as gl
from windrow.deploy import versions
from windrow.deploy.cluster import Cluster
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import (
    ArgumentTypeError,
    ClusterEndedError,
    EnvironmentNotSetError,
    VersionMismatchError,
)
from windrow.execution import environment
from windrow.execution.cluster import ClusterExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windrow.deploy.lifecycle import Host


@dataclass
class NoHosts:
    """A provider whose hosts are only said to live."""

    shares_files: bool = True

    def tls(self) -> str:
        return ""

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        return replace(record, details={"files": sorted(credentials)})

    def collect(self, record: ClusterRecord) -> None: ...

    def reach(self, epoch: dict[str, str]) -> str:
        return epoch["scheduler"]

    def fit(self, record: ClusterRecord) -> None: ...

    def start(self, record: ClusterRecord, numbers: list[int]) -> None: ...

    def lives(self, host: Host) -> bool:
        return bool(host)

    def end(self, host: Host) -> None: ...

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        return {"State": record.name}

    def unreachable(self, record: ClusterRecord) -> str:
        return f"nothing between here and {record.name}"

    def created_by(self, record: ClusterRecord) -> str:
        return f"create({record.name!r})"


def made(folder: Path, **changes: Any) -> Cluster:
    record = ClusterRecord(
        "c", "local", time.time(), 1, 1, 10**9, 1800.0, 86400.0, versions.installed()
    )
    store = StateStore(str(folder))
    number, _ = store.begin(asdict(replace(record, **changes)))
    return Cluster(store, number, NoHosts())


@pytest.fixture(autouse=True)
def _without_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Cluster, "connection", lambda _: None)
    yield
    environment.use(None)


def test_what_is_set_is_cleared(tmp_path: Path) -> None:
    cluster = made(tmp_path / "a")
    gl.set_distributed_execution_environment(cluster)
    assert isinstance(environment.current(), ClusterExecutor)
    again = Cluster(cluster.store, cluster.number, NoHosts())  # as from load()
    gl.clear_distributed_execution_environment(again)
    assert environment.current() is environment.local()


def test_clearing_what_is_not_set_is_an_error_with_a_reason(tmp_path: Path) -> None:
    cluster, other = made(tmp_path / "a"), made(tmp_path / "b", name="d")
    with pytest.raises(EnvironmentNotSetError, match="none is"):
        gl.clear_distributed_execution_environment(cluster)
    with gl.distributed(other), pytest.raises(EnvironmentNotSetError, match="'d' is"):
        gl.clear_distributed_execution_environment(cluster)


def test_blocks_nest(tmp_path: Path) -> None:
    outer, inner = made(tmp_path / "a"), made(tmp_path / "b")
    with gl.distributed(outer) as cluster:
        assert cluster is outer
        before = environment.current()
        with gl.distributed(inner):
            assert environment.current() is not before
        assert isinstance(environment.current(), ClusterExecutor)
        gl.clear_distributed_execution_environment(outer)
        gl.set_distributed_execution_environment(outer)
    assert environment.current() is environment.local()


def test_other_versions_are_refused(tmp_path: Path) -> None:
    cluster = made(tmp_path, versions=versions.installed() | {"polars": "0.1"})
    with pytest.raises(VersionMismatchError, match=r"polars .* here, 0\.1 there; .*create\('c'\)"):
        gl.set_distributed_execution_environment(cluster)
    assert environment.current() is environment.local()


def test_an_ended_cluster_is_refused(tmp_path: Path) -> None:
    cluster = made(tmp_path, ended=1.0, reason="idle for 1800 s")
    with pytest.raises(ClusterEndedError, match="1970-01-01 00:00:01 UTC: idle for 1800 s"):
        gl.set_distributed_execution_environment(cluster)


def test_only_clusters_are_set() -> None:
    with pytest.raises(ArgumentTypeError, match="of type str"):
        gl.set_distributed_execution_environment("my-cluster")  # type: ignore[arg-type]
