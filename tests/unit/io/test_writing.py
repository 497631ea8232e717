from __future__ import annotations

import csv
import datetime as dt
import errno
import io
import json
import pickle
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st
from tests.support.pieces import load

from windrow.errors import (
    DamagedFolderError,
    DiskFullError,
    NewerFormatError,
    SourceNotFoundError,
    UnwritableError,
)
from windrow.io import sources
from windrow.io.csv.writing import CsvLayout, rows_text
from windrow.io.saved import _checksum, open_saved
from windrow.io.writing import CsvWriter, SavedTableWriter
from windrow.plan.schema import Schema
from windrow.plan.sources import CsvFormat
from windrow.plan.types import DType
from windrow.plan.values import encode

SCHEMA = Schema([(kind.value, kind) for kind in DType])
ROWS = {
    "int": [1, None, -(2**63)],
    "float": [0.1, None, float("inf")],
    "str": ['a "b"\\n', "", "x\ny,z"],
    "array": [[1.5, -2.0], None, []],
    "list": [encode(["a", 1, None, {"k": [2.5]}]), None, encode([])],
    "dict": [encode({1: "x", "y\\": None}), None, encode({})],
    "datetime": [dt.datetime(2020, 1, 2, 3, 4, 5, 6), None, dt.datetime(1969, 7, 20)],  # noqa: DTZ001
}
FRAME = pl.DataFrame(ROWS, schema_overrides={"array": pl.List(pl.Float64)})


def write(writer: Any, url: str, *frames: pl.DataFrame) -> None:
    writer.finish(url, [writer.part(url, index, frame) for index, frame in enumerate(frames)])


def save(url: str, *frames: pl.DataFrame) -> None:
    write(SavedTableWriter.at(url, SCHEMA), url, *frames)


def test_a_saved_table_comes_back_as_it_was(tmp_path: Path) -> None:
    url = str(tmp_path / "table")
    save(url, FRAME, FRAME.head(1), FRAME.head(0))
    for scan in (open_saved(url), sources.describe(url)):
        assert scan.schema == SCHEMA
        assert load(scan)[0].equals(pl.concat([FRAME, FRAME.head(1)]), null_equal=True)


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    url = str(tmp_path / "table")
    save(url)
    assert open_saved(url).schema == SCHEMA


def test_saving_again_replaces_a_table_at_once(tmp_path: Path) -> None:
    url = str(tmp_path / "table")
    save(url, FRAME, FRAME)
    writer = pickle.loads(pickle.dumps(SavedTableWriter.at(url, SCHEMA)))
    record = writer.part(url, 0, FRAME.head(1))
    assert load(open_saved(url))[0].height == 6
    writer.finish(url, [record])
    assert load(open_saved(url))[0].height == 1
    assert len(list((tmp_path / "table").iterdir())) == 2


def test_an_abandoned_save_leaves_what_was_there(tmp_path: Path) -> None:
    url = str(tmp_path / "table")
    writer = SavedTableWriter.at(url, SCHEMA)
    writer.part(url, 0, FRAME)
    writer.abandon(url)
    assert not (tmp_path / "table").exists()
    save(url, FRAME)
    before = sorted((tmp_path / "table").iterdir())
    writer = SavedTableWriter.at(url, SCHEMA)
    writer.part(url, 0, FRAME)
    writer.abandon(url)
    assert sorted((tmp_path / "table").iterdir()) == before


def test_a_table_is_not_saved_into_other_things(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UnwritableError, match="something else is there"):
        SavedTableWriter.at(str(tmp_path), SCHEMA)
    (tmp_path / "empty").mkdir()
    save(str(tmp_path / "empty"), FRAME)


def signed(manifest: dict[str, Any]) -> str:
    """Give a manifest as text, with the checksum that belongs to it."""
    record = {name: value for name, value in manifest.items() if name != "sha256"}
    return json.dumps(record | {"sha256": _checksum(record)})


def test_a_byte_that_changed_is_an_error_or_harmless_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    save(str(folder), FRAME)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for at in range(0, len(whole), 7):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
            try:
                scan = open_saved(str(folder))
                assert scan.schema == SCHEMA, at
                assert load(scan)[0].equals(FRAME, null_equal=True), at
            except DamagedFolderError as error:
                assert error.url == str(folder)  # noqa: PT017  # not every byte matters
        file.write_bytes(whole)


def test_a_damaged_or_newer_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    save(str(folder), FRAME)
    manifest = folder / "manifest.json"
    good = json.loads(manifest.read_text())

    def refused(change: dict[str, Any] | str, error: type[Exception], words: str) -> None:
        manifest.write_text(change if isinstance(change, str) else signed(good | change))
        with pytest.raises(error, match=words):
            open_saved(str(folder))

    refused({"version": 2}, NewerFormatError, "format 2.*reads up to 1.*pip install --upgrade")
    refused({"version": "x"}, DamagedFolderError, "tells no version")
    refused({"format": "model"}, DamagedFolderError, "not that of a table")
    refused({"columns": [["a", "complex"]]}, DamagedFolderError, "makes no sense")
    refused({"parts": [{"file": "gone.parquet", "bytes": 1}]}, DamagedFolderError, "gone.* missing")
    refused("{", DamagedFolderError, "no JSON")
    manifest.write_text(json.dumps(good))
    part = folder / good["parts"][0]["file"]
    data = part.read_bytes()
    part.write_bytes(data[:-9])
    refused({}, DamagedFolderError, f"{len(data) - 9} of {len(data)} bytes")
    part.write_bytes(data[:40] + bytes([data[40] ^ 0x55]) + data[41:])
    with pytest.raises(DamagedFolderError, match=r"its part .*\.parquet is damaged"):
        load(open_saved(str(folder)))
    manifest.unlink()
    with pytest.raises(SourceNotFoundError, match="no saved table"):
        open_saved(str(folder))


def test_a_full_disk_leaves_no_half_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from windrow.io.local import LocalStorage

    open_write = LocalStorage.open_write

    @contextmanager
    def full(self: LocalStorage, url: str) -> Any:
        with open_write(self, url) as file:
            yield file
            if url.endswith("1.parquet"):
                raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LocalStorage, "open_write", full)
    url = str(tmp_path / "table")
    writer = SavedTableWriter.at(url, SCHEMA)
    writer.part(url, 0, FRAME)
    with pytest.raises(DiskFullError, match="no room"):
        writer.part(url, 1, FRAME)
    writer.abandon(url)
    assert not list(tmp_path.iterdir())


def test_csv_comes_back_as_it_was(tmp_path: Path) -> None:
    url = str(tmp_path / "a.csv")
    hints = {kind.value: kind for kind in DType}
    write(CsvWriter(SCHEMA), url, FRAME, FRAME.head(1))
    back, bad = load(sources.describe(url, column_type_hints=hints))
    wanted = pl.concat([FRAME, FRAME.head(1)])
    assert not bad
    assert back.equals(
        wanted.with_columns(pl.Series("str", ['a "b"\\n', "", "x\ny,z", 'a "b"\\n']))
    )
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(texts, texts), max_size=5), st.sampled_from([0, 1, 2]), st.booleans())
def test_any_text_survives_csv(rows: list[tuple[str, str]], level: int, double: bool) -> None:
    from windrow.io.csv.reading import Table, parse

    schema = Schema([("a", DType.STR), ("b", DType.STR)])
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    text = rows_text(frame, schema, CsvLayout(quote_level=level, double_quote=double))
    form = CsvFormat(header=False, na_values=(), double_quote=double)
    parsed = parse(text, Table(form, ("a", "b"), dict(schema.items())), ["a", "b"])
    assert parsed.frame.rows() == rows
    assert not parsed.dropped


def test_layouts_are_those_of_python(tmp_path: Path) -> None:
    schema = Schema([("a", DType.INT), ("b", DType.STR)])
    frame = pl.DataFrame({"a": [1, None], "b": ["x;y", "z"]})
    for level in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n", quoting=level)
        writer.writerows([["a", "b"], [1, "x;y"]])
        url = str(tmp_path / f"{level}.csv")
        layout = CsvLayout(delimiter=";", line_terminator="\r\n", quote_level=level)
        write(CsvWriter(schema, layout), url, frame.head(1))
        assert Path(url).read_bytes().decode() == out.getvalue()
    layout = CsvLayout(
        quote_level=csv.QUOTE_NONE,
        delimiter=";",
        na_rep="-",
        file_header="# begin",
        file_footer="# end",
        line_prefix="> ",
    )
    write(CsvWriter(schema, layout), str(tmp_path / "x"), frame)
    assert (tmp_path / "x").read_text() == "# begin\n> a;b\n> 1;x\\;y\n> -;z\n# end\n"


def test_an_abandoned_csv_leaves_nothing(tmp_path: Path) -> None:
    url = str(tmp_path / "a[1].csv")
    writer = CsvWriter(SCHEMA)
    writer.part(url, 0, FRAME)
    writer.part(url, 1, FRAME)
    writer.abandon(url)
    assert not list(tmp_path.iterdir())
