"""Hashes of values and of row numbers: functions of data and seed alone, equal on every host."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.execution.lower_casts import by_distinct
from windrow.execution.vectors import Vectors
from windrow.learn.hashing import hash_rows, permute, uniform
from windrow.plan.types import DType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.execution.lower_step import Function, Step


def _uniform(step: Step) -> pl.Series:
    (rows,) = step.columns
    return pl.Series(uniform(step.option("seed"), _numbers(rows)))


def _permutation(step: Step) -> pl.Series:
    rows, count = step.columns
    total = int(count[0]) if len(count) else 0
    places = permute(_numbers(rows), total, step.option("seed"))
    return pl.Series(places.view(np.int64))


def _numbers(series: pl.Series) -> NDArray[np.uint64]:
    return series.to_numpy().astype(np.uint64)


def _hash(step: Step) -> pl.Series:
    """64 bits of each value; an int and an equal float have the same."""
    (column,), kind, seed = step.columns, step.types[0], step.option("seed", 0)
    if kind is DType.ARRAY:
        bits = _vector_bits(Vectors.of(column))
    elif kind is DType.FLOAT:
        bits = _float_bits(column.fill_null(0.0).to_numpy())
    elif kind in {DType.INT, DType.DATETIME}:
        bits = column.cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)
    else:
        texts = by_distinct(column, _text_bits, DType.INT)
        bits = texts.fill_null(0).to_numpy().view(np.uint64)
    missing = hash_rows(seed, np.zeros(1, dtype=np.uint64), stream=1)
    found = np.where(column.is_null().to_numpy(), missing, hash_rows(seed, bits))
    return pl.Series(found.view(np.int64))


def _text_bits(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _float_bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Bits of each float: of the int that it equals, else its own; all NaN are one."""
    whole = (np.floor(values) == values) & (np.abs(values) < 2.0**63)
    own = np.where(np.isnan(values), np.nan, values).view(np.uint64)
    ints = np.where(whole, values, 0.0).astype(np.int64).view(np.uint64)
    bits: NDArray[np.uint64] = np.where(whole, ints, own)
    return bits


def _vector_bits(vectors: Vectors) -> NDArray[np.uint64]:
    """Add up the hashes of (place, element), modulo 2^64."""
    ends = np.cumsum(vectors.lengths)
    places = np.arange(len(vectors.elements)) - np.repeat(ends - vectors.lengths, vectors.lengths)
    mixed = hash_rows(1, _float_bits(vectors.elements)) ^ places.astype(np.uint64)
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(hash_rows(2, mixed))])
    own: NDArray[np.uint64] = sums[ends] - sums[ends - vectors.lengths]
    return own + vectors.lengths.astype(np.uint64)


OPERATIONS: dict[str, Function] = {
    "row_uniform": _uniform,
    "row_permutation": _permutation,
    "hash": _hash,
}
