"""Where rows come from: files of a URL scheme, or memory; and how both are cut into partitions.

The cut follows the data alone: about `PARTITION_BYTES` of a file, `PARTITION_ROWS` rows of memory.
It never depends on threads or hosts, since the reduction tree over partitions is part of a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

LEAF_ROWS = 1 << 16
"""Rows of a leaf, the unit of parallel compute inside a partition."""
PARTITION_ROWS = 16 * LEAF_ROWS
"""Rows of a partition of in-memory data and of the stored result of an operation."""
PARTITION_BYTES = 64 << 20
"""Bytes of source text in a partition, before it is moved to a row's end."""


@dataclass(frozen=True)
class FileStamp:
    """One file as it was when the table was described.

    Attributes
    ----------
    url
        Absolute path or URL.
    size
        Bytes, or None where the server does not say.
    version
        What changes when the file does (entity tag, or modification time); empty when unknown.
    """

    url: str
    size: int | None
    version: str


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is written; the options of `SFrame.read_csv`.

    `names` are all columns of the files where the scan has only some of them (``usecols``), else
    empty. `compression` is that of files whose names do not tell (``gzip``, ``zstd``, ``bz2``,
    ``xz`` or ``zip``), empty for none.
    """

    delimiter: str = ","
    header: bool = True
    comment_char: str = ""
    escape_char: str = "\\"
    double_quote: bool = True
    quote_char: str = '"'
    skip_initial_space: bool = True
    na_values: tuple[str, ...] = ("NA",)
    line_terminator: str = "\n"
    skiprows: int = 0
    nrows: int | None = None
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()
    error_bad_lines: bool = False
    names: tuple[str, ...] = ()
    compression: str = ""


@dataclass(frozen=True)
class ParquetFormat:
    """Parquet; the file itself says how it is written.

    `footers` are the checksums of the files' footers where they are known (a saved table), else
    empty.
    """

    footers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A partition of a `Scan`: one file's bytes or row groups.

    Attributes
    ----------
    file
        Index into the files of the scan.
    start, stop
        CSV: the bytes, both at the start of a row. Parquet: row group numbers.
    first_row
        CSV: number of lines before this piece in its file (for messages), -1 where unknown.
    limit
        CSV: at most so many rows of the piece belong to the scan (``nrows``), None for all.
    """

    file: int
    start: int
    stop: int
    first_row: int = -1
    limit: int | None = None


class Extent(NamedTuple):
    """Bytes that a part of a table is read from.

    Attributes
    ----------
    file
        The file.
    start, stop
        Where they are, of Parquet about.
    """

    file: FileStamp
    start: int
    stop: int
