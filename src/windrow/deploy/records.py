"""Records that hosts, drivers and clients of a cluster leave each other in the state store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


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
    idle_shutdown_timeout
        Seconds without work after which the host ends; negative: never.
    max_lifetime
        Seconds after which the host ends, whatever it does.
    boot_timeout
        Seconds in which the host must have joined.
    max_jobs
        Programs that run at once.
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

    def sign_of(self, role: str) -> Path:
        """Name the file that a process touches every second, from when it is ready, as it lives."""
        return Path(self.scratch) / f"{role}.ready"

    def to_json(self) -> str:
        """Write it as text."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> HostConfig:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return HostConfig(**fields)


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
