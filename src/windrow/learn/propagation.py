"""Supersteps: what each vertex of a range takes from the vertices at the other ends of its edges.

A function of this module is given the rows of one range of vertices, and vectors over all vertices;
it answers for the vertices of its range alone. Each row is added up in the order of its edges, one
after the other, so an answer does not depend on how vertices are cut into ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.learn.jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.edges import EdgeRows

    Rows = tuple[EdgeRows, ...]
    """The rows of a range: one."""

__all__ = ["l1_change", "masked_sum", "row_changes", "spread_labels", "spread_ranks"]


def spread_ranks(
    leaves: Rows, shares: NDArray[np.float64], base: NDArray[np.float64], damping: float
) -> NDArray[np.float64]:
    """One step of PageRank for a range: ``base[v] + damping * sum of shares[u] over edges u -> v``.

    Parameters
    ----------
    leaves
        The rows of the range.
    shares : float64 (vertices,)
        What each vertex hands out along each edge.
    base : float64 (vertices,) or (1,)
        What a vertex has without any edge.
    damping : float

    Returns
    -------
    float64 (vertices of the range,)

    Examples
    --------
    >>> from windrow.learn.edges import EdgeRows
    >>> numbers = np.array([[0, 1], [1, 1]], np.uint32)
    >>> rows = EdgeRows.build(0, 2, numbers[0], numbers[1], np.empty(0))
    >>> spread_ranks((rows,), np.array([1.0, 2.0]), np.array([0.5]), 0.5).tolist()
    [0.5, 2.0]
    """
    (rows,) = leaves
    out = np.empty(rows.vertices)
    own = base if len(base) == 1 else base[rows.first : rows.first + rows.vertices]
    _ranks((rows.starts, rows.sources), shares, own, damping, out)
    return out


@kernel
def _ranks(
    rows: tuple[NDArray[np.int64], NDArray[np.uint32]],
    shares: NDArray[np.float64],
    base: NDArray[np.float64],
    damping: float,
    out: NDArray[np.float64],
) -> None:
    starts, sources = rows
    single = base.shape[0] == 1
    for v in range(out.shape[0]):
        total = 0.0
        for e in range(starts[v], starts[v + 1]):
            total += shares[sources[e]]
        out[v] = (base[0] if single else base[v]) + damping * total


def spread_labels(
    leaves: Rows,
    chances: NDArray[np.float64],
    labels: NDArray[np.int16],
    self_weight: float,
) -> NDArray[np.float64]:
    """One step of label propagation for a range.

    ``p'(v) = normalise(self_weight p(v) + sum of w p(u) over the edges of v)``; vertices with a
    label keep their row, and so does one of which all that is added up is 0.

    Parameters
    ----------
    leaves
        The rows of the range.
    chances : float64 (vertices, K)
        Of each vertex the probability of each class.
    labels : int16 (vertices,)
        Known classes, -1 elsewhere.
    self_weight : float

    Returns
    -------
    float64 (vertices of the range, K)

    Examples
    --------
    >>> from windrow.learn.edges import EdgeRows
    >>> numbers = np.array([[0], [1]], np.uint32)
    >>> rows = EdgeRows.build(0, 2, numbers[0], numbers[1], np.array([3.0]))
    >>> labels = np.array([0, -1], np.int16)
    >>> spread_labels((rows,), np.array([[1.0, 0.0], [0.5, 0.5]]), labels, 1.0)[1]
    array([0.875, 0.125])
    """
    (rows,) = leaves
    out = np.empty((rows.vertices, chances.shape[1]))
    mine = slice(rows.first, rows.first + rows.vertices)
    arrays = (rows.starts, rows.sources, rows.weights)
    _labels(arrays, chances, (chances[mine], labels[mine]), self_weight, out)
    return out


@kernel
def _labels(
    rows: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float64]],
    chances: NDArray[np.float64],
    mine: tuple[NDArray[np.float64], NDArray[np.int16]],
    self_weight: float,
    out: NDArray[np.float64],
) -> None:
    before, labels = mine
    classes = chances.shape[1]
    whole = classes - classes % 4
    for v in range(out.shape[0]):
        own, to = before[v], out[v]
        if labels[v] >= 0:
            for k in range(classes):
                to[k] = own[k]
            continue
        for k in range(classes):
            to[k] = self_weight * own[k]
        for k in range(0, whole, 4):
            _take_four(rows, v, chances, k, to)
        if whole < classes:
            _take_rest(rows, v, chances, whole, to)
        total = 0.0
        for k in range(classes):
            total += to[k]
        for k in range(classes):
            to[k] = to[k] / total if total > 0.0 else own[k]


@inlined
def _take_four(
    rows: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float64]],
    v: int,
    chances: NDArray[np.float64],
    k: int,
    to: NDArray[np.float64],
) -> None:
    """Add to four classes of a vertex what its edges bring; each is a sum of its own.

    The four lie side by side, so that one instruction takes them all.
    """
    starts, sources, weights = rows
    weighted = weights.shape[0] > 0
    a, b, c, d = to[k], to[k + 1], to[k + 2], to[k + 3]
    for e in range(starts[v], starts[v + 1]):
        other = chances[sources[e]]
        w = weights[e] if weighted else 1.0
        a += w * other[k]
        b += w * other[k + 1]
        c += w * other[k + 2]
        d += w * other[k + 3]
    to[k], to[k + 1], to[k + 2], to[k + 3] = a, b, c, d


@inlined
def _take_rest(
    rows: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float64]],
    v: int,
    chances: NDArray[np.float64],
    k: int,
    to: NDArray[np.float64],
) -> None:
    """Do the same for the last one, two or three classes."""
    starts, sources, weights = rows
    weighted = weights.shape[0] > 0
    last = chances.shape[1] - 1  # past it, the last class is computed again
    i, j = min(k + 1, last), min(k + 2, last)
    a, b, c = to[k], to[i], to[j]
    for e in range(starts[v], starts[v + 1]):
        other = chances[sources[e]]
        w = weights[e] if weighted else 1.0
        a += w * other[k]
        b += w * other[i]
        c += w * other[j]
    to[k], to[i], to[j] = a, b, c


def l1_change(
    before: NDArray[np.float64], after: NDArray[np.float64], change: NDArray[np.float64]
) -> float:
    """Set `change` (n,) to the absolute differences of two vectors and return their sum.

    The sum runs in four lanes: those of 0, 4, 8 ..., of 1, 5, 9 ..., and so on.

    >>> l1_change(np.zeros(5), np.arange(5.0), np.empty(5))
    10.0
    """
    return float(_l1_change(before, after, change))


@kernel
def _l1_change(
    before: NDArray[np.float64], after: NDArray[np.float64], change: NDArray[np.float64]
) -> float:
    n = before.shape[0]
    whole = n - n % 4
    a = b = c = d = 0.0
    for i in range(n):
        change[i] = abs(after[i] - before[i])
    for i in range(0, whole, 4):
        a += change[i]
        b += change[i + 1]
        c += change[i + 2]
        d += change[i + 3]
    for i in range(whole, n):
        a += change[i]
    return (a + b) + (c + d)


@kernel
def masked_sum(values: NDArray[np.float64], mask: NDArray[Any]) -> float:
    """Sum of the values where a mask (n,) is not 0, in their order."""
    total = 0.0
    for i in range(values.shape[0]):
        if mask[i]:
            total += values[i]
    return total


@kernel
def row_changes(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Sum over rows of the L2 norm of what changed in each."""
    total = 0.0
    for v in range(before.shape[0]):
        square = 0.0
        for k in range(before.shape[1]):
            step = after[v, k] - before[v, k]
            square += step * step
        total += np.sqrt(square)
    return total
