"""What reading a piece gives: a frame, and the rows that did not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

SHOWN = 10
"""Rejected rows of a piece that are kept to be shown."""


class BadRow(NamedTuple):
    """A row that does not fit its table: redacted URL, line number from 1, why, text."""

    file: str
    row: int
    cause: str
    text: str

    def __str__(self) -> str:
        return f"line {self.row} of {self.file} ({self.cause}): {self.text!r}"


@dataclass(frozen=True)
class Rejected:
    """Rows that were dropped: how many, and the first of them."""

    count: int = 0
    first: tuple[BadRow, ...] = ()


@dataclass(frozen=True)
class Read:
    """A piece as a frame in physical form, and what was dropped from it."""

    frame: pl.DataFrame
    rejected: Rejected = Rejected()
