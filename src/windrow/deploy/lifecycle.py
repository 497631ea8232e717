"""What the records of a cluster mean: decisions, without reading or writing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.deploy.records import ClusterRecord

__all__ = ["CHIEF", "ENDED", "LOST", "READY", "End", "Host", "end_of", "status_of"]

STARTING, READY, STOPPING, ENDED = "starting", "ready", "stopping", "ended"
LOST = "lost"
"""State of a host that ended without saying so."""
WAITING = 86400.0
"""Seconds for which a cluster waits for its first work; its certificates outlive them."""
CHIEF = "host-0"
"""The host with the scheduler; a cluster ends with it."""


@dataclass(frozen=True)
class Host:
    """One host of a cluster, as it was last heard of.

    Attributes
    ----------
    name
        For example ``host-0``.
    address
        Where the other hosts reach it.
    pid
        Process of its host program.
    state
        ``starting``, ``ready``, ``stopping``, ``ended``, or ``lost`` when it ended without a word.
    last_seen
        Seconds since 1970.
    reason
        Why it ended; else empty.
    details
        What its kind of cluster knows of it.
    """

    name: str
    address: str
    pid: int
    state: str
    last_seen: float
    reason: str = ""
    details: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def gone(self) -> bool:
        """Whether it does not run any more."""
        return self.state in {ENDED, LOST}


@dataclass(frozen=True)
class End:
    """When a cluster ended (seconds since 1970), and why."""

    time: float
    reason: str


def end_of(record: ClusterRecord, hosts: Sequence[Host], now: float) -> End | None:
    """Tell whether a cluster has ended; None while it lives.

    A cluster lives as long as its first host, and for its time to boot before there is one; one
    that waits for its first work lives `WAITING` seconds.
    """
    if record.ended is not None:
        return End(record.ended, record.reason or "no reason was given")
    chief = next((host for host in hosts if host.name == CHIEF), None)
    if record.waiting:
        late = now - record.created > WAITING
        return End(record.created + WAITING, "no work came for a day") if late else None
    if chief is None:
        late = now - record.began > record.boot_timeout
        return End(record.created, "none of its hosts ever started") if late else None
    if chief.gone:
        return End(chief.last_seen, chief.reason or f"{CHIEF} is gone and left no word")
    return None


def status_of(record: ClusterRecord, hosts: Sequence[Host], now: float) -> str:
    """Put the state of a cluster in words."""
    end = end_of(record, hosts, now)
    if end is not None:
        return f"Ended: {end.reason}"
    if record.waiting:
        return f"Waiting for its first work, with which {record.num_hosts} hosts start"
    ready = sum(host.state == READY for host in hosts)
    return f"Running, {ready} of {record.num_hosts} hosts"
