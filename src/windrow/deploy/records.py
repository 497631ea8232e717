"""Records that hosts, drivers and clients of a cluster leave each other in the state store."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from windrow.io.local import local_path
from windrow.io.registry import scheme_of

BOOT = 60.0
"""Seconds in which a new cluster of this machine must have a host."""


def host_record(  # noqa: PLR0917 - all that a record has
    state: str, reason: str, name: str, address: str, pid: int, details: dict[str, str]
) -> dict[str, Any]:
    """Return what is recorded of a host at this moment, by whoever records it.

    Parameters
    ----------
    state, reason, name, address, pid, details
        As `windrow.deploy.lifecycle.Host` has them.
    """
    found = {"state": state, "reason": reason, "time": time.time()}
    return {**found, "name": name, "address": address, "pid": pid, "details": details}


@dataclass(frozen=True)
class HostConfig:
    """What a host program is told when it starts.

    Attributes
    ----------
    name
        For example ``host-0``; host 0 also runs the scheduler and the drivers.
    index
        Its number; 0 for the first.
    generation
        URL of the generation's folder in the state store.
    tls
        Path of the folder with this host's certificates.
    address
        Address at which the other hosts reach this one.
    cores
        Threads of the worker.
    memory
        Bytes that the host may use; half of them hold blocks.
    scratch
        Folder for temporary files; removed with the host.
    orphaned
        Seconds without a scheduler after which the host has nobody to work for, and ends.
    revived
        Whether somebody starts the host again when it is killed, so that this is not its end.
    place
        Folder of this machine in which ``logs/<name>`` is; by default the generation's.
    idle_shutdown_timeout
        Seconds without work after which the host ends; negative: never.
    max_lifetime
        Seconds after which the host ends, whatever it does.
    boot_timeout
        Seconds in which the host must have joined.
    max_jobs
        Programs that run at once.
    public
        Address at which clients reach this host, where it is another one.
    ports
        First and last port to listen at; zeros let the system choose.
    at_end
        Command of a shell that follows the host's end, whatever ended it.
    details
        What its kind of cluster wants to know of it; stands in its records.
    """

    name: str
    index: int
    generation: str
    tls: str
    address: str
    cores: int
    memory: int
    scratch: str
    idle_shutdown_timeout: float = 1800.0
    max_lifetime: float = 86400.0
    boot_timeout: float = 600.0
    max_jobs: int = 2
    public: str = ""
    ports: tuple[int, int] = (0, 0)
    at_end: str = ""
    details: dict[str, str] = field(default_factory=dict)
    orphaned: float = 30.0
    revived: bool = False
    place: str = ""

    def __post_init__(self) -> None:
        if not self.place:
            object.__setattr__(self, "place", str(local_path(self.generation)))

    @property
    def remote(self) -> bool:
        """Whether the state store is elsewhere: logs are sent there, and it is asked less often."""
        return scheme_of(self.generation) != "file"

    def log_of(self, role: str) -> Path:
        """Name the file to which a process of this host writes its log; its folder is made."""
        path = Path(self.place) / "logs" / self.name / f"{role}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def sign_of(self, role: str) -> Path:
        """Name the file that a process touches every second, from when it is ready, as it lives."""
        return Path(self.scratch) / f"{role}.ready"

    def record(self, state: str, reason: str, pid: int) -> dict[str, Any]:
        """Return what is recorded of the host at this moment.

        Parameters
        ----------
        state
            One of those of `windrow.deploy.lifecycle`.
        reason
            Why it ends; empty while it does not.
        pid
            Of the host program.
        """
        return host_record(state, reason, self.name, self.address, pid, self.details)

    def to_json(self) -> str:
        """Write it as text."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> HostConfig:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return HostConfig(**fields | {"ports": tuple(fields["ports"])})


@dataclass(frozen=True)
class ClusterRecord:
    """What a cluster is; the first record of its generation, and the last one says why it ended.

    Attributes
    ----------
    name, kind
        ``kind`` is ``local``, ``ec2`` or ``hadoop``.
    created
        Seconds since 1970.
    num_hosts, cores, memory
        As asked for; cores and bytes of each host.
    idle_shutdown_timeout, max_lifetime
        Seconds.
    versions
        Of Python and of each package that must be equal on client and hosts.
    ended, reason
        When and why it ended; None while it lives.
    boot_timeout
        Seconds in which its hosts must be ready.
    details
        What its kind of cluster must know to find its hosts again and to end them; no secret.
    collected
        Whether all that was made for it besides its records is gone.
    waiting
        Whether its hosts start with its first work, which has not come.
    started
        When they were started, if that was not as it was created.
    """

    name: str
    kind: str
    created: float
    num_hosts: int
    cores: int
    memory: int
    idle_shutdown_timeout: float
    max_lifetime: float
    versions: dict[str, str]
    ended: float | None = None
    reason: str | None = None
    boot_timeout: float = BOOT
    details: dict[str, Any] = field(default_factory=dict)
    collected: bool = False
    waiting: bool = False
    started: float | None = None

    @property
    def began(self) -> float:
        """From when on its hosts' seconds count."""
        return self.created if self.started is None else self.started
