"""Clusters whose hosts start with the first work: begun once, by one, or undone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from windrow.deploy.kinds import Kind
from windrow.deploy.lifecycle import READY
from windrow.deploy.records import ClusterRecord, host_record
from windrow.deploy.state import StateStore
from windrow.errors import ClusterEndedError, HostStartError

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.deploy.cluster import Cluster, Provider
    from windrow.deploy.lifecycle import Host
    from windrow.deploy.state import Folder


@dataclass
class Started:
    """A provider whose hosts are records, and which counts."""

    folder: Folder
    fails: bool = False
    starts: list[list[int]] = field(default_factory=list)
    collected: int = 0

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        assert credentials
        return record

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        assert not record.waiting
        self.starts.append(numbers)
        if self.fails:
            raise HostStartError("host-0", "it is too large", "")
        for number in numbers:
            ready = host_record(READY, "", f"host-{number}", "127.0.0.1", 1, {})
            self.folder.series(f"hosts/host-{number}").append(ready)

    def lives(self, host: Host) -> bool:
        return host.state == READY

    def collect(self, record: ClusterRecord) -> None:
        assert record.name == "lazy"
        self.collected += 1

    def created_by(self, record: ClusterRecord) -> str:
        return f"create({record.name!r})"


def made(path: Path, *, fails: bool = False) -> tuple[Cluster, Started, Kind]:
    found: list[Started] = []

    def provider(_: StateStore, folder: Folder) -> Provider:
        found.append(Started(folder, fails))
        return cast("Provider", found[-1])

    kind = Kind("hadoop_cluster", provider)
    options: dict[str, Any] = {"waiting": True}
    record = ClusterRecord("lazy", "hadoop", time.time(), 2, 1, 10**9, 60.0, 600.0, {}, **options)
    cluster = kind.start(StateStore(str(path)), record)
    return cluster, cast("Started", cluster.provider), kind


def test_hosts_start_once_whoever_asks(tmp_path: Path) -> None:
    cluster, provider, kind = made(tmp_path)
    assert provider.starts == []
    other = kind.load(StateStore(str(tmp_path)))
    cluster.begin()
    other.begin()
    cluster.begin()
    assert provider.starts == [[0, 1]]
    assert cast("Started", other.provider).starts == []
    assert other.status == "Running, 2 of 2 hosts"


def test_another_number_of_hosts_is_remembered_until_they_start(tmp_path: Path) -> None:
    cluster, provider, _ = made(tmp_path)
    cluster.resize(3)
    assert "3 hosts" in cluster.status
    cluster.begin()
    assert provider.starts == [[0, 1, 2]]


def test_of_what_did_not_start_nothing_is_left(tmp_path: Path) -> None:
    cluster, provider, kind = made(tmp_path, fails=True)
    with pytest.raises(HostStartError, match="too large"):
        cluster.begin()
    assert provider.collected == 1
    assert cluster.status == "Ended: it did not start: HostStartError"
    with pytest.raises(ClusterEndedError):
        cluster.begin()
    with pytest.raises(ClusterEndedError):
        kind.load(StateStore(str(tmp_path)))


def test_one_that_never_had_work_is_stopped_as_any(tmp_path: Path) -> None:
    cluster, provider, _ = made(tmp_path)
    cluster.stop()
    assert (provider.starts, provider.collected) == ([], 1)
    assert cluster.status == "Ended: stopped by a client"
