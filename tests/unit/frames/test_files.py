from __future__ import annotations

import array
import datetime
import json
import warnings
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import windrow as wr
from windrow.config import configured
from windrow.errors import ArgumentError, BadRowsWarning, ColumnNotFoundError, FileFormatError

CSV = 'id,name,x\n1,"a, b",0.5\n2,c,\n3,NA,2\n'
ROWS = [
    {"id": 1, "name": "a, b", "x": 0.5},
    {"id": 2, "name": "c", "x": None},
    {"id": 3, "name": None, "x": 2.0},
]


@pytest.fixture
def csv(tmp_path: Path) -> str:
    path = tmp_path / "t.csv"
    path.write_text(CSV)
    return str(path)


def everything() -> wr.SFrame:
    return wr.SFrame(
        {
            "i": [1, None],
            "f": [0.5, None],
            "s": ['say "hi", you', None],
            "v": [[1, 2], None],
            "l": [["a", None, 1], None],
            "d": [{"a": 1, 2: [3]}, None],
            "t": [datetime.datetime(2024, 5, 6, 7, 8, 9, 10), None],  # noqa: DTZ001
        }
    )


def test_a_csv_file_is_opened_lazily(csv: str) -> None:
    sf = wr.SFrame(csv)
    assert sf.column_types() == [int, str, float]
    assert not sf.is_materialized()
    assert "[? rows x 3 columns]" in str(sf)
    assert list(sf) == ROWS
    assert "[3 rows x 3 columns]" in str(sf)  # len() was asked by list()


def test_read_csv_takes_its_options(csv: str, capsys: pytest.CaptureFixture[str]) -> None:
    sf = wr.SFrame.read_csv(csv, column_type_hints={"id": str}, usecols=["x", "id"], nrows=2)
    assert sorted(sf.column_names()) == ["id", "x"]
    assert list(sf["id"]) == ["1", "2"]
    assert capsys.readouterr().out == ""
    wr.SFrame.read_csv(csv)
    assert "column_type_hints=[int,str,float]" in capsys.readouterr().out
    with configured(progress="off"):
        wr.SFrame.read_csv(csv)
    assert capsys.readouterr().out == ""
    with pytest.raises(ColumnNotFoundError):
        wr.SFrame.read_csv(csv, usecols=["z"], verbose=False)
    bare = wr.SFrame.read_csv(csv, header=False, skiprows=1, verbose=False)
    assert bare.column_names() == ["X1", "X2", "X3"]
    assert len(bare) == 3


def test_rows_that_do_not_parse_are_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n3\n4,5\n")
    with pytest.warns(BadRowsWarning, match="1 row") as caught:
        assert list(wr.SFrame(str(path))["a"]) == [1, 4]
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.raises(ValueError, match=r"bad\.csv"):
        list(wr.SFrame.read_csv(str(path), error_bad_lines=True, verbose=False)["a"])


def test_a_saved_table_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = str(tmp_path / "table")
    sf = everything()
    sf.save(folder)
    again = wr.load_sframe(folder)
    assert again.column_names() == sf.column_names()
    assert again.column_types() == sf.column_types()
    assert list(again) == list(sf)
    assert list(wr.SFrame(folder)) == list(sf)
    assert "[2 rows x 7 columns]" in str(wr.load_sframe(folder))
    changed = again[again["i"] == 1]
    changed.save(folder)  # over what it reads
    assert len(wr.load_sframe(folder)) == 1


def test_csv_comes_back_with_its_types(tmp_path: Path) -> None:
    path = str(tmp_path / "t.csv")
    sf = everything()[["i", "f", "s", "v", "l", "d"]]
    sf.save(path)
    again = wr.SFrame.read_csv(path, verbose=False)
    assert again.column_types() == [int, float, str, array.array, list, dict]
    assert again[0] == sf[0]


def test_csv_layout(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    wr.SFrame({"a": [1, None], "b": ["x", "y"]}).export_csv(
        str(path), delimiter=";", quote_level=0, na_rep="NA", file_header="# one", line_prefix=">"
    )
    assert path.read_text() == "# one\n>a;b\n>1;x\n>NA;y\n"


def test_json_leaves_missing_values_out(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    everything().save(str(path))
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    assert rows[1] == {}
    assert rows[0]["v"] == [1, 2]
    assert rows[0]["t"] == "2024-05-06T07:08:09.000010"
    assert wr.SFrame.read_json(str(path))[0]["s"] == 'say "hi", you'
    lines = tmp_path / "lines.json"
    wr.SFrame({"a": [1, None], "b": ["x", "y"]}).export_json(str(lines), orient="lines")
    assert lines.read_text() == '{"a": 1, "b": "x"}\n{"b": "y"}\n'
    assert list(wr.SFrame.read_json(str(lines), orient="lines")["a"]) == [1, None]
    with pytest.raises(ValueError, match="list of objects"):
        wr.SFrame.read_json(str(_written(tmp_path / "x.json", '{"a": 1}')))
    with pytest.raises(ValueError, match="is not JSON"):
        wr.SFrame.read_json(str(_written(tmp_path / "x.json", "nothing")))
    with pytest.raises(ArgumentError):
        wr.SFrame.read_json(str(path), orient="columns")


def test_json_does_not_pass_for_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    wr.SFrame({"a": [1, 2], "b": ["x", "y"]}).save(str(path))
    with pytest.raises(FileFormatError, match="read_json"):
        wr.SFrame(str(path))
    with pytest.raises(FileFormatError, match="'lines'"):
        wr.SFrame(str(path.with_suffix(".jsonl")))


def test_a_column_is_saved_as_a_folder_or_as_lines(tmp_path: Path) -> None:
    folder, text = str(tmp_path / "column"), tmp_path / "column.txt"
    wr.SArray([{"a": 1}, None]).save(folder)
    assert list(wr.load_sarray(folder)) == list(wr.SArray(folder)) == [{"a": 1}, None]
    wr.SArray([1, 2]).save(str(text))
    assert text.read_text() == "1\n2\n"
    assert list(wr.SArray(str(text))) == [1, 2]
    with pytest.raises(ArgumentError, match="open an SFrame"):
        wr.SArray(str(_written(tmp_path / "two.csv", "1,2\n")))


def test_parquet_is_opened_lazily(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1, 2], "b": ["x", None]}).write_parquet(path)
    sf = wr.SFrame.read_parquet(str(path))
    assert list(sf[sf["a"] > 1]) == [{"a": 2, "b": None}]


def test_what_is_not_there_is_an_error_of_files(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing-here"):
        wr.SFrame(str(tmp_path / "nothing-here.csv"))
    with pytest.raises(OSError, match="manifest"):
        wr.load_sframe(str(tmp_path))
    with pytest.raises(ArgumentError):
        wr.SFrame(str(tmp_path / "t"), format="avro")
    with pytest.raises(ArgumentError):
        wr.SFrame({"a": [1]}).save(str(tmp_path / "t"), format="avro")


def test_head_reads_the_start_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a\n" + "".join(f"{n}\n" for n in range(5000)) + "broken,row\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the broken row is not met
        sf = wr.SFrame(str(path))
        assert [row["a"] for row in sf.head(2)] == [0, 1]
        assert str(sf).count("\n|") == 11
        assert repr(sf["a"].apply(lambda x: x * 2)).startswith("dtype: int\nRows: ?\n[0, 2, 4")


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
