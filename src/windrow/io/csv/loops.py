"""The two loops over bytes: where rows begin, and rewriting any dialect as plain quoted CSV.

Both are plain functions that run as they are on a sample, and compiled on a whole piece; so a first
look at a table compiles nothing.
"""
# ruff: noqa: PLR1714, SIM109  # numba makes better code of comparisons than of containers

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

from windrow.io.csv.dialect import (
    CELL,
    CLOSED,
    COMMENT,
    ESCAPE_QUOTED,
    ESCAPE_TEXT,
    JUNK,
    NEWLINE,
    QUOTED,
    RETURN,
    ROW,
    SPACE,
    TAIL,
    TEXT,
)

COMPILE_FROM = 1 << 16
"""Bytes from which on compiling pays."""
QUOTE, COMMA = 34, 44
FEW, MANY, AFTER_QUOTE, UNCLOSED = 1, 2, 3, 4
"""Causes for which a row is dropped."""


def chosen(loop: Callable[..., Any], size: int) -> Callable[..., Any]:
    """Return the loop as it is for a few bytes, compiled for many."""
    return compiled(loop) if size >= COMPILE_FROM else loop


@cache
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop, once in a process."""
    from windrow.learn.jit import kernel  # numba is heavy

    return kernel(loop)


def follow(  # noqa: C901, PLR0912  # one loop over bytes
    data: Any, table: Any, current: Any, first: Any
) -> None:
    """Run the automaton from several states at once over a stretch of a file.

    Parameters
    ----------
    data : bytes or uint8 array
        The stretch.
    table : bytes or uint8 array
        `Dialect.table`.
    current : int64 array
        The states to start from; afterwards the states at the end.
    first : int64 array
        Filled, for each start, with the offset just behind the first row end, -1 where there is
        none.
    """
    count = len(current)
    leader = [0 for _ in range(count)]  # the lowest start that has come to the same state
    active = [0 for _ in range(count)]  # the leaders: only they are run
    for k in range(count):
        first[k] = -1
        leader[k] = k
        active[k] = k
    leaders = count
    for i in range(len(data)):
        byte = data[i]
        moved = False
        for a in range(leaders):
            k = active[a]
            following = table[256 * current[k] + byte]
            if following != current[k]:
                moved = True
                current[k] = following
                if following == ROW:
                    for j in range(count):
                        if leader[j] == k and first[j] < 0:
                            first[j] = i + 1
        if moved and leaders > 1:
            left = 1
            for a in range(1, leaders):
                k = active[a]
                same = -1
                for b in range(left):
                    if current[active[b]] == current[k]:
                        same = active[b]
                if same < 0:
                    active[left] = k
                    left += 1
                else:
                    for j in range(count):
                        if leader[j] == k:
                            leader[j] = same
            leaders = left
    for k in range(count):
        current[k] = current[leader[k]]


def rewrite(  # noqa: C901, PLR0912, PLR0915, PLR0917  # one loop over bytes: splitting it would slow it
    data: Any,
    table: Any,
    signs: Any,
    cells_wanted: int,
    rows_wanted: int,
    out: Any,
    kept: Any,
    dropped: Any,
) -> tuple[int, int, int, int]:
    """Rewrite rows as CSV in which every cell is quoted and every row has its cells.

    A cell that begins with a bracket runs to its closing bracket, if that is in the same row and
    a delimiter or the row's end follows.

    Parameters
    ----------
    data, table
        The text, from the start of a row, and `Dialect.table`.
    signs
        `Dialect.signs`.
    cells_wanted
        Cells that a row must have; 0 takes any number.
    rows_wanted
        Stop after so many rows; -1 takes all.
    out
        Room for ``3 * len(data) + 8`` bytes.
    kept : int64 array
        For each row written three numbers: where it begins and ends in `data`, and where it
        begins in `out`.
    dropped : int64 array
        For each row left out four: where it begins and ends in `data`, the cause, its cells.

    Returns
    -------
    written, rows, rejected, read
        Bytes of `out`, rows kept and left out, and where in `data` the next row begins.
    """
    quote, escape, comment, terminator = signs[0], signs[1], signs[2], signs[3]
    skip, length, first_sign = signs[4], signs[5], signs[6]
    size = len(data)
    o = rows = rejected = 0
    row_start = row_out = cell_out = cells = 0
    state = ROW
    began = junk = quoted = False
    mark = 0  # end of a bracketed cell: before it a delimiter is text
    i = 0
    while i <= size:
        at_end = i == size
        byte = terminator if at_end else data[i]
        following = ROW if at_end else table[256 * state + byte]
        if state == ROW and following == ROW:  # nothing in this row yet: blank, or a space before
            if byte == terminator:
                row_start = i + 1
            i += 1
            continue
        if following == ROW:
            # ------------------------------------------------------------------ a row ends here
            if began:
                if state == ESCAPE_TEXT:
                    out[o] = escape
                    o += 1
                if terminator == NEWLINE and not quoted and o > cell_out and out[o - 1] == RETURN:
                    o -= 1
                cells += 1
            blank = not began or (cells == 1 and not quoted and o == cell_out)
            cause = 0
            if state == QUOTED or state == ESCAPE_QUOTED:
                cause = UNCLOSED
            elif junk:
                cause = AFTER_QUOTE
            elif cells < cells_wanted:
                cause = FEW
            elif 0 < cells_wanted < cells:
                cause = MANY
            if blank:
                o = row_out
            elif cause != 0:
                dropped[4 * rejected] = row_start
                dropped[4 * rejected + 1] = i
                dropped[4 * rejected + 2] = cause
                dropped[4 * rejected + 3] = cells
                rejected += 1
                o = row_out
            else:
                out[o] = QUOTE
                out[o + 1] = NEWLINE
                o += 2
                kept[3 * rows] = row_start
                kept[3 * rows + 1] = i
                kept[3 * rows + 2] = row_out
                rows += 1
            i += 1
            row_start, row_out, cells, state = i, o, 0, ROW
            began = junk = quoted = False
            if rows == rows_wanted:
                break
            continue
        if not began and following != COMMENT:
            out[o] = QUOTE
            o += 1
            began = True
            cell_out = o
        if (byte == 91 or byte == 123) and (state == CELL or state == ROW) and following == TEXT:
            # ------------------------------------- a bracketed cell: where is the bracket closed?
            depth, inner, j = 0, state, i
            while j < size:
                b = data[j]
                inner = table[256 * inner + b]
                if inner == ROW or inner == COMMENT:
                    break
                if inner != QUOTED and inner != ESCAPE_QUOTED:
                    if b == 91 or b == 123:
                        depth += 1
                    elif b == 93 or b == 125:
                        depth -= 1
                        if depth == 0:
                            break
                j += 1
            if j < size and depth == 0:
                after = j + 1
                while (
                    after < size
                    and (data[after] == SPACE or data[after] == RETURN)
                    and table[256 * TEXT + data[after]] == TEXT
                ):
                    after += 1
                probe = CELL if after >= size or data[after] == terminator else TEXT
                for m in range(length):
                    if probe != CELL and probe != COMMENT and after + m < size:
                        probe = table[256 * probe + data[after + m]]
                if probe == CELL or probe == COMMENT:
                    mark = j + 1
        text = -1  # the byte to write, if any
        if i < mark:
            text = byte
            following = TEXT if i + 1 == mark else following
        elif following == CELL:
            if not (skip and state == CELL and byte == SPACE):
                # ------------------------------------------------------------- a cell ends here
                o -= length - 1  # the other bytes of a long delimiter were taken for text
                out[o] = QUOTE
                out[o + 1] = COMMA
                out[o + 2] = QUOTE
                o += 3
                cell_out = o
                cells += 1
                quoted = False
        elif state == ESCAPE_TEXT or state == ESCAPE_QUOTED:
            text = byte
            if state == ESCAPE_QUOTED and byte == 110:  # n
                text = NEWLINE
            elif state == ESCAPE_QUOTED and byte == 116:  # t
                text = 9
            elif state == ESCAPE_QUOTED and byte == 114:  # r
                text = RETURN
            elif byte != quote and byte != escape and byte != comment and byte != first_sign:
                out[o] = escape
                o += 1
        elif following == QUOTED and (state == ROW or state == CELL):
            quoted = True
        elif following == ESCAPE_TEXT or following == ESCAPE_QUOTED:
            pass
        elif following != CLOSED and following != TAIL and following != COMMENT:
            junk = junk or (quoted and (following == TEXT or following == JUNK))
            text = byte
        if text >= 0:
            if text == QUOTE:
                out[o] = QUOTE
                o += 1
            out[o] = text
            o += 1
        state = following
        i += 1
    return o, rows, rejected, min(row_start, size)
