from __future__ import annotations

import errno
import os
import pickle
import sys
import threading
from pathlib import Path

import pytest

from windrow.config import configured
from windrow.errors import (
    DiskFullError,
    MissingExtraError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    UnknownSchemeError,
    UnwritableError,
)
from windrow.io.counters import bytes_read
from windrow.io.local import LocalStorage
from windrow.io.registry import storage_of
from windrow.io.scratch import ScratchCopies

storage = LocalStorage()


def test_a_range_is_read_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    stamp = storage.stat(f"file://{path}")
    before = bytes_read.of(str(path))
    assert storage.read(stamp, 2, 5) == b"234"
    assert storage.read(stamp, 8, 50) == b"89"
    assert bytes_read.of(str(path)) - before == 5
    assert b"".join(storage.stream(stamp)) == b"0123456789"


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    stamp = storage.stat(str(path))
    path.write_bytes(b"longer")
    with pytest.raises(SourceChangedError, match=r"was 3 bytes.*is 6 bytes") as caught:
        storage.read(stamp, 0, 3)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.args) == (str(caught.value), caught.value.args)
    path.write_bytes(b"new")
    os.utime(path, ns=(1, 1))
    with pytest.raises(SourceChangedError):
        storage.read(stamp, 0, 3)


def test_a_listing_is_sorted_and_leaves_hidden_files_out(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".c.csv", "_d.csv", "sub/e.csv", "_temporary/f.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")

    def names(url: str) -> list[str]:
        return [Path(s.url).relative_to(tmp_path).as_posix() for s in storage.listing(url)]

    assert names(str(tmp_path)) == ["a.csv", "b.csv", "sub/e.csv"]
    assert names(f"{tmp_path}/*.csv") == ["_d.csv", "a.csv", "b.csv"]
    assert names(f"{tmp_path}/_d.csv") == ["_d.csv"]
    assert names(f"{tmp_path}/s*") == ["sub/e.csv"]
    weird = tmp_path / "w[1].csv"
    weird.write_bytes(b"x")
    assert names(str(weird)) == ["w[1].csv"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for missing in ("none.csv", "none/*.csv"):
        with pytest.raises(SourceNotFoundError, match="none"):
            storage.listing(str(tmp_path / missing))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError):
        storage.listing(str(tmp_path / "empty"))
    with pytest.raises(SourceRefusedError):
        storage.read(storage.stat(str(tmp_path)), 0, 1)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a"
    with storage.open_write(str(path)) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"

    def fail() -> None:
        with storage.open_write(str(path)) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"whole"
    assert [p.name for p in path.parent.iterdir()] == ["a"]
    storage.remove(str(path.parent))
    storage.remove(str(path.parent))
    assert not storage.exists(str(path.parent))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    def fill() -> None:
        with storage.open_write(str(tmp_path / "a")):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError, match=r"no room to write .*MiB are free"):
        fill()
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_bytes(b"")
    inside_a_file = storage.open_write(str(tmp_path / "file" / "a"))
    with pytest.raises(UnwritableError, match=r"Not a directory|File exists"):
        inside_a_file.__enter__()


def test_schemes_that_cannot_be_used_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownSchemeError, match=r"gopher.*one of file://, http://"):
        storage_of("gopher://host/a")
    monkeypatch.setitem(sys.modules, "hdfs_native", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"hdfs://.*windrow\[hadoop\]"):
        storage_of("hdfs://place/a").exists("hdfs://place/a")


def test_a_scratch_copy_is_made_once_and_has_no_name(tmp_path: Path) -> None:
    copies = ScratchCopies()
    made: list[int] = []

    def chunks() -> list[bytes]:
        made.append(1)
        return [b"abc", b"def"]

    threads = [
        threading.Thread(target=copies.make, args=("key", "a thing", chunks)) for _ in range(4)
    ]
    with configured(scratch=str(tmp_path)):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not list(tmp_path.iterdir())
    copy = copies.get("key")
    assert copy is not None
    assert (copy.read(2, 4), copy.size, len(made)) == (b"cd", 6, 1)
