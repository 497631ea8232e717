"""CSV files as a source of partitions: described, cut, read, counted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from windrow.errors import BadRowError, FileFormatError
from windrow.io.content import SAMPLE, Content
from windrow.io.csv.cuts import Stretch, join, look_at
from windrow.io.csv.describing import columns_of_sample, only, with_hints
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.head import check_header, head_of, preamble
from windrow.io.csv.reading import Table, parse
from windrow.io.read import SHOWN, BadRow, Read, Rejected
from windrow.plan.sources import CsvFormat, Piece
from windrow.plan.tables import Scan
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import polars as pl

    from windrow.io.csv.rewriting import Dropped
    from windrow.plan.sources import FileStamp

_SHOWN_TEXT = 200
_plain: set[Hashable] = set()
"""Pieces that this process found to be plain: of those only the columns asked for are parsed."""


class _Range(NamedTuple):
    """Bytes of one file of a scan."""

    file: int
    start: int
    stop: int


def describe(
    files: Sequence[FileStamp],
    form: CsvFormat,
    sample: tuple[bytes, bool],
    *,
    column_type_hints: object = None,
    usecols: Sequence[str] = (),
    nrows_to_infer: int = 100,
    partition_bytes: int,
) -> Scan:
    """Tell names and types from a sample of the first file, and whether it is all of the file."""
    text, whole = sample
    columns = columns_of_sample(text, form, files[0].url, whole=whole, rows=nrows_to_infer)
    columns, form = only(with_hints(columns, column_type_hints), usecols, form)
    return Scan(tuple(files), form, columns, partition_bytes)


def pieces(
    scan: Scan, run: Callable[[Callable[[_Range], Stretch], Sequence[_Range]], list[Stretch]]
) -> list[Piece]:
    """Cut every file at the first row end behind each `partition_bytes`.

    A file that fits into one piece is not looked at; of others each byte is read once.
    """
    found: list[Piece] = []
    ranges: list[_Range] = []
    sizes = [_content(scan, file).size() for file in range(len(scan.files))]
    step = scan.partition_bytes
    for file, size in enumerate(sizes):
        if size > step:
            _content(scan, file).prepare()
            ranges += [_Range(file, at, min(at + step, size)) for at in range(0, size, step)]
    stretches = run(partial(_look, scan), ranges)
    for file, size in enumerate(sizes):
        if size > step:
            own = [number for number, found_in in enumerate(ranges) if found_in.file == file]
            cuts = join([stretches[n] for n in own], [ranges[n].start for n in own])
            ends = [*(start for start, _ in cuts[1:]), size]
            found += [
                Piece(file, start, stop, lines)
                for (start, lines), stop in zip(cuts, ends, strict=True)
                if stop > start
            ]
        elif size:
            found.append(Piece(file, 0, size, 0))
    return found if _form(scan).nrows is None else _limited(scan, found)


def read(scan: Scan, piece: Piece, columns: Sequence[str] | None = None) -> Read:
    """Read a piece.

    Raises
    ------
    BadRowError
        A row does not fit, and ``error_bad_lines`` is set.
    """
    data = _content(scan, piece.file).read(piece.start, piece.stop)
    done = _parsed(scan, piece, data, columns)
    return done if piece.limit is None else replace(done, frame=done.frame.head(piece.limit))


def peek(scan: Scan, rows: int) -> pl.DataFrame | None:
    """Return the first rows, if the sample of the first file holds so many or all there are."""
    nrows = _form(scan).nrows
    rows = rows if nrows is None else min(rows, nrows)
    sample, whole = _content(scan, 0).prefix()
    if not whole:
        sample = sample[: sample.rfind(dialect_of(_form(scan)).terminator) + 1]
    if not sample:
        return None
    frame = _parsed(scan, Piece(0, 0, SAMPLE, 0), sample, None, certain=False).frame
    if frame.height >= rows or (whole and len(scan.files) == 1):
        return frame.head(rows)
    return None


def count(scan: Scan, piece: Piece) -> int:
    """Rows of a piece: as many as reading it gives."""
    numbers = (name for name, dtype in scan.columns if dtype is not DType.STR)
    cheapest = next(numbers, scan.columns[0][0])
    return read(scan, piece, [cheapest]).frame.height


def _parsed(
    scan: Scan,
    piece: Piece,
    data: bytes,
    columns: Sequence[str] | None,
    *,
    certain: bool = True,
) -> Read:
    """Read the text of a piece; with `certain` False, trust that a cut row only looks wrong."""
    form, url = _form(scan), scan.files[piece.file].url
    names = form.names or scan.schema.names
    begin = 0
    if piece.start == 0:
        head = head_of(data, form, url)
        check_header(head, names, url)
        begin = head.rows
    table = Table(form, names, dict(scan.columns))
    wanted = scan.schema.names if columns is None else tuple(columns)
    key = (scan.files[piece.file], form, scan.columns, piece.start, piece.stop)
    body = data[begin:] if begin else data
    frame, dropped, plain = parse(body, table, wanted, plain=key in _plain)
    if plain and certain and scan.files[piece.file].version:
        _plain.add(key)
    shown = tuple(_bad_row(url, piece, data, begin, row) for row in dropped[:SHOWN])
    if shown and form.error_bad_lines and certain:
        raise BadRowError(url, shown[0].row, shown[0].text, shown[0].cause)
    return Read(frame, Rejected(len(dropped), shown))


def _bad_row(url: str, piece: Piece, data: bytes, begin: int, row: Dropped) -> BadRow:
    start, stop = begin + row.start, begin + row.stop
    line = max(piece.first_row, 0) + data.count(b"\n", 0, start) + 1
    text = data[start : min(stop, start + _SHOWN_TEXT)].decode(errors="replace")
    return BadRow(url, line, row.cause, text.rstrip("\r\n"))


def _limited(scan: Scan, found: list[Piece]) -> list[Piece]:
    """Keep the pieces that hold the first ``nrows`` rows; the last one may be cut."""
    left = _form(scan).nrows or 0
    kept: list[Piece] = []
    for piece in found:
        if left <= 0:
            break
        rows = count(scan, piece)
        kept.append(replace(piece, limit=left) if rows > left else piece)
        left -= rows
    return kept


def _look(scan: Scan, part: _Range) -> Stretch:
    data = _content(scan, part.file).read(part.start, part.stop)
    dialect = dialect_of(_form(scan))
    if part.start:
        return look_at(data, dialect)
    begin = preamble(data, _form(scan), scan.files[part.file].url)
    found = look_at(data[begin:], dialect)
    return found._replace(newlines=data.count(b"\n"))


def _content(scan: Scan, file: int) -> Content:
    return Content(scan.files[file], _form(scan).compression)


def _form(scan: Scan) -> CsvFormat:
    if not isinstance(scan.format, CsvFormat):
        raise FileFormatError(scan.files[0].url, "is no CSV", "read it with its own format")
    return scan.format
