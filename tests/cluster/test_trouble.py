"""What can go wrong ends within a minute: in an error that says where, why, and what to do.

Some of it is no fault of any host; some of it ends hosts. Work that survives is in `test_faults`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from tests.support.clusters import Waiting, process_of, until
from tests.support.http_server import Behaviour, HttpServer
from tests.support.marks import on_clusters

import windrow as gl
from windrow.config import configured
from windrow.errors import (
    ClusterEndedError,
    DiskFullError,
    DriverDiedError,
    FileFormatError,
    FunctionDiedError,
    FunctionTimeoutError,
    HostsKilledError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
)
from windrow.execution import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.execution.protocol import Session

pytestmark = on_clusters("distributed", "cryptography", "mount", timeout=240)

LIMIT = 60.0
"""Seconds in which every trouble must have become an error."""
SCRATCH = 8
"""Mebibytes of scratch disk that all hosts have together."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give two hosts whose scratch lies on a small disk."""
    folder = tmp_path_factory.mktemp("trouble")
    small = folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SCRATCH}m", "none", small], check=True)
    try:
        with configured(scratch=str(small)):
            made = gl.deploy.local_cluster.create(
                "trouble", num_hosts=2, memory="1GB", state_path=folder / "state"
            )
        with made:
            yield made
    finally:
        subprocess.run(["umount", small], check=True)


def write(path: Path, rows: int = 20_000) -> None:
    draw = np.random.default_rng(1)
    pl.DataFrame({"a": draw.normal(size=rows), "b": draw.permutation(rows)}).write_csv(path)


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong, and what a user must be told of it."""

    name: str
    happen: Callable[[Cluster, Path], object]
    error: type[Exception]
    cause: str
    """What the message must say of it."""
    step: str
    """What the message must advise."""
    own: bool = False
    """Whether a function of the user's own is to blame, and no host's log can tell more."""


def a_bad_file(cluster: Cluster, folder: Path) -> object:
    del cluster
    path = folder / "bad.parquet"
    pl.DataFrame({"a": np.random.default_rng(1).normal(size=50_000)}).write_parquet(path)
    sf, stamp = gl.SFrame(str(path)), path.stat()
    data = bytearray(path.read_bytes())
    data[100:20_000] = bytes(19_900)
    path.write_bytes(data)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # only the disk did it
    return sf["a"].sum()


def a_file_that_goes_away(cluster: Cluster, folder: Path) -> object:
    del cluster
    write(folder / "gone.csv")
    sf = gl.SFrame(str(folder / "gone.csv"))
    (folder / "gone.csv").unlink()
    return sf["a"].sum()


def a_file_that_changes(cluster: Cluster, folder: Path) -> object:
    del cluster
    write(folder / "new.csv")
    sf = gl.SFrame(str(folder / "new.csv"))
    write(folder / "new.csv", 25_000)
    return sf["a"].sum()


def served(folder: Path, then: dict[str, Any], rows: int = 100_000) -> object:
    """Read from a server that behaves otherwise once the table is there."""
    write(folder / "all.csv", rows)
    behaviour = Behaviour()
    with HttpServer({"/all.csv": (folder / "all.csv").read_bytes()}, behaviour) as server:
        sf = gl.SFrame(server.url("/all.csv"))
        for name, value in then.items():
            setattr(behaviour, name, value)
        return sf["a"].sum()


def a_source_that_hangs(cluster: Cluster, folder: Path) -> object:
    del cluster
    return served(folder, {"stalls": 1_000_000})


def a_source_that_refuses(cluster: Cluster, folder: Path) -> object:
    del cluster
    return served(folder, {"statuses": {"/all.csv": 403}})


def a_full_scratch_disk(cluster: Cluster, folder: Path) -> object:
    del cluster
    return served(folder, {"ranges": False}, rows=SCRATCH * 50_000)  # so it is fetched as a whole


@dataclass(frozen=True)
class Deadly:
    """A kernel that ends its process, as the kernel of the machine does when memory runs out."""

    def __call__(self, store: object, item: int) -> int:
        del store
        os.kill(os.getpid(), signal.SIGKILL)
        return item


@dataclass(frozen=True)
class Greedy:
    """A program of such a kernel."""

    def __call__(self, session: Session) -> object:
        driver: Any = session.executor
        return list(driver.map(Deadly(), range(2)))


def no_memory(cluster: Cluster, folder: Path) -> object:
    del cluster, folder
    return environment.current().run(Greedy(), None)


def a_function_that_never_returns(cluster: Cluster, folder: Path) -> object:
    del cluster, folder
    here = os.getpid()

    def endless(x: int) -> int:
        while x == 7 and os.getpid() != here:
            pass
        return x

    with configured(function_timeout=1.0):
        return gl.SArray(range(10)).apply(endless, dtype=int).sum()


def a_function_that_takes_all(cluster: Cluster, folder: Path) -> object:
    del cluster, folder
    here = os.getpid()

    def greedy(x: int) -> int:
        if x == 7 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    return gl.SArray(range(10)).apply(greedy, dtype=int).sum()


def struck(cluster: Cluster, folder: Path, role: str, number: int) -> object:
    """Send a signal to a process of host 0 while a job runs."""
    path = folder / "go"
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(environment.current().run, Waiting(str(path)), None)
        try:
            until("the job to begin", Path(f"{path}.begun").exists)
            name = cluster.jobs[-1].job.record["driver"] if role == "driver" else role
            os.kill(process_of(cluster.state_path, "host-0", name), number)
            return result.result(LIMIT)
        finally:
            path.touch()


def a_killed_driver(cluster: Cluster, folder: Path) -> object:
    return struck(cluster, folder, "driver", signal.SIGKILL)


def a_frozen_driver(cluster: Cluster, folder: Path) -> object:
    return struck(cluster, folder, "driver", signal.SIGSTOP)


def a_frozen_scheduler(cluster: Cluster, folder: Path) -> object:
    return struck(cluster, folder, "scheduler", signal.SIGSTOP)


SILENT = "gave no sign of life for 25 s and was killed"
TROUBLES = (
    Trouble("a bad file", a_bad_file, FileFormatError, r"bad\.parquet", "again"),
    Trouble(
        "a file goes away", a_file_that_goes_away, SourceNotFoundError, r"gone\.csv", "spelling"
    ),
    Trouble("a file changes", a_file_that_changes, SourceChangedError, r"new\.csv", "again"),
    Trouble("a source hangs", a_source_that_hangs, SourceRefusedError, "for 40 s", "io_timeout"),
    Trouble("a source refuses", a_source_that_refuses, SourceRefusedError, "403", "may read it"),
    Trouble("scratch is full", a_full_scratch_disk, DiskFullError, "windrow-host-", "free"),
    Trouble("memory runs out", no_memory, HostsKilledError, "memory ran out", "give the hosts"),
    Trouble(
        "a function hangs",
        a_function_that_never_returns,
        FunctionTimeoutError,
        "row 7",
        "function_timeout",
        own=True,
    ),
    Trouble("a function dies", a_function_that_takes_all, FunctionDiedError, "row 7", "memory"),
    Trouble("a driver is killed", a_killed_driver, DriverDiedError, "ended with -9", "again"),
    Trouble("a driver freezes", a_frozen_driver, DriverDiedError, SILENT, "again"),
    # The last one, since it ends the cluster.
    Trouble(
        "the scheduler freezes", a_frozen_scheduler, ClusterEndedError, SILENT, "start it anew"
    ),
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble.name))
def test_trouble_is_told_within_a_minute(
    trouble: Trouble, cluster: Cluster, tmp_path: Path
) -> None:
    began = time.monotonic()
    with gl.distributed(cluster), pytest.raises(trouble.error) as caught:
        trouble.happen(cluster, tmp_path)
    assert time.monotonic() - began < LIMIT
    told = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert re.search(trouble.cause, told), told
    assert trouble.step in str(caught.value), told
    assert re.search(r"host-\d", told), told
    shown = re.findall(r"(?m)^\[(host-\d)/[a-z0-9-]+\.log\]$", told)
    assert shown or trouble.own, told


def test_a_cluster_works_again_after_any_trouble_but_its_end(tmp_path: Path) -> None:
    with gl.deploy.local_cluster.create("well", 1, memory="1GB", state_path=tmp_path / "s") as made:
        with gl.distributed(made):
            with pytest.raises(HostsKilledError):
                environment.current().run(Greedy(), None)
            assert gl.SArray(range(10)).sum() == 45
        assert made.status == "Running, 1 of 1 hosts"
