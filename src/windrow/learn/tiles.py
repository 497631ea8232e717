"""The inner loops over one tile: margins, gradient and Hessian, in an order fixed once and for all.

A row's margin is one chain of additions over its features. A sum over the rows of a tile runs in
four lanes (rows 0, 4, 8 ...; 1, 5, 9 ...; and so on), added as (0 + 1) + (2 + 3). Both orders are
part of the answer: they may be computed with any width of vector, never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.learn.jit import kernel
from windrow.learn.leaf import TILE, TRAIN, VALIDATION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["add_gradient", "add_hessian", "hits", "lane_sum", "margins", "mirror", "squared_errors"]


@kernel
def margins(
    x: NDArray[np.float64], codes: NDArray[np.int32], W: NDArray[np.float64], z: NDArray[np.float64]
) -> None:
    """Set z = W[0] + sum_j x[j] W[1 + j] + sum_c W[codes[c]] for each row of a tile."""
    d = x.shape[0]
    whole = d - d % 4
    for i in range(TILE):
        z[i] = W[0]
    for j in range(0, whole, 4):
        a, b, c, e = W[1 + j], W[2 + j], W[3 + j], W[4 + j]
        for i in range(TILE):
            z[i] = (((z[i] + x[j, i] * a) + x[j + 1, i] * b) + x[j + 2, i] * c) + x[j + 3, i] * e
    for j in range(whole, d):
        a = W[1 + j]
        for i in range(TILE):
            z[i] = z[i] + x[j, i] * a
    for k in range(codes.shape[0]):
        for i in range(TILE):
            z[i] = z[i] + W[codes[k, i]]


@kernel
def lane_sum(v: NDArray[np.float64]) -> float:
    """Sum of a tile's values in four lanes."""
    a0 = a1 = a2 = a3 = 0.0
    for i in range(0, TILE, 4):
        a0 += v[i]
        a1 += v[i + 1]
        a2 += v[i + 2]
        a3 += v[i + 3]
    return (a0 + a1) + (a2 + a3)


@kernel
def _dot(x: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    a0 = a1 = a2 = a3 = 0.0
    for i in range(0, TILE, 4):
        a0 += x[i] * v[i]
        a1 += x[i + 1] * v[i + 1]
        a2 += x[i + 2] * v[i + 2]
        a3 += x[i + 3] * v[i + 3]
    return (a0 + a1) + (a2 + a3)


@kernel
def _dots(
    x: NDArray[np.float64], j: int, v: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """`_dot` of the features j ... j + 3 with v at once, so that v is read once for the four."""
    a0 = a1 = a2 = a3 = 0.0
    b0 = b1 = b2 = b3 = 0.0
    c0 = c1 = c2 = c3 = 0.0
    d0 = d1 = d2 = d3 = 0.0
    for i in range(0, TILE, 4):
        a0 += x[j, i] * v[i]
        a1 += x[j, i + 1] * v[i + 1]
        a2 += x[j, i + 2] * v[i + 2]
        a3 += x[j, i + 3] * v[i + 3]
        b0 += x[j + 1, i] * v[i]
        b1 += x[j + 1, i + 1] * v[i + 1]
        b2 += x[j + 1, i + 2] * v[i + 2]
        b3 += x[j + 1, i + 3] * v[i + 3]
        c0 += x[j + 2, i] * v[i]
        c1 += x[j + 2, i + 1] * v[i + 1]
        c2 += x[j + 2, i + 2] * v[i + 2]
        c3 += x[j + 2, i + 3] * v[i + 3]
        d0 += x[j + 3, i] * v[i]
        d1 += x[j + 3, i + 1] * v[i + 1]
        d2 += x[j + 3, i + 2] * v[i + 2]
        d3 += x[j + 3, i + 3] * v[i + 3]
    return (
        (a0 + a1) + (a2 + a3),
        (b0 + b1) + (b2 + b3),
        (c0 + c1) + (c2 + c3),
        (d0 + d1) + (d2 + d3),
    )


@kernel
def _add_dots(
    x: NDArray[np.float64], count: int, v: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Add the dot of each of the first `count` features with v to out[0 ... count - 1]."""
    whole = count - count % 4
    for j in range(0, whole, 4):
        a, b, c, d = _dots(x, j, v)
        out[j] += a
        out[j + 1] += b
        out[j + 2] += c
        out[j + 3] += d
    for j in range(whole, count):
        out[j] += _dot(x[j], v)


@kernel
def add_gradient(
    x: NDArray[np.float64], codes: NDArray[np.int32], r: NDArray[np.float64], g: NDArray[np.float64]
) -> None:
    """Add to g (expanded) what a tile with the derivatives r contributes."""
    g[0] += lane_sum(r)
    _add_dots(x, x.shape[0], r, g[1:])
    for k in range(codes.shape[0]):
        for i in range(TILE):
            g[codes[k, i]] += r[i]


@kernel
def add_hessian(
    x: NDArray[np.float64],
    codes: NDArray[np.int32],
    h: NDArray[np.float64],
    v: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Add a tile with the curvatures h to the lower triangle of H (expanded, square).

    `v` is scratch. The column of the intercept is left out for levels: it equals their diagonal.
    """
    d = x.shape[0]
    H[0, 0] += lane_sum(h)
    _add_dots(x, d, h, H[0, 1:])  # row 0 for a while: `mirror` knows
    for j in range(d):
        for i in range(TILE):
            v[i] = h[i] * x[j, i]
        _add_dots(x, j + 1, v, H[1 + j, 1:])
        for k in range(codes.shape[0]):
            for i in range(TILE):
                H[codes[k, i], 1 + j] += v[i]
    for k in range(codes.shape[0]):
        for i in range(TILE):
            H[codes[k, i], codes[k, i]] += h[i]
        for q in range(k):
            for i in range(TILE):
                H[codes[k, i], codes[q, i]] += h[i]


@kernel
def mirror(H: NDArray[np.float64], d: int) -> None:
    """Complete what `add_hessian` left out: the intercept of levels, the upper triangle."""
    for j in range(1, d + 1):
        H[j, 0] = H[0, j]
    for j in range(d + 1, H.shape[0]):
        H[j, 0] = H[j, j]
    for j in range(H.shape[0]):
        for k in range(j):
            H[k, j] = H[j, k]


@kernel
def hits(
    z: NDArray[np.float64], y: NDArray[np.float64], role: NDArray[np.uint8]
) -> tuple[int, int]:
    """Count rows whose class (the second from margin 0 on) is right: in training, validation."""
    train = validation = 0
    for i in range(TILE):
        right = (z[i] >= 0.0) == (y[i] > 0.5)
        train += 1 if right and role[i] == TRAIN else 0
        validation += 1 if right and role[i] == VALIDATION else 0
    return train, validation


@kernel
def squared_errors(
    z: NDArray[np.float64], y: NDArray[np.float64], role: NDArray[np.uint8], v: NDArray[np.float64]
) -> tuple[float, float]:
    """Sums of squared errors: in training, validation; `v` is scratch."""
    for i in range(TILE):
        v[i] = (z[i] - y[i]) * (z[i] - y[i]) if role[i] == TRAIN else 0.0
    train = lane_sum(v)
    for i in range(TILE):
        v[i] = (z[i] - y[i]) * (z[i] - y[i]) if role[i] == VALIDATION else 0.0
    return train, lane_sum(v)
