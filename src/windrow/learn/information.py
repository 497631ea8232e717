"""What the curvature of a loss says about its coefficients: how well each is determined, or not.

The inverse of the information matrix, the Hessian of minus the log-likelihood at its minimum, is
the covariance of the estimates (Fisher; McCullagh and Nelder, Generalized Linear Models, 2.5). A
column that is a combination of columns before it has no pivot of its own in the Cholesky factor:
it is left out, and the combination, a vector z with H z = 0, names those that it mixes with.
Coefficients that no such z moves are as well determined as if the column were not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.linalg import Cholesky, factor_kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.objective import Objective

__all__ = ["Information", "information"]

_SHARE = 1e-6
"""What moves along with a dependent column by a smaller share of the most is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """Variances of estimates, and which estimates have none.

    Attributes
    ----------
    variances : float64 (n,)
        Diagonal of the inverse; NaN where a coefficient is not determined.
    collinear : tuple of tuple of int
        For each dependent column its number, and then those that it is a combination of; a column
        of zeros stands alone.
    """

    variances: NDArray[np.float64]
    collinear: tuple[tuple[int, ...], ...]

    @property
    def rank(self) -> int:
        """Number of coefficients that can be told apart."""
        return self.variances.size - len(self.collinear)

    @classmethod
    def of(cls, hessian: NDArray[np.float64], objective: Objective) -> Information:
        """Read the Hessian (n, n) of an objective in rescaled coefficients, its penalty left out.

        The variances are in the units of the data.
        """
        found = information(hessian - np.diag(objective.curvature_of_penalty))
        scaled = objective.design.unscaled(np.sqrt(found.variances))
        return cls(scaled * scaled, found.collinear)

    def errors(self, variance: float = 1.0) -> NDArray[np.float64]:
        """Standard errors (n,), the roots of the variances times `variance`.

        It is 1 where the loss is minus the log-likelihood; the Hessian of squared errors, 2 X'X,
        asks for twice the variance of the residuals, ``2 * loss / (rows - rank)``.
        """
        return np.sqrt(self.variances * variance)


def information(hessian: NDArray[np.float64]) -> Information:
    """Find variances and dependent columns of a symmetric matrix (n, n) without negative pivots.

    Examples
    --------
    The third column is the sum of the others, the fourth is alone.

    >>> X = np.array([[1.0, 0, 1, 0], [0, 1, 1, 0], [1, 1, 2, 0], [0, 0, 0, 2]])
    >>> found = information(X.T @ X)
    >>> found.collinear, found.variances.tolist()
    (((2, 0, 1),), [nan, nan, nan, 0.25])
    """
    n = len(hessian)
    if not np.isfinite(hessian).all():
        return Information(np.full(n, np.nan), ())
    found, kept = factor_kept(hessian)
    length = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    variances = found.inverse_diagonal()
    collinear = []
    for column in np.flatnonzero(~kept).tolist():
        moved = np.abs(_combination(found, kept, hessian, column)) * length
        moved[column] = 0.0
        others = np.flatnonzero(moved > _SHARE * max(float(np.max(moved)), length[column]))
        collinear.append((column, *others.tolist()))
        variances[[column, *others.tolist()]] = np.nan
    return Information(variances, tuple(collinear))


def _combination(
    found: Cholesky, kept: NDArray[np.bool_], hessian: NDArray[np.float64], column: int
) -> NDArray[np.float64]:
    """Give the weights (n,) by which kept columns before a dependent one add up to it."""
    before = kept & (np.arange(kept.size) < column)
    return np.where(before, found.solve(np.where(kept, hessian[:, column], 0.0)), 0.0)
