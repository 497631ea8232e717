"""Tables in memory: rows held as Arrow IPC streams, one a partition.

Streams are plain bytes, so a plan that holds them pickles and is known by its content; reading one
back shares its memory.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from windrow.plan.schema import Schema
from windrow.plan.sources import PARTITION_ROWS
from windrow.plan.tables import Memory
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PHYSICAL", "empty", "from_frame", "packed", "part", "schema_of", "unpacked"]

PHYSICAL: dict[DType, pl.DataType] = {
    DType.INT: pl.Int64(),
    DType.FLOAT: pl.Float64(),
    DType.STR: pl.String(),
    DType.ARRAY: pl.List(pl.Float64()),
    DType.LIST: pl.String(),
    DType.DICT: pl.String(),
    DType.DATETIME: pl.Datetime("us"),
}
"""How each type lies in a frame."""


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of no rows.

    >>> empty(Schema([("a", DType.INT)])).schema["a"]
    Int64
    """
    return pl.DataFrame(schema={name: PHYSICAL[dtype] for name, dtype in schema.items()})


def schema_of(frame: pl.DataFrame) -> Schema:
    """Return the types that a frame in physical form has (text stays text, never a list).

    >>> schema_of(pl.DataFrame({"a": [1.5]}))
    Schema(a: float)
    """
    known = {kind: dtype for dtype, kind in reversed(PHYSICAL.items())} | {pl.String(): DType.STR}
    return Schema((name, known[kind]) for name, kind in frame.schema.items())


def from_frame(
    frame: pl.DataFrame, schema: Schema | None = None, counts: Sequence[int] | None = None
) -> Memory:
    """Hold a frame in physical form as a plan.

    Parameters
    ----------
    frame
        Columns of the types in `PHYSICAL`.
    schema
        What the columns are; None where no text holds lists or dictionaries.
    counts
        Rows of each partition; None cuts every `PARTITION_ROWS` rows, and at least one part.

    >>> from_frame(pl.DataFrame({"a": [1, 2]})).rows
    2
    """
    if counts is None:
        starts = range(0, max(frame.height, 1), PARTITION_ROWS)
        counts = [min(PARTITION_ROWS, frame.height - start) for start in starts]
    parts, start = [], 0
    for count in counts:
        parts.append(packed(frame.slice(start, count)))
        start += count
    return Memory(tuple(parts), tuple(counts), (schema or schema_of(frame)).items())


def packed(frame: pl.DataFrame) -> bytes:
    """Write a frame as an Arrow IPC stream."""
    stream = io.BytesIO()
    frame.rechunk().write_ipc_stream(stream)
    return stream.getvalue()


def unpacked(data: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read an Arrow IPC stream, or some columns of it; they share its memory.

    >>> unpacked(packed(pl.DataFrame({"a": [1], "b": [2]})), ["b"])["b"].to_list()
    [2]
    """
    import pyarrow as pa  # reads a stream in place, where Polars copies it

    table = pa.ipc.open_stream(pa.py_buffer(data)).read_all()
    return pl.DataFrame(table if columns is None else table.select(list(columns)))


def part(plan: Memory, index: int, columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns of a partition.

    >>> part(from_frame(pl.DataFrame({"a": [1, 2], "b": [3, 4]})), 0, ["b"])["b"].to_list()
    [3, 4]
    """
    return unpacked(plan.parts[index], columns)
