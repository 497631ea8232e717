"""Files of workers: found where they lie, built again where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from windrow.config import configured
from windrow.errors import ShuffleLostRowsError
from windrow.execution.spooled import Files, KeepFile
from windrow.execution.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from windrow.execution.spool import FileKey, Spool


class Counted:
    """A recipe of two parts that counts its calls, and gives some rows fewer each time."""

    def __init__(self, fewer: int = 0) -> None:
        self.calls, self.fewer = 0, fewer

    def __call__(self, store: Store, index: int) -> Iterable[pl.DataFrame]:
        del store
        self.calls += 1
        last = 10 - self.fewer * self.calls
        return [pl.DataFrame({"a": [index]}), pl.DataFrame({"a": range(last)})]


class Neighbour:
    """Another worker."""

    def __init__(self, address: str, other: Spool | None) -> None:
        self.address, self.other = address, other
        self.asked = 0

    def fetch(self, address: str, key: FileKey, part: int) -> bytes | None:
        assert address != self.address
        self.asked += 1
        return None if self.other is None else self.other.own(key, part)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterable[Path]:
    with configured(scratch=str(tmp_path)):
        yield tmp_path


def kept(store: Store, recipe: Counted, count: int = 2) -> Files:
    return Files("name", recipe, [KeepFile("name", recipe)(store, i) for i in range(count)])


def test_a_file_is_made_once_and_read_in_parts(scratch: Path) -> None:
    store, recipe = Store(0), Counted()
    files = kept(store, recipe)
    assert [filed.rows for filed in files.filed] == [(1, 10), (1, 10)]
    assert kept(store, recipe).filed == files.filed
    assert recipe.calls == 2
    assert files.part(store, 1, 0)["a"].to_list() == [1]
    assert files.across(store, 0)["a"].to_list() == [0, 1]
    assert files.rows == 22
    store.close()
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("scratch")
def test_what_a_neighbour_has_is_fetched() -> None:
    first, second, recipe = Store(0), Store(0), Counted()
    first.spool.peers = Neighbour("one", None)
    second.spool.peers = peers = Neighbour("two", first.spool)
    files = kept(first, recipe)
    assert files.places == ["one", "one"]
    assert files.part(second, 1, 1).height == 10
    assert [recipe.calls, peers.asked] == [2, 1]
    first.close()


@pytest.mark.usefixtures("scratch")
def test_what_is_gone_is_built_again_where_it_is_needed() -> None:
    first, second, recipe = Store(0), Store(0), Counted()
    first.spool.peers = Neighbour("one", None)
    second.spool.peers = Neighbour("two", None)
    files = kept(first, recipe)
    first.close()
    assert files.part(second, 1, 0)["a"].to_list() == [1]
    assert files.part(second, 1, 1).height == 10
    assert recipe.calls == 3
    second.close()


def test_a_damaged_file_is_built_again(scratch: Path) -> None:
    store, recipe = Store(0), Counted()
    files = kept(store, recipe, 1)
    path = next(path for path in scratch.rglob("*") if path.is_file())
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    assert files.part(store, 0, 1)["a"].to_list() == list(range(10))
    assert recipe.calls == 2
    store.close()


def test_a_forgotten_file_leaves_no_bytes(scratch: Path) -> None:
    store, recipe = Store(0), Counted()
    files = kept(store, recipe)
    store.spool.forget(["name"])
    assert not [path for path in scratch.rglob("*") if path.is_file()]
    assert files.part(store, 0, 1).height == 10
    store.close()


@pytest.mark.usefixtures("scratch")
def test_rows_that_differ_the_second_time_are_an_error() -> None:
    store, recipe = Store(0), Counted(fewer=1)
    files = kept(store, recipe, 1)
    store.spool.forget(["name"])
    with pytest.raises(ShuffleLostRowsError, match="9 rows went in and 8 came out"):
        files.part(store, 0, 1)
    store.close()


def test_a_file_that_could_not_be_made_leaves_nothing(scratch: Path) -> None:
    def fails(store: Store, index: int) -> Iterable[pl.DataFrame]:
        del store, index
        yield pl.DataFrame({"a": [1]})
        raise OSError("no more")

    store = Store(0)
    with pytest.raises(OSError, match="no more"):
        KeepFile("name", fails)(store, 0)
    assert not [path for path in scratch.rglob("*") if path.is_file()]
    store.close()
