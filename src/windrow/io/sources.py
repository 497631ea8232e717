"""Tables at URLs: what they hold, how they are cut, and each piece as a typed frame.

The cut follows the data alone, so that everything computed over the pieces is a function of the
data alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from windrow.errors import EmptySourceError, FileFormatError
from windrow.io import parquet, saved
from windrow.io.compression import by_content, by_name, path_of
from windrow.io.content import SAMPLE, Content
from windrow.io.csv import files as csv_files
from windrow.io.read import BadRow, Read, Rejected
from windrow.io.registry import storage_of
from windrow.plan.sources import PARTITION_BYTES, CsvFormat

if TYPE_CHECKING:
    import polars as pl

    from windrow.plan.sources import Extent, Piece
    from windrow.plan.tables import Scan

__all__ = ["BadRow", "Read", "Rejected", "count", "describe", "extents", "peek", "pieces", "read"]

Mapper = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
"""An ordered map, possibly on threads or in other processes."""
_PARQUET = {".parquet", ".pq"}


def describe(
    url: str,
    format: CsvFormat | None = None,
    *,
    column_type_hints: object = None,
    usecols: Sequence[str] = (),
    nrows_to_infer: int = 100,
    partition_bytes: int = PARTITION_BYTES,
) -> Scan:
    """Describe the table at a URL: a file, a folder or a pattern, CSV or Parquet.

    Reads the listing and at most one sample of 1 MiB of the first file; of Parquet its footer.

    Parameters
    ----------
    url
        Where it is.
    format
        How CSV is written; None tells Parquet from CSV with the usual options by name or content.
    column_type_hints
        CSV: the type of all columns, a list of types, or a mapping of some names to types.
    usecols
        Names of the columns to use; empty for all.
    nrows_to_infer
        CSV: rows from which the types are told.
    partition_bytes
        Bytes of a partition.

    Raises
    ------
    SourceNotFoundError, SourceRefusedError
        There is nothing there, or it is not given out.
    EmptySourceError
        There is no table in it.
    """
    storage = storage_of(url)
    files = storage.listing(url)
    if any(path_of(stamp.url).name == saved.MANIFEST for stamp in files) and saved.is_saved(url):
        return saved.open_saved(url)
    files = [stamp for stamp in files if stamp.size != 0]
    if not files:
        raise EmptySourceError(url, "it is empty")
    kinds = {path_of(stamp.url).suffix.lower() in _PARQUET for stamp in files}
    if len(kinds) > 1:
        raise FileFormatError(url, "holds Parquet and other files", "name those of one format")
    if format is None and kinds == {True}:
        return parquet.describe(files, usecols, partition_bytes)
    head = storage.prefix(files[0], SAMPLE)
    if format is None and head.startswith(b"PAR1"):
        return parquet.describe(files, usecols, partition_bytes)
    form = format or CsvFormat()
    if not by_name(files[0].url) and not form.compression:
        form = replace(form, compression=by_content(head))
    return csv_files.describe(
        files,
        form,
        Content(files[0], form.compression).prefix(head),
        column_type_hints=column_type_hints,
        usecols=usecols,
        nrows_to_infer=nrows_to_infer,
        partition_bytes=partition_bytes,
    )


def pieces(scan: Scan, run: Mapper) -> list[Piece]:
    """Cut a table into pieces, numbered in row order; `run` maps the work over the files."""
    return _reader(scan).pieces(scan, run)


def read(scan: Scan, piece: Piece, columns: Sequence[str] | None = None) -> Read:
    """Read some columns of a piece, in the order asked for; None reads all."""
    return _reader(scan).read(scan, piece, columns)


def extents(scan: Scan, parts: Sequence[Any]) -> list[Extent]:
    """Say where the bytes of some parts are: pieces, or what `pieces` lets its `run` look at."""
    return _reader(scan).extents(scan, parts)


def peek(scan: Scan, rows: int, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
    """Return the first rows if a small part of the first file holds them, else None."""
    return _reader(scan).peek(scan, rows, columns)


def count(scan: Scan, piece: Piece) -> int:
    """Rows of a piece."""
    return _reader(scan).count(scan, piece)


class _Reader(Protocol):
    """What each format can do."""

    def pieces(self, scan: Scan, run: Any) -> list[Piece]: ...
    def read(self, scan: Scan, piece: Piece, columns: Sequence[str] | None) -> Read: ...
    def peek(self, scan: Scan, rows: int, columns: Sequence[str] | None) -> pl.DataFrame | None: ...
    def count(self, scan: Scan, piece: Piece) -> int: ...
    def extents(self, scan: Scan, parts: Any) -> list[Extent]: ...


def _reader(scan: Scan) -> _Reader:
    return csv_files if isinstance(scan.format, CsvFormat) else parquet
