"""The first bytes of a CSV file: byte order mark, lines to skip, the header, and its names."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from windrow.errors import FileFormatError, SchemaMismatchError
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.rewriting import rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        The text is UTF-16 or UTF-32.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileFormatError(url, "is UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8")
    at = len(_MARK) if data.startswith(_MARK) else 0
    for _ in range(form.skiprows):
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1
    return at


def head_of(data: bytes, form: CsvFormat, url: str) -> Head:
    r"""Read the head of a file from its first bytes, which hold at least the whole head.

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
    cells = cells_of(found.text)
    return Head(at + found.read, names_of(cells[0]) if cells else None)


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
