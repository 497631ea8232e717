"""Progress events. Programs emit them; who listens is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from windrow.errors import redacted


@dataclass(frozen=True)
class Event:
    """Base of all events; each pickles, since programs may run on another host."""


@dataclass(frozen=True)
class Header(Event):
    """What is about to run.

    Attributes
    ----------
    title
        For example ``Logistic regression:``.
    lines
        Pairs of label and value.
    method
        For example ``Starting Newton Method``; may be empty.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    method: str = ""


@dataclass(frozen=True)
class Row(Event):
    """One row of a progress table.

    Attributes
    ----------
    columns
        Names, the same in every row of one table.
    values
        Texts to show, numbers already formatted.
    number
        Iteration, in the numbering that is shown.
    place
        Which of a table's rows are shown goes by this number (see `is_shown`): steps done, so that
        a table may begin with a row before the first; None: by the rows that came before.
    every
        Whether plain output shows each row of this table, instead of some of them.
    aside
        What a live table says below the row while it is the latest, such as a pace; may be empty.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    number: int
    place: int | None = None
    every: bool = False
    aside: str = ""


@dataclass(frozen=True)
class Notice(Event):
    """A sentence that a user should see once."""

    text: str


@dataclass(frozen=True)
class Transfer(Event):
    """How far a large upload has come, from its begin to its end.

    Attributes
    ----------
    what
        For example ``Uploading``.
    done, total
        Bytes.
    """

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Warned(Event):
    """A sentence that becomes a Python warning where the user is.

    Attributes
    ----------
    text
        The sentence.
    category
        Name of the warning's class, in `windrow.errors` or built in.
    """

    text: str
    category: str = "UserWarning"


@dataclass(frozen=True)
class Finished(Event):
    """The end of a program: its status, with numbers."""

    status: str


Listener = Callable[[Event], None]
"""Is called with each event, in order, from the thread that waits for the program."""


def record_of(event: Event) -> dict[str, Any]:
    """Return an event as plain values, which cross any wire; secrets in URLs are masked.

    >>> record_of(Notice("half way"))
    {'event': 'Notice', 'text': 'half way'}
    """
    fields = {name: _masked(value) for name, value in asdict(event).items()}
    return {"event": type(event).__name__} | fields


def event_of(record: dict[str, Any]) -> Event:
    """Return the event that `record_of` made a record of.

    >>> event_of(record_of(Row(("Iteration",), ("1",), 1)))
    Row(columns=('Iteration',), values=('1',), number=1, place=None, every=False, aside='')
    """
    fields = {name: _tuples(value) for name, value in record.items() if name != "event"}
    return _KINDS[record["event"]](**fields)


def _masked(value: Any) -> Any:  # texts, and tuples of them
    if isinstance(value, tuple):
        return tuple(_masked(item) for item in value)
    return redacted(value) if isinstance(value, str) else value


def _tuples(value: Any) -> Any:  # JSON has lists where events have tuples
    return tuple(_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value


_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (Header, Row, Notice, Transfer, Warned, Finished)
}
