"""Read a table piece by piece, as an executor does, in this thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import polars as pl

from windrow.io import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from windrow.io.read import BadRow
    from windrow.plan.tables import Scan

T = TypeVar("T")
R = TypeVar("R")


def in_order(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Map, one after the other."""
    return [function(item) for item in items]


def load(scan: Scan) -> tuple[pl.DataFrame, list[BadRow]]:
    """Return all rows of a table, and the first of those that were dropped from each piece."""
    reads = [sources.read(scan, piece) for piece in sources.pieces(scan, in_order)]
    bad = [row for read in reads for row in read.rejected.first]
    return pl.concat([read.frame for read in reads]), bad


def rows_of(scan: Scan) -> int:
    """Return the number of rows, read piece by piece."""
    return load(scan)[0].height
