"""The plain listener: a header, a table of iterations and a status, as lines of text."""

from __future__ import annotations

import builtins
import sys
import warnings
from typing import TYPE_CHECKING, cast

from windrow import errors
from windrow.progress.events import Event, Finished, Header, Notice, Row, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Silent", "TextTable", "first_outside"]

PACKAGE = "windrow."
RULE = "-" * 56
NARROWEST = 8


class Silent:
    """Shows nothing; a warning still becomes a Python warning."""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, Warned):
            warnings.warn(event.text, _warning(event.category), stacklevel=first_outside())

    def close(self) -> None:
        """End the output, whether or not the program finished."""


class TextTable(Silent):
    """Writes what a program says as the ancestor's users know it.

    Of a table it shows the first five rows, the tenth, every fiftieth and the last.

    Parameters
    ----------
    write
        Is called with text to show, line ends included.

    Examples
    --------
    >>> table = TextTable(lambda text: print(text, end=""))
    >>> table(Row(("Iteration", "Passes"), ("1", "2"), 1))
    +-----------+----------+
    | Iteration | Passes   |
    +-----------+----------+
    | 1         | 2        |
    >>> table(Finished("SUCCESS: Optimal solution found."))
    +-----------+----------+
    SUCCESS: Optimal solution found.
    <BLANKLINE>
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._widths: tuple[int, ...] = ()
        self._rows = 0
        self._held: Row | None = None

    def __call__(self, event: Event) -> None:
        """Take one event."""
        super().__call__(event)
        if isinstance(event, Row):
            self._row(event)
        elif isinstance(event, Header):
            self.close()
            self._write("\n".join(header_lines(event)) + "\n")
        elif isinstance(event, Notice):
            self._write(event.text + "\n")
        elif isinstance(event, Finished):
            self.close()
            self._write(event.status + "\n\n")

    def close(self) -> None:
        """Show the last row if it was left out, and the table's lower edge."""
        held, self._held = self._held, None
        if held is not None:
            self._write(self._line(held.values))
        if self._rows:
            self._write(self._edge())
        self._rows, self._widths = 0, ()

    def _row(self, row: Row) -> None:
        if not self._rows:
            self._widths = tuple(max(len(name), NARROWEST) for name in row.columns)
            self._write(self._edge() + self._line(row.columns) + self._edge())
        self._rows += 1
        if row.every or is_shown(self._rows if row.place is None else row.place):
            self._held = None
            self._write(self._line(row.values))
        else:
            self._held = row

    def _edge(self) -> str:
        return "+" + "+".join("-" * (width + 2) for width in self._widths) + "+\n"

    def _line(self, cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True))
        return "| " + " | ".join(padded) + " |\n"


def _warning(name: str) -> type[Warning]:
    """Find a warning's class by its name."""
    found = getattr(errors, name, None) or getattr(builtins, name)
    return cast("type[Warning]", found)


def first_outside() -> int:
    """Give the stack level, for who calls this, of the user's own line."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001  # what `warnings` itself walks along
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    return level


def is_shown(row: int) -> bool:
    """Whether the row-th row of a table, counted from 1, is shown as it comes; a row 0 is.

    >>> [row for row in range(1, 120) if is_shown(row)]
    [1, 2, 3, 4, 5, 10, 50, 100]
    """
    return row <= 5 or row == 10 or row % 50 == 0


def header_lines(header: Header) -> list[str]:
    """Give the lines of a header, values aligned.

    >>> header_lines(Header("SVM:", (("Number of examples", "10"),)))[2]
    'Number of examples : 10'
    """
    width = max((len(label) for label, _ in header.lines), default=0)
    lines = [header.title, RULE, *(f"{label:<{width}} : {value}" for label, value in header.lines)]
    return [*lines, *([header.method] if header.method else []), RULE]
