"""Losses of one margin, written for tiles: a loss is a few lines here and a name in `Loss`.

Each gives, for the rows of one tile, the loss l, its derivative r = dl/dm and its curvature
h = d2l/dm2 by the margin m, all times the row's weight: 0 for rows that do not train.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from windrow.learn.elementary import exp_negative, log1p_unit
from windrow.learn.jit import kernel
from windrow.learn.leaf import TILE, TRAIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["HINGE_GAMMA", "Loss", "link"]

HINGE_GAMMA = 30.0


class Loss(IntEnum):
    """What a row costs, given its margin m and target y.

    ============ =============================== ================================
    name         loss                            target
    ============ =============================== ================================
    LOGISTIC     log(1 + exp(-s m))              y in {0, 1}, s = 2 y - 1
    SQUARED      (y - m)^2                       any number
    SMOOTH_HINGE log(1 + exp(30 (1 - s m))) / 30 y in {0, 1}, s = 2 y - 1
    ============ =============================== ================================
    """

    LOGISTIC = 0
    SQUARED = 1
    SMOOTH_HINGE = 2

    @property
    def classifies(self) -> bool:
        """Whether a target is a class."""
        return self is not Loss.SQUARED


_LOGISTIC = int(Loss.LOGISTIC)
_SQUARED = int(Loss.SQUARED)


@kernel
def _logistic(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
    h: NDArray[np.float64],
) -> None:
    for i in range(TILE):  # a loop of its own: more rows are in flight in shorter chains
        h[i] = exp_negative(-abs(z[i]))
    for i in range(TILE):
        s = 2.0 * y[i] - 1.0
        m, e = s * z[i], h[i]
        q = 1.0 / (1.0 + e)
        loss[i] = w[i] * ((-m if m < 0.0 else 0.0) + log1p_unit(e))
        r[i] = -s * w[i] * (e * q if m > 0.0 else q)
        h[i] = w[i] * (e * q * q)


@kernel
def _smooth_hinge(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
    h: NDArray[np.float64],
) -> None:
    for i in range(TILE):
        r[i] = HINGE_GAMMA * (1.0 - (2.0 * y[i] - 1.0) * z[i])
        h[i] = exp_negative(-abs(r[i]))
    for i in range(TILE):
        s, u, e = 2.0 * y[i] - 1.0, r[i], h[i]
        q = 1.0 / (1.0 + e)
        loss[i] = w[i] * ((u if u > 0.0 else 0.0) + log1p_unit(e)) / HINGE_GAMMA  # noqa: FURB136
        r[i] = -s * w[i] * (e * q if u < 0.0 else q)
        h[i] = w[i] * HINGE_GAMMA * (e * q * q)


@kernel
def _squared(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
    h: NDArray[np.float64],
) -> None:
    for i in range(TILE):
        residual = z[i] - y[i]
        loss[i] = w[i] * (residual * residual)
        r[i] = w[i] * (2.0 * residual)
        h[i] = w[i] * 2.0


@kernel
def _weigh(
    kind: int,
    y: NDArray[np.float64],
    role: NDArray[np.uint8],
    weights: NDArray[np.float64],
    w: NDArray[np.float64],
) -> None:
    if kind == _SQUARED:
        for i in range(TILE):
            w[i] = 1.0 if role[i] == TRAIN else 0.0
    else:
        first, second = weights[0], weights[1]
        for i in range(TILE):
            weight = second if y[i] > 0.5 else first
            w[i] = weight if role[i] == TRAIN else 0.0


@kernel
def link(
    kind: int,
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    role: NDArray[np.uint8],
    weights: NDArray[np.float64],
    w: NDArray[np.float64],
    loss: NDArray[np.float64],
    r: NDArray[np.float64],
    h: NDArray[np.float64],
) -> None:
    """Fill loss, r and h of one tile from its margins z; `w` is scratch, all of length TILE."""
    _weigh(kind, y, role, weights, w)
    if kind == _LOGISTIC:
        _logistic(z, y, w, loss, r, h)
    elif kind == _SQUARED:
        _squared(z, y, w, loss, r, h)
    else:
        _smooth_hinge(z, y, w, loss, r, h)
