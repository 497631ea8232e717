"""Parquet files as a source of partitions: the footer describes, row groups are the cuts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.errors import ColumnNotFoundError, SchemaMismatchError
from windrow.io.arrow_types import dtype_of, normalize
from windrow.io.compression import RangeFile
from windrow.io.memory import PHYSICAL
from windrow.io.parquet_footer import damage, metadata
from windrow.io.read import Read
from windrow.plan.schema import Schema
from windrow.plan.sources import Extent, ParquetFormat, Piece
from windrow.plan.tables import Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from windrow.plan.sources import FileStamp
    from windrow.plan.types import DType

STEP = 1 << 16
"""Bytes of a column that are read at a time where only its first rows are wanted."""


def describe(files: Sequence[FileStamp], usecols: Sequence[str], partition_bytes: int) -> Scan:
    """Tell names and types from the footer of the first file; nothing else is read."""
    columns = _columns(files[0], metadata(files[0]))
    names = tuple(name for name, _ in columns)
    for name in usecols:
        if name not in names:
            raise ColumnNotFoundError(name, names)
    used = tuple((name, kind) for name, kind in columns if not usecols or name in set(usecols))
    return Scan(tuple(files), ParquetFormat(), used, partition_bytes)


def pieces(
    scan: Scan, run: Callable[[Callable[[int], list[Piece]], Sequence[int]], list[list[Piece]]]
) -> list[Piece]:
    """Cut every file at row groups, about `partition_bytes` of them together."""
    found = run(partial(_pieces_of, scan), range(len(scan.files)))
    return [piece for of_file in found for piece in of_file]


def read(scan: Scan, piece: Piece, columns: Sequence[str] | None = None) -> Read:
    """Read some columns of some row groups."""
    wanted = list(scan.schema.names if columns is None else columns)
    file = _open(scan, piece.file)
    groups = list(range(piece.start, piece.stop))
    with damage(scan.files[piece.file], _checksum(scan, piece.file)):
        table = file.read_row_groups(groups, columns=wanted)
    return Read(_typed(scan, piece.file, pl.DataFrame(pl.from_arrow(table)).select(wanted)))


def peek(scan: Scan, rows: int, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
    """Return the first rows of the first file, if it has so many or is the only one."""
    import pyarrow as pa

    file = _open(scan, 0, in_steps=True)
    if file.metadata.num_rows < rows and len(scan.files) > 1:
        return None
    names = list(scan.schema.names if columns is None else columns)
    groups: list[int] = []
    found = 0
    while found < rows and len(groups) < file.metadata.num_row_groups:
        found += file.metadata.row_group(len(groups)).num_rows
        groups.append(len(groups))
    batches, found = [], 0
    with damage(scan.files[0], _checksum(scan, 0)):
        for batch in file.iter_batches(batch_size=max(rows, 1), row_groups=groups, columns=names):
            batches.append(batch)
            found += batch.num_rows
            if found >= rows:
                break
    if not batches:
        return pl.DataFrame(schema={name: PHYSICAL[scan.schema[name]] for name in names})
    frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches))).select(names)
    return _typed(scan, 0, frame.head(rows))


def count(scan: Scan, piece: Piece) -> int:
    """Rows of some row groups, as the footer says."""
    footer = _metadata(scan, piece.file)
    groups = range(piece.start, piece.stop)
    return sum(footer.row_group(group).num_rows for group in groups)


def extents(scan: Scan, parts: Sequence[Piece | int]) -> list[Extent]:
    """Say where the bytes of pieces or of whole files are, as if all row groups were alike."""
    spans = [(p, 0, 1) if isinstance(p, int) else (p.file, p.start, p.stop) for p in parts]
    groups: dict[int, int] = {}
    for file, _, stop in spans:
        groups[file] = max(stop, groups.get(file, 1))
    return [
        Extent(stamp, size * start // groups[file], size * stop // groups[file])
        for file, start, stop in spans
        for stamp in [scan.files[file]]
        for size in [stamp.size or 0]
    ]


def _metadata(scan: Scan, file: int) -> Any:
    return metadata(scan.files[file], _checksum(scan, file))


def _checksum(scan: Scan, file: int) -> str:
    """Of the file's footer, if the table was saved with one."""
    known = scan.format.footers if isinstance(scan.format, ParquetFormat) else ()
    return known[file] if known else ""


def _open(scan: Scan, file: int, *, in_steps: bool = False) -> Any:
    """Open a file; `in_steps` reads a column's pages as they are needed, not all at once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = _metadata(scan, file)
    with damage(scan.files[file], _checksum(scan, file)):
        return pq.ParquetFile(
            pa.PythonFile(RangeFile(scan.files[file]), "r"),
            metadata=found,
            page_checksum_verification=True,
            buffer_size=STEP if in_steps else 0,
            pre_buffer=not in_steps,
        )


def _columns(stamp: FileStamp, found: Any) -> tuple[tuple[str, DType], ...]:
    """Names and types from a footer."""
    import pyarrow as pa

    with damage(stamp, ""):
        schema = found.schema.to_arrow_schema()
    empty = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([], schema=schema)))
    return tuple((name, dtype_of(kind, name)) for name, kind in empty.schema.items())


def _pieces_of(scan: Scan, file: int) -> list[Piece]:
    footer = _metadata(scan, file)
    _check_columns(scan, file, footer)
    found: list[Piece] = []
    start = size = 0
    for group in range(footer.num_row_groups):
        own = footer.row_group(group).total_byte_size
        if group > start and size + own > scan.partition_bytes:
            found.append(Piece(file, start, group))
            start, size = group, 0
        size += own
    # A saved table keeps its empty parts: numbers of partitions say in which order sums are added.
    if (footer.num_row_groups > start and footer.num_rows) or (_checksum(scan, file) and not found):
        found.append(Piece(file, start, footer.num_row_groups))
    return found


def _check_columns(scan: Scan, file: int, footer: Any) -> None:
    """Raise `SchemaMismatchError` when a file lacks a column or has it with another type."""
    found = dict(_columns(scan.files[file], footer))
    for name, kind in scan.columns:
        if PHYSICAL.get(found.get(name, kind)) != PHYSICAL[kind] or name not in found:
            has = f"{name!r} as {found[name].value}" if name in found else f"no column {name!r}"
            raise SchemaMismatchError(
                "files of one table must have the same columns and types",
                f"{scan.files[file].url} has {has} where {kind.value} is wanted",
            )


def _typed(scan: Scan, file: int, frame: pl.DataFrame) -> pl.DataFrame:
    plain, found = normalize(frame)
    wanted = Schema((name, scan.schema[name]) for name in frame.columns)
    if found != wanted:  # text of a saved table may hold lists and dictionaries
        for name, kind in wanted.items():
            if PHYSICAL[found[name]] != PHYSICAL[kind]:
                raise SchemaMismatchError(
                    "files of one table must have the same columns and types",
                    f"{scan.files[file].url} has {name!r} as {found[name].value}",
                )
    return plain
