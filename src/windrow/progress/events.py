"""Progress events. Programs emit them; who listens is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    number: int


@dataclass(frozen=True)
class Notice(Event):
    """A sentence that a user should see once."""

    text: str


@dataclass(frozen=True)
class Warned(Event):
    """A sentence that becomes a Python warning where the user is."""

    text: str
    category: type[Warning] = UserWarning


@dataclass(frozen=True)
class Finished(Event):
    """The end of a program: its status, with numbers."""

    status: str


Listener = Callable[[Event], None]
"""Is called with each event, in order, from the thread that waits for the program."""
