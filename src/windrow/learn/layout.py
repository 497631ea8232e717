"""From coefficients to a weight for each level, and back.

The *expanded* space has a place for the intercept (0), for each numeric column (1 ... d) and for
every level of every categorical column, in order. Kernels know this space alone: a row's code is
the place of its level. The *free* coefficients are those that a solver moves: levels that occur in
training, except each column's reference; and they are rescaled, b_free = scale * b_expanded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.moments import Statistics

__all__ = ["Design", "Layout"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape of the expanded coefficient space.

    Parameters
    ----------
    numeric : int
        Number of numeric columns.
    levels : tuple of int
        Number of levels of each categorical column.

    Examples
    --------
    >>> layout = Layout(2, (3, 4))
    >>> layout.size, layout.offset(0), layout.offset(1)
    (10, 3, 6)
    """

    numeric: int
    levels: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of expanded coefficients, the intercept included."""
        return 1 + self.numeric + sum(self.levels)

    def offset(self, column: int) -> int:
        """Place of the first level of a categorical column."""
        return 1 + self.numeric + sum(self.levels[:column])


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Which expanded coefficients a solver moves, and in which units.

    Parameters
    ----------
    layout : Layout
    free : int64 (n,)
        Increasing places in the expanded space; the first is 0, the intercept.
    scale : float64 (n,)
        A rescaled coefficient is the expanded one times this.
    """

    layout: Layout
    free: NDArray[np.int64]
    scale: NDArray[np.float64]

    @classmethod
    def of(
        cls, statistics: Statistics, reference: NDArray[np.int32], *, rescale: bool = True
    ) -> Design:
        """Choose the free coefficients and their scales from the statistics of the training rows.

        A level has a coefficient when it occurs in training and is not its column's reference, so
        a categorical column that is constant has none. With `rescale` the scale of a column is
        sqrt(max(mean^2 + s^2, 1e-10)), s^2 being the sample variance (n - 1); of the intercept, 1.

        Parameters
        ----------
        statistics : Statistics
        reference : int32 (c,)
            Of each categorical column the expanded place of its reference level: the codes of the
            first training row.
        rescale : bool, default True
            False sets every scale to 1.

        Raises
        ------
        ValueError
            When there is not one reference for each categorical column.
        """
        layout = statistics.layout
        if reference.shape != (len(layout.levels),):
            raise ValueError(
                f"{reference.size} reference levels for {len(layout.levels)} categorical columns"
            )
        used = statistics.count > 0
        used[: 1 + layout.numeric] = True
        used[reference] = False
        free = np.flatnonzero(used).astype(np.int64)
        scale = np.ones(free.size)
        if rescale:
            mean, variance = statistics.mean[free], statistics.variance[free]
            scale[1:] = np.sqrt(np.maximum(mean * mean + variance, 1e-10))[1:]
        return cls(layout, free, scale)

    @property
    def size(self) -> int:
        """Number of free coefficients, the intercept included."""
        return self.free.size

    def expand(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rescaled free coefficients (n,) to weights (layout.size,), 0 at the references."""
        weights = np.zeros(self.layout.size)
        weights[self.free] = b / self.scale
        return weights

    def contract(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient (layout.size,) by the weights to one (n,) by the rescaled coefficients."""
        return gradient[self.free] / self.scale

    def contract_hessian(self, hessian: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hessian (layout.size, layout.size) to one (n, n) by the rescaled coefficients."""
        inner = hessian.reshape(self.layout.size, self.layout.size)[np.ix_(self.free, self.free)]
        return inner / self.scale[:, None] / self.scale[None, :]
