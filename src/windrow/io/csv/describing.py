"""What a CSV source holds, from a sample of its first file: names and types of its columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from windrow.errors import ColumnNotFoundError, EmptySourceError, SchemaMismatchError
from windrow.io.csv.convert import type_of_cells
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.head import cells_of, head_of, unreadable
from windrow.io.csv.rewriting import rewritten
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.sources import CsvFormat


def columns_of_sample(
    sample: bytes, form: CsvFormat, url: str, *, whole: bool, rows: int
) -> tuple[tuple[str, DType], ...]:
    """Return the columns of a file.

    Parameters
    ----------
    sample
        The first bytes of the file.
    whole
        Whether they are all of it; otherwise the last row, which may be cut, is not looked at.
    rows
        Rows from which the types are inferred.

    Raises
    ------
    EmptySourceError
        There is neither a header nor a row.

    >>> from windrow.plan.sources import CsvFormat
    >>> columns_of_sample(b"1,a", CsvFormat(header=False), "x.csv", whole=True, rows=100)
    (('X1', <DType.INT: 'int'>), ('X2', <DType.STR: 'str'>))
    """
    head = head_of(sample, form, url)
    dialect = dialect_of(form)
    body = sample[head.rows :]
    if not whole:
        body = body[: body.rfind(dialect.terminator) + 1]
    names = head.names
    if names is None:
        found = rewritten(body, dialect, 0, 1, compile_from=len(body) + 1)
        first = cells_of(found.text)
        if not first and found.dropped:
            raise unreadable(found.dropped[0], "a first row", url)
        if not first:
            problem = "it is empty" if whole else f"no row ends in its first {len(sample)} bytes"
            raise EmptySourceError(url, problem)
        names = tuple(f"X{place}" for place in range(1, len(first[0]) + 1))
    found = rewritten(body, dialect, len(names), rows, compile_from=len(body) + 1)
    table = cells_of(found.text)
    columns = zip(*table, strict=True) if table else ([] for _ in names)
    types = [type_of_cells(list(cells), form) for cells in columns]
    return tuple(zip(names, types, strict=True))


def with_hints(
    columns: tuple[tuple[str, DType], ...], hints: object
) -> tuple[tuple[str, DType], ...]:
    """Return the columns with the types that the user gave: one for all, a list, or a mapping.

    >>> with_hints((("a", DType.INT), ("b", DType.INT)), {"b": str})
    (('a', <DType.INT: 'int'>), ('b', <DType.STR: 'str'>))
    """
    names = tuple(name for name, _ in columns)
    if hints is None:
        return columns
    if isinstance(hints, dict):
        for name in hints:
            if name not in names:
                raise ColumnNotFoundError(name, names)
        return tuple((n, DType.of(hints[n]) if n in hints else kind) for n, kind in columns)
    if isinstance(hints, (list, tuple)):
        if len(hints) != len(names):
            raise SchemaMismatchError(
                "column_type_hints must give a type for each column",
                f"{len(hints)} types for {len(names)} columns",
            )
        return tuple((name, DType.of(hint)) for name, hint in zip(names, hints, strict=True))
    return tuple((name, DType.of(hints)) for name in names)


def only(
    columns: tuple[tuple[str, DType], ...], wanted: Sequence[str], form: CsvFormat
) -> tuple[tuple[tuple[str, DType], ...], CsvFormat]:
    """Return the columns in use, in the files' order, and a format that knows all the others."""
    names = tuple(name for name, _ in columns)
    if not wanted:
        return columns, form
    for name in wanted:
        if name not in names:
            raise ColumnNotFoundError(name, names)
    used = tuple((name, kind) for name, kind in columns if name in set(wanted))
    return used, replace(form, names=names)
