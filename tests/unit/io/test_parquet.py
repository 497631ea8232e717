from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.http_server import HttpServer
from tests.support.pieces import in_order, load, rows_of

from windrow.errors import ColumnNotFoundError, FileFormatError, SchemaMismatchError
from windrow.io import sources
from windrow.io.counters import bytes_read


def write(path: Path, rows: int = 1000, group: int = 100, start: int = 0) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "i": pl.Series(range(start, start + rows), dtype=pl.Int32),
            "s": [f"text {i * 7919}" for i in range(rows)],
            "v": [[i, i + 1] for i in range(rows)],
        }
    )
    pq.write_table(frame.to_arrow(), path, row_group_size=group)
    return frame


def test_the_footer_alone_describes_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, 200_000, 10_000)
    before = bytes_read.of(str(path))
    scan = sources.describe(str(path))
    assert [kind.value for _, kind in scan.columns] == ["int", "str", "array"]
    assert bytes_read.of(str(path)) - before <= 1 << 17 < path.stat().st_size


def test_pieces_are_row_groups_and_hold_all_rows_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.pq"
    frame = write(path)
    size = pq.read_metadata(path).row_group(0).total_byte_size
    scan = sources.describe(str(path), partition_bytes=int(3.5 * size))
    found = sources.pieces(scan, in_order)
    assert [(piece.start, piece.stop) for piece in found][:2] == [(0, 3), (3, 6)]
    assert [sources.count(scan, piece) for piece in found] == [300, 300, 300, 100]
    whole, _ = load(scan)
    assert whole["i"].to_list() == frame["i"].to_list()
    assert whole["v"][1].to_list() == [1.0, 2.0]
    some = sources.read(scan, found[1], ["s", "i"]).frame
    assert some.columns == ["s", "i"]
    assert some["i"][0] == 300
    head = sources.peek(scan, 3)
    assert head is not None
    assert head["i"].to_list() == [0, 1, 2]


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    write(path, 10)
    assert rows_of(sources.describe(str(path))) == 10
    with pytest.raises(ColumnNotFoundError, match="'text'"):
        sources.describe(str(path), usecols=["text"])
    assert sources.describe(str(path), usecols=["s"]).schema.names == ("s",)


def test_only_the_needed_columns_travel(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, 100_000, 100_000)
    data = path.read_bytes()
    with HttpServer({"/a.parquet": data}) as server:
        scan = sources.describe(server.url("/a.parquet"))
        (piece,) = sources.pieces(scan, in_order)
        server.reset()
        assert sources.read(scan, piece, ["i"]).frame["i"].to_list() == list(range(100_000))
        assert server.sent < len(data) / 2


def test_a_folder_is_one_table(tmp_path: Path) -> None:
    write(tmp_path / "2.parquet", 5, start=5)
    write(tmp_path / "1.parquet", 5)
    scan = sources.describe(str(tmp_path))
    assert load(scan)[0]["i"].to_list() == list(range(10))
    assert sources.peek(scan, 8) is None
    pq.write_table(pa.table({"i": ["x"], "s": ["y"], "v": [[1]]}), tmp_path / "3.parquet")
    with pytest.raises(SchemaMismatchError, match=r"3\.parquet has 'i' as str where int is wanted"):
        load(scan := sources.describe(str(tmp_path)))
    (tmp_path / "4.csv").write_text("i\n1\n")
    with pytest.raises(FileFormatError, match="holds Parquet and other files"):
        sources.describe(str(tmp_path))


def test_an_empty_table_and_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": pa.array([], pa.int8())}), path)
    scan = sources.describe(str(path))
    assert sources.pieces(scan, in_order) == []
    assert sources.peek(scan, 5) is not None
    write(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(FileFormatError, match="is no whole Parquet file"):
        sources.describe(str(path))


def test_a_footer_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path)
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    path.write_bytes(data[: -8 - length] + b"\xff" * length + data[-8:])
    with pytest.raises(FileFormatError, match=r"a\.parquet is damaged .*fetch or write it again"):
        sources.describe(str(path))


def test_a_footer_longer_than_the_first_look_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"column number {i}": [i] for i in range(1000)}), path)
    assert int.from_bytes(path.read_bytes()[-8:-4], "little") > 1 << 16
    assert load(sources.describe(str(path)))[0]["column number 999"].to_list() == [999]
