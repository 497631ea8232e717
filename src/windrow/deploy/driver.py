"""The driver process: takes jobs, one after another, and runs each beside the scheduler."""

from __future__ import annotations

import _thread
import io
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.deploy.credentials import Credentials
from windrow.deploy.jobs import CANCELED, JOBS_TOPIC, RUNNING, Job, Outcome, job_topic, pending
from windrow.deploy.records import HostConfig
from windrow.deploy.serve import scheduler_of
from windrow.deploy.state import Folder
from windrow.errors import CancelledError, RemoteError
from windrow.execution.cluster_client import connect, publish, subscribe
from windrow.execution.cluster_workers import ClusterWorkers
from windrow.execution.driver import Driver
from windrow.progress.events import record_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.execution.cluster_client import Connection
    from windrow.execution.protocol import Vector
    from windrow.progress import Event

POLL = 2.0
"""Seconds between looks at the state store when no bell rings."""
BATCH = 1.0
"""Seconds of events that may be lost from the record when the driver is killed."""


class Relay:
    """The listener of a running job: tells clients at once, and the record in batches."""

    def __init__(self, job: Job, client: Connection) -> None:
        self._job, self._client = job, client
        self._held: list[Event] = []
        self._number = 0
        self._written = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        message = {"number": self._number, "event": record_of(event)}
        publish(self._client, job_topic(self._job.identifier), message)
        self._number += 1
        self._held.append(event)
        if time.monotonic() - self._written > BATCH:
            self.flush()

    def flush(self) -> None:
        """Bring the record up to date."""
        if self._held:
            self._job.keep(self._held)
        self._held, self._written = [], time.monotonic()


class DriverProcess:
    """One driver of a cluster.

    Parameters
    ----------
    name
        Stands in the claims of its jobs.
    jobs
        The folder of all jobs.
    credentials
        Of the host.
    scheduler
        Address of the scheduler.
    """

    def __init__(self, name: str, jobs: Folder, credentials: Credentials, scheduler: str) -> None:
        self.name, self._jobs, self._credentials = name, jobs, credentials
        self._client = connect(scheduler, credentials.dask())
        self._driver = Driver(ClusterWorkers(self._client))
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
        try:
            outcome = self._outcome(job, relay)
        finally:
            self._running = None
        relay.flush()
        if isinstance(outcome.error, CancelledError):
            job.finish(outcome, CANCELED)
        else:
            job.finish(outcome)
        publish(self._client, job_topic(job.identifier), {"ended": job.state})
        return True

    def _outcome(self, job: Job, relay: Relay) -> Outcome:
        def keep(arrays: dict[str, Vector], record: dict[str, Any]) -> None:
            job.checkpoint(_packed(arrays), record)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            outcome = self._tried(lambda: self._driver.run(job.program(), relay, keep))
        heard = (w.message for w in caught if isinstance(w.message, Warning))
        ours = tuple(w for w in heard if type(w).__module__.startswith("windrow."))
        return replace(outcome, warnings=ours)

    def _tried(self, work: Callable[[], object]) -> Outcome:
        try:
            return Outcome(work())
        except KeyboardInterrupt:
            return Outcome(error=CancelledError())
        except BaseException as error:  # noqa: BLE001  # whatever it is, it travels to the client
            error.add_note(f"on driver {self.name}:\n{traceback.format_exc()}")
            return Outcome(error=RemoteError.unless_it_travels(error))

    def _hear(self, message: dict[str, Any]) -> None:
        """Wake up; stop the running job when it is the one to cancel."""
        if message.get("cancel") is not None and message["cancel"] == self._running:
            _thread.interrupt_main(signal.SIGINT)
        self._bell.set()


def _packed(arrays: dict[str, Vector]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """Serve as driver ``NAME`` of the host that a config file describes."""
    path, name = arguments
    config = HostConfig.from_json(Path(path).read_text())
    credentials = Credentials.of(config.tls, "host")
    jobs = Folder(config.generation).folder("jobs")
    DriverProcess(name, jobs, credentials, scheduler_of(config)).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
