"""``x ** y`` with the same bits on every host.

A libm differs between hosts, and glibc's own ``pow`` between processors with and without fused
multiply-add. This is fdlibm's ``e_pow.c`` (Sun Microsystems, 1993; freely granted) with its last
sum compensated: log2 of x in two parts, times y, and a rational approximation of the exponential.
Error below 0.75 ulp (measured); exact where whole powers of whole numbers can be held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW = ~0xFFFFFFFF  # keeps the high word of a float
_TWO53 = 9007199254740992.0
_TWO54 = 18014398509481984.0
_L1, _L2, _L3 = 5.99999999999994648725e-01, 4.28571428578550184252e-01, 3.33333329818377432918e-01
_L4, _L5, _L6 = 2.72728123808534006489e-01, 2.30660745775561754067e-01, 2.06975017800338417784e-01
_P1, _P2, _P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_P4, _P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
_LN2 = 6.93147180559945286227e-01
_LN2_H, _LN2_L = 6.93147182464599609375e-01, -1.90465429995776804525e-09
_OVERFLOW = 8.0085662595372944372e-17  # -(1024 - log2(largest + half an ulp))
_CP = 9.61796693925975554329e-01  # 2 / (3 log(2))
_CP_H, _CP_L = 9.61796700954437255859e-01, -7.02846165095275826516e-09
_LOG_H, _LOG_L = 5.84962487220764160156e-01, 1.35003920212974897128e-08  # log2(1.5)


@inlined
def _bits(x: float) -> int:
    return np.float64(x).view(np.int64)  # type: ignore[return-value]


@inlined
def _float(bits: int) -> float:
    return np.int64(bits).view(np.float64)


@inlined
def _high(x: float) -> float:
    return _float(_bits(x) & _LOW)


@inlined
def _log2(x: float) -> tuple[float, float]:
    """log2(x) as a sum of two, for a positive finite x."""
    n = 0
    if x < 2.2250738585072014e-308:
        x *= _TWO53
        n = -53
    bits = _bits(x)
    high = bits >> 32
    n += (high >> 20) - 0x3FF
    j = high & 0xFFFFF
    high = j | 0x3FF00000
    k = 0
    if 0x3988E < j < 0xBB67A:
        k = 1
    elif j >= 0xBB67A:
        n += 1
        high -= 0x00100000
    x = _float((high << 32) | (bits & 0xFFFFFFFF))
    base = 1.5 if k == 1 else 1.0
    u = x - base
    v = 1.0 / (x + base)
    s = u * v
    s_h = _high(s)
    t_h = _float((((high >> 1) | 0x20000000) + 0x00080000 + (k << 18)) << 32)
    t_l = x - (t_h - base)
    s_l = v * ((u - s_h * t_h) - s_h * t_l)
    s2 = s * s
    r = s2 * s2 * (_L1 + s2 * (_L2 + s2 * (_L3 + s2 * (_L4 + s2 * (_L5 + s2 * _L6)))))
    r += s_l * (s_h + s)
    s2 = s_h * s_h
    t_h = _high(3.0 + s2 + r)
    t_l = r - ((t_h - 3.0) - s2)
    u = s_h * t_h
    v = s_l * t_h + t_l * s
    p_h = _high(u + v)
    p_l = v - (p_h - u)
    z_h = _CP_H * p_h
    log_h = _LOG_H if k == 1 else 0.0
    z_l = _CP_L * p_h + p_l * _CP + (_LOG_L if k == 1 else 0.0)
    t = float(n)
    first = _high(((z_h + z_l) + log_h) + t)
    return first, z_l - (((first - t) - log_h) - z_h)


@inlined
def _exp2(p_h: float, p_l: float) -> float:
    """2^(p_h + p_l), infinity past the largest float, 0 below half the smallest."""
    z = p_l + p_h
    if z > 1024.0 or (z == 1024.0 and p_l + _OVERFLOW > z - p_h):
        return np.inf
    if z < -1075.0 or (z == -1075.0 and p_l <= z - p_h):
        return 0.0
    n = 0
    if z > 0.5 or z < -0.5:
        n = int(np.floor(z + 0.5)) if z > 0.0 else -int(np.floor(0.5 - z))
        p_h -= float(n)
    t = _high(p_l + p_h)
    u = t * _LN2_H
    v = (p_l - (t - p_h)) * _LN2 + t * _LN2_L
    z = u + v
    w = v - (z - u)
    t = z * z
    t1 = z - t * (_P1 + t * (_P2 + t * (_P3 + t * (_P4 + t * _P5))))
    r = (z * t1) / (t1 - 2.0) - (w + z * w)
    high = 1.0 + z
    z = high + (((1.0 - high) + z) - r)
    if n > -1022:
        return _float(_bits(z) + (n << 52))
    return _float(_bits(z) + ((n + 54) << 52)) / _TWO54


@inlined
def _general(x: float, y: float) -> float:
    """x^y for a finite positive x and a finite y."""
    if abs(y) > 1.8446744073709552e19:  # past it every power but 1's is infinite or zero
        return 1.0 if x == 1.0 else np.inf if (x > 1.0) == (y > 0.0) else 0.0
    t1, t2 = _log2(x)
    y1 = _high(y)
    return _exp2(y1 * t1, (y - y1) * t1 + y * t2)


@inlined
def _signed(x: float, y: float) -> float:
    """x^y for any x and a finite y."""
    size = abs(x)
    whole = np.floor(y) == y
    if size in (0.0, np.inf):
        found = size if y > 0.0 else 1.0 / size
    elif x < 0.0 and not whole:
        found = np.nan
    elif y == 0.5:
        found = np.sqrt(x)
    else:
        found = _general(size, y)
    odd = whole and abs(y) < _TWO53 and (int(y) & 1) == 1
    return -found if odd and _bits(x) < 0 else found


@inlined
def _power(x: float, y: float) -> float:
    if y == 0.0 or x == 1.0:
        return 1.0
    if x != x or y != y:  # noqa: PLR0124  # NaN
        return np.nan
    if y == 1.0:
        return x
    if y == 2.0:
        return x * x
    if y == -1.0:
        return 1.0 / x
    if abs(y) == np.inf:
        size = abs(x)
        return 1.0 if size == 1.0 else np.inf if (size > 1.0) == (y > 0.0) else 0.0
    return _signed(x, y)


@kernel
def _power_all(x: NDArray[np.float64], y: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.size):
        out[i] = _power(x[i], y[i])


def power(base: NDArray[np.float64], exponent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise each number to a power, as C99 says for zeros, infinities and NaN.

    A negative number to a power that is not whole gives NaN.

    >>> power(np.array([2.0, -2.0, 0.0]), np.array([0.5, 3.0, -1.0])).tolist()
    [1.4142135623730951, -8.0, inf]
    """
    out = np.empty(base.size)
    _power_all(np.ascontiguousarray(base), np.ascontiguousarray(exponent), out)
    return out
