"""``windrow cluster`` reads the records, whether or not a host is left."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from windrow.cli import app
from windrow.deploy import local_cluster
from windrow.deploy.credentials import create_credentials, write_private
from windrow.deploy.jobs import CANCELED, RUNNING, Job
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from windrow.deploy.cluster import Cluster

RECORD = ClusterRecord("laptop", "local", 0.0, 2, 1, 10**9, 1800.0, 86400.0, {})


def windrow(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["cluster", *map(str, arguments)])


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep clusters of the default place apart from the user's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def recorded() -> Callable[..., Cluster]:
    """Write the records of a cluster, whose hosts have ended unless they are ``starting``."""

    def made(name: str = "laptop", path: Path | None = None, **changes: Any) -> Cluster:
        record = replace(RECORD, name=name, created=time.time(), **changes)
        store = StateStore(str(path or local_cluster.default_path(name)))
        number, folder = store.begin(asdict(record))
        write_private(f"{store.url}/gen-{number:04d}/tls", create_credentials(name, 60.0))
        host = {"name": "host-0", "address": "127.0.0.1", "pid": 2**30, "state": "ended"}
        folder.series("hosts/host-0").append(host | {"time": 1e9, "reason": "it was enough"})
        folder.put("logs/host-0/worker.log", b"good morning\n")
        return local_cluster.find(store.url)

    return made


def test_without_a_cluster_the_list_says_how_to_start_one() -> None:
    assert windrow("list").stdout == "no cluster; windrow cluster create starts one\n"
    assert document(windrow("list", "--json")) == {"clusters": []}


def test_the_list_has_a_line_for_each_name(recorded: Callable[..., Cluster]) -> None:
    for name in ("tower", "laptop", "laptop"):
        recorded(name)
    head, *lines = windrow("list").stdout.splitlines()
    assert head.split() == ["Name", "Created", "(UTC)", "Status"]
    assert [line.split()[0] for line in lines] == ["laptop", "tower"]
    assert all(line.endswith("Ended: it was enough") for line in lines)


def test_the_status_of_an_ended_cluster_says_why(recorded: Callable[..., Cluster]) -> None:
    recorded()
    done = windrow("status", "laptop")
    assert done.exit_code == 0
    assert "Status:     Ended: it was enough" in done.stdout
    found = document(windrow("status", "laptop", "--json"))
    assert found["ended"] == {"time": 1e9, "reason": "it was enough"}
    assert [host["name"] for host in found["hosts"]] == ["host-0"]


def test_a_cluster_is_found_by_its_path(recorded: Callable[..., Cluster], tmp_path: Path) -> None:
    recorded(path=tmp_path / "elsewhere")
    found = document(windrow("status", tmp_path / "elsewhere", "--json"))
    assert found["state_path"] == str(tmp_path / "elsewhere")
    assert document(windrow("list", "--json")) == {"clusters": []}


def test_logs_stay_when_the_host_is_gone(recorded: Callable[..., Cluster]) -> None:
    recorded()
    assert windrow("logs", "laptop", "host-0").stdout == "==> worker.log <==\ngood morning\n\n\n"
    assert windrow("logs", "laptop").stdout.startswith("#### host-0\n==> worker.log <==\n")
    assert list(document(windrow("logs", "laptop", "--json"))) == ["host-0"]


def test_jobs_are_listed_oldest_first(recorded: Callable[..., Cluster]) -> None:
    cluster = recorded()
    assert windrow("jobs", "laptop").stdout == "no job yet\n"
    for name, state in (("Fit", CANCELED), ("Write", RUNNING)):
        job = Job.new(cluster.folder.folder("jobs"), cluster.credentials)
        job.submit(b"", name)
        job.advance(state)
    lines = windrow("jobs", "laptop").stdout.splitlines()[1:]
    assert [line.split()[-2:] for line in lines] == [["Canceled", "Fit"], ["Running", "Write"]]
    found = document(windrow("jobs", "laptop", "--json"))["jobs"]
    assert [job["status"] for job in found] == ["Canceled", "Running"]
    assert found[0]["submitted"] == pytest.approx(time.time(), abs=60)


def test_stopping_what_has_ended_is_no_error(recorded: Callable[..., Cluster]) -> None:
    cluster = recorded(ended=1e9, reason="it was enough")
    cluster.folder.put("config/host-0.json", b"{}")
    assert windrow("stop", "laptop").stdout == "laptop  Ended: it was enough\n"


@pytest.mark.parametrize("command", ["status", "logs", "jobs", "stop"])
def test_a_name_that_never_was_is_one_sentence(command: str) -> None:
    done = windrow(command, "absent")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("windrow: there is no cluster at ")
    assert done.stderr.count("\n") == 1


def test_an_unknown_host_is_one_sentence_that_names_the_others(
    recorded: Callable[..., Cluster],
) -> None:
    recorded()
    done = windrow("logs", "laptop", "host-7")
    assert done.exit_code == 1
    assert done.stderr == "windrow: there is no host 'host-7'; there are host-0\n"


def test_what_makes_no_cluster_is_refused_before_anything_starts(tmp_path: Path) -> None:
    done = windrow("create", "c", "--hosts", 0)
    assert done.exit_code == 1
    assert "num_hosts" in done.stderr
    assert not (tmp_path / "home").exists()


def test_work_on_an_ended_cluster_is_refused(
    recorded: Callable[..., Cluster], tmp_path: Path
) -> None:
    recorded()
    table = tmp_path / "a.csv"
    table.write_text("a\n1\n")
    done = CliRunner().invoke(app, ["show", str(table), "--cluster", "laptop"])
    assert done.exit_code == 1
    assert "it was enough; start it anew with" in done.stderr


@pytest.mark.parametrize("command", ["create", "list", "status", "logs", "jobs", "stop"])
def test_help_of_each_command_has_examples(command: str) -> None:
    done = windrow(command, "--help")
    assert done.exit_code == 0
    assert "Examples" in done.stdout
    assert f"windrow cluster {command}" in done.stdout


def test_an_interrupt_says_what_became_of_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        interrupt = KeyboardInterrupt()
        interrupt.add_note("job 7 was cancelled")
        raise interrupt

    monkeypatch.setattr("windrow.cli.show.table", interrupted)
    done = CliRunner().invoke(app, ["show", str(tmp_path / "a.csv")])
    assert done.exit_code == 130
    assert done.stderr == "windrow: interrupted; job 7 was cancelled\n"
