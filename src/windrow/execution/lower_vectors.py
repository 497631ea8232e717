"""Vectors: columns whose values are ``array.array('d')``, computed on all elements at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from windrow.execution.lower_step import aligned, nulled
from windrow.execution.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray


def elementwise(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]], column: pl.Series
) -> pl.Series:
    """Apply a function to every element."""
    vectors = Vectors.of(column)
    return Vectors(vectors.lengths, vectors.missing, function(vectors.elements)).series()


def arithmetic(
    function: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    left: pl.Series,
    right: pl.Series,
) -> pl.Series:
    """Apply a function of two numbers to vectors, or to vectors and numbers.

    None spreads; two vectors of different lengths give None.
    """
    left, right = aligned(left, right)
    both = [None if c.dtype != pl.List else Vectors.of(c) for c in (left, right)]
    kept = ~(left.is_null() | right.is_null()).to_numpy()
    first, second = both
    if first is not None and second is not None:
        kept &= first.lengths == second.lengths
    shapes = first if first is not None else second
    if shapes is None:
        raise TypeError(left.dtype)
    shape = shapes.where(kept)
    sides = [
        vectors.where(kept).elements
        if vectors is not None
        else np.repeat(column.cast(pl.Float64).to_numpy(), shape.lengths)
        for vectors, column in zip(both, (left, right), strict=True)
    ]
    with np.errstate(all="ignore"):
        return Vectors(shape.lengths, shape.missing, function(*sides)).series()


def equal(left: pl.Series, right: pl.Series) -> pl.Series:
    """Tell which vectors are equal, element by element; None equals None."""
    left, right = aligned(left, right)
    first, second = Vectors.of(left), Vectors.of(right)
    alike = (first.missing == second.missing) & (first.lengths == second.lengths)
    a, b = first.where(alike & ~first.missing), second.where(alike & ~first.missing)
    differing = a.rows()[a.elements != b.elements]
    alike[differing] = False
    return pl.Series(alike)


def contains(column: pl.Series, item: object) -> pl.Series:
    """Tell which vectors have an element equal to a number; None spreads."""
    vectors = Vectors.of(column)
    found = np.zeros(len(vectors.lengths), dtype=np.bool_)
    if isinstance(item, (int, float)):
        found[vectors.rows()[vectors.elements == item]] = True
    return nulled(pl.Series(found), column.is_null())
