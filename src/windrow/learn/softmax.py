"""The logistic loss of K > 2 classes: the first has the margin 0, each other one its own.

Of a row with the margins m_0 = 0, m_1 ... m_C (C = K - 1), the class y and the weight w::

    loss      w (log sum_k exp(m_k) - m_y)
    dl/dm_a   w (p_a - [a = y]),  p_a = exp(m_a) / sum_k exp(m_k)
    d2l/dm_a dm_b   w p_a ([a = b] - p_b)

The largest margin is taken off all, so nothing overflows, and its own exp, 1, is kept out of the
sums: a row that is nearly certain has its tiny loss and derivatives to full precision.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.learn import sparse, tiles
from windrow.learn.elementary import exp_negative, log1p_positive
from windrow.learn.jit import kernel
from windrow.learn.leaf import TILE, TRAIN, VALIDATION
from windrow.learn.narrow import scratch_for, tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.leaf import SparseArrays

__all__ = ["add", "leaders", "probabilities"]


@kernel
def _lead(z: NDArray[np.float64], high: NDArray[np.float64], best: NDArray[np.float64]) -> None:
    """Set `high` to the largest margin of each row and `best` to its class, the first of ties."""
    for i in range(high.shape[0]):
        high[i], best[i] = 0.0, 0.0
    for k in range(z.shape[0]):
        for i in range(high.shape[0]):
            better = z[k, i] > high[i]
            high[i] = z[k, i] if better else high[i]
            best[i] = k + 1.0 if better else best[i]


@kernel
def _weigh(
    y: NDArray[np.float64],
    role: NDArray[np.uint8],
    weights: NDArray[np.float64],
    w: NDArray[np.float64],
) -> None:
    for i in range(TILE):  # a row that does not train may be of a class that has no weight
        w[i] = weights[int(y[i])] if role[i] == TRAIN else 0.0


@kernel
def _scale(weight: NDArray[np.float64], w: NDArray[np.float64]) -> None:
    for i in range(TILE):
        w[i] = weight[i] * w[i]


@kernel
def _link(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    high: NDArray[np.float64],
    best: NDArray[np.float64],
    rest: NDArray[np.float64],
    other: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
) -> None:
    """Fill loss, r (C, TILE) and rest of one tile; the margins z become their probabilities.

    `rest` becomes the probability of all classes but the best one; `other` is scratch.
    """
    classes = z.shape[0]
    for i in range(TILE):
        e = exp_negative(-high[i])
        rest[i] = 0.0 if best[i] == 0.0 else e
        other[i] = 0.0 if y[i] == 0.0 else e
        loss[i] = high[i]
    for k in range(classes):
        for i in range(TILE):
            loss[i] = loss[i] - (z[k, i] if y[i] == k + 1.0 else 0.0)
            e = exp_negative(z[k, i] - high[i])
            z[k, i] = e
            rest[i] += 0.0 if best[i] == k + 1.0 else e
            other[i] += 0.0 if y[i] == k + 1.0 else e
    for i in range(TILE):
        q = 1.0 / (1.0 + rest[i])
        loss[i] = w[i] * (loss[i] + log1p_positive(rest[i]))
        high[i] = q
        rest[i] = rest[i] * q
        other[i] = other[i] * q
    for k in range(classes):
        for i in range(TILE):
            p = z[k, i] * high[i]
            z[k, i] = p
            r[k, i] = w[i] * (-other[i] if y[i] == k + 1.0 else p)


@kernel
def _add_hessian(
    x: NDArray[np.float64],
    codes: NDArray[np.int32],
    entries: SparseArrays,
    first: int,
    p: NDArray[np.float64],
    w: NDArray[np.float64],
    best: NDArray[np.float64],
    rest: NDArray[np.float64],
    h: NDArray[np.float64],
    four: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Add one tile to the block of each pair of margins; `h` and `four` (4, TILE) are scratch."""
    block = 0
    for a in range(p.shape[0]):
        for b in range(a):
            for i in range(TILE):
                h[i] = -w[i] * p[a, i] * p[b, i]
            tiles.add_hessian(x, codes, h, four, H[block])
            if entries[0].shape[0] > 0:
                sparse.add_hessian(entries, first, x, codes, h, H[block])
            block += 1
        for i in range(TILE):
            h[i] = w[i] * p[a, i] * (rest[i] if best[i] == a + 1.0 else 1.0 - p[a, i])
        tiles.add_hessian(x, codes, h, four, H[block])
        if entries[0].shape[0] > 0:
            sparse.add_hessian(entries, first, x, codes, h, H[block])
        block += 1


@kernel
def add(
    dense: NDArray[np.float64],
    codes: NDArray[np.int32],
    target: NDArray[np.float64],
    role: NDArray[np.uint8],
    entries: SparseArrays,
    weight: NDArray[np.float64],
    plain: int,
    W: NDArray[np.float64],
    weights: NDArray[np.float64],
    head: NDArray[np.float64],
    g: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Add the sums over one leaf to head, g and H.

    Parameters
    ----------
    dense, codes, target, role, entries, weight
        Of a `Leaf`; entries are its sparse ones.
    plain
        Number of places before those of sparse columns.
    W : float64 (C, size)
        Expanded weights of each class but the first.
    weights : float64 (C + 1,)
        Of each class.
    head : float64 (3,)
        Loss of the training rows, training rows and validation rows whose class is right.
    g : float64 (C, size)
    H : float64 (C (C + 1) / 2, size, size)
        A block for each pair of margins (0, 0), (1, 0), (1, 1) ...; or without any.
    """
    margins = W.shape[0]
    z, r = np.empty((margins, TILE)), np.empty((margins, TILE))
    scratch, four, wide = np.empty((7, TILE)), np.empty((4, TILE)), scratch_for(dense)
    w, high, best, rest = scratch[0], scratch[1], scratch[2], scratch[3]
    other, loss, h = scratch[4], scratch[5], scratch[6]
    for t in range(dense.shape[0]):
        x, c, y = tile(dense, t, wide), codes[t], target[t]
        for k in range(margins):
            tiles.margins(x, c, W[k], z[k])
            if entries[0].shape[0] > 0:
                sparse.add_margins(entries, t * TILE, W[k], z[k])
        _lead(z, high, best)
        _weigh(y, role[t], weights, w)
        if weight.shape[0] > 0:
            _scale(weight[t], w)
        _link(z, y, w, high, best, rest, other, loss, r)
        head[0] += tiles.lane_sum(loss)
        for i in range(TILE):
            loss[i] = 1.0 if y[i] == best[i] else 0.0
        head[1] += tiles.role_sum(loss, role[t], TRAIN)
        head[2] += tiles.role_sum(loss, role[t], VALIDATION)
        for k in range(margins):
            tiles.add_gradient(x, c, r[k], g[k])
            if entries[0].shape[0] > 0:
                sparse.add_gradient(entries, t * TILE, r[k], g[k])
        if H.shape[0] > 0:
            _add_hessian(x, c, entries, t * TILE, z, w, best, rest, h, four, H)
    for block in range(H.shape[0]):
        tiles.mirror(H[block], dense.shape[1], plain)


@kernel
def _probabilities(
    z: NDArray[np.float64], high: NDArray[np.float64], p: NDArray[np.float64]
) -> None:
    rows = high.shape[0]
    for i in range(rows):
        p[0, i] = exp_negative(-high[i])
    for k in range(z.shape[0]):
        for i in range(rows):
            p[k + 1, i] = exp_negative(z[k, i] - high[i])
            p[k + 1, i] = p[k + 1, i] if z[k, i] == z[k, i] else np.nan
    for i in range(rows):
        high[i] = 0.0
    for k in range(p.shape[0]):
        for i in range(rows):
            high[i] += p[k, i]
    for k in range(p.shape[0]):
        for i in range(rows):
            p[k, i] = p[k, i] / high[i]


def leaders(margins: NDArray[np.float64]) -> NDArray[np.int64]:
    """Class of each row: that of the largest margin, the first of ties.

    Parameters
    ----------
    margins : float64 (C, rows)
        Of each class but the first, whose margin is 0.

    Returns
    -------
    int64 (rows,)

    Examples
    --------
    >>> leaders(np.array([[0.5, 0.0, -1.0], [0.5, 2.0, -2.0]])).tolist()
    [1, 2, 0]
    """
    high, best = np.empty(margins.shape[1]), np.empty(margins.shape[1])
    _lead(np.ascontiguousarray(margins), high, best)
    return best.astype(np.int64)


def probabilities(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each class, exp(m_k) / sum_j exp(m_j) with m_0 = 0.

    Parameters
    ----------
    margins : float64 (C, rows)

    Returns
    -------
    float64 (C + 1, rows)
        NaN in every class of a row that has a margin NaN.

    Examples
    --------
    >>> probabilities(np.array([[0.0, 800.0], [0.0, 0.0]])).round(3).tolist()
    [[0.333, 0.0], [0.333, 1.0], [0.333, 0.0]]
    """
    given = np.ascontiguousarray(margins)
    high, best = np.empty(given.shape[1]), np.empty(given.shape[1])
    _lead(given, high, best)
    found = np.empty((given.shape[0] + 1, given.shape[1]))
    _probabilities(given, high, found)
    return found
