"""The driver process: takes jobs, one after another, and runs each beside the scheduler."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import traceback
import warnings
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windrow.config import settings
from windrow.deploy import logs
from windrow.deploy.credentials import Credentials
from windrow.deploy.jobs import CANCELED, JOBS_TOPIC, RUNNING, Job, Outcome, job_topic, pending
from windrow.deploy.records import HostConfig
from windrow.deploy.serve import scheduler_of
from windrow.deploy.state import Folder
from windrow.deploy.uploads import Uploads
from windrow.errors import (
    CancelledError,
    HostsKilledError,
    HostsLostError,
    RemoteError,
    SchedulerLostError,
    redacted,
)
from windrow.execution.checkpoints import Keeper
from windrow.execution.cluster_client import configure, connect, publish, subscribe
from windrow.execution.cluster_host import PULSE
from windrow.execution.cluster_workers import ClusterWorkers
from windrow.execution.driver import Driver
from windrow.progress.events import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.execution.cluster_client import Connection
    from windrow.plan.tables import Plan
    from windrow.progress import Event

POLL = 2.0
"""Seconds between looks at the state store when no bell rings."""
BATCH = 1.0
"""Seconds of events that may be lost from the record when the driver is killed."""


class Relay:
    """The listener of a running job: tells clients at once, and the record in batches."""

    def __init__(self, job: Job, client: Connection) -> None:
        self._job, self._client = job, client
        self._number = 0
        self._held: list[Event] = []
        self._lock = threading.Lock()
        self._due: threading.Timer | None = None

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        message = {"number": self._number, "event": record_of(event)}
        publish(self._client, job_topic(self._job.identifier), message)
        self._number += 1
        with self._lock:
            self._held.append(event)
            if self._due is None:
                self._due = threading.Timer(BATCH, self.flush)
                self._due.daemon = True
                self._due.start()

    def flush(self) -> None:
        """Bring the record up to date."""
        with self._lock:
            if self._due is not None:
                self._due.cancel()
            if self._held:
                self._job.keep(self._held)
            self._held, self._due = [], None


class HostDriver(Driver):
    """The driver on a host: what it computes once, it keeps where the hosts can read it.

    Parameters
    ----------
    client
        Reaches the hosts.
    uploads
        Keeps tables.
    """

    def __init__(self, client: Connection, uploads: Uploads) -> None:
        self._hosts = ClusterWorkers(client)
        super().__init__(self._hosts)
        self._uploads = uploads

    def begin(self, driver: str, job: str) -> None:
        """Begin another job: it is warned anew, and hosts count its blocks for it."""
        self._told.clear()
        self._hosts.owner = driver, job

    def end(self) -> None:
        """Let hosts have the room of the job's blocks."""
        self._hosts.release()

    def persist(self, plan: Plan) -> Plan:
        """Compute the table once and return a plan of the result, which no client need hold."""
        held = super().persist(plan)
        return self._uploads.carried(held, _silently)


class DriverProcess:
    """One driver of a cluster.

    Parameters
    ----------
    name
        Stands in the claims of its jobs.
    generation
        The cluster's folder in the state store.
    credentials
        Of the host.
    scheduler
        Address of the scheduler.
    """

    def __init__(
        self, name: str, generation: Folder, credentials: Credentials, scheduler: str
    ) -> None:
        self.name, self._credentials = name, credentials
        self._generation = generation
        self._jobs = generation.folder("jobs")
        uploads = Uploads(generation.folder("uploads"))
        self._client = connect(scheduler, credentials.dask())
        self._driver = HostDriver(self._client, uploads)
        self._bell = threading.Event()
        self._running: str | None = None
        self._settled: set[str] = set()
        subscribe(self._client, JOBS_TOPIC, self._hear)

    def serve(self) -> None:
        """Run jobs until the process is ended."""
        while True:
            self._bell.clear()
            waiting = pending(self._jobs, self._credentials, self._settled)
            taken = [job for job in waiting if self._take(job)]
            if not taken:
                self._bell.wait(POLL)

    def _take(self, job: Job) -> bool:
        """Run a job if it is still to be had."""
        if not job.claim(self.name):
            return False
        self._running = job.identifier
        job.advance(RUNNING, driver=self.name)
        relay = Relay(job, self._client)
        with self._cancellable(job):
            outcome = self._outcome(job, relay)
        relay.flush()
        if isinstance(outcome.error, CancelledError):
            job.finish(outcome, CANCELED)
        else:
            job.finish(outcome)
        publish(self._client, job_topic(job.identifier), {"ended": job.state})
        return True

    def _outcome(self, job: Job, relay: Relay) -> Outcome:
        keep = Keeper(job.checkpoints, settings().checkpoint_seconds)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self._driver.begin(self.name, job.identifier)
            outcome = self._tried(lambda: self._driver.run(job.program(), relay, keep))
            self._driver.end()
        heard = (w.message for w in caught if isinstance(w.message, Warning))
        ours = tuple(w for w in heard if type(w).__module__.startswith("windrow."))
        return replace(outcome, warnings=ours)

    def _tried(self, work: Callable[[], object]) -> Outcome:
        try:
            return Outcome(work())
        except KeyboardInterrupt:
            return Outcome(error=CancelledError())
        except BaseException as error:  # noqa: BLE001  # whatever it is, it travels to the client
            error.add_note(redacted(f"on driver {self.name}:\n{traceback.format_exc()}"))
            if isinstance(error, (HostsKilledError, HostsLostError, SchedulerLostError)):
                hosts = self._generation.folder("hosts").names()
                logs.show(error, self._generation, hosts, "worker")
            return Outcome(error=RemoteError.unless_it_travels(error))

    @contextmanager
    def _cancellable(self, job: Job) -> Iterator[None]:
        """Look for a word to cancel the job, of clients that have no line to ring by."""
        done = threading.Event()

        def look() -> None:
            while not done.wait(POLL):
                with suppress(OSError):  # the store may answer the next time
                    if job.folder.get("cancel") is not None:
                        self._hear({"cancel": job.identifier})
                        return

        looking = threading.Thread(target=look, name="look for a cancel", daemon=True)
        looking.start()
        try:
            yield
        finally:
            self._running = None
            done.set()

    def _hear(self, message: dict[str, Any]) -> None:
        """Wake up; stop the running job when it is the one to cancel."""
        if message.get("cancel") is not None and message["cancel"] == self._running:
            _thread.interrupt_main(signal.SIGINT)
        self._bell.set()


def _pulse(sign: Path) -> None:
    """Show every second that this process lives; its host kills it when it does not."""

    def beat() -> None:
        with suppress(FileNotFoundError):  # the host has ended, and this process is about to
            sign.touch()
            while not never.wait(PULSE):
                sign.touch()

    never = threading.Event()
    threading.Thread(target=beat, name="pulse", daemon=True).start()


def _silently(event: Event) -> None:
    """Tell nobody: what is kept did not leave the cluster."""


def main(arguments: list[str]) -> int:
    """Serve as driver ``NAME`` of the host that a config file describes."""
    path, name = arguments
    configure()
    config = HostConfig.from_json(Path(path).read_text())
    credentials = Credentials.of(config.tls, "host")
    driver = DriverProcess(name, Folder(config.generation), credentials, scheduler_of(config))
    _pulse(config.sign_of(name))
    driver.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
