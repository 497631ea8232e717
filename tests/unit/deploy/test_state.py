import stat
import threading
from pathlib import Path

import pytest

from windrow.deploy.credentials import Credentials, create_credentials, write_private
from windrow.deploy.state import Folder, StateStore
from windrow.errors import SignatureError


def test_a_file_is_written_once(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "state"))
    assert folder.get("a") is None
    assert folder.names() == []
    assert folder.put("a", b"first")
    assert not folder.put("a", b"second")
    assert folder.get("a") == b"first"
    assert folder.names() == ["a"]


def test_a_series_counts_by_its_last_record(tmp_path: Path) -> None:
    series = Folder(str(tmp_path)).series("status")
    assert series.last() is None
    assert [series.append({"n": n}) for n in range(3)] == [1, 2, 3]
    assert series.last() == (3, {"n": 2})
    assert list(series.after(1)) == [(2, {"n": 1}), (3, {"n": 2})]
    assert not series.claim(3, {"n": "late"})


def test_writers_at_once_all_get_numbers_of_their_own(tmp_path: Path) -> None:
    series = Folder(str(tmp_path)).series("s")
    got: list[int] = []
    start = threading.Barrier(8)

    def write() -> None:
        start.wait()
        got.extend(series.append({}) for _ in range(5))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 41)) == series.numbers()


def test_each_life_is_a_generation_of_its_own(tmp_path: Path) -> None:
    store = StateStore(str(tmp_path))
    assert store.begin({"name": "a"})[0] == 1
    number, folder = store.begin({"name": "b"})
    assert (number, store.generations()) == (2, [1, 2])
    assert folder.series("cluster").last() == (1, {"name": "b"})
    folder.remove()
    assert store.generations() == [1]


def test_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    write_private(str(tmp_path / "tls"), create_credentials("c", 60.0))
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "tls").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert not (tmp_path / "tls" / "authority.key").exists()


def test_what_another_signed_is_refused(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        write_private(str(tmp_path / name), create_credentials(name, 60.0))
    ours, theirs = (Credentials.of(str(tmp_path / n), "client") for n in ("ours", "theirs"))
    assert ours.verified(ours.sign(b"data"), "the program") == b"data"
    for wrong in (theirs.sign(b"data"), ours.sign(b"data")[:-1], b""):
        with pytest.raises(SignatureError, match="the program does not carry"):
            ours.verified(wrong, "the program")
