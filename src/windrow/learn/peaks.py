"""Sums that carry maxima along: the largest error of all rows, found in the pass that adds them up.

A maximum is no sum, but it is as good a partial: the reduction tree asks of its partials no more
than a ``+``. Maxima are exact and come in any order, so they need no tree; they ride on the one
that the sums need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Peaked"]


@dataclass(frozen=True, slots=True, eq=False)
class Peaked:
    """A partial of sums and maxima.

    Attributes
    ----------
    sums : float64 (n,)
        These add up.
    peaks : float64 (k,)
        Of these the larger stays.

    Examples
    --------
    >>> both = Peaked(np.array([1.0]), np.array([5.0])) + Peaked(np.array([2.0]), np.array([3.0]))
    >>> both.sums.tolist(), both.peaks.tolist()
    ([3.0], [5.0])
    """

    sums: NDArray[np.float64]
    peaks: NDArray[np.float64]

    def __add__(self, other: Peaked, /) -> Peaked:
        """Add the sums; of each peak keep the larger."""
        return Peaked(self.sums + other.sums, np.maximum(self.peaks, other.peaks))
