"""From coefficients to a weight for each level, and back.

The *expanded* space has a place for the intercept (0), for each numeric column (1 ... d) and for
every level of every categorical column and every key of every sparse one, in order. Kernels know
this space alone: a row's code is the place of its level. The *free* coefficients are those that a
solver moves: levels and keys that occur in training, except each column's reference; and they are
rescaled, b_free = scale * b_expanded.
A model of several margins (one a class, but the first) has a set of each for every margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.leaf import blank

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
    sparse : tuple of int
        Number of keys of each column of which a row has a few: its entries are sparse.

    Examples
    --------
    >>> layout = Layout(2, (3, 4))
    >>> layout.size, layout.offset(0), layout.offset(1)
    (10, 3, 6)
    >>> Layout(2, (3, 4), (100, 50)).sparse_offset(1)
    110
    """

    numeric: int
    levels: tuple[int, ...] = ()
    sparse: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of expanded coefficients, the intercept included."""
        return self.plain + sum(self.sparse)

    @property
    def plain(self) -> int:
        """Number of expanded coefficients before those of sparse columns."""
        return 1 + self.numeric + sum(self.levels)

    def offset(self, column: int) -> int:
        """Place of the first level of a categorical column."""
        return 1 + self.numeric + sum(self.levels[:column])

    def sparse_offset(self, column: int) -> int:
        """Place of the first key of a sparse column."""
        return self.plain + sum(self.sparse[:column])


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Which expanded coefficients a solver moves, and in which units.

    Parameters
    ----------
    layout : Layout
    free : int64 (f,)
        Increasing places in the expanded space; the first is 0, the intercept.
    scale : float64 (f,)
        A rescaled coefficient is the expanded one times this.
    margins : int, default 1
        Sets of coefficients; vectors (n,) hold one set after the other, n = margins * f.
    """

    layout: Layout
    free: NDArray[np.int64]
    scale: NDArray[np.float64]
    margins: int = 1

    @classmethod
    def of(
        cls,
        statistics: Statistics,
        reference: NDArray[np.int32],
        *,
        rescale: bool = True,
        margins: int = 1,
    ) -> Design:
        """Choose the free coefficients and their scales from the statistics of the training rows.

        A level or key has a coefficient when it occurs in training and is not its column's
        reference, so a categorical column that is constant has none. With `rescale` the scale of a
        column is sqrt(max(mean^2 + s^2, 1e-10)), s^2 being the sample variance (n - 1); of the
        intercept, 1.

        Parameters
        ----------
        statistics : Statistics
        reference : int32 (c + l,)
            Of each categorical column the expanded place of its reference level: the codes of the
            first training row. Then the references of sparse columns that have one; -1 stands for
            none.
        rescale : bool, default True
            False sets every scale to 1.
        margins : int, default 1

        Raises
        ------
        ValueError
            When there is not one reference for each categorical column.
        """
        layout = statistics.layout
        if reference.size < len(layout.levels):
            raise ValueError(
                f"{reference.size} reference levels for {len(layout.levels)} categorical columns"
            )
        used = statistics.count > 0
        used[: 1 + layout.numeric] = True
        used[reference[reference >= 0]] = False
        free = np.flatnonzero(used).astype(np.int64)
        scale = np.ones(free.size)
        if rescale:
            mean, variance = statistics.mean[free], statistics.variance[free]
            scale[1:] = np.sqrt(np.maximum(mean * mean + variance, 1e-10))[1:]
        return cls(layout, free, scale, margins)

    @property
    def size(self) -> int:
        """Number n of free coefficients of all margins, the intercepts included."""
        return self.margins * self.free.size

    @property
    def penalised(self) -> NDArray[np.bool_]:
        """Which coefficients (n,) a penalty acts on: all but the intercepts."""
        return np.tile(self.free > 0, self.margins)

    def expand(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rescaled free coefficients (n,) to weights, 0 at the references.

        Returns
        -------
        float64 (layout.size,), of several margins (margins, layout.size)
        """
        weights = blank(self.margins, self.layout.size)
        weights[:, self.free] = b.reshape(self.margins, -1) / self.scale
        return weights[0] if self.margins == 1 else weights

    def unscaled(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rescaled free coefficients (n,) in the units of the data (n,)."""
        return (b.reshape(self.margins, -1) / self.scale).reshape(-1)

    def contract(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient (margins * layout.size,) by the weights to one (n,) by the coefficients."""
        return self.unscaled(gradient.reshape(self.margins, -1)[:, self.free])

    def contract_hessian(self, hessian: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hessian by the weights to one (n, n) by the rescaled coefficients.

        Parameters
        ----------
        hessian : float64 (margins (margins + 1) / 2, layout.size, layout.size)
            A symmetric block for each pair of margins: (0, 0), (1, 0), (1, 1), (2, 0) ...
        """
        f, size = self.free.size, self.layout.size
        blocks = iter(hessian.reshape(-1, size, size))
        found = np.empty((self.size, self.size))
        for a in range(self.margins):
            for b in range(a + 1):
                inner = next(blocks)[np.ix_(self.free, self.free)]
                block = inner / self.scale[:, None] / self.scale[None, :]
                found[b * f : (b + 1) * f, a * f : (a + 1) * f] = block.T
                found[a * f : (a + 1) * f, b * f : (b + 1) * f] = block
        return found
