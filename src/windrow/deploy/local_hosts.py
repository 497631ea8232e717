"""Hosts that are processes of this machine: each a session of its own with its own scratch."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from windrow.config import Deadline, scratch_folder
from windrow.deploy.credentials import write_private
from windrow.deploy.lifecycle import READY, Host
from windrow.deploy.records import HostConfig
from windrow.deploy.starting import await_ready, known_records
from windrow.errors import DeadlineError
from windrow.io.local import local_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.deploy.records import ClusterRecord
    from windrow.deploy.state import Folder

__all__ = ["Ground", "LocalHosts", "Loopback", "processes"]

GRACE = 8.0
"""Seconds in which a host that was asked to must have ended."""
LOOK = 0.02
"""Seconds between two looks at records and processes."""


class Ground(Protocol):
    """Where on this machine hosts stand: their addresses, and what starts a program at each."""

    def address(self, number: int) -> str:
        """Return the address at which the others reach a host."""
        ...

    def command(self, number: int) -> list[str]:
        """Return what precedes the command that is to run as this host."""
        ...


class Loopback:
    """Hosts side by side: one address for all of them."""

    def address(self, number: int) -> str:
        """See `Ground`."""
        del number
        return "127.0.0.1"

    def command(self, number: int) -> list[str]:
        """See `Ground`."""
        del number
        return []


@dataclass(frozen=True)
class LocalHosts:
    """Starts, finds and ends host programs on this machine.

    Parameters
    ----------
    generation
        The cluster's folder in the state store, on a disk of this machine.
    state_path
        Of the cluster.
    ground
        Where the hosts stand.
    """

    generation: Folder
    state_path: str
    ground: Ground = field(default_factory=Loopback)

    shares_files = True

    def tls(self) -> str:
        """Path of the folder with all certificates; hosts of one machine share it."""
        return str(local_path(self.generation.url) / "tls")

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        """Write the certificates; the folder is private, for specs tell how to read their data."""
        local_path(self.generation.url).chmod(0o700)
        write_private(self.tls(), credentials)
        return record

    def collect(self, record: ClusterRecord) -> None:
        """Remove nothing: what hosts of this machine need is in their generation."""

    def reach(self, epoch: dict[str, str]) -> str:
        """Return the scheduler's own address."""
        return epoch["scheduler"]

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        """Say where the state is."""
        del record
        return {"State Path": self.state_path}

    def unreachable(self, record: ClusterRecord) -> str:
        """Nothing stands between processes of one machine."""
        del record
        return ""

    def created_by(self, record: ClusterRecord) -> str:
        """Return the call that starts such a cluster."""
        return (
            f"gl.deploy.local_cluster.create({record.name!r}, num_hosts={record.num_hosts}, "
            f"state_path={self.state_path!r})"
        )

    def fit(self, record: ClusterRecord) -> None:
        """Nobody starts hosts again."""

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        """Start hosts and wait until each is ready.

        Raises
        ------
        HostStartError
            One was not ready in time, or ended; nothing of the attempt is left.
        """
        names = [f"host-{number}" for number in numbers]
        known = known_records(self.generation, names)
        started: dict[str, subprocess.Popen[bytes]] = {}

        def ended(name: str) -> str | None:
            code = started[name].returncode
            return None if code is None else f"its host program ended with {code}"

        try:
            for number, name in zip(numbers, names, strict=True):
                started[name] = self._launch(record, number)
            deadline = Deadline(record.boot_timeout, "the hosts to be ready")
            await_ready(self.generation, known, deadline, ended, LOOK)
        except BaseException:
            for number, (name, process) in zip(numbers, started.items(), strict=False):
                self.end(Host(name, self.ground.address(number), process.pid, READY, 0.0))
            raise

    def lives(self, host: Host) -> bool:
        """Whether the host program runs (and not another process that got its number)."""
        return self._config_path(host.name) in processes([host.pid]).get(host.pid, (0, ""))[1]

    def end(self, host: Host) -> None:
        """Ask a host to end, kill what does not, remove its scratch folder."""
        if self.lives(host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(host.pid, signal.SIGTERM)
            deadline = Deadline(GRACE, "the host to end")
            with contextlib.suppress(DeadlineError):
                while self.lives(host):
                    deadline.pause(LOOK)
        for pid in self._processes(host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        config = HostConfig.from_json(Path(self._config_path(host.name)).read_text())
        shutil.rmtree(config.scratch, ignore_errors=True)

    def _processes(self, host: Host) -> list[int]:
        """Processes of a host's group, if one of them is known to be the host's."""
        group = {pid: command for pid, (group, command) in processes().items() if group == host.pid}
        known = any(self._config_path(host.name) in command for command in group.values())
        return list(group) if known else []

    def _launch(self, record: ClusterRecord, number: int) -> subprocess.Popen[bytes]:
        """Start one host program, which then belongs to no one but itself."""
        name = f"host-{number}"
        config = HostConfig(
            name=name,
            index=number,
            generation=self.generation.url,
            tls=self.tls(),
            address=self.ground.address(number),
            cores=record.cores,
            memory=record.memory,
            scratch=str(scratch_folder(name)),
            idle_shutdown_timeout=record.idle_shutdown_timeout,
            max_lifetime=record.max_lifetime,
            boot_timeout=record.boot_timeout,
        )
        path = self._config_path(name)
        if not self.generation.put(f"config/{name}.json", config.to_json().encode()):
            Path(config.scratch).rmdir()  # started before: it has one
        log = local_path(f"{self.generation.url}/logs/{name}/host.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  # our own program
                [*self.ground.command(number), sys.executable, "-m", "windrow.deploy.host", path],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"PYTHONPATH": _search_path()},
                start_new_session=True,
            )
        # Whoever started a process must ask how it ended, or it stays in the system's table.
        threading.Thread(target=process.wait, name=f"wait for {name}", daemon=True).start()
        return process

    def _config_path(self, name: str) -> str:
        return str(local_path(f"{self.generation.url}/config/{name}.json"))


def processes(pids: Sequence[int] | None = None) -> dict[int, tuple[int, str]]:
    """Return process group and command line of each process that runs, by its number.

    Parameters
    ----------
    pids
        Which to look at; None for all of this machine.

    Examples
    --------
    >>> group, command = processes([os.getpid()])[os.getpid()]
    >>> "python" in command
    True
    """
    table = Path("/proc")
    if not (table / "self" / "cmdline").exists():
        return _listed(pids)
    numbers = pids or [int(entry.name) for entry in table.iterdir() if entry.name.isdigit()]
    found = {}
    for pid in numbers:
        with contextlib.suppress(OSError):  # it ended just now
            command = (table / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
            found[pid] = os.getpgid(pid), command.decode(errors="replace")
    return found


def _listed(pids: Sequence[int] | None) -> dict[int, tuple[int, str]]:
    """Do the same where there is no /proc."""
    which = ["-A"] if pids is None else ["-p", ",".join(map(str, pids))]
    command = ["/bin/ps", "-ww", "-o", "pid=,pgid=,command=", *which]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    rows = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return {int(pid): (int(group), command) for pid, group, command in rows}


def _search_path() -> str:
    """Where this process finds modules: hosts of this machine find the user's modules there too."""
    return os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
