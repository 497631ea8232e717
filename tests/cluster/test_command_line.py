"""A cluster from its start to its end, by the command line alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.clusters import processes_of
from tests.support.fitting import write_table
from tests.support.marks import on_clusters
from typer.testing import CliRunner

import windrow as gl
from windrow.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

pytestmark = on_clusters("distributed", "cryptography", timeout=240)


def windrow(*arguments: object) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_cluster_trains_as_this_process_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)  # paths are relative to where the user stands
    write_table(tmp_path / "all.csv")
    options = ["--target", "y", "--validation-set", "none", "--missing-value-action", "impute"]
    train = ["train", "logistic_classifier", "all.csv", *options]
    made = windrow("cluster", "create", "laptop", "--hosts", 1, "--memory", "1GB")
    try:
        assert made["status"] == "Running, 1 of 1 hosts"
        windrow(*train, "--model", "here")
        windrow(*train, "--model", "there", "--cluster", "laptop")
        here, there = gl.load_model("here"), gl.load_model("there")
        assert list(there.coefficients) == list(here.coefficients)

        on = ["--cluster", made["state_path"]]
        assert windrow("show", "all.csv", "--rows", 3, *on) == windrow(
            "show", "all.csv", "--rows", 3
        )
        measured = [windrow("evaluate", "here", "all.csv", *where) for where in ([], on)]
        assert measured[0] == measured[1]
        windrow("predict", "here", "all.csv", "--output", "out.csv", *on)
        assert list(gl.SFrame("out.csv")["prediction"]) == list(here.predict(gl.SFrame("all.csv")))

        jobs = windrow("cluster", "jobs", "laptop")["jobs"]
        assert {"Fit", "Evaluate"} <= {job["name"] for job in jobs}
        assert {job["status"] for job in jobs} == {"Completed"}
        assert "worker.log" in windrow("cluster", "logs", "laptop")["host-0"]
        (host,) = windrow("cluster", "status", "laptop")["hosts"]
        assert host["state"] == "ready"
    finally:
        stopped = windrow("cluster", "stop", "laptop")
    assert stopped["status"] == "Ended: stopped by a client"
    assert processes_of(made["state_path"]) == {}
    assert [c["status"] for c in windrow("cluster", "list")["clusters"]] == [stopped["status"]]
