"""Cholesky factors of small dense matrices, alone on one thread and equal on every machine.

LAPACK picks its blocking by processor and thread count, which changes the last bits; models are
compared by all their bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cholesky", "factor", "factor_kept"]


@kernel
def _dot(a: NDArray[np.float64], b: NDArray[np.float64], n: int) -> float:
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    whole = n - n % 8
    for i in range(0, whole, 8):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        s4 += a[i + 4] * b[i + 4]
        s5 += a[i + 5] * b[i + 5]
        s6 += a[i + 6] * b[i + 6]
        s7 += a[i + 7] * b[i + 7]
    for i in range(whole, n):
        s0 += a[i] * b[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@kernel
def _factor(L: NDArray[np.float64], tolerance: float) -> int:
    """Turn the lower triangle into its factor, row by row; the first bad pivot, or -1."""
    n = L.shape[0]
    for i in range(n):
        for j in range(i):
            L[i, j] = (L[i, j] - _dot(L[i], L[j], j)) / L[j, j]
        pivot = L[i, i] - _dot(L[i], L[i], i)
        if not pivot > tolerance * abs(L[i, i]):  # NaN is bad too
            return i
        L[i, i] = np.sqrt(pivot)
    return -1


@kernel
def _rounding(
    L: NDArray[np.float64], i: int, length: NDArray[np.float64], w: NDArray[np.float64]
) -> float:
    """Bound what rounding in the matrix can make of the pivot of row i, up to a factor.

    Of x_i - sum_j w_j x_j, the columns' remainder, each element of the matrix is off by a share of
    the product of two lengths: z' E z <= share * (|x_i| + sum_j |w_j| |x_j|)^2.
    """
    total = float(length[i])
    for r in range(i - 1, -1, -1):
        w[r] = L[i, r]
        for q in range(r + 1, i):
            w[r] -= L[q, r] * w[q]
        w[r] = w[r] / L[r, r]
        total += abs(w[r]) * length[r]
    return total * total


@kernel
def _factor_kept(
    L: NDArray[np.float64],
    tolerance: float,
    rounding: float,
    length: NDArray[np.float64],
    kept: NDArray[np.bool_],
) -> None:
    """Do the same, but take a row with a bad pivot, and its column, for those of the identity."""
    n = L.shape[0]
    w = np.empty(n)
    for i in range(n):
        for j in range(i):
            L[i, j] = (L[i, j] - _dot(L[i], L[j], j)) / L[j, j] if kept[j] else 0.0
        pivot, least = L[i, i] - _dot(L[i], L[i], i), tolerance * abs(L[i, i])
        if not pivot > 1e-6 * abs(L[i, i]):  # else no rounding comes near
            least = max(least, rounding * _rounding(L, i, length, w))
        kept[i] = pivot > least
        if kept[i]:
            L[i, i] = np.sqrt(pivot)
        else:
            L[i, : i + 1] = 0.0
            L[i, i] = 1.0


@kernel
def _invert(L: NDArray[np.float64], T: NDArray[np.float64]) -> None:
    """Write the transpose of the inverse of L into the zeroed T: row k is column k of L^-1."""
    n = L.shape[0]
    for k in range(n):
        T[k, k] = 1.0 / L[k, k]
        for i in range(k + 1, n):
            T[k, i] = -_dot(L[i, k:i], T[k, k:i], i - k) / L[i, i]


@kernel
def _solve(L: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    n = L.shape[0]
    for i in range(n):
        b[i] = (b[i] - _dot(L[i], b, i)) / L[i, i]
    for i in range(n - 1, -1, -1):
        b[i] = b[i] / L[i, i]
        for j in range(i):
            b[j] = b[j] - L[i, j] * b[i]


@dataclass(frozen=True, slots=True, eq=False)
class Cholesky:
    """A = L L', or the pivot at which A turned out not to be positive definite.

    Attributes
    ----------
    lower : float64 (n, n)
        L; what lies above the diagonal has no meaning.
    failed : int or None
        The row whose pivot was not above tolerance times its diagonal: up to rounding it depends
        on the rows before it. None when the factor is whole.
    """

    lower: NDArray[np.float64]
    failed: int | None

    def solve(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give x (n,) with A x = b.

        Raises
        ------
        ValueError
            When the factor is not whole.
        """
        x = np.array(b, dtype=np.float64)
        _solve(self._whole(), x)
        return x

    def inverse_diagonal(self) -> NDArray[np.float64]:
        """Diagonal (n,) of the inverse of A: variances, when A is an information matrix.

        Raises
        ------
        ValueError
            When the factor is not whole.
        """
        lower = self._whole()
        inverse = np.zeros_like(lower)
        _invert(lower, inverse)
        return np.array([_dot(row, row, row.size) for row in inverse])

    def _whole(self) -> NDArray[np.float64]:
        if self.failed is not None:
            raise ValueError(f"the matrix is not positive definite: pivot {self.failed} vanishes")
        return self.lower


def factor(matrix: NDArray[np.float64], *, tolerance: float = 1e-12) -> Cholesky:
    """Factor a symmetric matrix; only its lower triangle is read.

    Parameters
    ----------
    matrix : float64 (n, n)
    tolerance : float, default 1e-12
        A pivot at or below this share of its diagonal element counts as zero.

    Examples
    --------
    >>> found = factor(np.array([[4.0, 2.0], [2.0, 5.0]]))
    >>> found.solve(np.array([8.0, 12.0])).tolist()
    [1.0, 2.0]
    >>> factor(np.array([[1.0, 1.0], [1.0, 1.0]])).failed
    1
    """
    lower = np.array(matrix, dtype=np.float64, order="C")
    failed = int(_factor(lower, tolerance))
    return Cholesky(lower, None if failed < 0 else failed)


def factor_kept(
    matrix: NDArray[np.float64], *, tolerance: float = 1e-12, rounding: float = 1e-14
) -> tuple[Cholesky, NDArray[np.bool_]]:
    """Factor a symmetric matrix without the rows and columns that depend on those before them.

    Parameters
    ----------
    matrix : float64 (n, n)
    tolerance : float, default 1e-12
        As for `factor`.
    rounding : float, default 1e-14
        Error of an element as a share of the product of the roots of its row's and its column's
        diagonal elements. A pivot that such errors explain counts as zero too: of columns that are
        nearly parallel, such as a year and its distance from another year, that is more.

    Returns
    -------
    factor : Cholesky
        Of the matrix with each dependent row and column replaced by those of the identity.
    kept : bool (n,)
        Which were not replaced.

    Examples
    --------
    >>> found, kept = factor_kept(np.array([[4.0, 4.0, 0.0], [4.0, 4.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> kept.tolist(), found.inverse_diagonal().tolist()
    ([True, False, True], [0.25, 1.0, 1.0])
    """
    lower = np.array(matrix, dtype=np.float64, order="C")
    kept = np.ones(len(lower), dtype=np.bool_)
    length = np.sqrt(np.maximum(np.diag(lower), 0.0))
    _factor_kept(lower, tolerance, rounding, length, kept)
    return Cholesky(lower, None), kept
