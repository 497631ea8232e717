"""Plans: the tables that a source and a chain of operations describe.

Every node knows its columns (`schema`) and, where data need not be read for it, its number of
rows. Row order is part of the meaning of each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windrow.errors import LengthMismatchError, SchemaMismatchError
from windrow.plan.node import Node
from windrow.plan.schema import Schema
from windrow.plan.sources import PARTITION_BYTES, CsvFormat, FileStamp, ParquetFormat

if TYPE_CHECKING:
    from windrow.plan.expressions import Expression
    from windrow.plan.types import DType


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Node):
    """Base of all tables."""

    schema: Schema = field(init=False)
    rows: int | None = field(init=False)
    """Number of rows where it is known without reading data, else None."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", self._schema())
        object.__setattr__(self, "rows", self._rows())
        super().__post_init__()

    def _schema(self) -> Schema:
        return self.inputs()[0].schema

    def _rows(self) -> int | None:
        return None

    def inputs(self) -> tuple[Plan, ...]:
        """Tables that this one is made from."""
        return tuple(child for child in self.children() if isinstance(child, Plan))


@dataclass(frozen=True, eq=False, repr=False)
class Scan(Plan):
    """Files of one format; rows in file order, then in the order inside each file."""

    files: tuple[FileStamp, ...]
    format: CsvFormat | ParquetFormat
    columns: tuple[tuple[str, DType], ...]
    """All columns of the files, in the files' order."""
    partition_bytes: int = PARTITION_BYTES

    def _schema(self) -> Schema:
        return Schema(self.columns)


@dataclass(frozen=True, eq=False, repr=False)
class Memory(Plan):
    """Rows that came from the program itself, each part one Arrow IPC stream."""

    parts: tuple[bytes, ...]
    counts: tuple[int, ...]
    columns: tuple[tuple[str, DType], ...]

    def _schema(self) -> Schema:
        return Schema(self.columns)

    def _rows(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, eq=False, repr=False)
class Project(Plan):
    """Columns computed row by row from another table."""

    source: Plan
    columns: tuple[tuple[str, Expression], ...]

    def _schema(self) -> Schema:
        for name in sorted(frozenset().union(*(e.reads for _, e in self.columns))):
            self.source.schema[name]
        return Schema((name, expression.type) for name, expression in self.columns)

    def _rows(self) -> int | None:
        return self.source.rows

    def expressions(self) -> dict[str, Expression]:
        """Map each column's name to what it is computed from."""
        return dict(self.columns)


@dataclass(frozen=True, eq=False, repr=False)
class Filter(Plan):
    """Rows in which the predicate is neither missing nor zero."""

    source: Plan
    predicate: Expression


@dataclass(frozen=True, eq=False, repr=False)
class Slice(Plan):
    """Every `step`-th row from `start` up to `stop`; negative numbers count from the end."""

    source: Plan
    start: int | None
    stop: int | None
    step: int = 1

    def _rows(self) -> int | None:
        if self.source.rows is None:
            return None
        return len(range(*slice(self.start, self.stop, self.step).indices(self.source.rows)))


@dataclass(frozen=True, eq=False, repr=False)
class Append(Plan):
    """The rows of each table in turn; all have the same columns."""

    tables: tuple[Plan, ...]

    def _schema(self) -> Schema:
        first = self.tables[0].schema
        for other in self.tables[1:]:
            if other.schema != first:
                raise SchemaMismatchError(
                    "tables to append must have the same columns and types",
                    f"{first} and {other.schema}",
                )
        return first

    def _rows(self) -> int | None:
        counts = [table.rows for table in self.tables]
        return None if None in counts else sum(c for c in counts if c is not None)


@dataclass(frozen=True, eq=False, repr=False)
class Zip(Plan):
    """The columns of tables of equal length side by side; names differ."""

    tables: tuple[Plan, ...]

    def _schema(self) -> Schema:
        return Schema(pair for table in self.tables for pair in table.schema.items())

    def _rows(self) -> int | None:
        known = sorted({table.rows for table in self.tables if table.rows is not None})
        if len(known) > 1:
            raise LengthMismatchError(known[0], known[1])
        return known[0] if known else None


@dataclass(frozen=True, eq=False, repr=False)
class Aggregation:
    """One aggregate of a `Group`.

    Attributes
    ----------
    output
        Name of the resulting column.
    kind
        ``count sum mean min max var std select_one count_distinct distinct concat argmax argmin
        freq_count quantile any all`` and so on.
    columns
        Names of the columns it reads.
    dtype
        Type of the result.
    options
        For example ``ddof``.
    """

    output: str
    kind: str
    columns: tuple[str, ...]
    dtype: DType
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Group(Plan):
    """One row for each distinct key, in first-seen order; without keys one row in all."""

    source: Plan
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]

    def _schema(self) -> Schema:
        keys = tuple((key, self.source.schema[key]) for key in self.keys)
        return Schema(keys + tuple((a.output, a.dtype) for a in self.aggregations))

    def _rows(self) -> int | None:
        return None if self.keys else 1


@dataclass(frozen=True, eq=False, repr=False)
class Join(Plan):
    """Rows of two tables with equal keys (missing equals missing).

    Order: that of the left rows, among the matches of one left row that of the right rows; with
    ``right`` and ``outer`` the right rows without a match follow, in their order.
    """

    left: Plan
    right: Plan
    on: tuple[tuple[str, str], ...]
    """Pairs of left and right key names; the result keeps the left name."""
    how: str
    """``inner``, ``left``, ``right`` or ``outer``."""
    renamed: tuple[tuple[str, str], ...]
    """Each right column that is not a key, and its name in the result."""

    def _schema(self) -> Schema:
        right = tuple((new, self.right.schema[old]) for old, new in self.renamed)
        return Schema(self.left.schema.items() + right)


@dataclass(frozen=True, eq=False, repr=False)
class Sort(Plan):
    """Rows in the order of some columns; stable; missing first when ascending, else last."""

    source: Plan
    by: tuple[tuple[str, bool], ...]
    """Pairs of column name and whether ascending."""

    def _rows(self) -> int | None:
        return self.source.rows


@dataclass(frozen=True, eq=False, repr=False)
class TopK(Plan):
    """The `count` rows with the largest (or smallest) values of a column, sorted; none missing."""

    source: Plan
    column: str
    count: int
    smallest: bool


@dataclass(frozen=True, eq=False, repr=False)
class Unique(Plan):
    """The first of each set of equal rows, in order of first appearance."""

    source: Plan
