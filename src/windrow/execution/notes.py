"""What a task has to say beside its result: which rows did not parse.

Notes belong to the task that reads, and again to each that finds what was read before: so that
whoever works with the rows is told of those that are missing, and nobody else.
"""

from __future__ import annotations

import contextvars
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from windrow.io.sources import Rejected
    from windrow.plan.sources import Piece

    Notes = dict[tuple[str, Piece], Rejected]
    """By key of the scan, and piece of it."""

_current: contextvars.ContextVar[Notes | None] = contextvars.ContextVar(
    "windrow_notes", default=None
)


@contextmanager
def noting() -> Iterator[Notes]:
    """Collect what is noted within.

    >>> with noting() as notes:
    ...     note({("scan", "piece"): "3 rows"})
    >>> notes
    {('scan', 'piece'): '3 rows'}
    """
    notes: Notes = {}
    token = _current.set(notes)
    try:
        yield notes
    finally:
        _current.reset(token)


def note(notes: Mapping[tuple[str, Piece], Rejected]) -> None:
    """Say something to whoever collects, if anyone does."""
    current = _current.get()
    if current is not None:
        current.update(notes)
