"""Jobs: programs and their records in the state store.

A job outlives whoever submitted it. Its folder says everything: ``spec`` is the signed program,
``claim`` names the driver that took it, ``status`` and ``events`` are series, ``result`` is the
signed outcome. The spec alone carries what it takes to read the data, secrets in URLs included; all
else is free of them.
"""

from __future__ import annotations

import pickle
import secrets
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cloudpickle

from windrow.errors import redacted
from windrow.execution.checkpoints import Checkpoints
from windrow.progress.events import event_of, record_of
from windrow.progress.table import first_outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.deploy.credentials import Credentials
    from windrow.deploy.state import Folder
    from windrow.execution.protocol import Program
    from windrow.progress import Event

PENDING, RUNNING = "Pending", "Running"
COMPLETED, FAILED, CANCELED = "Completed", "Failed", "Canceled"
ENDED = frozenset({COMPLETED, FAILED, CANCELED})

JOBS_TOPIC = "windrow-jobs"
"""Where the bell rings for new jobs, and for those to cancel: ``{"cancel": identifier}``."""


def job_topic(identifier: str) -> str:
    """Name the topic of a job's messages.

    Each is ``{"number": n, "event": record}``, the last one ``{"ended": state}``.
    """
    return f"windrow-job-{identifier}"


@dataclass(frozen=True)
class Job:
    """One job of a generation.

    Parameters
    ----------
    jobs
        The folder of all jobs.
    identifier
        Sorts by the time of submission.
    credentials
        Sign and verify what is pickled.
    """

    jobs: Folder
    identifier: str
    credentials: Credentials

    @staticmethod
    def new(jobs: Folder, credentials: Credentials) -> Job:
        """Name a new job, of which nothing is written yet."""
        return Job(jobs, f"{time.time_ns():020d}-{secrets.token_hex(3)}", credentials)

    def submit(self, program: bytes, name: str = "") -> None:
        """Write the spec, a pickled program, which makes the job pending."""
        self.folder.series("status").append({"state": PENDING, "name": name, "time": time.time()})
        self.folder.put("spec", self.credentials.sign(program))

    @property
    def folder(self) -> Folder:
        """The job's own folder."""
        return self.jobs.folder(self.identifier)

    @property
    def state(self) -> str:
        """Return ``Pending``, ``Running``, ``Completed``, ``Failed`` or ``Canceled``."""
        last = self.folder.series("status").last()
        return PENDING if last is None else str(last[1]["state"])

    @property
    def record(self) -> dict[str, Any]:
        """All that is known of the job's state."""
        merged: dict[str, Any] = {}
        for _, record in self.folder.series("status").after(0):
            merged |= record
        return merged

    def claim(self, driver: str) -> bool:
        """Take the job for a driver; False when another has it."""
        return self.folder.put("claim", driver.encode())

    def advance(self, state: str, **facts: object) -> None:
        """Record a new state."""
        self.folder.series("status").append({"state": state, "time": time.time()} | facts)

    def program(self) -> Program[Any]:
        """Load the program; raises `SignatureError` when it is not this cluster's."""
        spec = self.folder.get("spec") or b""
        program: Program[Any] = pickle.loads(  # noqa: S301  # signed with the cluster's key
            self.credentials.verified(spec, f"the program of job {self.identifier}")
        )
        return program

    def keep(self, events: list[Event]) -> None:
        """Append events to the record."""
        self.folder.series("events").append({"events": [record_of(event) for event in events]})

    def events(self, after: int = 0) -> Iterator[tuple[int, list[Event]]]:
        """Yield the events of each record behind a number."""
        for number, record in self.folder.series("events").after(after):
            yield number, [event_of(event) for event in record["events"]]

    @property
    def checkpoints(self) -> Checkpoints:
        """States from which the job's program can go on."""
        return Checkpoints(self.folder.folder("checkpoints").url)

    def finish(self, outcome: Outcome, state: str | None = None) -> None:
        """Write the outcome, and the state that it means unless another is given."""
        self.folder.put("result", self.credentials.sign(cloudpickle.dumps(outcome)))
        error = (
            None
            if outcome.error is None
            else redacted(f"{type(outcome.error).__name__}: {outcome.error}")
        )
        self.advance(state or (COMPLETED if error is None else FAILED), error=error)

    def outcome(self) -> Outcome | None:
        """Load the outcome; None while there is none."""
        signed = self.folder.get("result")
        if signed is None:
            return None
        data = self.credentials.verified(signed, f"the result of job {self.identifier}")
        outcome: Outcome = pickle.loads(data)  # noqa: S301  # signed with the cluster's key
        return outcome


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with a value, or with an error that carries the remote traceback.

    What was warned of on the way comes along, since a warning's arguments are more than its text.
    """

    value: Any = None
    error: BaseException | None = None
    warnings: tuple[Warning, ...] = ()

    def get(self) -> Any:  # whatever the program returned
        """Warn of what there is to warn of; return the value or raise the error."""
        for warning in self.warnings:
            warnings.warn(warning, stacklevel=first_outside())
        if self.error is not None:
            raise self.error
        return self.value


def pending(jobs: Folder, credentials: Credentials, settled: set[str]) -> list[Job]:
    """Jobs that wait for a driver, oldest first.

    Parameters
    ----------
    jobs
        The folder of all jobs.
    credentials
        Of who asks.
    settled
        Jobs that wait no more, which are not looked at again; grows.
    """
    waiting = []
    for name in jobs.names():
        if name in settled:
            continue
        job = Job(jobs, name, credentials)
        files = set(job.folder.names())
        if files & {"claim", "cancel"}:
            settled.add(name)
        elif "spec" in files:
            waiting.append(job)
    return waiting
