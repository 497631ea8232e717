"""CSV files as a source of partitions: described, cut, read, counted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from windrow.errors import BadRowError, FileFormatError, redacted
from windrow.io.content import SAMPLE, Content
from windrow.io.csv.cuts import Stretch, join, look_at
from windrow.io.csv.describing import columns_of_sample, only, with_hints
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.head import check_header, head_of, preamble
from windrow.io.csv.reading import Parsed, Table, parse
from windrow.io.read import SHOWN, BadRow, Read, Rejected
from windrow.plan.sources import CsvFormat, Extent, Piece
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
    limit = _form(scan).nrows
    if limit is not None:
        begin = Piece(0, 0, min(_content(scan, 0).size(), scan.partition_bytes), 0, limit)
        if count(scan, begin) >= limit:
            return [begin]
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
            own = [number for number, part in enumerate(ranges) if part.file == file]
            cuts = join([stretches[n] for n in own], [ranges[n].start for n in own])
            ends = [*(start for start, _ in cuts[1:]), size]
            found += [
                Piece(file, start, stop, lines)
                for (start, lines), stop in zip(cuts, ends, strict=True)
                if stop > start
            ]
        elif size:
            found.append(Piece(file, 0, size, 0))
    return found if limit is None else _limited(scan, found, limit)


def read(scan: Scan, piece: Piece, columns: Sequence[str] | None = None) -> Read:
    """Read a piece; of one with a limit, from as little of it as holds so many rows.

    Raises
    ------
    BadRowError
        A row does not fit, and ``error_bad_lines`` is set.
    """
    content = _content(scan, piece.file)
    if piece.limit is None:
        return _told(
            scan, piece, *_parsed(scan, piece, content.read(piece.start, piece.stop), columns)
        )
    step = SAMPLE
    while True:
        stop = min(piece.start + step, piece.stop)
        data = content.read(piece.start, stop)
        whole = stop == piece.stop
        data, begin, parsed = _parsed(scan, piece, data, columns, whole=whole)
        if whole or parsed.frame.height >= piece.limit:
            return _told(scan, piece, data, begin, parsed.first(piece.limit))
        step *= 8


def peek(scan: Scan, rows: int, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
    """Return the first rows, if the sample of the first file holds so many or all there are."""
    limit = _form(scan).nrows
    rows = rows if limit is None else min(rows, limit)
    sample, whole = _content(scan, 0).prefix()
    piece = Piece(0, 0, SAMPLE, 0)
    data, begin, parsed = _parsed(scan, piece, sample, columns, whole=whole)
    if parsed.frame.height >= rows or (whole and len(scan.files) == 1):
        return _told(scan, piece, data, begin, parsed.first(rows)).frame
    return None


def count(scan: Scan, piece: Piece) -> int:
    """Rows of a piece: as many as reading it gives."""
    numbers = (name for name, dtype in scan.columns if dtype is not DType.STR)
    cheapest = next(numbers, scan.columns[0][0])
    return read(scan, piece, [cheapest]).frame.height


def _parsed(
    scan: Scan, piece: Piece, data: bytes, columns: Sequence[str] | None, *, whole: bool = True
) -> tuple[bytes, int, Parsed]:
    """Parse the text of a piece; without `whole`, only up to the last row end in it.

    Returns
    -------
    data, begin, parsed
        The text, where in it the rows begin, and what they hold.
    """
    form, url = _form(scan), scan.files[piece.file].url
    names = form.names or scan.schema.names
    if not whole:
        data = data[: data.rfind(dialect_of(form).terminator) + 1]
    begin = 0
    if piece.start == 0:
        head = head_of(data, form, url)
        check_header(head, names, url)
        begin = head.rows
    table = Table(form, names, dict(scan.columns))
    wanted = scan.schema.names if columns is None else tuple(columns)
    key = (scan.files[piece.file], form, scan.columns, piece.start, piece.stop)
    body = data[begin:] if begin else data
    parsed = parse(body, table, wanted, plain=key in _plain)
    if parsed.starts is None and whole and piece.limit is None and scan.files[piece.file].version:
        _plain.add(key)
    return data, begin, parsed


def _told(scan: Scan, piece: Piece, data: bytes, begin: int, parsed: Parsed) -> Read:
    """Tell of the rows that were left out, or raise."""
    url = scan.files[piece.file].url
    shown = tuple(_bad_row(url, piece, data, begin, row) for row in parsed.dropped[:SHOWN])
    if shown and _form(scan).error_bad_lines:
        raise BadRowError(url, shown[0].row, shown[0].text, shown[0].cause)
    return Read(parsed.frame, Rejected(len(parsed.dropped), shown))


def _bad_row(url: str, piece: Piece, data: bytes, begin: int, row: Dropped) -> BadRow:
    start, stop = begin + row.start, begin + row.stop
    line = max(piece.first_row, 0) + data.count(b"\n", 0, start) + 1
    text = data[start : min(stop, start + _SHOWN_TEXT)].decode(errors="replace")
    return BadRow(redacted(url), line, row.cause, text.rstrip("\r\n"))


def _limited(scan: Scan, found: list[Piece], left: int) -> list[Piece]:
    """Keep the pieces that hold the first ``nrows`` rows; the last one may be cut."""
    kept: list[Piece] = []
    for piece in found:
        if left <= 0:
            break
        limited = replace(piece, limit=left)
        rows = count(scan, limited)
        kept.append(limited if rows == left else piece)
        left -= rows
    return kept


def extents(scan: Scan, parts: Sequence[Piece | _Range]) -> list[Extent]:
    """Say where the bytes of pieces or ranges are; what is compressed is read from the start."""
    found = []
    for part in parts:
        stamp = scan.files[part.file]
        plain = not _content(scan, part.file).kind
        found.append(Extent(stamp, *((part.start, part.stop) if plain else (0, stamp.size or 0))))
    return found


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
