"""One piece of CSV as a typed frame: by the fast reader where it is plain, else tolerantly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from windrow.io.csv.convert import convert
from windrow.io.csv.dialect import Dialect, dialect_of
from windrow.io.csv.plain import is_plain
from windrow.io.csv.rewriting import Dropped, rewritten
from windrow.io.memory import PHYSICAL
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from windrow.plan.sources import CsvFormat

_FAST = {DType.INT, DType.FLOAT, DType.STR}


@dataclass(frozen=True)
class Table:
    """What a CSV file holds: how it is written, all its columns, and the types of those in use."""

    form: CsvFormat
    names: tuple[str, ...]
    types: Mapping[str, DType]

    def read_for(self, columns: Sequence[str]) -> list[str]:
        """Columns to look at for the sake of some: also all whose cells can be wrong.

        So a row is dropped or kept whatever columns are asked for.
        """
        return [
            name
            for name in self.names
            if name in columns or (name in self.types and self.types[name] is not DType.STR)
        ] or [next(iter(self.types))]


class Parsed(NamedTuple):
    """A frame and what was left out.

    Attributes
    ----------
    frame
        The rows that fit.
    dropped
        The rows that do not, in order.
    starts
        Where each row of the frame began; None where the text was plain and nothing was left out.
    """

    frame: pl.DataFrame
    dropped: list[Dropped]
    starts: Any | None = None

    def first(self, rows: int) -> Parsed:
        """Return the first rows, and what was left out before the last of them."""
        if self.frame.height <= rows or rows == 0:
            return self if rows else Parsed(self.frame.head(0), [])
        end = 0 if self.starts is None else self.starts[rows - 1]
        dropped = [row for row in self.dropped if row.start < end]
        return Parsed(self.frame.head(rows), dropped, self.starts)


def parse(data: bytes, table: Table, columns: Sequence[str], *, plain: bool = False) -> Parsed:
    """Read text that begins at the start of a row.

    Rows that do not fit (too few or too many cells, a cell that is no value of its column's type)
    are left out.

    Parameters
    ----------
    columns
        Names of the columns to return, in that order.
    plain
        Whether this very text was found to be plain before, and is not to be looked at again.
    """
    dialect = dialect_of(table.form)
    if plain or (_may_be_fast(table) and is_plain(data, dialect, len(table.names))):
        frame = _fast(data, dialect, table, columns if plain else table.read_for(columns))
        if frame is not None:
            return Parsed(frame.select(columns), [])
    return _tolerant(data, dialect, table, columns)


def _may_be_fast(table: Table) -> bool:
    form = table.form
    plain = not (form.true_values or form.false_values or "" in form.na_values)
    return plain and set(table.types.values()) <= _FAST


def _fast(
    data: bytes, dialect: Dialect, table: Table, columns: Sequence[str]
) -> pl.DataFrame | None:
    """Read plain text; None when a cell is not of its type."""
    kinds = {n: PHYSICAL[table.types.get(n, DType.STR)] for n in table.names}
    try:
        return _read_csv(
            data,
            kinds,
            columns,
            table.form.na_values,
            delimiter=dialect.delimiter.decode(),
            quote=dialect.quote,
        )
    except pl.exceptions.PolarsError:
        return None


def _read_csv(
    data: bytes,
    kinds: Mapping[str, Any],
    columns: Sequence[str],
    na_values: Sequence[str],
    *,
    delimiter: str = ",",
    quote: int = 34,
) -> pl.DataFrame:
    places = [place for place, name in enumerate(kinds) if name in set(columns)]
    return pl.read_csv(
        data,
        has_header=False,
        columns=places,
        separator=delimiter,
        quote_char=chr(quote) if quote >= 0 else None,
        schema=dict(kinds),
        null_values=list(na_values),
        empty_string_is_null=False,
        raise_if_empty=False,
    )


def _tolerant(data: bytes, dialect: Dialect, table: Table, columns: Sequence[str]) -> Parsed:
    """Rewrite the rows that have their cells, then leave out those with a wrong one."""
    plain = rewritten(data, dialect, len(table.names))
    kinds = dict.fromkeys(table.names, pl.String())
    text = _read_csv(plain.text, kinds, table.read_for(columns), table.form.na_values)
    wrong = np.zeros(text.height, bool)
    causes: dict[int, str] = {}
    made = {}
    for name in text.columns:
        dtype = table.types.get(name, DType.STR)
        made[name], bad = convert(text[name], dtype, table.form)
        if bad is not None:
            bad_rows = bad.to_numpy()
            for row in np.flatnonzero(bad_rows & ~wrong):
                cell = text[name][int(row)]
                causes[int(row)] = f"{cell[:40]!r} in column {name!r} is no {dtype.value}"
            wrong |= bad_rows
    frame = pl.DataFrame([made[name] for name in columns])
    if not causes:
        return Parsed(frame, plain.dropped, plain.starts)
    dropped = plain.dropped + [
        Dropped(int(plain.starts[row]), int(plain.stops[row]), cause)
        for row, cause in causes.items()
    ]
    dropped.sort(key=lambda row: row.start)
    return Parsed(frame.filter(pl.Series(~wrong)), dropped, plain.starts[~wrong])
