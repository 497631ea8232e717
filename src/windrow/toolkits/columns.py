"""One column at a time, from the engine's form to arrays: numbers, levels, vectors, entries.

Lists and dictionaries become entries of sparse rows. Each distinct element of a list is an entry
with the value 1, numbers by their text; each key of a dictionary is one with its value.
"""

from __future__ import annotations

import array
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import DictValueError
from windrow.execution.levels import Levels
from windrow.execution.values import CHUNK
from windrow.execution.vectors import Vectors
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
    lengths, parts = array.array("q"), []
    for texts in _chunks(column):
        rows = [list(dict.fromkeys(row)) for row in _elements(texts)]
        lengths.extend(map(len, rows))
        parts.append(list(chain.from_iterable(rows)))
    codes, levels = _encoded(parts)
    found = SparseRows.of(np.frombuffer(lengths, np.int64), codes, np.ones(codes.size))
    return Entries(found, levels, column.null_count(), 0)


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
    lengths, numbers = array.array("q"), array.array("d")
    parts: list[list[str]] = []
    gaps = column.null_count()
    for texts in _chunks(column):
        rows = json.loads(f"[{','.join(texts)}]")
        try:
            pairs = list(chain.from_iterable(rows))
            own = array.array("d", [value for _, value in pairs])
            keys = [key for key, _ in pairs]
            plain = all(type(key) is str for key in keys)
        except (TypeError, OverflowError):
            plain = False
        if not plain:
            plainly = [_plain_dict(decode_dict(text), name) for text in texts]
            gaps += sum(holed for _, holed in plainly)
            rows = [found for found, _ in plainly]
            keys = [key for row in rows for key in row]
            own = array.array("d", [value for row in rows for value in row.values()])
        lengths.extend(map(len, rows))
        numbers.extend(own)
        parts.append(keys)
    codes, levels = _encoded(parts)
    values = np.frombuffer(numbers) if numbers else np.empty(0)
    found = SparseRows.of(np.frombuffer(lengths, np.int64), codes, values)
    row_of = np.repeat(np.arange(len(lengths)), np.diff(found.starts))
    return Entries(found, levels, gaps, np.unique(row_of[~np.isfinite(values)]).size)


def _chunks(column: pl.Series) -> Iterator[list[str]]:
    """Give some texts at a time: as Python objects they take many times their room."""
    filled = column.fill_null("[]")
    for start in range(0, len(filled), CHUNK):
        yield filled[start : start + CHUNK].to_list()


def _elements(texts: list[str]) -> Iterable[list[str | None]]:
    """Give the elements of some lists as text; None stays."""
    rows = json.loads(f"[{','.join(texts)}]")
    kinds = set(map(type, chain.from_iterable(rows)))
    if kinds <= {str, type(None)}:
        return rows  # type: ignore[no-any-return]  # as the line above found out
    if kinds & {list, dict}:
        rows = [decode_list(text) for text in texts]
    return [[v if v is None else str(v) for v in row] for row in rows]


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


def _encoded(parts: list[list[Any]]) -> tuple[NDArray[np.int32], Levels]:
    import polars as pl

    texts = [pl.Series(part, dtype=pl.String) for part in parts]
    return levels_of(pl.concat(texts) if texts else pl.Series([], dtype=pl.String))
