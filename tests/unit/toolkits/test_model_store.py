from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import windrow as wr
from windrow.errors import (
    DamagedFolderError,
    DiskFullError,
    NewerFormatError,
    SourceNotFoundError,
    ToolkitError,
    UnwritableError,
)

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier


def data() -> wr.SFrame:
    return wr.SFrame(
        {
            "hours": [1, 2, 3, 4, 5, 6, 7, 8],
            "town": ["a", "b", None, "a", "b", None, "ü", "a"],
            "passed": [0, 0, 1, 0, 1, 1, 0, 1],
        }
    )


@pytest.fixture(scope="module")
def model() -> LogisticClassifier:
    return wr.logistic_classifier.create(data(), target="passed", verbose=False)


@pytest.fixture
def folder(model: LogisticClassifier, tmp_path: Path) -> Path:
    model.save(str(tmp_path / "passed.model"))
    return tmp_path / "passed.model"


def edit(folder: Path, **changes: object) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))


def test_a_loaded_model_predicts_the_same_bits(model: LogisticClassifier, folder: Path) -> None:
    again = wr.load_model(folder)
    for output in ("class", "margin", "probability"):
        found = list(again.predict(data(), output_type=output))
        assert found == list(model.predict(data(), output_type=output))
    assert again.evaluate(data())["log_loss"] == model.evaluate(data())["log_loss"]


def test_a_loaded_model_has_every_field(model: LogisticClassifier, folder: Path) -> None:
    again = wr.load_model(str(folder))
    assert again.list_fields() == model.list_fields()
    for name in model.list_fields():
        one, other = model.get(name), again.get(name)
        if isinstance(one, wr.SFrame):
            assert list(other) == list(one), name
            assert other.column_types() == one.column_types(), name
        else:
            assert other == one, name
    assert again.summary(output="str") == model.summary(output="str")


def test_a_saved_model_is_json_and_arrays_without_pickles(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert [Path(name).suffix for name in names] == [".npz", ".json"]
    assert json.loads((folder / "manifest.json").read_text())["model"] == "LogisticClassifier"


def test_saving_again_replaces_the_model(model: LogisticClassifier, folder: Path) -> None:
    other = wr.logistic_classifier.create(
        data(), target="passed", features=["hours"], verbose=False
    )
    other.save(folder)
    assert wr.load_model(folder).features == ["hours"]
    assert len(list(folder.iterdir())) == 2
    model.save(folder)
    assert wr.load_model(folder).features == ["hours", "town"]


def test_a_full_disk_leaves_nothing_behind(
    model: LogisticClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFullError):
        model.save(tmp_path / "new.model")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_model(
    model: LogisticClassifier, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    other = wr.logistic_classifier.create(
        data(), target="passed", features=["hours"], verbose=False
    )
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(DiskFullError):
            other.save(folder)
    assert wr.load_model(folder).features == model.features
    assert len(list(folder.iterdir())) == 2


def test_a_model_does_not_replace_something_else(model: LogisticClassifier, tmp_path: Path) -> None:
    place = tmp_path / "table"
    wr.SFrame({"a": [1, 2]}).save(str(place))
    with pytest.raises(UnwritableError, match="something else is there"):
        model.save(str(place))
    assert len(wr.load_sframe(str(place))) == 2
    (tmp_path / "empty").mkdir()
    model.save(str(tmp_path / "empty"))


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="not a saved model"):
        wr.load_model(tmp_path / "nothing")


def test_a_newer_format(folder: Path) -> None:
    edit(folder, version=99)
    with pytest.raises(NewerFormatError, match="99"):
        wr.load_model(folder)


def test_another_kind_of_folder(folder: Path) -> None:
    edit(folder, format="windrow table")
    with pytest.raises(DamagedFolderError, match="'windrow table'"):
        wr.load_model(folder)


def test_a_model_of_a_class_that_is_not_known(folder: Path) -> None:
    edit(folder, model="DeepThought")
    with pytest.raises(DamagedFolderError, match="DeepThought"):
        wr.load_model(folder)


def test_a_manifest_that_is_cut_short(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text()[:100])
    with pytest.raises(DamagedFolderError, match=r"manifest\.json cannot be read"):
        wr.load_model(folder)


def test_a_record_that_was_edited(folder: Path) -> None:
    edit(folder, record={})
    with pytest.raises(DamagedFolderError, match="checksum of its record"):
        wr.load_model(folder)


@pytest.mark.parametrize(
    "damage, problem",
    [("cut", "bytes"), ("flip", "checksum of its arrays"), ("remove", "is not there")],
)
def test_arrays_that_are_damaged(folder: Path, damage: str, problem: str) -> None:
    (arrays,) = folder.glob("*.npz")
    content = arrays.read_bytes()
    if damage == "cut":
        arrays.write_bytes(content[:-10])
    elif damage == "flip":
        arrays.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        arrays.unlink()
    with pytest.raises(DamagedFolderError, match=problem) as caught:
        wr.load_model(folder)
    assert isinstance(caught.value, (ToolkitError, OSError))
