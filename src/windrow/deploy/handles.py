"""Jobs in a client's hands: followed to their end from any process, or cancelled."""

from __future__ import annotations

import datetime
import queue
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.config import Deadline, settings
from windrow.deploy.jobs import CANCELED, ENDED, JOBS_TOPIC, Job, Outcome, job_topic
from windrow.errors import (
    CancelledError,
    ClusterUnreachableError,
    DeadlineError,
    JobLostError,
    JobNotFoundError,
)
from windrow.progress import Notice, listening
from windrow.progress.events import event_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.progress import Event, Listener

__all__ = ["JobHandle", "Jobs"]

LOOK = 2.0
"""Seconds of silence after which the records are looked at."""
SILENCE = 30.0
"""Seconds without a line to the scheduler after which the cluster counts as unreachable."""
CANCELLING = 15.0
"""Seconds that a job may take to end once it is cancelled."""

Message = dict[str, Any]


class _Following:
    """The events of a job, each delivered once and in order, live or from its record.

    Parameters
    ----------
    job
        Whose record holds what was missed.
    deliver
        Takes each event.
    """

    def __init__(self, job: Job, deliver: Listener) -> None:
        self._job, self._deliver = job, deliver
        self._next = self._recorded = self._read = 0
        self._early: dict[int, Event] = {}

    def live(self, message: Message) -> None:
        """Take an event as it comes, ``number`` saying which of the job's it is."""
        self._take(message["number"], event_of(message["event"]))
        if self._early:
            self.catch_up()

    def catch_up(self) -> None:
        """Take what is in the record and was not heard live."""
        for number, events in self._job.events(self._read):
            self._read = number
            for event in events:
                self._take(self._recorded, event)
                self._recorded += 1

    def _take(self, number: int, event: Event) -> None:
        if number >= self._next:
            self._early[number] = event
        while self._next in self._early:
            event = self._early.pop(self._next)
            self._next += 1
            self._deliver(event)


@dataclass(frozen=True)
class JobHandle:
    """One job of a cluster.

    Parameters
    ----------
    cluster
        Where it runs.
    job
        Its record.
    """

    cluster: Cluster
    job: Job

    @property
    def id(self) -> str:
        """Its identifier; sorts by the time of submission."""
        return self.job.identifier

    @property
    def name(self) -> str:
        """What it does."""
        return str(self.job.record.get("name", ""))

    @property
    def submitted(self) -> float:
        """When it was submitted; seconds since 1970."""
        return int(self.id.split("-")[0]) / 1e9

    @property
    def status(self) -> str:
        """``Pending``, ``Running``, ``Completed``, ``Failed`` or ``Canceled``."""
        return self.job.state

    @property
    def events(self) -> list[Event]:
        """Its progress so far."""
        return [event for _, events in self.job.events() for event in events]

    def attach(self, listener: Listener | None = None) -> Any:
        """Show its progress, so far and as it comes, and return its value at the end.

        Parameters
        ----------
        listener
            Is called with each event; by default progress is shown as it is for local work.

        Returns
        -------
        object
            What the program returned.

        Raises
        ------
        ClusterEndedError
            The cluster ended before the job did.
        ClusterUnreachableError
            The cluster did not answer for 30 s.
        CancelledError
            The job was cancelled.
        Exception
            Whatever the program failed with, the remote traceback as a note.
        """
        if listener is not None:
            return self.follow(listener)
        with listening(verbose=True) as shown:
            return self.follow(shown)

    def follow(self, deliver: Listener, announce: Callable[[], None] | None = None) -> Any:
        """Deliver every event, wait for the end, return the value or raise the error.

        Parameters
        ----------
        deliver
            Takes each event, in this thread.
        announce
            Is called once live events are heard.
        """
        following = _Following(self.job, deliver)
        try:
            outcome = self._wait(following, announce)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._interrupted(deliver))
            raise
        return outcome.get()

    def cancel(self) -> None:
        """End the job, whether or not it runs already; returns once it has ended.

        Raises
        ------
        DeadlineError
            It did not end within 15 s.
        """
        from windrow.execution.cluster_client import publish

        self.job.folder.put("cancel", b"")
        if self.job.claim("nobody"):  # it waits still, and nobody will take it now
            self.job.finish(Outcome(error=CancelledError()), CANCELED)
            return
        publish(self.cluster.line(), JOBS_TOPIC, {"cancel": self.id})
        advice = "stop the cluster to end it by force"
        deadline = Deadline(CANCELLING, f"the end of job {self.id}", advice)
        while self.job.state not in ENDED:
            deadline.pause(0.05)

    def _wait(self, following: _Following, announce: Callable[[], None] | None) -> Outcome:
        if self.job.state in ENDED:
            return self._ended(following)
        with self._heard() as messages:
            if announce is not None:
                announce()
            following.catch_up()
            connected = Deadline(SILENCE, "the scheduler")
            while True:
                try:
                    message = messages.get(timeout=LOOK)
                except queue.Empty:
                    message = {}
                if "event" in message:
                    following.live(message)
                elif self.job.state in ENDED:
                    return self._ended(following)
                else:
                    following.catch_up()
                    connected = self._checked(connected)

    @contextmanager
    def _heard(self) -> Iterator[queue.SimpleQueue[Message]]:
        """Give the live messages of the job."""
        from windrow.execution.cluster_client import subscribe, unsubscribe

        messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        line = self.cluster.line()
        if line is None:
            yield messages  # none comes: the record is looked at
            return
        subscribe(line, job_topic(self.id), messages.put)
        try:
            yield messages
        finally:
            unsubscribe(line, job_topic(self.id))

    def _checked(self, connected: Deadline) -> Deadline:
        """Raise when the cluster has ended or cannot be reached; else return the next deadline."""
        self.cluster.require_alive()
        if self.cluster.answers():
            return Deadline(SILENCE, "the scheduler")
        if connected.expired():
            cause = f"no answer for {SILENCE:g} s"
            raise ClusterUnreachableError(self.cluster.name, self.cluster.state_path, cause)
        return connected

    def _ended(self, following: _Following) -> Outcome:
        following.catch_up()
        outcome = self.job.outcome()
        if outcome is None:
            raise JobLostError(self.id, self.status, str(self.job.record.get("error")))
        return outcome

    def _interrupted(self, deliver: Listener) -> str:
        """Ask what is to become of the job, do it, and say what was done."""
        how = settings().on_interrupt
        if how == "ask":
            getattr(deliver, "close", int)()  # a live table would write over the question
            how = "cancel" if self._asked() else "leave"
        if how == "cancel":
            try:
                self.cancel()
            except DeadlineError as error:
                return str(error)
            return f"job {self.id} was cancelled"
        path = self.cluster.state_path
        said = f"job {self.id} goes on; `load({path!r}).jobs[{self.id!r}].attach()` shows it"
        deliver(Notice(said))
        return said

    def _asked(self) -> bool:
        """Whether to cancel; where nobody can answer, what was interrupted is to end."""
        if not sys.stdin or not sys.stdin.isatty():
            return True
        question = f"\nCancel {self.name} on cluster {self.cluster.name!r}? [Y/n] "
        try:
            return not input(question).strip().lower().startswith("n")
        except (EOFError, KeyboardInterrupt):
            return True

    def __repr__(self) -> str:
        return f"<job {self.id}: {self.name}, {self.status}>"


@dataclass(frozen=True)
class Jobs:
    """The jobs of a cluster, oldest first; one is got by its identifier or its place.

    Parameters
    ----------
    cluster
        Which has them.
    """

    cluster: Cluster

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[JobHandle]:
        return (self._handle(name) for name in self._names())

    def __getitem__(self, which: str | int) -> JobHandle:
        names = self._names()
        if isinstance(which, int):
            return self._handle(names[which])
        if which not in names:
            raise JobNotFoundError(which, self.cluster.state_path)
        return self._handle(which)

    def newest(self, count: int) -> list[JobHandle]:
        """Return so many of them, the newest first."""
        return [self._handle(name) for name in reversed(self._names()[-count:])]

    def __repr__(self) -> str:
        lines = [f"{'Job':<30}{'Submitted (UTC)':<22}{'Status':<12}Name"]
        for handle in self:
            when = datetime.datetime.fromtimestamp(handle.submitted, datetime.UTC)
            lines.append(
                f"{handle.id:<30}{when:%Y-%m-%d %H:%M:%S}   {handle.status:<12}{handle.name}"
            )
        return "\n".join(lines)

    def _names(self) -> list[str]:
        return self.cluster.folder.folder("jobs").names()

    def _handle(self, name: str) -> JobHandle:
        folder = self.cluster.folder.folder("jobs")
        return JobHandle(self.cluster, Job(folder, name, self.cluster.credentials))
