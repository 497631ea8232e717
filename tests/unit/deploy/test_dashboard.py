"""The page of a cluster: what it shows, and that it shows it to its user alone."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import pytest

from windrow.deploy import local_cluster, overview
from windrow.deploy.jobs import COMPLETED, FAILED, RUNNING, Job
from windrow.deploy.overview import Overview
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import ArgumentError, ClusterUnreachableError
from windrow.execution import cluster_client
from windrow.execution.cluster_client import Load
from windrow.progress.events import Event, Finished, Header, Notice, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.dashboard import Dashboard
    from windrow.deploy.lifecycle import Host

EVENTS: list[Event] = [
    Notice("Creating a validation set."),
    Header("Logistic regression:", (("Number of examples", "4000"),)),
    Row(("Iteration", "Accuracy"), ("1", "0.5"), 1),
    Row(("Iteration", "Accuracy"), ("2", "0.75"), 2),
]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Give the records of a cluster of two hosts, of which one was lost."""
    record = ClusterRecord("c", "local", time.time(), 2, 1, 10**9, 1800.0, 86400.0, {})
    store = StateStore(str(tmp_path / "state"))
    _, folder = store.begin(asdict(record))
    for name in ("host-0", "host-1"):
        facts = {"name": name, "address": "127.0.0.1", "pid": 2**30, "state": "ready"}
        folder.series(f"hosts/{name}").append(facts | {"time": time.time()})
    cluster = local_cluster.find(store.url)

    def lives(_: object, host: Host) -> bool:
        return host.name == "host-0" and folder.get("killed") is None

    monkeypatch.setattr(type(cluster.provider), "lives", lives)
    monkeypatch.setattr(type(cluster), "connection", lambda _: None)
    monkeypatch.setattr(cluster_client, "loads", lambda _: {"host-0": LOAD})
    return cluster


LOAD = Load(time.time(), 500_000_000, 1, 3, 2, 1000)


@pytest.fixture
def board(cluster: Cluster) -> Iterator[Dashboard]:
    with cluster.dashboard() as made:
        yield made


def fetched(url: str) -> tuple[str, Any]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode(), answer.headers


def seen(board: Dashboard) -> Any:
    return json.loads(fetched(f"{board.url}state.json")[0])


def submitted(cluster: Cluster, name: str = "Fit") -> Job:
    job = Job.new(cluster.folder.folder("jobs"), cluster.credentials)
    job.folder.series("status").append({"state": "Pending", "name": name, "time": time.time()})
    return job


def test_hosts_are_shown_with_what_they_hold(board: Dashboard) -> None:
    first, second = seen(board)["hosts"]
    assert {k: first[k] for k in ("name", "state", "address", "cores", "memory_limit")} == {
        "name": "host-0", "state": "ready", "address": "127.0.0.1", "cores": 1,
        "memory_limit": 10**9,
    }  # fmt: skip
    assert (first["in_memory"], first["on_scratch"], first["bytes"]) == (3, 2, 1000)
    assert (first["memory"], first["tasks"]) == (500_000_000, 1)
    assert first["last_seen"] == LOAD.last_seen
    assert second["state"] == "lost"
    assert "in_memory" not in second


def test_the_life_that_is_left_is_shown(board: Dashboard, cluster: Cluster) -> None:
    facts = seen(board)["cluster"]
    assert facts["name"] == "c"
    assert facts["status"] == "Running, 1 of 2 hosts"
    assert facts["silent"] == 0.0
    assert 1700 < facts["idle_left"] <= 1800
    assert 86300 < facts["life_left"] <= 86400
    submitted(cluster)
    assert seen(board)["cluster"]["idle_left"] is None


def test_a_job_is_followed_from_its_wait_to_its_end(board: Dashboard, cluster: Cluster) -> None:
    job = submitted(cluster)
    (shown,) = seen(board)["jobs"]
    assert (shown["name"], shown["state"], shown["seconds"]) == ("Fit", "Pending", None)

    job.advance(RUNNING, driver="driver-0")
    job.keep(EVENTS)
    (shown,) = seen(board)["jobs"]
    assert shown["state"] == "Running"
    assert shown["title"] == "Logistic regression"
    assert shown["facts"] == [["Number of examples", "4000"]]
    assert shown["columns"] == ["Iteration", "Accuracy"]
    assert shown["rows"] == [["1", "0.5"], ["2", "0.75"]]
    assert shown["said"] == ["Creating a validation set."]

    job.keep([Row(("Iteration", "Accuracy"), ("3", "0.8"), 3), Finished("SUCCESS: done.")])
    job.advance(COMPLETED, error=None)
    (shown,) = seen(board)["jobs"]
    assert (shown["state"], shown["finished"], shown["error"]) == (
        "Completed", "SUCCESS: done.", None,
    )  # fmt: skip
    assert shown["rows"][-1] == ["3", "0.8"]
    assert seen(board)["jobs"] == [shown]


def test_jobs_stand_newest_first_and_failures_say_why(board: Dashboard, cluster: Cluster) -> None:
    submitted(cluster, "old").advance(FAILED, error="ValueError: no such thing")
    submitted(cluster, "new")
    new, old = seen(board)["jobs"]
    assert (new["name"], old["name"]) == ("new", "old")
    assert old["error"] == "ValueError: no such thing"


def test_only_the_newest_jobs_and_rows_are_shown(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "JOBS", 2)
    monkeypatch.setattr(overview, "ROWS", 3)
    jobs = [submitted(cluster, str(number)) for number in range(3)]
    jobs[-1].keep([Row(("Iteration",), (str(n),), n) for n in range(10)])
    with cluster.dashboard() as board:
        first, second = seen(board)["jobs"]
    assert (first["name"], second["name"]) == ("2", "1")
    assert first["rows"] == [["7"], ["8"], ["9"]]


def test_an_ended_cluster_is_shown_with_its_reason_and_lost_jobs(
    board: Dashboard, cluster: Cluster
) -> None:
    submitted(cluster).advance(RUNNING)
    cluster.folder.put("killed", b"")
    found = seen(board)
    assert found["cluster"]["ended"]["reason"] == "host-0 is gone and left no word"
    assert found["cluster"]["silent"] == 0.0
    assert [job["state"] for job in found["jobs"]] == ["Lost"]
    assert ["in_memory" in host for host in found["hosts"]] == [False, False]


@pytest.mark.parametrize("frozen", [True, False])
def test_a_silent_scheduler_keeps_nobody_waiting(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, *, frozen: bool
) -> None:
    thawed = threading.Event()

    def no_answer(_: object) -> None:
        if frozen:
            thawed.wait(60)
        raise ClusterUnreachableError("c", "tls://somewhere", "no answer")

    monkeypatch.setattr(cluster_client, "loads", no_answer)
    monkeypatch.setattr(overview, "PATIENCE", 0.01)
    monkeypatch.setattr(overview, "LATE", 0.0)
    found = Overview(cluster)
    try:
        facts = found.now()
        assert facts["cluster"]["silent"] > 0
        assert facts["hosts"][0]["state"] == "ready"
    finally:
        thawed.set()
        found.close()


def test_the_page_needs_nothing_from_elsewhere(board: Dashboard) -> None:
    page, headers = fetched(board.url)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    addresses = page.replace("http://www.w3.org/2000/svg", "")  # the name of a format
    assert "://" not in addresses
    assert "innerHTML" not in page  # what jobs say is text


def test_who_does_not_know_the_word_sees_nothing(board: Dashboard) -> None:
    base = board.url[: board.url.index("/", len("http://")) + 1]
    for path in ("", "state.json", "x" * 22 + "/", board.url[len(base) : -2] + "/", "%ff/"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(f"{base}{path}")


def test_the_page_is_served_to_this_machine_alone(board: Dashboard) -> None:
    assert board.url.startswith("http://127.0.0.1:")
    other = board.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(urllib.error.URLError):
        fetched(other)


def test_a_stopped_page_is_gone_and_its_port_free(cluster: Cluster) -> None:
    board = cluster.dashboard()
    port = int(board.url.split(":")[2].split("/")[0])
    with pytest.raises(ArgumentError, match="free"):
        cluster.dashboard(port)
    board.stop()
    board.stop()
    with pytest.raises(urllib.error.URLError):
        fetched(board.url)
    with cluster.dashboard(port) as again:
        assert f":{port}/" in again.url
        assert again.url != board.url


def test_what_cannot_be_read_is_said_on_the_page(
    board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise PermissionError(13, "not yours")

    monkeypatch.setattr(Overview, "now", broken)
    with pytest.raises(urllib.error.HTTPError, match="503") as failed:
        seen(board)
    with cast("Any", failed.value) as answer:
        assert json.loads(answer.read()) == {"error": "[Errno 13] not yours"}


def test_a_browser_is_opened_only_when_asked(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    with cluster.dashboard() as quiet, cluster.dashboard(open=True) as loud:
        assert quiet.url != loud.url
        assert opened == [loud.url]
