"""What there is to see of a cluster at one moment, from its records and its scheduler."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from windrow.deploy.jobs import ENDED, PENDING, RUNNING
from windrow.deploy.lifecycle import end_of, status_of
from windrow.errors import ClusterEndedError, ClusterUnreachableError
from windrow.progress.events import Finished, Header, Notice, Row, Warned

if TYPE_CHECKING:
    from windrow.deploy.cluster import Cluster
    from windrow.deploy.handles import JobHandle
    from windrow.deploy.lifecycle import End, Host
    from windrow.execution.cluster_client import Load
    from windrow.progress import Event

__all__ = ["Overview"]

PATIENCE = 0.5
"""Seconds that a look waits for the scheduler before it shows what was heard last."""
LATE = 5.0
"""Seconds without a word from the scheduler that are nothing to speak of."""
JOBS, ROWS, SAID = 30, 40, 5
"""Newest jobs that are shown; newest rows and sentences of each."""
LOST = "Lost"
"""State of a job whose cluster ended first."""


class Overview:
    """A cluster as plain values, looked at again and again.

    Parameters
    ----------
    cluster
        Which; also after its end.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pulse = _Pulse(cluster)
        self._jobs: dict[str, _Followed] = {}
        self._lock = threading.Lock()

    def now(self) -> dict[str, Any]:
        """Return the cluster, its hosts by number, and its jobs, the newest first.

        Times are seconds since 1970, sizes bytes. A host has ``memory``, ``tasks``, ``in_memory``,
        ``on_scratch`` and ``bytes`` only while the scheduler knows it. Of the cluster, ``silent``
        is for how many seconds the scheduler has not answered, 0 unless it is worth a word.
        """
        unanswered, loads = self._pulse.last()
        record, hosts, now = self._cluster.record, self._cluster.recorded_hosts(), time.time()
        end = end_of(record, hosts, now)
        with self._lock:
            jobs = [self._followed(handle) for handle in self._cluster.jobs.newest(JOBS)]
            self._jobs = {job.handle.id: job for job in jobs}
        idle, silent = record.idle_shutdown_timeout, now - (unanswered or now)
        since = max([record.created, *(job.changed for job in jobs)])
        waits = idle >= 0 and all(job.state in ENDED for job in jobs)
        return {
            "time": now,
            "cluster": {
                "name": record.name,
                "kind": record.kind,
                "state_path": self._cluster.state_path,
                "status": status_of(record, hosts, now),
                "created": record.created,
                "ended": None if end is None else asdict(end),
                "silent": silent if silent > LATE and end is None else 0.0,
                "idle_shutdown_timeout": idle,
                "idle_left": max(0.0, since + idle - now) if waits else None,
                "max_lifetime": record.max_lifetime,
                "life_left": max(0.0, record.created + record.max_lifetime - now),
            },
            "hosts": [
                asdict(host)
                | {"cores": record.cores, "memory_limit": record.memory}
                | _load(host, loads)
                for host in hosts
            ],
            "jobs": [job.document(now, end) for job in jobs],
        }

    def close(self) -> None:
        """Ask the scheduler no more."""
        self._pulse.stop()

    def _followed(self, handle: JobHandle) -> _Followed:
        job = self._jobs.get(handle.id) or _Followed(handle)
        job.catch_up()
        return job


def _load(host: Host, loads: dict[str, Load]) -> dict[str, Any]:
    return {} if host.gone or host.name not in loads else asdict(loads[host.name])


class _Pulse:
    """What the scheduler said last.

    It is asked in a thread of its own, and only when somebody looks: one that is frozen never
    answers, and that is to be seen.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._loads: dict[str, Load] = {}
        self._unanswered: float | None = None
        self._asked, self._answered = threading.Event(), threading.Event()
        self._stopped = False
        threading.Thread(target=self._listen, name="pulse", daemon=True).start()

    def last(self) -> tuple[float | None, dict[str, Load]]:
        """Ask and wait a little for the answer.

        Returns
        -------
        tuple
            Since when the scheduler was asked in vain (None when it answers), and its last answer.
        """
        self._answered.clear()
        self._asked.set()
        self._answered.wait(PATIENCE)
        return self._unanswered, self._loads

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._asked.set()

    def _listen(self) -> None:
        while self._asked.wait() and not self._stopped:
            self._asked.clear()
            self._ask()
            self._answered.set()

    def _ask(self) -> None:
        from windrow.execution.cluster_client import loads

        if self._cluster.folder.get("stop") is not None:
            return  # a line opened while the cluster ends would find nobody at its other end
        if self._cluster.record.waiting:
            return
        self._unanswered = self._unanswered or time.time()
        try:
            self._loads = loads(self._cluster.connection())
        except ClusterEndedError:
            self._cluster.disconnect()
        except (ClusterUnreachableError, OSError):
            return  # since when says it
        self._unanswered = None


@dataclass
class _Followed:
    """A job whose records are read once each."""

    handle: JobHandle
    name: str = ""
    state: str = PENDING
    submitted: float = 0.0
    started: float | None = None
    changed: float = 0.0
    error: str | None = None
    header: Header | None = None
    finished: str | None = None
    rows: list[Row] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _statuses: int = 0
    _events: int = 0

    def catch_up(self) -> None:
        """Read what is new; of a job that has ended there is nothing."""
        if self.state in ENDED:
            return
        job = self.handle.job
        for number, record in job.folder.series("status").after(self._statuses):
            self._statuses = number
            self._advance(record)
        for number, events in job.events(self._events):
            self._events = number
            for event in events:
                self._take(event)
        del self.rows[:-ROWS], self.said[:-SAID]

    def document(self, now: float, end: End | None) -> dict[str, Any]:
        """Describe it; its seconds are those that it ran."""
        lost = end is not None and self.state not in ENDED
        last = self.changed if self.state in ENDED else now if end is None else end.time
        return {
            "id": self.handle.id,
            "name": self.name,
            "state": LOST if lost else self.state,
            "submitted": self.submitted,
            "seconds": None if self.started is None else max(0.0, last - self.started),
            "title": "" if self.header is None else self.header.title.rstrip(":"),
            "facts": [] if self.header is None else self.header.lines,
            "columns": self.rows[-1].columns if self.rows else [],
            "rows": [row.values for row in self.rows],
            "said": self.said,
            "finished": self.finished,
            "error": self.error,
        }

    def _advance(self, record: dict[str, Any]) -> None:
        self.state, self.changed = str(record["state"]), float(record["time"])
        self.name = record.get("name", self.name)
        self.error = record.get("error", self.error)
        self.submitted = self.submitted or self.changed
        if self.state == RUNNING:
            self.started = self.changed

    def _take(self, event: Event) -> None:
        match event:
            case Header():
                self.header, self.rows, self.finished = event, [], None
            case Row():
                if self.rows and self.rows[-1].columns != event.columns:
                    self.rows = []  # another table
                self.rows.append(event)
            case Notice() | Warned():
                self.said.append(event.text)
            case Finished():
                self.finished = event.status
            case _:
                pass
