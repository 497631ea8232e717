"""A cluster of processes, used as a user would: the same models, errors, progress, and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from tests.support.clusters import (
    Saying,
    Waiting,
    bytes_received,
    process_of,
    processes_of,
    until,
)
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.http_server import HttpServer
from tests.support.marks import on_clusters

import windrow as gl
from windrow.config import configured
from windrow.errors import (
    BadRowsWarning,
    CancelledError,
    ClusterEndedError,
    ClusterLivesError,
    DriverDiedError,
    EnvironmentNotSetError,
    FunctionTimeoutError,
    HostNotFoundError,
    HostStartError,
    JobNotFoundError,
    SchemaMismatchError,
    SourceNotFoundError,
)
from windrow.execution import environment
from windrow.io.counters import bytes_read
from windrow.progress import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.progress import Event

pytestmark = on_clusters("distributed", "cryptography", timeout=240)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def table(folder: Path) -> Path:
    path = folder / "all.csv"
    write_table(path)
    return path


@pytest.fixture(scope="module")
def here(table: Path) -> dict[str, str]:
    """Digests of the models of this process."""
    return digests(cut(gl.SFrame(str(table)), PARTITION))


@pytest.fixture(scope="module")
def three(folder: Path) -> Iterator[Cluster]:
    with gl.deploy.local_cluster.create(
        "three", num_hosts=3, memory="1GB", state_path=folder / "three"
    ) as cluster:
        yield cluster


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Cluster]:
    with gl.deploy.local_cluster.create(
        "one", num_hosts=1, memory="1GB", state_path=tmp_path / "one"
    ) as cluster:
        yield cluster


def python(program: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start a second client."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _has_jobs(cluster: Cluster, count: int) -> bool:
    """Whether so many jobs are there to be taken; one is when its program is written."""
    return sum("spec" in handle.job.folder.names() for handle in cluster.jobs) == count


def run(program: Any, heard: list[Event] | None = None) -> Any:
    """Run a program where the process works."""
    return environment.current().run(program, None if heard is None else heard.append)


# ------------------------------------------------------------------------------------- the story


def test_the_user_story(three: Cluster, table: Path) -> None:
    with HttpServer({"/all.csv": table.read_bytes()}) as server:
        sf = gl.SFrame(server.url("/all.csv")).dropna()
        options: dict[str, Any] = {"target": "y", "validation_set": None, "verbose": False}
        model = gl.logistic_classifier.create(sf, **options)
        c = three
        gl.set_distributed_execution_environment(c)
        try:
            there = gl.logistic_classifier.create(sf, **options)
        finally:
            gl.clear_distributed_execution_environment(c)
    assert list(there.coefficients) == list(model.coefficients)
    with pytest.raises(EnvironmentNotSetError, match="none is"):
        gl.clear_distributed_execution_environment(c)


def test_three_hosts_give_the_same_bits(three: Cluster, table: Path, here: dict[str, str]) -> None:
    with gl.distributed(three):
        assert digests(cut(gl.SFrame(str(table)), PARTITION)) == here


def test_one_host_gives_the_same_bits(one: Cluster, table: Path, here: dict[str, str]) -> None:
    with gl.distributed(one):
        assert digests(cut(gl.SFrame(str(table)), PARTITION)) == here


def test_tables_of_this_process_are_carried_there(three: Cluster, table: Path) -> None:
    held = gl.SFrame(pl.read_csv(table).to_dict(as_series=False)).dropna()
    options: dict[str, Any] = {"target": "y", "validation_set": None, "verbose": False}
    model = gl.logistic_classifier.create(held, **options)
    with gl.distributed(three):
        there = gl.logistic_classifier.create(held, **options)
    assert list(there.coefficients) == list(model.coefficients)


def test_tables_are_written_from_where_they_are(
    three: Cluster, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sf = gl.SFrame(str(table))
    sf.export_csv("here.csv")
    with gl.distributed(three):
        sf.export_csv("there.csv")
        sf.save("saved")
    assert Path("there.csv").read_bytes() == Path("here.csv").read_bytes()
    assert gl.load_sframe("saved").num_rows() == sf.num_rows()


def test_what_is_materialized_stays_there(three: Cluster, table: Path) -> None:
    rows = list(gl.SFrame(str(table)).sort("b").head(50)["k"])
    with gl.distributed(three):
        sf = gl.SFrame(str(table)).sort("b")
        before = bytes_received() + bytes_read.total()
        sf.materialize()
        assert bytes_received() + bytes_read.total() - before < 1_000_000
        assert list(sf.head(50)["k"]) == rows


def test_the_client_receives_next_to_nothing(three: Cluster, table: Path) -> None:
    size = table.stat().st_size
    with gl.distributed(three):
        sf = cut(gl.SFrame(str(table)), PARTITION)
        before = bytes_received() + bytes_read.total()
        gl.logistic_classifier.create(
            sf, "y", missing_value_action="impute", validation_set="auto", verbose=False
        )
        received = bytes_received() + bytes_read.total() - before
    assert received < 1_000_000 < size


# -------------------------------------------------------------------------------------- progress


def test_events_arrive_each_once_and_in_order(three: Cluster) -> None:
    heard: list[Event] = []
    with gl.distributed(three):
        assert run(Saying(300), heard) == 300
    assert heard == [Notice(str(number)) for number in range(300)]
    assert three.jobs[-1].events == heard


def test_two_jobs_run_at_once_and_the_third_waits(three: Cluster, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    known = len(three.jobs)
    with gl.distributed(three), ThreadPoolExecutor(3) as threads:
        results = []
        for number, path in enumerate(paths):
            results.append(threads.submit(run, Waiting(str(path))))
            until("a job", partial(_has_jobs, three, known + number + 1))
        until("two jobs to begin", lambda: len(list(tmp_path.glob("*.begun"))) == 2)
        assert [job.status for job in three.jobs][known:] == ["Running", "Running", "Pending"]
        paths[0].write_text("first")
        until("the third to begin", Path(f"{paths[2]}.begun").exists)
        for path in paths[1:]:
            path.write_text("later")
        assert [result.result() for result in results] == ["first", "later", "later"]


def test_another_process_attaches_to_a_running_job(three: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "go"
    program = (
        "import sys, windrow as gl\n"
        "job = gl.deploy.local_cluster.load(sys.argv[1]).jobs[sys.argv[2]]\n"
        "print('value:', job.attach())\n"
    )
    with gl.distributed(three), ThreadPoolExecutor(1) as threads:
        result = threads.submit(run, Waiting(str(path)))
        until("the job to begin", Path(f"{path}.begun").exists)
        second = python(program, three.state_path, three.jobs[-1].id)
        assert second.stdout is not None
        assert second.stdout.readline() == "waiting for go\n"
        path.write_text("gone")
        output, errors = second.communicate(timeout=60)
        assert result.result() == "gone"
    assert (output, errors) == ("found it\nvalue: gone\n", "")
    assert three.jobs[-1].attach(lambda _: None) == "gone"
    with pytest.raises(JobNotFoundError, match="nope"):
        three.jobs["nope"]


INTERRUPTED = """
import signal, sys, windrow as gl
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell of the tests does
from tests.support.clusters import Waiting
from tests.support.marks import on_clusters
from windrow.execution import environment
gl.set_distributed_execution_environment(gl.deploy.local_cluster.load(sys.argv[1]))
environment.current().run(Waiting(sys.argv[2]))
"""


@pytest.mark.parametrize("choice", ["ask", "cancel", "leave"])
def test_ctrl_c_cancels_or_leaves_as_was_chosen(
    three: Cluster, tmp_path: Path, choice: str
) -> None:
    path = tmp_path / "go"
    client = python(INTERRUPTED, three.state_path, str(path), WINDROW_ON_INTERRUPT=choice)
    until("the job to begin", Path(f"{path}.begun").exists)
    job = three.jobs[-1]
    client.send_signal(signal.SIGINT)
    _, errors = client.communicate(timeout=60)
    assert client.returncode == -signal.SIGINT
    if choice == "leave":
        assert job.status == "Running"
        assert f"jobs[{job.id!r}].attach()" in errors
        path.write_text("still")
        assert job.attach(lambda _: None) == "still"
    else:
        assert job.status == "Canceled"
        assert f"job {job.id} was cancelled" in errors
        with pytest.raises(CancelledError):
            job.attach(lambda _: None)


def test_a_waiting_job_is_cancelled_before_it_begins(three: Cluster, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    with gl.distributed(three), ThreadPoolExecutor(3) as threads:
        results = [threads.submit(run, Waiting(str(path))) for path in paths]
        until("two jobs to begin", lambda: len(list(tmp_path.glob("*.begun"))) == 2)
        until("the third", lambda: [job.status for job in three.jobs].count("Pending") == 1)
        waiting = next(job for job in three.jobs if job.status == "Pending")
        waiting.cancel()
        for path in paths:
            path.write_text("")
        errors = [result.exception() for result in results]
    assert waiting.status == "Canceled"
    assert [type(e) for e in errors if e is not None] == [CancelledError]
    assert not all(Path(f"{path}.begun").exists() for path in paths)


# ---------------------------------------------------------------------------------------- errors


def test_an_error_of_the_users_function_comes_home(three: Cluster) -> None:
    sf = gl.SArray(range(2000)).apply(lambda x: 1 // (x - 1500), dtype=int)
    with gl.distributed(three), pytest.raises(ZeroDivisionError) as caught:
        sf.sum()
    notes = "\n".join(caught.value.__notes__)
    assert "in row 1500" in notes
    assert "in partition 0 of 1\n" in notes
    assert "Traceback" in notes
    assert "on driver driver-" in notes


def test_limits_of_functions_that_a_client_sets_hold_on_hosts(three: Cluster) -> None:
    here = os.getpid()

    def slow(x: int) -> int:
        while x == 7 and os.getpid() != here:
            pass
        return x

    sf = gl.SArray(range(10)).apply(slow, dtype=int)
    timeout = configured(function_timeout=0.5)
    late = pytest.raises(FunctionTimeoutError, match="row 7")
    with gl.distributed(three), timeout, late as caught:
        sf.sum()
    assert caught.value.seconds == 0.5


def test_a_file_that_went_away_is_named(three: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    pl.DataFrame({"a": range(1000)}).write_csv(path)
    sf = gl.SFrame(str(path))
    path.unlink()
    with gl.distributed(three), pytest.raises(SourceNotFoundError, match=r"gone\.csv") as caught:
        sf["a"].sum()
    assert "Traceback" in "\n".join(caught.value.__notes__)


def test_a_file_without_a_column_is_named(three: Cluster, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    pl.DataFrame({"a": [1], "b": [2]}).write_parquet(parts / "1.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(parts / "2.parquet")
    sf = gl.SFrame(str(parts))
    with gl.distributed(three), pytest.raises(SchemaMismatchError, match=r"2\.parquet"):
        sf["b"].sum()


def test_rows_that_did_not_parse_are_warned_about_here(three: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000 + "3\n")
    with gl.distributed(three):
        sf = gl.SFrame(str(path))
        with pytest.warns(BadRowsWarning, match="1 row") as caught:
            assert sf["a"].sum() == 1000
    assert caught[0].filename == __file__
    assert isinstance(caught[0].message, BadRowsWarning)
    assert caught[0].message.count == 1


# ---------------------------------------------------------------------------------------- faults


def test_a_killed_worker_costs_time_and_not_a_bit(
    three: Cluster, table: Path, here: dict[str, str]
) -> None:
    kill = threading.Timer(
        0.4, lambda: os.kill(process_of(three.state_path, "host-1", "worker"), signal.SIGKILL)
    )
    with gl.distributed(three):
        kill.start()
        found = digests(cut(gl.SFrame(str(table)), PARTITION))
        kill.join()
    assert found == here


def test_a_killed_host_is_missing_until_the_cluster_is_resized(
    three: Cluster, table: Path, here: dict[str, str]
) -> None:
    lost = process_of(three.state_path, "host-2", "host")
    with gl.distributed(three), ThreadPoolExecutor(1) as threads:
        result = threads.submit(digests, cut(gl.SFrame(str(table)), PARTITION))
        os.kill(lost, signal.SIGKILL)
        assert result.result() == here
    until("the end of the host", lambda: three.recorded_hosts()[2].state == "ended")
    assert three.status == "Running, 2 of 3 hosts"
    assert "host program was killed" in three.recorded_hosts()[2].reason
    three.resize(3)
    assert three.status == "Running, 3 of 3 hosts"
    assert process_of(three.state_path, "host-2", "host") != lost


def test_a_killed_driver_is_an_error_and_another_takes_its_place(
    three: Cluster, tmp_path: Path
) -> None:
    path = tmp_path / "go"
    with gl.distributed(three), ThreadPoolExecutor(1) as threads:
        result = threads.submit(run, Waiting(str(path)))
        until("the job to begin", Path(f"{path}.begun").exists)
        driver = three.jobs[-1].job.record["driver"]
        os.kill(process_of(three.state_path, "host-0", driver), signal.SIGKILL)
        error = result.exception(timeout=30)
        assert isinstance(error, DriverDiedError)
        assert run(Saying(1)) == 1


def test_work_on_a_cluster_that_ends_says_when_why_and_what_to_do(
    one: Cluster, tmp_path: Path
) -> None:
    path = tmp_path / "go"
    with gl.distributed(one), ThreadPoolExecutor(1) as threads:
        result = threads.submit(run, Waiting(str(path)))
        until("the job to begin", Path(f"{path}.begun").exists)
        os.kill(process_of(one.state_path, "host-0", "scheduler"), signal.SIGKILL)
        error = result.exception(timeout=30)
        assert isinstance(error, ClusterEndedError)
        assert "the scheduler ended with -9" in str(error)
        assert "gl.deploy.local_cluster.create('one', num_hosts=1" in str(error)
        with pytest.raises(ClusterEndedError):
            gl.SArray([1]).sum()
    assert one.status.startswith("Ended: the scheduler ended")
    with pytest.raises(ClusterEndedError):
        gl.set_distributed_execution_environment(one)


# ----------------------------------------------------------------------------------- life and end


def test_a_cluster_shows_what_it_is(three: Cluster) -> None:
    hosts = three.hosts
    assert [host.name for host in hosts] == ["host-0", "host-1", "host-2"]
    assert {host.state for host in hosts} == {"ready"}
    assert all(host.pid in processes_of(three.state_path) for host in hosts)
    assert all(host.last_seen > three.record.created for host in hosts)
    shown = str(three)
    assert "Num Hosts:  3, each 1 cores, 1 GB" in shown
    assert "Running, 3 of 3 hosts" in shown
    assert "==> worker.log <==" in three.logs("host-1")
    with pytest.raises(HostNotFoundError, match="host-0, host-1, host-2"):
        three.logs("host-9")
    assert three.jobs[0].id in repr(three.jobs)


def test_a_path_has_one_living_cluster(three: Cluster) -> None:
    with pytest.raises(ClusterLivesError, match=r"local_cluster\.load"):
        gl.deploy.local_cluster.create("again", state_path=three.state_path)
    assert gl.deploy.local_cluster.load(three.state_path).number == three.number


def test_a_cluster_grows_and_shrinks(one: Cluster) -> None:
    one.resize(2)
    assert [host.name for host in one.hosts] == ["host-0", "host-1"]
    assert one.status == "Running, 2 of 2 hosts"
    with gl.distributed(one):
        assert gl.SArray(range(1000)).sum() == 499_500
    one.resize(1)
    assert one.status == "Running, 1 of 1 hosts"
    assert one.recorded_hosts()[1].gone


def test_stop_leaves_no_process_and_no_scratch_and_frees_the_path(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with gl.deploy.local_cluster.create("c", 2, memory="1GB", state_path=state) as cluster:
        scratch = [
            Path(json.loads(path.read_text())["scratch"])
            for path in (state / "gen-0001" / "config").iterdir()
        ]
        assert len(processes_of(state)) >= 2 * 3
        assert all(folder.is_dir() for folder in scratch)
        with gl.distributed(cluster):
            assert gl.SArray([1, 2]).sum() == 3
    assert processes_of(state) == {}
    assert not any(folder.exists() for folder in scratch)
    assert cluster.status == "Ended: stopped by a client"
    cluster.stop()
    with pytest.raises(ClusterEndedError, match="stopped by a client"):
        gl.deploy.local_cluster.load(state)
    with gl.deploy.local_cluster.create("c", 1, memory="1GB", state_path=state) as anew:
        assert anew.number == 2
        assert not (state / "gen-0001" / "tls").exists()
    assert "worker" in cluster.logs("host-1")


def test_stop_ends_what_nobody_watches_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("windrow.deploy.cluster.PATIENCE", 0.5)
    state = tmp_path / "state"
    with gl.deploy.local_cluster.create("c", 1, memory="1GB", state_path=state) as cluster:
        (scratch,) = (
            json.loads(p.read_text())["scratch"] for p in (state / "gen-0001/config").iterdir()
        )
        deadman = next(pid for pid, said in processes_of(state).items() if "deadman" in said)
        os.kill(deadman, signal.SIGKILL)
        os.kill(process_of(state, "host-0", "host"), signal.SIGKILL)
        until("the host to be lost", lambda: cluster.recorded_hosts()[0].state == "lost")
        assert processes_of(state) != {}
        assert cluster.status == "Ended: host-0 is gone and left no word"
    until("the end of all", lambda: processes_of(state) == {})
    assert not Path(scratch).exists()
    assert "killed" in cluster.recorded_hosts()[0].reason


def test_a_host_that_does_not_start_undoes_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho the interpreter is broken >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    state = tmp_path / "state"
    with pytest.raises(HostStartError, match="the interpreter is broken") as caught:
        gl.deploy.local_cluster.create("c", 2, state_path=state)
    assert caught.value.host == "host-0"
    assert "ended with 3" in str(caught.value)
    assert processes_of(state) == {}
    with pytest.raises(ClusterEndedError, match="it did not start"):
        gl.deploy.local_cluster.load(state)


def test_an_idle_cluster_ends_itself(tmp_path: Path) -> None:
    state = tmp_path / "state"
    cluster = gl.deploy.local_cluster.create(
        "c", 2, memory="1GB", state_path=state, idle_shutdown_timeout=1
    )
    until("the end of the cluster", lambda: not processes_of(state))
    assert cluster.status == "Ended: idle for 1 s"
    cluster.stop()
