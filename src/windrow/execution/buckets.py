"""Rows by the hash of their keys: equal keys fall into one bucket, whichever table they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.learn.hashing import hash_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

__all__ = ["by_code", "numbered_from", "numbers_of", "partition_of"]

PLACES = 40
"""Bits of a row's number within its partition; the number of the partition stands above them."""
_NOTHING = 0x9E3779B97F4A7C15
"""Hash of a missing value."""


def numbers_of(keys: Sequence[pl.Series], buckets: int) -> Codes:
    """Give each row of some key columns (at least one) the number of its bucket.

    Missing equals missing, NaN equals NaN, and -0.0 equals 0.0, as they do where tables are joined.

    Examples
    --------
    >>> keys = [pl.Series([0.0, -0.0, None, None]), pl.Series(["x", "x", "y", "y"])]
    >>> first, second, third, fourth = numbers_of(keys, 1 << 30).tolist()
    >>> first == second, third == fourth, first == third
    (True, True, False)
    """
    if buckets == 1:
        return np.zeros(len(keys[0]), dtype=np.int64)
    state = np.zeros(len(keys[0]), dtype=np.uint64)
    for place, series in enumerate(keys):
        state = hash_rows(place, state ^ _hashed(series))
    return (state % np.uint64(buckets)).astype(np.int64)


def by_code(frame: pl.DataFrame, codes: Codes, count: int) -> Iterator[pl.DataFrame]:
    """Yield for each code from 0 up to `count` the rows that have it, in their order.

    >>> frame = pl.DataFrame({"a": [5, 6, 7]})
    >>> [part["a"].to_list() for part in by_code(frame, np.array([1, 0, 1]), 3)]
    [[6], [5, 7], []]
    """
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(count + 1))
    for code in range(count):
        yield frame[order[ends[code] : ends[code + 1]]]


def numbered_from(partition: int, rows: int) -> pl.Series:
    """Number the rows of a partition as no rows of any other partition are, in order."""
    return pl.Series((np.int64(partition) << PLACES) + np.arange(rows, dtype=np.int64))


def partition_of(numbers: pl.Series) -> Codes:
    """Return the partition of each row's number.

    >>> partition_of(numbered_from(3, 2)).tolist()
    [3, 3]
    """
    return numbers.to_numpy() >> PLACES


def _hashed(values: pl.Series) -> Hashes:
    """Hash each value; what is equal has equal hashes."""
    found = _present(values)
    if values.null_count():
        found[values.is_null().to_numpy()] = _NOTHING
    return found


def _present(values: pl.Series) -> Hashes:
    """Hash each value, as anything where it is missing."""
    from windrow.learn.folding import fold

    if values.dtype == pl.String:
        oldest = pl.CompatLevel.oldest()  # bytes end to end, and where each text ends
        texts = values.fill_null("").rechunk().to_arrow(compat_level=oldest)
        _, ends, data = texts.buffers()
        wide = np.frombuffer(ends, np.int64, len(texts) + 1, 8 * texts.offset)
        return fold(np.frombuffer(data or b"", np.uint8), wide)
    if values.dtype == pl.List:
        lengths = values.list.len().fill_null(0).to_numpy().astype(np.int64)
        elements = values.drop_nulls().explode(empty_as_null=False)
        return fold(_hashed(elements), np.append(0, np.cumsum(lengths)))
    if values.dtype == pl.Float64:
        numbers = values.fill_null(0.0).to_numpy() + 0.0  # of two zeros there remains one
        numbers[np.isnan(numbers)] = np.nan
        return hash_rows(0, numbers.view(np.uint64))
    return hash_rows(0, values.cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64))
