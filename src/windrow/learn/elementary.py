"""Own exp, log and fixed-order sums: the same bits on every processor, whatever its vectors.

A libm differs between hosts and NumPy picks another implementation for each instruction set; these
are branch-free sums and products in a fixed order, so that a compiler may run many rows side by
side and never changes a bit. Polynomials: Taylor for exp, fdlibm's (Sun, 1993) for the logarithms.

`exp`, `exp_negative`, `log`, `log1p_positive`, `log1p_unit` and `sigmoid` are scalars for use
inside kernels; the ``*_array`` functions, `dot`, `matvec` and `total` are for everything outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "dot",
    "exp",
    "exp_array",
    "exp_negative",
    "log",
    "log1p_positive",
    "log1p_unit",
    "log_array",
    "matvec",
    "sigmoid",
    "sigmoid_array",
    "total",
]

# 1.5 * 2^52: adding it rounds to a whole number, which is then found in the low bits
_ROUND = 6755399441055744.0
_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_ONE = 0x3FF0000000000000  # the bits of 1.0
_HALF_SQRT2 = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
_BIAS = 1023 << 52
_TWO52 = 0x4330000000000000  # the bits of 2^52
_TWO52_AND_BIAS = 4503599627371519.0  # 2^52 + 1023
_TINY = 2.2250738585072014e-308  # the smallest normal number
_TWO54 = 18014398509481984.0


@inlined
def _power_of_two(rounded: float) -> float:
    """2^k for a whole k in [-1022, 1023], given as ``k + _ROUND``."""
    return np.int64((np.float64(rounded).view(np.int64) << 52) + _ONE).view(np.float64)


@inlined
def _exp_reduced(high: float, low: float) -> float:
    """exp(high - low) where their difference is at most log(2) / 2 in size."""
    r = high - low
    s = r * r
    q = s * s
    # Taylor from r^3 / 3! to r^13 / 13!, in pairs: a short chain keeps vector units busy
    a = 0.16666666666666666 + r * 0.041666666666666664
    b = 0.008333333333333333 + r * 0.001388888888888889
    c = 0.0001984126984126984 + r * 2.48015873015873e-05
    d = 2.7557319223985893e-06 + r * 2.755731922398589e-07
    e = 2.505210838544172e-08 + r * 2.08767569878681e-09 + s * 1.6059043836821613e-10
    tail = (a + s * b) + q * ((c + s * d) + q * e)
    return 1.0 + (r + (s * (0.5 + r * tail) + ((high - r) - low)))


@inlined
def exp_negative(x: float) -> float:
    """exp(x) for x <= 0; below -708 it stays at 3.3e-308, so that no subnormal slows a kernel."""
    # comparisons, not max and min: those of Python do not vectorise
    x = x if x > -708.0 else -708.0  # noqa: FURB136
    rounded = x * _LOG2E + _ROUND
    k = rounded - _ROUND
    return _exp_reduced(x - k * _LN2_HIGH, k * _LN2_LOW) * _power_of_two(rounded)


@inlined
def exp(x: float) -> float:
    """exp(x) for any x; overflows to inf, underflows through the subnormals to 0, keeps NaN."""
    clipped = x if x > -746.0 else -746.0  # noqa: FURB136
    clipped = clipped if clipped < 710.0 else 710.0  # noqa: FURB136
    k = (clipped * _LOG2E + _ROUND) - _ROUND
    first = k * 0.5 + _ROUND  # 2^k as two factors: k itself may leave the range of exponents
    half = first - _ROUND
    value = _exp_reduced(clipped - k * _LN2_HIGH, k * _LN2_LOW)
    value = value * _power_of_two(first) * _power_of_two((k - half) + _ROUND)
    return value if x == x else x  # noqa: PLR0124 - only NaN differs from itself


@inlined
def _log_ratio(f: float, k: float) -> float:
    """log((1 + f) * 2^k) for 1 + f in [sqrt(1/2), sqrt(2)]: fdlibm's e_log.c."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
    even = z * (
        0.6666666666666735
        + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586))
    )
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + (odd + even)) + k * _LN2_LOW)) - f)


@inlined
def _ratio(x: float) -> tuple[float, float]:
    """Split a normal x > 0 into (1 + f) * 2^k with 1 + f in [sqrt(1/2), sqrt(2)]: f and k."""
    bits = np.float64(x).view(np.uint64)
    shifted = np.uint64(bits - np.uint64(_HALF_SQRT2) + np.uint64(_BIAS))
    exponent = np.uint64((shifted >> np.uint64(52)) | np.uint64(_TWO52))
    mantissa = np.uint64((shifted & np.uint64(0xFFFFFFFFFFFFF)) + np.uint64(_HALF_SQRT2))
    return mantissa.view(np.float64) - 1.0, exponent.view(np.float64) - _TWO52_AND_BIAS


@inlined
def log(x: float) -> float:
    """log(x); -inf at 0, NaN below, inf and NaN are kept."""
    tiny = x < _TINY
    f, k = _ratio(x * _TWO54 if tiny else x)
    value = _log_ratio(f, k - (54.0 if tiny else 0.0))
    value = value if x > 0.0 else (-np.inf if x == 0.0 else np.nan)
    return value if x < np.inf else (x if x == np.inf else value)


@inlined
def log1p_positive(x: float) -> float:
    """log(1 + x) for a finite x >= 0, accurate for the smallest x too."""
    small = x < 0.41421356237309503
    u = 1.0 + x
    f, k = _ratio(u)
    lost = 0.0 if small else (x - (u - 1.0)) / u  # what the sum was rounded by
    return _log_ratio(x if small else f, 0.0 if small else k) + lost


@inlined
def log1p_unit(x: float) -> float:
    """log(1 + x) for x in [0, 1], accurate for the smallest x too."""
    large = x > 0.41421356237309503
    f = 0.5 * (x - 1.0) if large else x
    return _log_ratio(f, 1.0 if large else 0.0)


@inlined
def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), never overflowing; NaN is kept."""
    e = exp(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


@kernel
def _exp_all(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = exp(x[i])


@kernel
def _log_all(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = log(x[i])


@kernel
def _sigmoid_all(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = sigmoid(x[i])


@kernel
def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    n = a.shape[0]
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
    rest = 0.0
    for i in range(whole, n):
        rest += a[i] * b[i]
    return (((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))) + rest


@kernel
def _matvec(a: NDArray[np.float64], x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(a.shape[0]):
        out[i] = _dot(a[i], x)


def _flat(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(x, dtype=np.float64).reshape(-1)


def exp_array(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential of each element, within 1 ulp and equal on every machine.

    Examples
    --------
    >>> exp_array(np.array([0.0, -800.0, 800.0])).tolist()
    [1.0, 0.0, inf]
    """
    out = np.empty(np.shape(x))
    _exp_all(_flat(x), out.reshape(-1))
    return out


def log_array(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of each element, within 1 ulp and equal on every machine.

    Examples
    --------
    >>> log_array(np.array([1.0, 0.0, np.e])).tolist()
    [0.0, -inf, 1.0]
    """
    out = np.empty(np.shape(x))
    _log_all(_flat(x), out.reshape(-1))
    return out


def sigmoid_array(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) of each element: the probability that belongs to a margin.

    Examples
    --------
    >>> sigmoid_array(np.array([0.0, 40.0, -1000.0])).tolist()
    [0.5, 1.0, 0.0]
    """
    out = np.empty(np.shape(x))
    _sigmoid_all(_flat(x), out.reshape(-1))
    return out


def dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Sum of products of two vectors of one length, added in a fixed order (eight lanes).

    Raises
    ------
    ValueError
        When the lengths differ.

    Examples
    --------
    >>> dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    left, right = _flat(a), _flat(b)
    if left.size != right.size:
        raise ValueError(f"dot of {left.size} and {right.size} elements; the lengths must be equal")
    return float(_dot(left, right))


def matvec(matrix: NDArray[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix (m, n) times vector (n,), each row as `dot` adds it.

    Raises
    ------
    ValueError
        When the inner lengths differ.

    Examples
    --------
    >>> matvec(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([3.0, 4.0])).tolist()
    [11.0, 4.0]
    """
    rows = np.ascontiguousarray(matrix, dtype=np.float64)
    right = _flat(vector)
    if rows.ndim != 2 or rows.shape[1] != right.size:
        raise ValueError(f"matrix of shape {rows.shape} times {right.size} elements")
    out = np.empty(rows.shape[0])
    _matvec(rows, right, out)
    return out


def total(x: NDArray[np.float64]) -> float:
    """Sum of all elements, added in a fixed order (eight lanes).

    Examples
    --------
    >>> total(np.array([0.5, 0.25, 1.0]))
    1.75
    """
    flat = _flat(x)
    return float(_dot(flat, np.ones(flat.size)))
