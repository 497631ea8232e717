"""The automaton of a CSV dialect: the one definition of where cells and rows end.

Both readers and the search for row ends follow the same table of transitions, so that a file means
the same whether it is read whole or in pieces. Rows end at a line terminator outside of quotes; a
quote opens a quoted cell only at the cell's start and is plain text elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from windrow.errors import FileFormatError

if TYPE_CHECKING:
    from windrow.plan.sources import CsvFormat

# States. PARTIAL + m: m + 1 bytes of a longer delimiter have been seen.
ROW, CELL, TEXT, QUOTED, CLOSED, TAIL, JUNK, COMMENT, ESCAPE_TEXT, ESCAPE_QUOTED, PARTIAL = range(
    11
)
NEWLINE, RETURN, SPACE = 10, 13, 32
_NONE = -1


@dataclass(frozen=True)
class Dialect:
    """A `CsvFormat` in the form that the loops over bytes want.

    Attributes
    ----------
    table
        ``table[256 * state + byte]`` is the next state.
    states
        Number of states.
    delimiter
        Bytes between cells.
    quote, escape, comment
        A byte each, -1 for none.
    terminator
        The byte that ends rows; before a newline a carriage return is part of it.
    skip_space
        Whether spaces at the start of a cell are left out.
    """

    table: bytes
    states: int
    delimiter: bytes
    quote: int
    escape: int
    comment: int
    terminator: int
    skip_space: bool

    @property
    def signs(self) -> tuple[int, ...]:
        """What `rewrite` wants to know, as numbers."""
        bytes_ = (self.quote, self.escape, self.comment, self.terminator)
        return (*bytes_, int(self.skip_space), len(self.delimiter), self.delimiter[0])


@lru_cache(maxsize=64)
def dialect_of(form: CsvFormat) -> Dialect:
    """Build the automaton of a format.

    Raises
    ------
    FileFormatError
        An option has a length that is not supported.

    >>> from windrow.plan.sources import CsvFormat
    >>> dialect = dialect_of(CsvFormat())
    >>> dialect.table[256 * CELL + ord('"')] == QUOTED, dialect.states
    (True, 10)
    """
    delimiter = form.delimiter.encode()
    if not delimiter:
        raise FileFormatError("a CSV file", "cannot have an empty delimiter", "give delimiter=','")
    terminator = NEWLINE if form.line_terminator in {"\n", "\r\n"} else None
    if terminator is None:
        terminator = _byte("line_terminator", form.line_terminator)
    quote = _byte("quote_char", form.quote_char)
    comment = _byte("comment_char", form.comment_char)
    escape = _byte("escape_char", form.escape_char)
    escape = _NONE if escape == quote else escape
    states = PARTIAL + len(delimiter) - 1
    rows = []
    for state in range(states):
        row = [_other(state)] * 256
        _set_delimiter(row, state, delimiter)
        special = {RETURN: _return(state)}
        if state in {ROW, CELL} or delimiter[0] != SPACE:
            special[SPACE] = _space(state, skip=form.skip_initial_space)
        special |= {comment: _comment(state), escape: _escape(state)}
        special |= {quote: _quote(state, double=form.double_quote)}
        special |= {terminator: QUOTED if state in {QUOTED, ESCAPE_QUOTED} else ROW}
        for byte, following in special.items():
            if byte != _NONE and following is not None:
                row[byte] = following
        rows.append(bytes(row))
    return Dialect(
        table=b"".join(rows),
        states=states,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        comment=comment,
        terminator=terminator,
        skip_space=form.skip_initial_space,
    )


def _byte(option: str, text: str) -> int:
    encoded = text.encode()
    if len(encoded) > 1:
        raise FileFormatError(
            "a CSV file", f"cannot be read with {option}={text!r}", "give one ASCII character"
        )
    return encoded[0] if encoded else _NONE


def _other(state: int) -> int:
    if state in {QUOTED, COMMENT}:
        return state
    if state == ESCAPE_QUOTED:
        return QUOTED
    return JUNK if state in {CLOSED, TAIL, JUNK} else TEXT


def _set_delimiter(row: list[int], state: int, delimiter: bytes) -> None:
    if state in {QUOTED, COMMENT, ESCAPE_TEXT, ESCAPE_QUOTED}:
        return
    long = len(delimiter) > 1
    row[delimiter[0]] = PARTIAL if long else CELL
    if state >= PARTIAL:
        seen = state - PARTIAL + 1
        row[delimiter[seen]] = CELL if seen + 1 == len(delimiter) else state + 1


def _space(state: int, *, skip: bool) -> int | None:
    if state in {ROW, CELL}:
        return state if skip else None
    return TAIL if state in {CLOSED, TAIL} else None


def _return(state: int) -> int | None:
    return TAIL if state in {CLOSED, TAIL} else None


def _comment(state: int) -> int | None:
    return None if state in {QUOTED, ESCAPE_TEXT, ESCAPE_QUOTED} else COMMENT


def _escape(state: int) -> int | None:
    if state == QUOTED:
        return ESCAPE_QUOTED
    return ESCAPE_TEXT if state in {ROW, CELL, TEXT} or state >= PARTIAL else None


def _quote(state: int, *, double: bool) -> int | None:
    if state in {ROW, CELL}:
        return QUOTED
    if state == QUOTED:
        return CLOSED
    return QUOTED if state == CLOSED and double else None
