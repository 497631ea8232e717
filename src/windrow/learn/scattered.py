"""Partials of mostly zeros as index and value: the same tree, the same bits, less room.

A number that is left out counts as +0.0, as it would stand in the whole partial, and is added as
such. What form a partial has follows from its numbers alone, and nothing else can tell the forms
apart: kernels give whole partials, whoever adds them up makes them `compact`, and who asked for the
sum gets it `whole`.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from windrow.learn.jit import kernel
from windrow.learn.leaf import blank
from windrow.learn.peaks import Peaked

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Scattered", "Summed", "compact", "whole"]

SHARE: Final = 4
"""A partial is scattered when less than one in so many of its numbers is not 0."""
LEAST: Final = 4096
"""Shorter ones stay whole: there is nothing to gain."""


@dataclass(frozen=True, slots=True, eq=False)
class Scattered:
    """A partial of mostly zeros.

    Attributes
    ----------
    size : int
        Length of the whole.
    places : int32 (n,)
        Increasing.
    values : float64 (n,)

    Examples
    --------
    >>> one, other = np.zeros(5000), np.zeros(5000)
    >>> one[7], other[7], other[9] = 1.0, 2.0, 3.0
    >>> both = compact(one) + compact(other)
    >>> both.places.tolist(), both.values.tolist(), float(whole(both)[7])
    ([7, 9], [3.0, 3.0], 3.0)
    """

    __array_ufunc__ = None  # arrays leave the addition to this class

    size: int
    places: NDArray[np.int32]
    values: NDArray[np.float64]

    def __add__(self, other: Summed, /) -> Summed:
        """Add another partial of the same size, of either form."""
        if isinstance(other, np.ndarray):
            total = other + 0.0  # what is left out is added too: -0.0 + 0.0 is 0.0
            total[self.places] = other[self.places] + self.values
            return total
        places = np.empty(self.places.size + other.places.size, dtype=np.int32)
        values = np.empty(places.size)
        n = _merge(self.places, self.values, other.places, other.values, places, values)
        found = Scattered(self.size, places[:n], values[:n])
        return found if n * SHARE < self.size else _filled(found)

    __radd__ = __add__  # of two floats the sum is the same either way


Summed: TypeAlias = "NDArray[np.float64] | Scattered"
"""A partial in either form."""


def compact(partial: Any) -> Any:
    """Give a partial of any kind in the form that takes less room; arrays and what has sums may."""
    if isinstance(partial, Peaked):
        return replace(partial, sums=compact(partial.sums))
    if not isinstance(partial, np.ndarray) or partial.size < LEAST:
        return partial
    bits = partial.view(np.int64)  # -0.0 is none of those that are left out
    if np.count_nonzero(bits) * SHARE >= partial.size:  # to count takes a tenth of finding them
        return partial
    places = np.flatnonzero(bits)
    return Scattered(partial.size, places.astype(np.int32), partial[places])


def whole(partial: Any) -> Any:
    """Give a partial of any kind with all its numbers."""
    if isinstance(partial, Peaked):
        return replace(partial, sums=whole(partial.sums))
    if not isinstance(partial, Scattered):
        return partial
    return _filled(partial)


def _filled(partial: Scattered) -> NDArray[np.float64]:
    found = blank(partial.size)
    found[partial.places] = partial.values
    return found


@kernel
def _merge(
    a: NDArray[np.int32],
    x: NDArray[np.float64],
    b: NDArray[np.int32],
    y: NDArray[np.float64],
    places: NDArray[np.int32],
    values: NDArray[np.float64],
) -> int:
    """Merge two increasing lists; give how many places there are."""
    i = j = n = 0
    while i < a.shape[0] or j < b.shape[0]:
        left = i < a.shape[0] and (j >= b.shape[0] or a[i] <= b[j])
        right = j < b.shape[0] and (i >= a.shape[0] or b[j] <= a[i])
        places[n] = a[i] if left else b[j]
        values[n] = (x[i] if left else 0.0) + (y[j] if right else 0.0)
        i += 1 if left else 0
        j += 1 if right else 0
        n += 1
    return n
