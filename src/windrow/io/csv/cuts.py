"""Where a file may be cut: at row ends, found in stretches that know nothing of each other.

A stretch is followed from every state of the dialect's automaton at once (which soon are two:
inside and outside of quotes). Joined in order, the states at the stretches' borders tell which of
the found row ends is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from windrow.io.csv.dialect import ESCAPE_QUOTED, NEWLINE, QUOTED, ROW, Dialect
from windrow.io.csv.loops import chosen, follow
from windrow.io.csv.plain import STEP

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stretch(NamedTuple):
    """What was found in some bytes of a file.

    Attributes
    ----------
    ends
        For each state at its start, the state at its end.
    rows
        For each state at its start, the offset behind its first row end; -1 where there is none.
    lines
        For each state at its start, newlines before that offset; 0 where there is none.
    newlines
        Newlines in all of it.
    """

    ends: tuple[int, ...]
    rows: tuple[int, ...]
    lines: tuple[int, ...]
    newlines: int


def look_at(data: bytes, dialect: Dialect) -> Stretch:
    r"""Find the first row end of a stretch and the state behind it, from every state.

    >>> from windrow.io.csv.dialect import QUOTED, TEXT, dialect_of
    >>> from windrow.plan.sources import CsvFormat
    >>> found = look_at(b'a"\nb,"\nc', dialect_of(CsvFormat()))
    >>> found.rows[TEXT], found.rows[QUOTED], found.ends[TEXT] == QUOTED
    (3, 3, True)
    """
    current = np.arange(dialect.states)
    first = np.full(dialect.states, -1)
    if not _quick(data, dialect, current, first):
        loop = chosen(follow, len(data))
        if loop is follow:
            follow(data, dialect.table, current, first)
        else:
            as_bytes = np.frombuffer(data, np.uint8)
            loop(as_bytes, np.frombuffer(dialect.table, np.uint8), current, first)
    offsets = [int(offset) for offset in first]
    lines = {offset: data.count(b"\n", 0, max(offset, 0)) for offset in set(offsets)}
    return Stretch(
        tuple(int(state) for state in current),
        tuple(offsets),
        tuple(lines[offset] for offset in offsets),
        newlines(data),
    )


def newlines(data: bytes) -> int:
    r"""Count newlines, in steps that stay in a processor's cache.

    >>> newlines(b"a\nb\n")
    2
    """
    text = np.frombuffer(data, np.uint8)
    steps = range(0, len(text), STEP)
    return sum(int(np.count_nonzero(text[at : at + STEP] == NEWLINE)) for at in steps)


def _quick(data: bytes, dialect: Dialect, current: np.ndarray, first: np.ndarray) -> bool:
    """Fill in what is plain to see where nothing but row ends can change the state for long."""
    signs = (dialect.quote, dialect.escape, dialect.comment)
    if len(dialect.delimiter) > 1 or any(sign >= 0 and data.find(sign) >= 0 for sign in signs):
        return False
    row_end = data.find(dialect.terminator) + 1
    if row_end == 0:
        return False
    last = data.rfind(dialect.terminator) + 1
    state = ROW
    for byte in data[last:]:
        state = dialect.table[256 * state + byte]
    current[:], first[:] = state, row_end
    quoted = [QUOTED, ESCAPE_QUOTED]
    current[quoted], first[quoted] = QUOTED, -1
    return True


def join(stretches: Sequence[Stretch], starts: Sequence[int]) -> list[tuple[int, int]]:
    """Return where pieces begin, and how many lines stand before each.

    Parameters
    ----------
    stretches
        All of a file behind its head, in order.
    starts
        The offset in the file at which each begins.
    """
    found = [(starts[0], 0)]
    state, lines = ROW, 0
    for number, (stretch, start) in enumerate(zip(stretches, starts, strict=True)):
        if number:
            if state == ROW:
                found.append((start, lines))
            elif stretch.rows[state] >= 0:
                found.append((start + stretch.rows[state], lines + stretch.lines[state]))
        state = stretch.ends[state]
        lines += stretch.newlines
    return found
