"""A proof that a piece of CSV is plain: that the fast reader means by it what `rewrite` does.

The fast reader fills rows that are too short with nulls, does not skip blank lines or spaces and
knows neither escapes nor comments. So it is used only on text that has nothing of the kind: every
row has exactly its cells, and quotes stand only around whole cells.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.io.csv.dialect import CLOSED, NEWLINE, QUOTED, RETURN, SPACE

if TYPE_CHECKING:
    from windrow.io.csv.dialect import Dialect

STEP = 1 << 18
"""Bytes looked at together: they fit into a processor's cache."""


def is_plain(data: bytes, dialect: Dialect, cells: int) -> bool:
    r"""Whether the fast reader reads this text, which begins at a row's start, as it is meant.

    >>> from windrow.io.csv.dialect import dialect_of
    >>> from windrow.plan.sources import CsvFormat
    >>> dialect = dialect_of(CsvFormat())
    >>> is_plain(b'1,"a,b"\n2,c\n', dialect, 2), is_plain(b"1\n2,c\n", dialect, 2)
    (True, False)
    """
    if len(dialect.delimiter) > 1 or dialect.terminator != NEWLINE:
        return False
    if dialect.delimiter[0] in {SPACE, RETURN}:
        return False
    unwanted = [sign for sign in (dialect.escape, dialect.comment) if sign >= 0]
    if any(data.find(sign) >= 0 for sign in unwanted):
        return False
    if data.find(b"\r") >= 0 and not _returns_end_rows(data):
        return False
    return _is_utf8(data) and _rows_have_cells(data, dialect, cells)


def _returns_end_rows(data: bytes) -> bool:
    """Whether every carriage return stands before a newline, and no line is blank."""
    returns = data.count(b"\r")
    return returns == data.count(b"\r\n") and data[:1] != b"\r" and data.find(b"\n\r") < 0


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(data), STEP):
            decoder.decode(view[start : start + STEP])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _rows_have_cells(data: bytes, dialect: Dialect, cells: int) -> bool:
    text = np.frombuffer(data, np.uint8)
    delimiter = dialect.delimiter[0]
    quoted = dialect.quote >= 0 and data.find(dialect.quote) >= 0
    brackets = data.find(b"[") >= 0 or data.find(b"{") >= 0
    around = np.full(min(STEP, len(text)) + 2, NEWLINE, np.uint8)  # a step and its neighbours
    phase = 0  # cells of the row that a step begins in
    inside = False  # whether a step begins inside of quotes
    for start in range(0, len(text), STEP):
        around[0] = text[start - 1] if start else NEWLINE
        rest = text[start : start + STEP + 1]
        around[1 : len(rest) + 1] = rest
        step = text[start : start + STEP]
        around = around[: len(step) + 2]
        if len(rest) == len(step):
            around[-1] = NEWLINE
        ends = around == NEWLINE
        breaks = (around == delimiter) | ends
        if quoted:
            within = _within_quotes(around, breaks, dialect, inside=inside)
            if within is None:
                return False
            breaks[1:-1] &= ~within
            ends[1:-1] &= ~within
            breaks[0] &= not inside
            inside = bool(within[-1])
        if dialect.skip_space and (breaks[:-2] & (step == SPACE)).any():
            return False
        if brackets and (breaks[:-2] & ((step | 32) == 123)).any():  # [ or { begins a cell
            return False
        at_breaks = ends[1:-1][np.flatnonzero(breaks[1:-1])]
        expected = at_breaks[(cells - 1 - phase) % cells :: cells]
        if not expected.all() or np.count_nonzero(at_breaks) != len(expected):
            return False
        phase = (phase + len(at_breaks)) % cells
        if cells == 1 and (breaks[:-2] & ends[1:-1]).any():  # a blank line
            return False
    if inside:
        return False
    # What follows the last newline is a row that lacks only its end.
    return phase == cells - 1 if data[-1:] not in {b"", b"\n"} else phase == 0


def _within_quotes(around: Any, breaks: Any, dialect: Dialect, *, inside: bool) -> Any | None:
    """Return which bytes of a step lie inside of quotes; None if a quote stands where none should.

    An opening quote must follow a break, or a closing quote: two of them inside of a cell stand
    for one. A closing quote must be followed by a break, or again by an opening quote.
    """
    signs = around == dialect.quote
    own = signs[1:-1]
    within = np.bitwise_xor.accumulate(own)
    if inside:
        within = ~within
    double = dialect.table[256 * CLOSED + dialect.quote] == QUOTED
    before = breaks[:-2] | signs[:-2] if double else breaks[:-2]
    after = breaks[2:] | (around[2:] == RETURN)
    if double:
        after |= signs[2:]
    if (own & within & ~before).any() or (own & ~within & ~after).any():
        return None
    return within
