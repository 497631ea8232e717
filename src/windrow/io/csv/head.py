"""The first bytes of a CSV file: byte order mark, lines to skip, the header, and its names."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from windrow.errors import FileFormatError, SchemaMismatchError
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.rewriting import NOT_UTF8, rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.io.csv.rewriting import Dropped
    from windrow.plan.sources import CsvFormat

_MARK = b"\xef\xbb\xbf"
_HEADER_STEP = 1 << 12


class Head(NamedTuple):
    """Where the rows begin, and the header's names (None where there is no header)."""

    rows: int
    names: tuple[str, ...] | None


def preamble(data: bytes, form: CsvFormat, url: str) -> int:
    """Return the offset behind the byte order mark and the lines to skip.

    Raises
    ------
    FileFormatError
        The text is UTF-16 or UTF-32, or its lines do not end as the format says.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileFormatError(url, "is UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8")
    if form.line_terminator == "\n" and b"\n" not in data and b"\r" in data.rstrip():
        what = "ends its lines with a carriage return alone"
        raise FileFormatError(url, what, "give line_terminator='\\r'")
    at = len(_MARK) if data.startswith(_MARK) else 0
    for _ in range(form.skiprows):
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1
    return at


def head_of(data: bytes, form: CsvFormat, url: str) -> Head:
    r"""Read the head of a file from its first bytes, which hold at least the whole head.

    Raises
    ------
    FileFormatError
        The header cannot be read: the next row must not pass for it.

    >>> from windrow.plan.sources import CsvFormat
    >>> head_of(b"a,a,\n1,2,3\n", CsvFormat(), "x.csv")
    Head(rows=5, names=('a', 'a.1', 'X3'))
    """
    at = preamble(data, form, url)
    if not form.header:
        return Head(at, None)
    dialect, step = dialect_of(form), _HEADER_STEP
    while True:
        part = data[at : at + step]
        found = rewritten(part, dialect, 0, rows=1, compile_from=len(part) + 1)
        whole = at + step >= len(data)
        if whole or found.read < len(part):
            break
        step *= 8
    if found.dropped:
        raise unreadable(found.dropped[0], "a header", url)
    cells = cells_of(found.text)
    return Head(at + found.read, names_of(cells[0]) if cells else None)


def unreadable(row: Dropped, what: str, url: str) -> FileFormatError:
    """Make the error for a row without which nothing is known of the columns."""
    advice = (
        "convert it: iconv -f LATIN1 -t UTF-8"
        if row.cause == NOT_UTF8
        else "correct it, or say what quotes mean with quote_char=, double_quote= and escape_char="
    )
    return FileFormatError(url, f"has {what} that cannot be read ({row.cause})", advice)


def cells_of(plain: bytes) -> list[list[str]]:
    r"""Return the cells of text in which every cell is quoted.

    >>> cells_of(b'"a","b""c"\n"1","2"\n')
    [['a', 'b"c'], ['1', '2']]
    """
    csv.field_size_limit(2**31 - 1)
    return list(csv.reader(io.StringIO(plain.decode(), newline="")))


def names_of(cells: Sequence[str]) -> tuple[str, ...]:
    """Make names of a header's cells: repeated ones are numbered, empty ones named by place.

    >>> names_of(["a", "a", "", "a"])
    ('a', 'a.1', 'X3', 'a.2')
    """
    names: list[str] = []
    taken = {cell for cell in cells if cell}
    for place, cell in enumerate(cells, 1):
        name = cell or f"X{place}"
        number = 0
        while name in names or (number and name in taken):
            number += 1
            name = f"{cell or f'X{place}'}.{number}"
        names.append(name)
    return tuple(names)


def check_header(found: Head, names: Sequence[str], url: str) -> None:
    """Raise `SchemaMismatchError` when a file's header is not that of the others."""
    if found.names is not None and found.names != tuple(names):
        other = next(
            (f"{a!r} instead of {b!r}" for a, b in zip(found.names, names, strict=False) if a != b),
            f"{len(found.names)} columns instead of {len(names)}",
        )
        what = "files of one table must have the same header"
        raise SchemaMismatchError(what, f"{url} has {other}")
