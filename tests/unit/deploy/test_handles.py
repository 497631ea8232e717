"""A job followed: each event once and in order, errors as they were, no wait without an end."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, strategies as st

from windrow.config import configured
from windrow.deploy import handles
from windrow.deploy.credentials import Credentials, create_credentials, write_private
from windrow.deploy.handles import JobHandle, Jobs, _Following
from windrow.deploy.jobs import CANCELED, RUNNING, Job, Outcome
from windrow.deploy.state import StateStore
from windrow.errors import (
    CancelledError,
    ClusterEndedError,
    ClusterUnreachableError,
    JobLostError,
    JobNotFoundError,
)
from windrow.progress import Notice
from windrow.progress.events import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.state import Folder
    from windrow.progress import Event


@dataclass
class OneCluster:
    """What a handle asks of its cluster, without any host."""

    folder: Folder
    credentials: Credentials
    name: str = "c"
    state_path: str = "/state"
    connected: bool = True
    end: ClusterEndedError | None = None
    looks: int = 0

    def require_alive(self) -> None:
        self.looks += 1
        if self.end is not None:
            raise self.end

    def answers(self) -> bool:
        return self.connected


@pytest.fixture
def cluster(tmp_path: Path) -> OneCluster:
    write_private(str(tmp_path / "tls"), create_credentials("c", 60.0))
    _, folder = StateStore(str(tmp_path / "state")).begin({"name": "c"})
    return OneCluster(folder, Credentials.of(str(tmp_path / "tls"), "client"))


def handle(cluster: OneCluster, job: Job | None = None) -> JobHandle:
    new = job or Job.new(cluster.folder.folder("jobs"), cluster.credentials)
    return JobHandle(cast("Cluster", cluster), new)


@dataclass
class Line:
    """Live messages, given by the test instead of a scheduler."""

    messages: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)

    @contextmanager
    def heard(self) -> Iterator[queue.SimpleQueue[dict[str, Any]]]:
        yield self.messages


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line()
    monkeypatch.setattr(JobHandle, "_heard", lambda _: made.heard())
    monkeypatch.setattr(handles, "LOOK", 0.001)
    return made


@dataclass
class Recorded:
    """A job of which only the record of events is asked."""

    records: list[list[Event]]

    def events(self, after: int) -> Iterator[tuple[int, list[Event]]]:
        yield from list(enumerate(self.records, 1))[after:]


@given(st.data())
def test_each_event_is_delivered_once_and_in_order_however_it_comes(data: st.DataObject) -> None:
    events: list[Event] = [Notice(str(n)) for n in range(data.draw(st.integers(0, 12)))]
    live = [n for n in range(len(events)) if data.draw(st.booleans())]  # the others were missed
    record = Recorded([])
    heard: list[Event] = []
    following = _Following(cast("Job", record), heard.append)
    written = 0
    for number in live:
        stop = data.draw(st.integers(written, number + 1))  # the record lags behind
        if stop > written:
            record.records.append(events[written:stop])
            written = stop
        following.live({"number": number, "event": record_of(events[number])})
        assert heard == events[: len(heard)]
    if written < len(events):
        record.records.append(events[written:])
    following.catch_up()
    assert heard == events


def test_a_value_comes_with_the_events_before_it(cluster: OneCluster, line: Line) -> None:
    followed = handle(cluster)
    heard: list[Event] = []

    def announce() -> None:
        followed.job.submit(b"", "Fit")
        line.messages.put({"number": 0, "event": record_of(Notice("a"))})
        followed.job.keep([Notice("a"), Notice("b")])
        followed.job.finish(Outcome(17))
        line.messages.put({"ended": "Completed"})

    assert followed.follow(heard.append, announce) == 17
    assert heard == [Notice("a"), Notice("b")]
    assert (followed.name, followed.status) == ("Fit", "Completed")
    assert followed.attach(heard.append) == 17  # again, from the record alone
    assert heard[2:] == heard[:2]


def test_an_error_keeps_its_type_and_notes(cluster: OneCluster) -> None:
    followed = handle(cluster)
    followed.job.submit(b"")
    error = ZeroDivisionError("by zero")
    error.add_note("on driver driver-0: Traceback")
    followed.job.finish(Outcome(error=error))
    with pytest.raises(ZeroDivisionError, match="by zero") as caught:
        followed.attach(lambda _: None)
    assert caught.value.__notes__ == ["on driver driver-0: Traceback"]


def test_an_end_of_the_cluster_ends_the_wait(cluster: OneCluster, line: Line) -> None:
    del line
    followed = handle(cluster)
    cluster.end = ClusterEndedError("c", 0.0, "idle", "create()")
    with pytest.raises(ClusterEndedError, match="idle"):
        followed.follow(lambda _: None)


def test_silence_ends_the_wait(
    cluster: OneCluster, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    del line
    monkeypatch.setattr(handles, "SILENCE", 0.05)
    cluster.connected = False
    with pytest.raises(ClusterUnreachableError):
        handle(cluster).follow(lambda _: None)
    assert cluster.looks > 1  # it looked at the records meanwhile


def test_a_job_without_a_result_says_so(cluster: OneCluster) -> None:
    followed = handle(cluster)
    followed.job.submit(b"")
    followed.job.advance(CANCELED, error="the disk was full")
    with pytest.raises(JobLostError, match="the disk was full"):
        followed.attach(lambda _: None)


def interrupting(followed: JobHandle) -> Callable[[], None]:
    def announce() -> None:
        followed.job.submit(b"", "Fit")
        raise KeyboardInterrupt

    return announce


def test_ctrl_c_cancels_what_waits(cluster: OneCluster, line: Line) -> None:
    del line
    followed = handle(cluster)
    with configured(on_interrupt="cancel"), pytest.raises(KeyboardInterrupt) as caught:
        followed.follow(lambda _: None, interrupting(followed))
    assert caught.value.__notes__ == [f"job {followed.id} was cancelled"]
    assert followed.status == CANCELED
    with pytest.raises(CancelledError):
        followed.attach(lambda _: None)


@pytest.mark.parametrize(
    "answer, status", [("n", "Pending"), ("No", "Pending"), ("", CANCELED), ("y", CANCELED)]
)
def test_ctrl_c_asks_where_somebody_can_answer(
    cluster: OneCluster, line: Line, monkeypatch: pytest.MonkeyPatch, answer: str, status: str
) -> None:
    del line
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def answered(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("builtins.input", answered)
    followed = handle(cluster)
    with configured(on_interrupt="ask"), pytest.raises(KeyboardInterrupt):
        followed.follow(lambda _: None, interrupting(followed))
    assert followed.status == status
    assert asked == ["\nCancel Fit on cluster 'c'? [Y/n] "]


def test_ctrl_c_leaves_a_job_to_be_attached_to(cluster: OneCluster, line: Line) -> None:
    del line
    heard: list[Event] = []
    followed = handle(cluster)
    with configured(on_interrupt="leave"), pytest.raises(KeyboardInterrupt) as caught:
        followed.follow(heard.append, interrupting(followed))
    (note,) = caught.value.__notes__
    assert f"jobs[{followed.id!r}].attach()" in note
    assert heard == [Notice(note)]
    assert followed.status == "Pending"


def test_jobs_are_listed_oldest_first(cluster: OneCluster) -> None:
    jobs = Jobs(cast("Cluster", cluster))
    assert len(jobs) == 0
    made = [handle(cluster) for _ in range(3)]
    for number, one in enumerate(made):
        one.job.submit(b"", f"job {number}")
    made[0].job.advance(RUNNING)
    assert [job.id for job in jobs] == [one.id for one in made]
    assert jobs[-1].name == "job 2"
    assert jobs[made[1].id].name == "job 1"
    assert repr(jobs).splitlines()[1].split()[-3:] == ["Running", "job", "0"]
    with pytest.raises(JobNotFoundError):
        jobs["none"]
