"""The inner loops over one tile: margins, gradient and Hessian, in an order fixed once and for all.

A row's margin is one chain of additions over its features; a sum over the rows of a tile runs in
four lanes (see `lanes`). Both orders are part of the answer: they may be computed with any width of
vector, never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.learn.jit import kernel
from windrow.learn.lanes import dots_1, dots_1_by_4, dots_3_by_4, dots_4
from windrow.learn.leaf import TILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "add_gradient",
    "add_hessian",
    "hits",
    "lane_sum",
    "margins",
    "mirror",
    "role_max",
    "role_sum",
    "scale",
    "squared_errors",
]


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
def _add_dots(
    x: NDArray[np.float64], count: int, v: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Add the dot of each of the first `count` features with v to out[0 ... count - 1]."""
    whole = count - count % 4
    for j in range(0, whole, 4):
        a, b, c, d = dots_4(x, j, v)
        out[j] += a
        out[j + 1] += b
        out[j + 2] += c
        out[j + 3] += d
    for j in range(whole, count):
        (a,) = dots_1(x, j, v)
        out[j] += a


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
def _weigh(h: NDArray[np.float64], x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(TILE):
        out[i] = h[i] * x[i]


@kernel
def _add_dense_hessian(
    x: NDArray[np.float64],
    h: NDArray[np.float64],
    four: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Four rows of the triangle at a time, three columns in a block, some of them above it.

    So wide a block reads a tile, which the second cache holds, a quarter as often as by rows.
    """
    d = x.shape[0]
    rows = d - d % 4
    for j in range(0, rows, 4):
        for i in range(4):
            _weigh(h, x[j + i], four[i])
        a, b, c, e = H[1 + j], H[2 + j], H[3 + j], H[4 + j]
        columns = j + 4
        whole = columns - columns % 3
        for k in range(0, whole, 3):
            a0, a1, a2, b0, b1, b2, c0, c1, c2, e0, e1, e2 = dots_3_by_4(x, k, four)
            a[1 + k] += a0
            a[2 + k] += a1
            a[3 + k] += a2
            b[1 + k] += b0
            b[2 + k] += b1
            b[3 + k] += b2
            c[1 + k] += c0
            c[2 + k] += c1
            c[3 + k] += c2
            e[1 + k] += e0
            e[2 + k] += e1
            e[3 + k] += e2
        for k in range(whole, columns):
            a0, b0, c0, e0 = dots_1_by_4(x, k, four)
            a[1 + k] += a0
            b[1 + k] += b0
            c[1 + k] += c0
            e[1 + k] += e0
    for j in range(rows, d):
        _weigh(h, x[j], four[0])
        _add_dots(x, j + 1, four[0], H[1 + j, 1:])


@kernel
def add_hessian(
    x: NDArray[np.float64],
    codes: NDArray[np.int32],
    h: NDArray[np.float64],
    four: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Add a tile with the curvatures h to the lower triangle of H (expanded, square).

    What is left in the upper triangle has no meaning but for row 0, which is what belongs to
    column 0; that column is left out for levels too, where it equals the diagonal: see `mirror`.
    `four` (4, TILE) is scratch.
    """
    d = x.shape[0]
    v = four[0]
    H[0, 0] += lane_sum(h)
    _add_dots(x, d, h, H[0, 1:])
    _add_dense_hessian(x, h, four, H)
    for k in range(codes.shape[0]):
        for j in range(d):
            _weigh(h, x[j], v)
            for i in range(TILE):
                H[codes[k, i], 1 + j] += v[i]
        for i in range(TILE):
            H[codes[k, i], codes[k, i]] += h[i]
        for q in range(k):
            for i in range(TILE):
                H[codes[k, i], codes[q, i]] += h[i]


@kernel
def mirror(H: NDArray[np.float64], d: int, plain: int) -> None:
    """Complete what `add_hessian` left out: the intercept of levels, the upper triangle.

    Levels have the places d + 1 ... plain - 1, sparse columns those from `plain` on.
    """
    for j in range(1, d + 1):
        H[j, 0] = H[0, j]
    for j in range(d + 1, plain):
        H[j, 0] = H[j, j]
    for j in range(plain, H.shape[0]):
        H[j, 0] = H[0, j]
    for j in range(H.shape[0]):
        for k in range(j):
            H[k, j] = H[j, k]


@kernel
def hits(z: NDArray[np.float64], y: NDArray[np.float64], v: NDArray[np.float64]) -> None:
    """Set v to 1 for rows whose class is right (the second from margin 0 on), else to 0."""
    for i in range(TILE):
        v[i] = 1.0 if y[i] == (1.0 if z[i] >= 0.0 else 0.0) else 0.0


@kernel
def scale(
    weight: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
    h: NDArray[np.float64],
) -> None:
    """Multiply the losses of a tile and their derivatives by the rows' weights."""
    for i in range(TILE):
        loss[i] = weight[i] * loss[i]
        r[i] = weight[i] * r[i]
        h[i] = weight[i] * h[i]


@kernel
def squared_errors(z: NDArray[np.float64], y: NDArray[np.float64], v: NDArray[np.float64]) -> None:
    """Set v to the squared errors."""
    for i in range(TILE):
        v[i] = (z[i] - y[i]) * (z[i] - y[i])


@kernel
def role_sum(v: NDArray[np.float64], role: NDArray[np.uint8], wanted: int) -> float:
    """Sum of the values of the rows of one role, in four lanes."""
    a0 = a1 = a2 = a3 = 0.0
    for i in range(0, TILE, 4):
        a0 += v[i] if role[i] == wanted else 0.0
        a1 += v[i + 1] if role[i + 1] == wanted else 0.0
        a2 += v[i + 2] if role[i + 2] == wanted else 0.0
        a3 += v[i + 3] if role[i + 3] == wanted else 0.0
    return (a0 + a1) + (a2 + a3)


@kernel
def role_max(v: NDArray[np.float64], role: NDArray[np.uint8], wanted: int) -> float:
    """Largest of a tile's values, none below 0, of the rows of one role; 0 where there is none."""
    a0 = a1 = a2 = a3 = 0.0
    for i in range(0, TILE, 4):
        a0 = v[i] if role[i] == wanted and v[i] > a0 else a0
        a1 = v[i + 1] if role[i + 1] == wanted and v[i + 1] > a1 else a1
        a2 = v[i + 2] if role[i + 2] == wanted and v[i + 2] > a2 else a2
        a3 = v[i + 3] if role[i + 3] == wanted and v[i + 3] > a3 else a3
    return max(a0, a1, a2, a3)
