"""One column at a time, from the engine's form to arrays: numbers, levels, vectors, entries.

Lists and dictionaries become entries of sparse rows. Each distinct element of a list is an entry
with the value 1, numbers by their text; each key of a dictionary is one with its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import DictValueError
from windrow.execution.levels import Levels
from windrow.execution.nested import Parts, plain_parts
from windrow.execution.values import CHUNK
from windrow.execution.vectors import Vectors
from windrow.learn.jit import kernel
from windrow.learn.sparse import SparseRows
from windrow.plan.values import decode_dict, decode_list

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Entries", "Matrix", "entries_of_dicts", "entries_of_lists", "levels_of", "matrix_of"]
__all__ += ["numbers_of"]


def numbers_of(column: pl.Series) -> tuple[NDArray[np.float64], int, int]:
    """Values of a number column, how many are missing (NaN then), how many not finite."""
    import polars as pl

    missing = column.null_count()
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong = 0 if column.dtype == pl.Int64 else int(np.count_nonzero(~np.isfinite(values))) - missing
    return values, missing, wrong


def levels_of(column: pl.Series) -> tuple[NDArray[np.int32], Levels]:
    """Codes of a column's values, and the distinct values in the order they are first seen."""
    import polars as pl

    found = column.to_arrow().dictionary_encode(null_encoding="encode")
    codes = pl.Series(found.indices).to_numpy()  # Arrow's own way imports pandas if it is there
    return codes, Levels(pl.Series(found.dictionary))


@dataclass(frozen=True, eq=False)
class Matrix:
    """Vectors of a column.

    Attributes
    ----------
    numbers
        float64 (rows, width): NaN where a vector is missing or shorter than the longest.
    lengths
        The distinct lengths, in the order they are first seen.
    absent
        bool (rows,): where there is no vector.
    missing, wrong
        Rows without a vector, and rows in which a number is not finite.
    """

    numbers: NDArray[np.float64]
    lengths: Levels
    absent: NDArray[np.bool_]
    missing: int
    wrong: int


def matrix_of(column: pl.Series) -> Matrix:
    """Take a column of vectors apart.

    Examples
    --------
    >>> import polars as pl
    >>> found = matrix_of(pl.Series([[1.0, 2.0], None, [3.0, 4.0]], dtype=pl.List(pl.Float64)))
    >>> found.numbers.tolist(), list(found.lengths), found.missing
    ([[1.0, 2.0], [nan, nan], [3.0, 4.0]], [2], 1)
    """
    found = Vectors.of(column)
    lengths, places = np.unique(found.lengths[~found.missing], return_index=True)
    seen = lengths[np.argsort(places)].tolist()
    numbers = np.full((len(found.lengths), max(seen, default=0)), np.nan)
    rows, ends = found.rows(), np.cumsum(found.lengths)
    within = np.arange(len(rows)) - np.repeat(ends - found.lengths, found.lengths)
    numbers[rows, within] = found.elements
    wrong = np.unique(rows[~np.isfinite(found.elements)]).size
    return Matrix(numbers, Levels.of(seen), found.missing, int(found.missing.sum()), wrong)


@dataclass(frozen=True, eq=False)
class Entries:
    """Lists or dictionaries of a column.

    Attributes
    ----------
    rows
        The entries; places are numbers of levels.
    levels
        The distinct elements or keys as text, in the order they are first seen.
    missing, wrong
        Rows without a list or dictionary or with a value that is None, and rows with a value that
        is not finite.
    """

    rows: SparseRows
    levels: Levels
    missing: int
    wrong: int


def entries_of_lists(column: pl.Series) -> Entries:
    """Take a column of lists apart.

    Examples
    --------
    >>> import polars as pl
    >>> found = entries_of_lists(pl.Series(['["b","a","b"]', None, '[1,"a"]']))
    >>> list(found.levels), found.rows.starts.tolist(), found.rows.places.tolist(), found.missing
    (['b', 'a', '1'], [0, 2, 2, 4], [0, 1, 2, 1], 1)
    """
    lengths, parts = [], []
    for chunk in _chunks(column):
        found = plain_parts(chunk, pairs=False)
        if found is None:
            rows = _elements(chunk.to_list())
            lengths.append(np.array([len(row) for row in rows], dtype=np.int64))
            parts.append(_series([element for row in rows for element in row]))
        else:
            lengths.append(found.lengths)
            parts.append(found.texts)
    codes, levels = levels_of(_joined(parts))
    repeated = SparseRows.of(
        np.concatenate([*lengths, np.empty(0, np.int64)]), codes, np.ones(codes.size)
    )
    return Entries(_distinct(repeated, len(levels)), levels, column.null_count(), 0)


def entries_of_dicts(column: pl.Series, name: str = "") -> Entries:
    """Take a column of dictionaries apart.

    Raises
    ------
    DictValueError
        A value is no number.

    Examples
    --------
    >>> import polars as pl
    >>> found = entries_of_dicts(pl.Series(['[["a",1],["b",2.5]]', "[]", "[[7,3]]"]))
    >>> list(found.levels), found.rows.starts.tolist(), found.rows.values.tolist()
    (['a', 'b', '7'], [0, 2, 2, 3], [1.0, 2.5, 3.0])
    """
    gaps = column.null_count()
    lengths: list[NDArray[np.int64]] = []
    numbers: list[NDArray[np.float64]] = []
    parts: list[pl.Series] = []
    for chunk in _chunks(column):
        plain = plain_parts(chunk, pairs=True)
        if plain is None:
            rows = [_plain_dict(decode_dict(text), name) for text in chunk.to_list()]
            gaps += sum(holed for _, holed in rows)
            keys = _series([key for row, _ in rows for key in row])
            values = np.array([value for row, _ in rows for value in row.values()], dtype=float)
            plain = Parts(np.array([len(row) for row, _ in rows], dtype=np.int64), keys, values)
        lengths.append(plain.lengths)
        numbers.append(plain.values)
        parts.append(plain.texts)
    codes, levels = levels_of(_joined(parts))
    values = np.concatenate([*numbers, []])
    found = SparseRows.of(np.concatenate([*lengths, np.empty(0, np.int64)]), codes, values)
    row_of = np.repeat(np.arange(len(column)), np.diff(found.starts))
    return Entries(found, levels, gaps, np.unique(row_of[~np.isfinite(values)]).size)


def _chunks(column: pl.Series) -> Iterator[pl.Series]:
    """Give some texts at a time: as Python objects they may take many times their room."""
    filled = column.fill_null("[]")
    for start in range(0, len(filled), CHUNK):
        yield filled[start : start + CHUNK]


def _elements(texts: list[str]) -> list[list[str | None]]:
    """Give the elements of some lists as text; None stays."""
    rows = [decode_list(text) for text in texts]
    return [[v if v is None else str(v) for v in row] for row in rows]


@kernel
def _mark_first(
    starts: NDArray[np.int64],
    places: NDArray[np.int32],
    last: NDArray[np.int64],
    kept: NDArray[np.bool_],
) -> None:
    """Mark the entries that are the first of their place in their row; `last` begins as -1."""
    for row in range(starts.shape[0] - 1):
        for e in range(starts[row], starts[row + 1]):
            kept[e] = last[places[e]] != row
            last[places[e]] = row


def _distinct(rows: SparseRows, levels: int) -> SparseRows:
    """Keep of each place in a row the first entry."""
    kept = np.empty(rows.places.size, dtype=np.bool_)
    _mark_first(rows.starts, rows.places, np.full(levels, -1, dtype=np.int64), kept)
    if kept.all():
        return rows
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept, dtype=np.int64)])
    return SparseRows(before[rows.starts], rows.places[kept], rows.values[kept])


def _plain_dict(values: dict[Any, Any], name: str) -> tuple[dict[str, float], bool]:
    """Give the values by the text of their keys, and whether one was missing."""
    found: dict[str, float] = {}
    for key, value in values.items():
        if value is None:
            continue
        if not isinstance(value, (int, float)):
            raise DictValueError(name, str(key), type(value).__name__)
        found[str(key)] = float(value)
    return found, None in values.values()


def _series(texts: list[Any]) -> pl.Series:
    import polars as pl

    return pl.Series(texts, dtype=pl.String)


def _joined(parts: list[pl.Series]) -> pl.Series:
    import polars as pl

    return pl.concat(parts) if parts else _series([])
