"""Any dialect as plain CSV: every cell quoted, every row whole; what was left out is listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.io.csv.loops import AFTER_QUOTE, COMPILE_FROM, FEW, MANY, UNCLOSED, compiled, rewrite

if TYPE_CHECKING:
    from windrow.io.csv.dialect import Dialect

NOT_UTF8 = "the text is not UTF-8"


@dataclass(frozen=True)
class Dropped:
    """A row that was left out: where it begins and ends in the text, and why."""

    start: int
    stop: int
    cause: str


@dataclass(frozen=True)
class Rewritten:
    """Plain CSV without a header.

    Attributes
    ----------
    text
        The rows.
    starts, stops
        Where each row began and ended in the original.
    dropped
        The rows left out, in order.
    read
        Where in the original the next row begins.
    """

    text: bytes
    starts: Any
    stops: Any
    dropped: list[Dropped]
    read: int


def rewritten(
    data: bytes, dialect: Dialect, cells: int, rows: int = -1, compile_from: int = COMPILE_FROM
) -> Rewritten:
    r"""Rewrite text that begins at the start of a row.

    Parameters
    ----------
    cells
        Cells that a row must have; 0 takes any number.
    rows
        Stop after so many rows; -1 takes all.
    compile_from
        Bytes from which on compiling pays.

    >>> from windrow.io.csv.dialect import dialect_of
    >>> from windrow.plan.sources import CsvFormat
    >>> found = rewritten(b"1, a\n2\n\n3,'x'\n", dialect_of(CsvFormat(quote_char="'")), 2)
    >>> found.text, [d.cause for d in found.dropped]
    (b'"1","a"\n"3","x"\n', ['1 cell where 2 are wanted'])
    """
    limit = data.count(bytes([dialect.terminator])) + 1
    if len(data) < compile_from:
        text: Any = bytearray(3 * len(data) + 8)
        kept, dropped = [0] * (3 * limit), [0] * (4 * limit)
        written, count, rejected, read = rewrite(
            data, dialect.table, dialect.signs, cells, rows, text, kept, dropped
        )
    else:
        text = np.empty(3 * len(data) + 8, np.uint8)
        kept, dropped = np.empty(3 * limit, np.int64), np.empty(4 * limit, np.int64)  # type: ignore[assignment]
        source, table = np.frombuffer(data, np.uint8), np.frombuffer(dialect.table, np.uint8)
        written, count, rejected, read = compiled(rewrite)(
            source, table, dialect.signs, cells, rows, text, kept, dropped
        )
    places = np.array(kept[: 3 * count], np.int64).reshape(-1, 3)
    left_out = [
        Dropped(int(start), int(stop), _cause(int(cause), int(found), cells))
        for start, stop, cause, found in np.array(dropped[: 4 * rejected]).reshape(-1, 4)
    ]
    return _only_utf8(bytes(text[:written]), places, left_out, int(read))


def _cause(cause: int, found: int, wanted: int) -> str:
    if cause in {FEW, MANY}:
        cells = "1 cell" if found == 1 else f"{found} cells"
        return f"{cells} where {wanted} {'is' if wanted == 1 else 'are'} wanted"
    return {
        AFTER_QUOTE: "text follows a closing quote",
        UNCLOSED: "a quote is not closed before the end of the file",
    }[cause]


def _only_utf8(text: bytes, places: Any, dropped: list[Dropped], read: int) -> Rewritten:
    """Leave out the rows whose bytes are not UTF-8."""
    bad: list[int] = []
    at = 0
    while not text.isascii():
        try:
            text[at:].decode()
            break
        except UnicodeDecodeError as error:
            row = int(np.searchsorted(places[:, 2], at + error.start, side="right")) - 1
            bad.append(row)
            if row + 1 == len(places):
                break
            at = int(places[row + 1, 2])
    if bad:
        ends = [*places[1:, 2].tolist(), len(text)]
        begins = [0, *(ends[row] for row in bad)]
        stops = [*places[bad, 2].tolist(), len(text)]
        text = b"".join(text[a:b] for a, b in zip(begins, stops, strict=True))
        dropped = dropped + [Dropped(int(a), int(b), NOT_UTF8) for a, b, _ in places[bad]]
        dropped.sort(key=lambda row: row.start)
        places = np.delete(places, bad, axis=0)
    return Rewritten(text, places[:, 0], places[:, 1], dropped, read)
