"""The page of a real cluster shows what its hosts hold and what they are asked for."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.browser import BROWSER, shown
from tests.support.clusters import Waiting, until
from tests.support.fitting import PARTITION, cut, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.execution import environment

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.deploy.dashboard import Dashboard

pytestmark = on_clusters("distributed", "cryptography", timeout=240)


def seen(board: Dashboard) -> Any:
    with urllib.request.urlopen(f"{board.url}state.json", timeout=20) as answer:
        return json.loads(answer.read())


def test_blocks_and_jobs_are_seen_as_they_come(tmp_path: Path) -> None:
    write_table(tmp_path / "all.csv")
    table = cut(gl.SFrame(str(tmp_path / "all.csv")), PARTITION).dropna()
    with gl.deploy.local_cluster.create(
        "seen", num_hosts=1, memory="1GB", state_path=tmp_path / "state"
    ) as cluster:
        board = cluster.dashboard()
        (host,) = seen(board)["hosts"]
        assert host["state"] == "ready"
        until("the host to tell of itself", lambda: seen(board)["hosts"][0].get("memory"))
        with gl.distributed(cluster):
            gl.logistic_classifier.create(table, "y", validation_set=None, verbose=False)
            until("blocks to be seen", lambda: seen(board)["hosts"][0]["in_memory"] > 1)
            path = tmp_path / "go"
            work = threading.Thread(
                target=environment.current().run, args=(Waiting(str(path)), None)
            )
            work.start()
            until("the sentence to be seen", lambda: seen(board)["jobs"][0]["said"])
            found = seen(board)
            assert found["jobs"][0]["said"] == ["waiting for go"]
            assert found["jobs"][0]["state"] == "Running"
            assert found["cluster"]["idle_left"] is None
            path.write_text("gone")
            work.join(60)
        found = seen(board)
        fit = next(job for job in found["jobs"] if job["name"] == "Fit")
        assert fit["state"] == "Completed"
        assert fit["columns"][0] == "Iteration"
        assert len(fit["rows"]) >= 2
        assert found["jobs"][0]["state"] == "Completed"
        assert found["cluster"]["silent"] == 0.0
    found = seen(board)
    assert found["cluster"]["status"] == "Ended: stopped by a client"
    assert [host["state"] for host in found["hosts"]] == ["ended"]
    board.stop()


@pytest.mark.needs(BROWSER)
def test_a_browser_shows_hosts_blocks_and_iterations(tmp_path: Path) -> None:
    write_table(tmp_path / "all.csv")
    table = cut(gl.SFrame(str(tmp_path / "all.csv")), PARTITION).dropna()
    with gl.deploy.local_cluster.create(
        "seen", num_hosts=2, memory="1GB", state_path=tmp_path / "state"
    ) as cluster:
        with gl.distributed(cluster):
            gl.logistic_classifier.create(table, "y", validation_set=None, verbose=False)
        with cluster.dashboard() as board:
            until("blocks to be seen", lambda: seen(board)["hosts"][0]["in_memory"] > 0)
            said = shown(board.url, tmp_path)
    assert "Running, 2 of 2 hosts" in said
    assert re.search(r"host-0 ready 127\.0\.0\.1 pid \d+ .* \d+ partitions?, .* host-1 ready", said)
    assert re.search(
        r"Logistic regression Completed .* Iteration Passes .* Training Accuracy", said
    )
    assert "SUCCESS: Optimal solution found." in said
    assert (tmp_path / "page.png").stat().st_size > 10_000
