"""A cluster in the client's hands: what it is, its hosts, its jobs, its end."""

from __future__ import annotations

import datetime
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, Self

from windrow.config import Deadline
from windrow.deploy import logs
from windrow.deploy.credentials import Credentials
from windrow.deploy.lifecycle import ENDED, LOST, End, Host, end_of, status_of
from windrow.deploy.records import ClusterRecord, host_record
from windrow.errors import (
    ArgumentError,
    ClusterEndedError,
    ClusterNotFoundError,
    ClusterUnreachableError,
    DeadlineError,
    HostNotFoundError,
    ToolkitError,
)

if TYPE_CHECKING:
    from types import TracebackType

    from windrow.deploy.dashboard import Dashboard
    from windrow.deploy.handles import Jobs
    from windrow.deploy.state import Folder, StateStore
    from windrow.execution.cluster_client import Connection

__all__ = ["Cluster", "Provider"]

PATIENCE = 20.0
"""Seconds in which hosts must have ended before they are ended by force."""
ANSWER = 15.0
"""Seconds in which a scheduler must answer."""
LOOK = 0.05
"""Seconds between two looks at the records."""


class Provider(Protocol):
    """What differs between kinds of clusters: where hosts run, and how they start and end."""

    @property
    def shares_files(self) -> bool:
        """Whether hosts see the paths of this machine."""
        ...

    def tls(self) -> str:
        """Path of the folder with the client's certificates."""
        ...

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        """Make what hosts need besides themselves, their certificates at least.

        Returns the record, with what was made in its details.
        """
        ...

    def collect(self, record: ClusterRecord) -> None:
        """Remove what `prepare` made, whether or not the record tells of all of it."""
        ...

    def reach(self, epoch: dict[str, str]) -> str:
        """Choose the address at which a client reaches the scheduler."""
        ...

    def fit(self, record: ClusterRecord) -> None:
        """Tell who starts hosts again when they end, if anybody does, how many there shall be."""
        ...

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        """Start hosts and wait until they are ready; raises `HostStartError`, nothing is left."""
        ...

    def lives(self, host: Host) -> bool:
        """Whether the host program runs."""
        ...

    def end(self, host: Host) -> None:
        """End a host, in order if it still can; nothing of it is left."""
        ...

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        """Return what a user wants to know of it, by label: where its state is, what it costs."""
        ...

    def unreachable(self, record: ClusterRecord) -> str:
        """Say what may keep a client from a scheduler that runs."""
        ...

    def created_by(self, record: ClusterRecord) -> str:
        """Return the call that starts such a cluster."""
        ...


@dataclass(eq=False)
class Cluster:
    """One life of a cluster.

    Parameters
    ----------
    store
        Where its state is.
    number
        Of the generation.
    provider
        Starts and ends its hosts.

    Attributes
    ----------
    background
        Whether this process speaks to it through the state store alone: no line is opened.

    See Also
    --------
    windrow.deploy.local_cluster.create : hosts that are processes of this machine.
    """

    store: StateStore
    number: int
    provider: Provider
    background: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _line: Connection | None = None
    _begun: bool = False

    @property
    def folder(self) -> Folder:
        """Its generation in the state store."""
        return self.store.generation(self.number)

    @property
    def record(self) -> ClusterRecord:
        """What it is, as last recorded."""
        last = self.folder.series("cluster").last()
        if last is None:
            raise ClusterNotFoundError(self.store.url)
        return ClusterRecord(**last[1])

    @property
    def name(self) -> str:
        """Its name."""
        return self.record.name

    @property
    def state_path(self) -> str:
        """Where its state is; `load` finds it there."""
        return self.store.url

    @property
    def credentials(self) -> Credentials:
        """Certificates and signing key of the client."""
        return Credentials.of(self.provider.tls(), "client")

    @property
    def hosts(self) -> list[Host]:
        """Its hosts, with what was last heard of each."""
        hosts = self.recorded_hosts()
        if self.background or all(host.gone for host in hosts):
            return hosts
        from windrow.execution.cluster_client import loads

        try:
            heard = loads(self.connection())
        except (ClusterEndedError, ClusterUnreachableError, OSError):
            return hosts
        return [
            replace(host, last_seen=heard[host.name].last_seen) if host.name in heard else host
            for host in hosts
        ]

    @property
    def status(self) -> str:
        """``Running, 3 of 3 hosts``, or ``Ended:`` and the reason."""
        return status_of(self.record, self.recorded_hosts(), time.time())

    @property
    def ended(self) -> End | None:
        """When and why it ended; None while it lives."""
        return end_of(self.record, self.recorded_hosts(), time.time())

    @property
    def jobs(self) -> Jobs:
        """All jobs that it was given, of any client."""
        from windrow.deploy.handles import Jobs

        return Jobs(self)

    def recorded_hosts(self) -> list[Host]:
        """Its hosts as they stand in the records, and whether their programs run."""
        folder = self.folder.folder("hosts")
        found = []
        for name in sorted(folder.names(), key=_by_number):
            last = folder.series(name).last()
            if last is None:
                continue
            record = last[1]
            host = Host(
                name,
                str(record["address"]),
                int(record["pid"]),
                str(record["state"]),
                float(record["time"]),
                str(record.get("reason") or ""),
                dict(record.get("details") or {}),
            )
            lost = not host.gone and not self.provider.lives(host)
            found.append(replace(host, state=LOST) if lost else host)
        return found

    def require_alive(self) -> None:
        """Raise `ClusterEndedError` when it has ended, and hang up."""
        end = self.ended
        if end is not None:
            self.disconnect()
            again = self.provider.created_by(self.record)
            error = ClusterEndedError(self.name, end.time, end.reason, again)
            logs.show(error, self.folder, ["host-0"])
            raise error

    def begin(self) -> None:
        """Start the hosts of a cluster that waits for its first work, of which this is the sign.

        Returns when they can work; at once if they were started before, by whomever.

        Raises
        ------
        HostStartError, YarnError
            They did not start; all was undone, and the cluster has ended.
        """
        if self._begun:
            return
        self.require_alive()
        series = self.folder.series("cluster")
        last = series.last()
        number, record = (0, self.record) if last is None else (last[0], ClusterRecord(**last[1]))
        started = replace(record, waiting=False, started=time.time())
        if record.waiting and series.claim(number + 1, asdict(started)):
            try:
                self.provider.start(started, list(range(record.num_hosts)))
            except BaseException as error:
                self.undo(error)
                raise
        self._begun = True

    def undo(self, error: BaseException) -> None:
        """Leave nothing of a cluster that did not start."""
        # Its hosts may have recorded that they were ended; they do not know why.
        self.conclude(End(time.time(), f"it did not start: {type(error).__name__}"))
        try:
            self.collect()
        except ToolkitError as left:
            error.add_note(f"not all could be undone: {left}")

    def connection(self) -> Connection:
        """Return the line to its scheduler; it is opened when first asked for.

        Raises
        ------
        ClusterEndedError
            The cluster lives no more.
        ClusterUnreachableError
            It lives but does not answer.
        """
        from windrow.execution.cluster_client import connect, disconnect, is_connected

        with self._lock:
            if self._line is not None and is_connected(self._line):
                return self._line
            address = self.provider.reach(self._epoch())
            try:
                line = connect(address, self.credentials.dask(), ANSWER)
            except OSError as error:
                self.require_alive()
                cause = "; ".join(
                    filter(None, [str(error), self.provider.unreachable(self.record)])
                )
                raise ClusterUnreachableError(self.name, address, cause) from error
            if self._line is not None:
                disconnect(self._line)
            self._line = line
            return line

    def _epoch(self) -> dict[str, str]:
        """Return what the scheduler announced, once it has, if the cluster is about to boot."""
        deadline = Deadline(self.record.boot_timeout, f"the scheduler of {self.name}")
        while True:
            self.require_alive()
            epoch = self.folder.series("epoch").last()
            if epoch is not None:
                return epoch[1]
            deadline.pause(LOOK)

    def line(self) -> Connection | None:
        """Return the line to its scheduler, see `connection`; None where there shall be none."""
        return None if self.background else self.connection()

    def answers(self) -> bool:
        """Whether the line to its scheduler is open, or none is needed."""
        from windrow.execution.cluster_client import is_connected

        line = self._line
        return self.background or (line is not None and is_connected(line))

    def disconnect(self) -> None:
        """Close the line to the scheduler; the cluster and its jobs go on."""
        from windrow.execution.cluster_client import disconnect

        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            disconnect(line)

    def logs(self, host: str) -> str:
        """Return what the processes of a host wrote, each under its name.

        Parameters
        ----------
        host
            Its name, for example ``host-0``; a dead one's logs stay.
        """
        known = self.folder.folder("logs").names()
        if host not in known:
            raise HostNotFoundError(host, tuple(known))
        found = logs.logs(self.folder, host)
        return "".join(f"==> {name} <==\n{text.rstrip()}\n\n" for name, text in found)

    def dashboard(self, port: int = 0, *, open: bool = False) -> Dashboard:
        """Serve a page that shows hosts, what they hold, jobs and their iterations, as it happens.

        Only this machine can reach it, and only who knows its address. Hosts serve nothing.

        Parameters
        ----------
        port
            Of this machine's loopback address; 0 lets the system choose.
        open
            Whether to show it in a browser.

        Returns
        -------
        Dashboard
            With its `url`, and `stop()`, which ends it as the end of this process does.
        """
        from windrow.deploy.dashboard import Dashboard

        board = Dashboard(self, port)
        if open:
            import webbrowser

            webbrowser.open(board.url)
        return board

    def stop(self) -> None:
        """End every host; returns once none runs. A cluster that has ended stays as it is."""
        self.disconnect()
        if self.record.ended is None:
            self.folder.put("stop", b"stopped by a client")
        deadline = Deadline(PATIENCE, "the end of the hosts")
        try:
            while self._running():
                deadline.pause(LOOK)
        except DeadlineError:
            for host in self._running():
                self.end(host, f"it did not end within {PATIENCE:g} s and was killed")
        if self.record.ended is None:
            self.conclude(self.ended or End(time.time(), "stopped by a client"))
        self.collect()

    def resize(self, num_hosts: int) -> None:
        """Bring the cluster to a number of hosts: missing ones are started, the last ones ended.

        Work that runs meanwhile goes on, with the same result.

        Parameters
        ----------
        num_hosts
            At least 1.
        """
        if num_hosts < 1:
            raise ArgumentError("num_hosts", num_hosts, "1 or more")
        self.require_alive()
        record = replace(self.record, num_hosts=num_hosts)
        if record.waiting:
            self.folder.series("cluster").append(asdict(record))
            return
        wanted = {f"host-{number}": number for number in range(num_hosts)}
        there = {host.name: host for host in self.recorded_hosts() if not host.gone}
        self.provider.fit(record)
        for name, host in reversed(there.items()):
            if name not in wanted:
                self.end(host, "the cluster was made smaller")
        missing = [number for name, number in wanted.items() if name not in there]
        if missing:
            self.provider.start(record, missing)
        self.folder.series("cluster").append(asdict(record))

    def end(self, host: Host, reason: str) -> None:
        """End one host, and record that if it could not."""
        self.provider.end(host)
        series = self.folder.series(f"hosts/{host.name}")
        last = series.last()
        if last is None or last[1]["state"] != ENDED:
            where = host.address, host.pid, host.details
            series.append(host_record(ENDED, reason, host.name, *where))

    def conclude(self, end: End) -> None:
        """Record that the cluster has ended; what was recorded of an end counts no more."""
        ended = replace(self.record, ended=end.time, reason=end.reason)
        self.folder.series("cluster").append(asdict(ended))

    def collect(self) -> None:
        """Remove what an ended cluster may have left besides its records, once."""
        record = self.record
        if not record.collected:
            self.provider.collect(record)
            self.folder.series("cluster").append(asdict(replace(record, collected=True)))

    def _running(self) -> list[Host]:
        """Hosts of which anything is left."""
        hosts = self.recorded_hosts()
        return [host for host in hosts if host.state != ENDED or self.provider.lives(host)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{self.record.kind} cluster {self.name!r} at {self.state_path}>"

    def __str__(self) -> str:
        record = self.record
        facts = {
            "Name": record.name,
            **self.provider.describe(record),
            "Num Hosts": f"{record.num_hosts}, each {record.cores} cores, {_size(record.memory)}",
            "Status": self.status,
            "Ends": _limits(record),
        }
        width = max(map(len, facts)) + 2
        lines = [f"{label + ':':<{width}}{value}" for label, value in facts.items()]
        lines.extend(
            f"  {host.name:<10}{host.address:<16}{_which(host):<13}{host.state}"
            for host in self.recorded_hosts()
        )
        return "\n".join(lines)


def _by_number(name: str) -> tuple[int, str]:
    tail = name.rpartition("-")[2]
    return (int(tail) if tail.isdigit() else 0, name)


def _which(host: Host) -> str:
    """Name what a host is in its provider's words, or the process that it is."""
    return " ".join(value for value in host.details.values() if value) or f"pid {host.pid}"


def _size(count: int) -> str:
    return f"{count / 1e9:.3g} GB"


def _limits(record: ClusterRecord) -> str:
    latest = datetime.datetime.fromtimestamp(record.began + record.max_lifetime, datetime.UTC)
    idle = record.idle_shutdown_timeout
    first = f"after {idle:g} s without work, " if idle >= 0 else ""
    return f"{first}at the latest {latest:%Y-%m-%d %H:%M} UTC"
