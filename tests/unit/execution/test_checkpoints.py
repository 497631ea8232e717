from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from windrow.errors import DamagedCheckpointError, NoCheckpointError, UnwritableError
from windrow.execution.checkpoints import Checkpoints, Keeper
from windrow.io.local import LocalStorage

ODD = {"b": np.array([0.1, -0.0, np.inf]), "H": np.asfortranarray(np.arange(6.0).reshape(2, 3))}


def kept(folder: Path, count: int) -> Checkpoints:
    made = Checkpoints(str(folder))
    for step in range(1, count + 1):
        made.keep({"step": np.array([step])}, {"step": step})
    return made


def test_what_was_kept_comes_back_bit_by_bit(tmp_path: Path) -> None:
    made = Checkpoints(str(tmp_path / "new" / "folder"))
    made.keep(ODD, {"name": "ü", "third": 1 / 3})
    newest = made.newest()
    assert newest.record == {"name": "ü", "third": 1 / 3}
    assert {n: a.tobytes("A") for n, a in newest.arrays.items()} == {
        n: a.tobytes("A") for n, a in ODD.items()
    }
    assert newest.arrays["H"].flags.f_contiguous


def test_the_last_two_stay(tmp_path: Path) -> None:
    made = kept(tmp_path, 5)
    assert made.numbers() == [4, 5]
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["000004.json", "000004.npz", "000005.json", "000005.npz"]


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def edit(path: Path) -> None:
    if path.suffix == ".json":
        manifest = json.loads(path.read_text())
        manifest["record"]["step"] = 7
        path.write_text(json.dumps(manifest))
    else:
        path.write_bytes(path.with_name("000001.npz").read_bytes())


@pytest.mark.parametrize("kind", ["json", "npz"])
@pytest.mark.parametrize("damage", [change_a_byte, cut_short, empty, edit, Path.unlink])
def test_the_one_before_a_damaged_one_counts(tmp_path: Path, kind: str, damage: Any) -> None:
    made = kept(tmp_path, 2)
    damage(tmp_path / f"000002.{kind}")
    assert made.newest().record == {"step": 1}
    made.keep({}, {"step": 3})
    assert made.newest().record == {"step": 3}


def test_when_none_is_whole_the_error_says_why_of_each(tmp_path: Path) -> None:
    made = kept(tmp_path, 2)
    (tmp_path / "000001.npz").unlink()
    cut_short(tmp_path / "000002.npz")
    with pytest.raises(NoCheckpointError, match="000002: a checksum differs; 000001: a file"):
        made.newest()


def test_an_empty_or_missing_folder_has_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoCheckpointError, match="there is none"):
            Checkpoints(str(folder)).newest()
        with pytest.raises(FileNotFoundError):
            Checkpoints(str(folder)).newest()


def test_a_later_format_is_not_guessed_at(tmp_path: Path) -> None:
    made = kept(tmp_path, 1)
    path = tmp_path / "000001.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    with pytest.raises(NoCheckpointError, match="checkpoint 2"):
        made.newest()


def test_one_that_reads_back_as_something_else_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept(tmp_path, 2)
    put = LocalStorage.put_if_absent

    def spoiling(self: LocalStorage, url: str, data: bytes) -> bool:
        return put(self, url, data[:-1] + bytes([data[-1] ^ 1]))

    monkeypatch.setattr(LocalStorage, "put_if_absent", spoiling)
    with pytest.raises(DamagedCheckpointError, match=r"000003 .* reads back as something else"):
        made.keep({}, {"step": 3})
    monkeypatch.undo()
    assert made.newest().record == {"step": 2}
    assert made.numbers() == [1, 2]


def test_two_who_write_into_one_folder_take_numbers_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept(tmp_path, 1)
    (tmp_path / "000002.npz").write_bytes(b"another's, who has looked at the same time")
    monkeypatch.setattr(LocalStorage, "names", lambda *_: ["000001.json", "000001.npz"])
    made.keep({}, {"step": 2})
    monkeypatch.undo()
    assert made.numbers() == [1, 3]
    assert made.newest().record == {"step": 2}


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match="file"):
        Checkpoints(str(tmp_path / "file" / "folder")).keep({}, {})


def test_a_keeper_waits_between_two(tmp_path: Path) -> None:
    often, seldom = Checkpoints(str(tmp_path / "often")), Checkpoints(str(tmp_path / "seldom"))
    for folder, seconds in ((often, 0), (seldom, 3600)):
        keeper = Keeper(folder, seconds)
        for step in range(4):
            keeper({}, {"step": step})
    assert often.newest().record == {"step": 3}
    assert seldom.newest().record == {"step": 0}
    keeper({}, {"step": "last"}, now=True)
    assert seldom.newest().record == {"step": "last"}
