"""A scheduler and workers as real processes of this machine, with mutual TLS; for tests to kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.config import Deadline
from windrow.deploy.credentials import Credentials, create_credentials
from windrow.execution.cluster_dask import configure, connect
from windrow.execution.cluster_workers import ClusterWorkers
from windrow.execution.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    import distributed

    from windrow.execution.store import Store

ROOT = Path(__file__).parents[2]
BOOT = 60.0
"""Seconds until every process must be ready."""
PROGRAM = """
import os, sys, threading
from pathlib import Path
from windrow.execution.cluster_dask import SETTINGS, Credentials
from windrow.execution.cluster_host import run_scheduler, run_worker

folder, ready, silence, role, *rest = sys.argv[1:]
SETTINGS["distributed.scheduler.worker-ttl"] = f"{silence}s"
credentials = Credentials(*(Path(folder) / n for n in ("authority.pem", "host.pem", "host.key")))
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
tell = lambda address: Path(ready).write_text(address)
if role == "scheduler":
    run_scheduler("127.0.0.1", (0, 0), credentials, tell)
else:
    address, name, cores, budget, scratch = rest
    run_worker(
        address, name, int(cores), int(budget), Path(scratch), credentials,
        host="127.0.0.1", on_ready=tell,
    )
"""


class DaskCluster:
    """A scheduler and some workers.

    Parameters
    ----------
    workers
        Their number.
    cores
        Tasks that each runs at once.
    memory_budget
        Bytes of blocks that each keeps in memory.
    silence
        Seconds without a word after which a worker is given up.
    """

    def __init__(
        self, workers: int, cores: int = 1, memory_budget: int = 1 << 26, silence: float = 20.0
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-"))
        self.cores, self.memory_budget, self.silence = cores, memory_budget, silence
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name, data in create_credentials("test", 3600.0).items():
            (self.folder / name).write_bytes(data)
        self.address = self._start("scheduler").read()
        self._client: distributed.Client | None = None
        self.add(*(f"host-{number}" for number in range(workers)))

    def executor(self) -> Driver:
        """Give a driver in this process, which remembers nothing of the others."""
        return ClusterDriver(ClusterWorkers(self.client))

    @property
    def client(self) -> distributed.Client:
        """The connection of this process."""
        if self._client is None:
            configure()  # drivers run here
            files = Credentials.of(str(self.folder), "client").dask()
            self._client = connect(self.address, files, BOOT)
        return self._client

    def add(self, *names: str) -> None:
        """Start more workers."""
        for worker in [self._start_worker(name) for name in names]:
            worker.read()

    def kill(self, name: str) -> None:
        """End a process as a failing machine would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        _reap(process)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop a process for a while: it keeps its connections, and answers nobody."""
        process = self.processes[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def log(self, name: str) -> str:
        """Give what a process wrote."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def close(self) -> None:
        """End every process and remove what they left."""
        if self._client is not None:
            self._client.close(BOOT)  # type: ignore[no-untyped-call]  # half typed
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            _reap(process)
        shutil.rmtree(self.folder)

    def _start_worker(self, name: str) -> Ready:
        scratch = self.folder / name
        scratch.mkdir()
        rest = (self.address, name, str(self.cores), str(self.memory_budget), str(scratch))
        return self._start(name, *rest)

    def _start(self, name: str, *rest: str) -> Ready:
        ready = self.folder / f"{name}.ready"
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    PROGRAM,
                    str(self.folder),
                    str(ready),
                    str(self.silence),
                    "worker" if rest else "scheduler",
                    *rest,
                ],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(self.folder)},
                stdin=subprocess.PIPE,  # its end is ours: no process outlives this one
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return Ready(ready, self.processes[name], self.folder / f"{name}.log")


def address_of(store: Store, item: int) -> tuple[int, str]:
    """A task that gives its item back, and where it ran."""
    from distributed import get_worker

    del store
    return item, str(get_worker().address)


class Ready:
    """The address that a process tells when it is ready."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self._path, self._process, self._log = path, process, log

    def read(self) -> str:
        """Wait for it."""
        deadline = Deadline(BOOT, f"{self._path.stem} to be ready", "look at its log")
        while True:
            with suppress(FileNotFoundError):
                if address := self._path.read_text(encoding="utf-8"):
                    return address
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            deadline.pause(0.02)


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.wait(BOOT)
    assert process.stdin is not None
    process.stdin.close()


class ClusterDriver(Driver):
    """The driver over hosts."""

    def __repr__(self) -> str:
        return f"ClusterDriver({self.workers.parallelism})"
