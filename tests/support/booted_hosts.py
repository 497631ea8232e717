"""Hosts as a remote provider starts them, but on this machine: all they know, the store tells."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windrow.config import Deadline
from windrow.deploy.remote import ClientCredentials, publish_credentials
from windrow.deploy.starting import await_ready, known_records

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.deploy.lifecycle import Host
    from windrow.deploy.records import ClusterRecord
    from windrow.deploy.state import Folder


@dataclass
class BootedHosts:
    """A provider whose hosts find nothing on this machine but their own folder.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    folder
        Each host has a folder in it, and leaves a file beside it when all is over.
    """

    generation: Folder
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    collected: int = 0

    shares_files = False

    def __post_init__(self) -> None:
        self.client = ClientCredentials(self.generation)

    def tls(self) -> str:
        return self.client.folder

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        publish_credentials(self.generation, credentials)
        return record

    def collect(self, record: ClusterRecord) -> None:
        assert not record.collected
        self.collected += 1

    def reach(self, epoch: dict[str, str]) -> str:
        return epoch["public"]

    def fit(self, record: ClusterRecord) -> None:
        pass

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        names = [f"host-{number}" for number in numbers]
        known = known_records(self.generation, names)
        for name in names:
            self.running[name] = self._boot(record, name)
        deadline = Deadline(record.boot_timeout, "the hosts to be ready")
        await_ready(self.generation, known, deadline, self._ended, 0.1)

    def lives(self, host: Host) -> bool:
        process = self.running.get(host.name)
        return process is not None and process.poll() is None

    def end(self, host: Host) -> None:
        if self.lives(host):
            os.kill(self.running[host.name].pid, signal.SIGTERM)
            self.running[host.name].wait(20)

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        return {"State": record.name}

    def unreachable(self, record: ClusterRecord) -> str:
        return f"nothing between here and {record.name}"

    def created_by(self, record: ClusterRecord) -> str:
        return f"booted({record.name!r})"

    def close(self) -> None:
        """Kill what runs still."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self, name: str) -> str | None:
        code = self.running[name].poll()
        return None if code is None else f"its host program ended with {code}"

    def _boot(self, record: ClusterRecord, name: str) -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "windrow.deploy.boot", "--generation", self.generation.url),
            *("--name", name, "--address", "127.0.0.1", "--public", "localhost"),
            *("--ports", "19100-19110", "--cores", str(record.cores)),
            *("--memory", str(record.memory), "--folder", str(self.folder / name)),
            *("--at-end", f"echo over >> {self.folder}/{name}.over"),
            *("--detail", f"instance=i-{name}"),
        ]
        (self.folder / name / "logs" / name).mkdir(parents=True, exist_ok=True)
        with (self.folder / name / "logs" / name / "host.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
