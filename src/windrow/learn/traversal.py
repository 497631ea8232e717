"""Supersteps over neighbours that need no arithmetic but counting, comparing and shortest sums.

As in `windrow.learn.propagation` a function gets the rows of one range of vertices and vectors over
all, and answers for the vertices of its range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.edges import EdgeRows

    Rows = tuple[EdgeRows, ...]
    """The rows of a range: one."""
    Starts = NDArray[np.int64]
    Numbers = NDArray[np.uint32]
    Paths = tuple[NDArray[np.float64], NDArray[np.int64]]

__all__ = [
    "count_present",
    "count_triangles",
    "hook",
    "later_neighbours",
    "pick_colours",
    "shorten",
    "smallest",
]


def smallest(leaves: Rows, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each vertex the smallest label among its own (n,) and those of its neighbours."""
    (rows,) = leaves
    out = labels[rows.first : rows.first + rows.vertices].copy()
    _smallest(rows.starts, rows.sources, labels, out)
    return out


@kernel
def _smallest(
    starts: Starts, sources: Numbers, labels: NDArray[np.int64], out: NDArray[np.int64]
) -> None:
    for v in range(out.shape[0]):
        for e in range(starts[v], starts[v + 1]):
            out[v] = min(out[v], labels[sources[e]])


@kernel
def hook(labels: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Let the vertex that labels others take the smallest label that any of them found; in place.

    With labels replaced by the labels of labels this is FastSV (Zhang, Azad, Hu, 2020): a number of
    steps about the logarithm of the graph's diameter.
    """
    for v in range(labels.shape[0]):
        found[labels[v]] = min(found[labels[v]], found[v])
    for v in range(labels.shape[0]):
        found[v] = found[found[v]]


def count_present(leaves: Rows, present: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count each vertex's edges with present neighbours (n,), itself left out."""
    (rows,) = leaves
    out = np.zeros(rows.vertices, dtype=np.int64)
    _count_present(rows.starts, rows.sources, present, rows.first, out)
    return out


@kernel
def _count_present(
    starts: Starts,
    sources: Numbers,
    present: NDArray[np.uint8],
    first: int,
    out: NDArray[np.int64],
) -> None:
    for v in range(out.shape[0]):
        for e in range(starts[v], starts[v + 1]):
            if sources[e] != first + v and present[sources[e]]:
                out[v] += 1


def shorten(leaves: Rows, distances: NDArray[np.float64], before: NDArray[np.int64]) -> Paths:
    """Take one more edge into the paths to each vertex.

    Parameters
    ----------
    leaves
        The rows of the range; without weights each edge is 1 long.
    distances : float64 (n,)
        Lengths of the shortest paths so far.
    before : int64 (n,)
        The vertex before each on its path, -1 where there is none.

    Returns
    -------
    distances, before
        Of the vertices of the range.
    """
    (rows,) = leaves
    mine = slice(rows.first, rows.first + rows.vertices)
    found = distances[mine].copy(), before[mine].copy()
    _shorten((rows.starts, rows.sources, rows.weights), distances, *found)
    return found


@kernel
def _shorten(
    rows: tuple[Starts, Numbers, NDArray[np.float64]],
    distances: NDArray[np.float64],
    out: NDArray[np.float64],
    before: NDArray[np.int64],
) -> None:
    starts, sources, weights = rows
    weighted = weights.shape[0] > 0
    for v in range(out.shape[0]):
        for e in range(starts[v], starts[v + 1]):
            length = distances[sources[e]] + (weights[e] if weighted else 1.0)
            if length < out[v]:
                out[v] = length
                before[v] = sources[e]


def pick_colours(
    leaves: Rows, colours: NDArray[np.int64], turns: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Give each vertex the smallest colour that no neighbour has whose turn (n,) is before its own.

    Turns differ. Repeated until nothing changes, this is the greedy colouring in the order of the
    turns (Jones, Plassmann: A Parallel Graph Coloring Heuristic, 1993).
    """
    (rows,) = leaves
    out = np.empty(rows.vertices, dtype=np.int64)
    own = turns[rows.first : rows.first + rows.vertices]
    _pick_colours(rows.starts, rows.sources, (colours, turns), own, out)
    return out


@kernel
def _pick_colours(
    starts: Starts,
    sources: Numbers,
    others: tuple[NDArray[np.int64], NDArray[np.uint64]],
    own: NDArray[np.uint64],
    out: NDArray[np.int64],
) -> None:
    colours, turns = others
    longest = 0
    for v in range(out.shape[0]):
        longest = max(longest, starts[v + 1] - starts[v])
    taken = np.full(longest + 1, -1)
    for v in range(out.shape[0]):
        for e in range(starts[v], starts[v + 1]):
            colour = colours[sources[e]]
            if turns[sources[e]] < own[v] and colour <= longest:
                taken[colour] = v
        free = 0
        while taken[free] == v:
            free += 1
        out[v] = free


def later_neighbours(leaves: Rows, turns: NDArray[np.int64]) -> tuple[Starts, Numbers]:
    """List each vertex's distinct neighbours of a later turn (n,).

    Returns
    -------
    counts : int64 (vertices of the range,)
    neighbours : uint32
        One vertex's after the other's.
    """
    (rows,) = leaves
    counts = np.zeros(rows.vertices, dtype=np.int64)
    found = np.empty(len(rows.sources), dtype=np.uint32)
    seen = np.full(len(turns), -1, dtype=np.int64)
    total = _later((rows.starts, rows.sources), rows.first, turns, seen, (counts, found))
    return counts, found[:total].copy()


@kernel
def _later(
    rows: tuple[Starts, Numbers],
    first: int,
    turns: NDArray[np.int64],
    seen: NDArray[np.int64],
    out: tuple[NDArray[np.int64], Numbers],
) -> int:
    starts, sources = rows
    counts, found = out
    total = 0
    for v in range(counts.shape[0]):
        for e in range(starts[v], starts[v + 1]):
            u = sources[e]
            if turns[u] > turns[first + v] and seen[u] != v:
                seen[u] = v
                found[total] = u
                total += 1
                counts[v] += 1
    return total


def count_triangles(leaves: Rows, starts: Starts, later: Numbers) -> NDArray[np.int64]:
    """Count the triangles that each vertex is part of: the edges between its neighbours.

    Parameters
    ----------
    leaves
        The rows of the range, with each edge in both directions.
    starts : int64 (n + 1,)
        Where in `later` the neighbours of each vertex stand that come after it in some order of all
        vertices: so each edge stands there once.
    later : uint32
    """
    (rows,) = leaves
    out = np.zeros(rows.vertices, dtype=np.int64)
    near = np.full(len(starts) - 1, -1, dtype=np.int64)
    _triangles((rows.starts, rows.sources), rows.first, (starts, later), near, out)
    return out


@kernel
def _triangles(
    rows: tuple[Starts, Numbers],
    first: int,
    edges: tuple[Starts, Numbers],
    near: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    own, sources = rows
    starts, later = edges
    done = np.full(near.shape[0], -1)
    for v in range(out.shape[0]):
        for e in range(own[v], own[v + 1]):
            if sources[e] != first + v:
                near[sources[e]] = v
        for e in range(own[v], own[v + 1]):
            u = sources[e]
            if near[u] != v or done[u] == v:
                continue
            done[u] = v
            for i in range(starts[u], starts[u + 1]):
                if near[later[i]] == v:
                    out[v] += 1
