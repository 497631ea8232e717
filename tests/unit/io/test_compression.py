from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from tests.support.pieces import rows_of

from windrow.errors import FileFormatError
from windrow.io import sources
from windrow.io.counters import bytes_read

TEXT = b"a,b\n" + b"".join(b"%d,t%d\n" % (i, i * 7919 % 1000) for i in range(100_000))


def zipped(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"" if name.startswith("__") else TEXT)
    return out.getvalue()


def packed(kind: str) -> bytes:
    if kind == "zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(TEXT)
        return bytes(sink.getvalue())
    return {
        "gz": lambda: gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]),
        "bz2": lambda: bz2.compress(TEXT),
        "xz": lambda: lzma.compress(TEXT),
        "zip": lambda: zipped("data/a.csv", "__MACOSX/data/._a.csv"),
    }[kind]()


@pytest.mark.parametrize("kind", ["gz", "zst", "bz2", "xz", "zip"])
@pytest.mark.parametrize("named", [True, False])
def test_a_compressed_file_is_sampled_then_unpacked_once(
    tmp_path: Path, kind: str, named: bool
) -> None:
    path = tmp_path / (f"a.csv.{kind}" if named else "a.csv")
    path.write_bytes(packed(kind))
    scan = sources.describe(str(path), partition_bytes=1 << 18)
    assert [kind.value for _, kind in scan.columns] == ["int", "str"]
    head = sources.peek(scan, 2)
    assert head is not None
    assert head.rows() == [(0, "t0"), (1, "t919")]
    before = bytes_read.of(str(path))
    assert rows_of(scan) == 100_000
    read_once = bytes_read.of(str(path)) - before
    assert rows_of(scan) == 100_000
    assert bytes_read.of(str(path)) - before == read_once


def test_a_stored_member_and_a_prefix_of_a_large_one(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped("a.csv", method=zipfile.ZIP_STORED))
    assert rows_of(sources.describe(str(path))) == 100_000


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped("a.csv", "b.csv"))
    with pytest.raises(FileFormatError, match=r"holds 2 files \(a\.csv, b\.csv\)"):
        rows_of(sources.describe(str(path)))


@pytest.mark.parametrize("kind", ["gz", "zst", "bz2", "xz", "zip"])
@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_damaged_data_is_an_error(tmp_path: Path, kind: str, damage: str) -> None:
    data = packed(kind)
    middle = len(data) // 2
    broken = data[:middle] if damage == "cut" else data[:middle] + b"\0" * 40 + data[middle + 40 :]
    path = tmp_path / f"a.csv.{kind}"
    path.write_bytes(broken)
    with pytest.raises(FileFormatError, match=r"is not whole .* data"):
        rows_of(sources.describe(str(path)))
