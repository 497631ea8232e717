"""What travels inside a program, and what is laid down for the hosts to read."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from windrow.deploy import uploads
from windrow.deploy.state import Folder
from windrow.deploy.uploads import Uploads
from windrow.errors import HiddenSourceError
from windrow.execution import environment
from windrow.execution.protocol import collect
from windrow.io import memory, sources
from windrow.plan.compose import column, project
from windrow.plan.tables import Append, Memory, Plan, Scan
from windrow.progress import Notice, Transfer, Warned

if TYPE_CHECKING:
    from windrow.execution.protocol import Session
    from windrow.progress import Event


@dataclass(frozen=True)
class Holding:
    """A program that holds plans in places of its own."""

    tables: dict[str, Plan]

    def __call__(self, session: Session) -> None:
        """Do nothing."""


def table(rows: int, counts: list[int] | None = None) -> Memory:
    frame = pl.DataFrame({"a": range(rows), "b": [f"text {n}" for n in range(rows)]})
    return memory.from_frame(frame, counts=counts)


@pytest.fixture
def there(tmp_path: Path) -> Uploads:
    return Uploads(Folder(str(tmp_path / "uploads")))


def travelled(program: Any, by: Uploads, told: list[Event] | None = None) -> Any:
    heard: list[Event] = [] if told is None else told
    return pickle.loads(by.pickled(program, heard.append))


def test_a_small_table_travels_inside_the_program(there: Uploads) -> None:
    small = table(10)
    assert travelled(Holding({"t": small}), there).tables["t"] == small
    assert there.folder.names() == []


def test_a_large_table_is_laid_down_once_under_its_key(there: Uploads) -> None:
    large = table(100_000)
    told: list[Event] = []
    for _ in range(2):
        plan = travelled(Holding({"t": large, "u": large}), there, told).tables["t"]
        assert isinstance(plan, Scan)
    assert there.folder.names() == [large.key]
    assert [type(event) for event in told] == [Notice]
    assert collect(environment.local(), plan).equals(collect(environment.local(), large))


def test_the_partitions_stay_what_they_were(there: Uploads) -> None:
    counts = [70_000, 3, 29_997]
    plan = there.hosted(table(100_000, counts), lambda _: None)
    assert [frame.height for frame in environment.local().stream(plan)] == counts


def test_only_the_large_leaves_of_a_plan_are_replaced(there: Uploads) -> None:
    large, small = table(100_000), table(3)
    plan = Append((project(large, [(n, column(large, n)) for n in "ab"]), small))
    sent = travelled(Holding({"t": plan}), there).tables["t"]
    assert isinstance(sent.tables[0].source, Scan)
    assert sent.tables[1] == small
    assert collect(environment.local(), sent).equals(collect(environment.local(), plan))


def test_a_very_large_table_is_warned_about(
    there: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGE", 1_500_000)
    told: list[Event] = []
    there.hosted(table(100_000), told.append)
    warned = [event for event in told if isinstance(event, Warned)]
    assert [event.category for event in warned] == ["UploadWarning"]
    assert "2 MB" in warned[0].text


def test_how_far_a_large_upload_has_come_is_told(
    there: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SHOWN", 1_500_000)
    told: list[Event] = []
    large = table(100_000, [60_000, 40_000])
    there.hosted(large, told.append)
    sizes = [len(part) for part in large.parts]
    steps = [(event.done, event.total) for event in told if isinstance(event, Transfer)]
    assert steps == [(done, sum(sizes)) for done in (0, sizes[0], sum(sizes))]


def test_a_path_that_hosts_cannot_see_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    far = Uploads(Folder("s3://bucket/state/gen-0001/uploads"), shares_files=False)
    with pytest.raises(HiddenSourceError, match=f"aws s3 cp {path} s3://bucket/") as caught:
        far.pickled(Holding({"t": sources.describe(str(path))}), lambda _: None)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def test_an_upload_that_fails_leaves_nothing(
    there: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "the disk is on fire")

    monkeypatch.setattr("windrow.io.saved.manifest_text", fail)
    large = table(100_000)
    with pytest.raises(OSError, match="fire"):
        there.hosted(large, lambda _: None)
    assert there.folder.names() == []
