"""Kernels: what a session maps over leaves and adds up in the tree.

A kernel is a picklable value, called with a leaf and the arguments of the pass; it answers with a
one-dimensional float64 partial, and the partials of all leaves add up to the answer.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from windrow.learn import softmax, sparse, tiles
from windrow.learn.jit import kernel
from windrow.learn.leaf import TILE, TRAIN, VALIDATION, Leaf, SparseArrays, blank
from windrow.learn.losses import Loss, link
from windrow.learn.narrow import scratch_for, tile
from windrow.learn.peaks import Peaked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.layout import Layout

__all__ = ["Curvature", "CurvatureAlong", "Gradient", "Sums", "WithPeaks", "margins"]

_HEAD = 3  # loss, and how good the predictions are in training and validation
_SQUARED = int(Loss.SQUARED)


class Sums(NamedTuple):
    """A partial of `Gradient` or `Curvature`, by name; views into the partial.

    Attributes
    ----------
    loss : float
        Weighted loss of the training rows, without a penalty.
    score_train, score_validation : float
        Rows classified right; of the squared loss, sums of squared errors.
    gradient : float64 (margins * size,)
        By the expanded weights, margin by margin.
    hessian : float64 (size, size), or None
        Of several margins (margins (margins + 1) / 2, size, size): a block for each pair, see
        `Design.contract_hessian`.
    """

    loss: float
    score_train: float
    score_validation: float
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64] | None

    @classmethod
    def of(cls, partial: NDArray[np.float64], layout: Layout, margins: int = 1) -> Sums:
        """Take a partial apart."""
        side, size = layout.size, margins * layout.size
        rest = partial[_HEAD + size :]
        return cls(
            float(partial[0]),
            float(partial[1]),
            float(partial[2]),
            partial[_HEAD : _HEAD + size],
            rest.reshape((-1, side, side) if margins > 1 else (side, side)) if rest.size else None,
        )


@kernel
def _pass(
    kind: int,
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
    peaks: NDArray[np.float64],
    g: NDArray[np.float64],
    H: NDArray[np.float64],
) -> None:
    """Fill head, peaks, g and (unless it is empty) H with what one leaf contributes."""
    scratch, four, wide = np.empty((5, TILE)), np.empty((4, TILE)), scratch_for(dense)
    z, w, loss, r, h = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    for t in range(dense.shape[0]):
        x, c, y = tile(dense, t, wide), codes[t], target[t]
        tiles.margins(x, c, W, z)
        if entries[0].shape[0] > 0:
            sparse.add_margins(entries, t * TILE, W, z)
        link(kind, z, y, role[t], weights, w, loss, r, h)
        if weight.shape[0] > 0:
            tiles.scale(weight[t], loss, r, h)
        head[0] += tiles.lane_sum(loss)
        if kind == _SQUARED:
            tiles.squared_errors(z, y, loss)
            peaks[0] = max(peaks[0], tiles.role_max(loss, role[t], TRAIN))
            peaks[1] = max(peaks[1], tiles.role_max(loss, role[t], VALIDATION))
        else:
            tiles.hits(z, y, loss)
        head[1] += tiles.role_sum(loss, role[t], TRAIN)
        head[2] += tiles.role_sum(loss, role[t], VALIDATION)
        tiles.add_gradient(x, c, r, g)
        if entries[0].shape[0] > 0:
            sparse.add_gradient(entries, t * TILE, r, g)
        if H.shape[0] > 0:
            tiles.add_hessian(x, c, h, four, H)
            if entries[0].shape[0] > 0:
                sparse.add_hessian(entries, t * TILE, x, c, h, H)
    if H.shape[0] > 0:
        tiles.mirror(H, dense.shape[1], plain)


def _run(
    loss: Loss,
    layout: Layout,
    leaf: Leaf,
    W: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    peaks: NDArray[np.float64] | None,
    *,
    curvature: bool,
) -> NDArray[np.float64]:
    side, margins = W.shape[-1], 1 if W.ndim == 1 else W.shape[0]
    blocks = margins * (margins + 1) // 2 if curvature else 0
    out = blank(_HEAD + W.size + blocks * side * side)
    head, g, H = out[:_HEAD], out[_HEAD : _HEAD + W.size], out[_HEAD + W.size :]
    cost = np.ones(margins + 1) if weights is None else weights
    largest = np.zeros(2) if peaks is None else peaks
    rows = (leaf.dense, leaf.codes, leaf.target, leaf.role, leaf.sparse, leaf.weight, layout.plain)
    if W.ndim == 1:
        square = H.reshape(blocks * side, blocks * side)
        _pass(int(loss), *rows, W, cost, head, largest, g, square)
    else:
        softmax.add(*rows, W, cost, head, g.reshape(W.shape), H.reshape(blocks, side, side))
    return out


@dataclass(frozen=True, slots=True)
class Gradient:
    """Loss, rows right and the gradient by the expanded weights.

    Called with a leaf, the weights W and optionally a weight per class float64 (classes,), it gives
    [loss, score_train, score_validation, gradient ...]: see `Sums`. W is float64 (layout.size,), or
    (margins, layout.size) where each class but the first has a margin of its own: the logistic
    loss is then that of `softmax`.
    """

    loss: Loss
    layout: Layout

    def __call__(
        self,
        leaf: Leaf,
        W: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
        peaks: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Sum over the training rows of a leaf; `peaks` (2,) is filled as `WithPeaks` says."""
        return _run(self.loss, self.layout, leaf, W, weights, peaks, curvature=False)


@dataclass(frozen=True, slots=True)
class Curvature:
    """What `Gradient` gives, followed by the whole symmetric Hessian, row by row.

    The partial has 3 + size + size^2 numbers, of several margins a block for each pair: see `Sums`.
    """

    loss: Loss
    layout: Layout

    def __call__(
        self,
        leaf: Leaf,
        W: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
        peaks: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Sum over the training rows of a leaf; `peaks` (2,) is filled as `WithPeaks` says."""
        return _run(self.loss, self.layout, leaf, W, weights, peaks, curvature=True)


@kernel
def _along(
    kind: int,
    dense: NDArray[np.float64],
    codes: NDArray[np.int32],
    target: NDArray[np.float64],
    role: NDArray[np.uint8],
    entries: SparseArrays,
    weight: NDArray[np.float64],
    W: NDArray[np.float64],
    V: NDArray[np.float64],
    pairs: NDArray[Any],
    weights: NDArray[np.float64],
    head: NDArray[np.float64],
    g: NDArray[np.float64],
) -> None:
    """Fill head and g with what one leaf contributes to the Hessian at W times V.

    Both stand in `pairs`; W and V are those of all but the sparse features.
    """
    scratch, wide = np.empty((6, TILE)), scratch_for(dense)
    z, u, w, loss, r, h = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4], scratch[5]
    for t in range(dense.shape[0]):
        x, c = tile(dense, t, wide), codes[t]
        tiles.margins(x, c, W, z)
        tiles.margins(x, c, V, u)
        if entries[0].shape[0] > 0:
            sparse.add_two_margins(entries, t * TILE, pairs, z, u)
        link(kind, z, target[t], role[t], weights, w, loss, r, h)
        if weight.shape[0] > 0:
            tiles.scale(weight[t], loss, r, h)
        head[0] += tiles.lane_sum(h)
        for i in range(TILE):
            r[i] = h[i] * u[i]
        tiles.add_gradient(x, c, r, g)
        if entries[0].shape[0] > 0:
            sparse.add_gradient(entries, t * TILE, r, g)


@dataclass(frozen=True, slots=True)
class CurvatureAlong:
    """Product of the Hessian by the expanded weights with a vector, without the Hessian.

    Called with a leaf, the weights and the vector side by side, float64 or float32
    (layout.size, 2), and a weight per class, it gives [sum of the rows' curvatures, product ...].
    Of one margin.

    Examples
    --------
    >>> from windrow.learn.layout import Layout
    >>> leaf = Leaf.pack([np.array([1.0, 2.0])], [], np.array([1.0, 5.0]), np.ones(2, np.uint8))
    >>> product = CurvatureAlong(Loss.SQUARED, Layout(1))
    >>> product(leaf, np.array([[0.0, 0.0], [0.0, 1.0]])).tolist()
    [4.0, 6.0, 10.0]
    """

    loss: Loss
    layout: Layout

    def __call__(
        self,
        leaf: Leaf,
        pairs: NDArray[Any],
        weights: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Sum over the training rows of a leaf."""
        out = blank(1 + len(pairs))
        cost = np.ones(2) if weights is None else weights
        rows = (leaf.dense, leaf.codes, leaf.target, leaf.role, leaf.sparse, leaf.weight)
        plain = pairs[: self.layout.plain]
        W, V = plain[:, 0].astype(np.float64), plain[:, 1].astype(np.float64)
        _along(int(self.loss), *rows, W, V, pairs, cost, out[:1], out[1:])
        return out


@dataclass(frozen=True, slots=True)
class WithPeaks:
    """What another kernel of the squared loss gives, and the largest errors, in the same pass.

    The peaks of its partials are the largest squared error of a training row and of a validation
    row; 0 where there is none.

    Examples
    --------
    >>> from windrow.learn.layout import Layout
    >>> leaf = Leaf.pack([np.array([1.0, 2.0])], [], np.array([1.0, 5.0]), np.ones(2, np.uint8))
    >>> kernel = WithPeaks(Gradient(Loss.SQUARED, Layout(1)))
    >>> kernel(leaf, np.array([0.0, 1.0])).peaks.tolist()
    [9.0, 0.0]
    """

    kernel: Gradient | Curvature

    def __call__(
        self, leaf: Leaf, W: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> Peaked:
        """Go over a leaf."""
        peaks = np.zeros(2)
        return Peaked(self.kernel(leaf, W, weights, peaks), peaks)


@kernel
def _margins(
    dense: NDArray[np.float64],
    codes: NDArray[np.int32],
    entries: SparseArrays,
    W: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    wide = scratch_for(dense)
    for t in range(dense.shape[0]):
        tiles.margins(tile(dense, t, wide), codes[t], W, out[t])
        if entries[0].shape[0] > 0:
            sparse.add_margins(entries, t * TILE, W, out[t])


@kernel
def _several_margins(
    dense: NDArray[np.float64],
    codes: NDArray[np.int32],
    entries: SparseArrays,
    W: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    wide = scratch_for(dense)
    for t in range(dense.shape[0]):
        x = tile(dense, t, wide)
        for k in range(W.shape[0]):
            tiles.margins(x, codes[t], W[k], out[k, t])
            if entries[0].shape[0] > 0:
                sparse.add_margins(entries, t * TILE, W[k], out[k, t])


def margins(leaf: Leaf, W: NDArray[np.float64]) -> NDArray[np.float64]:
    """Margin of each row of a leaf.

    Parameters
    ----------
    leaf : Leaf
    W : float64 (layout.size,) or (margins, layout.size)
        Expanded weights.

    Returns
    -------
    float64 (leaf.rows,) or (margins, leaf.rows)
        NaN where a feature is NaN.

    Examples
    --------
    >>> leaf = Leaf.pack([np.array([1.0, 2.0])], [], np.zeros(2), np.ones(2, np.uint8))
    >>> margins(leaf, np.array([10.0, 3.0])).tolist()
    [13.0, 16.0]
    """
    out = np.empty((*W.shape[:-1], leaf.dense.shape[0], TILE))
    (_margins if W.ndim == 1 else _several_margins)(leaf.dense, leaf.codes, leaf.sparse, W, out)
    return out.reshape((*W.shape[:-1], -1))[..., : leaf.rows]
