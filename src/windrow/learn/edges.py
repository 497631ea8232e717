"""Edges of a graph as kernels read them: as a list that was just read, and as compressed rows.

A list holds a partition of a table of edges, its vertices numbered by the partition itself. Rows
hold the edges into a range of vertices: for each of these, in a fixed order, the vertices at the
other end. An edge then takes 4 bytes, 12 with a weight, and a vertex 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["EdgeList", "EdgeRows", "counts", "ranges", "sort_by_range"]


@dataclass(frozen=True, slots=True, eq=False)
class EdgeList:
    """The edges of a partition, in the order of the table.

    Parameters
    ----------
    sources, targets : int32 (m,)
        Numbers of vertices, in the order in which the partition names them: all sources first.
    weights : float64 (m,) or (0,)
        Empty when edges have none.
    distinct : int
        How many vertices are a source.
    names : uint8
        The vertices' ids in the order of their numbers, packed (see `windrow.io.memory`).
    """

    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64]
    distinct: int
    names: NDArray[np.uint8]

    @property
    def rows(self) -> int:
        """Number of edges."""
        return len(self.sources)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.to_arrays().values())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name; `from_arrays` is the way back."""
        return {
            "sources": self.sources,
            "targets": self.targets,
            "weights": self.weights,
            "distinct": np.array([self.distinct]),
            "names": self.names,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the list on the arrays of `to_arrays`."""
        held: dict[str, Any] = {**arrays, "distinct": int(arrays["distinct"][0])}
        return cls(**held)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeRows:
    """The edges into the vertices from number `first` on.

    Parameters
    ----------
    first : int
        Number of the first vertex of the range.
    starts : int64 (n + 1,)
        The edges into vertex ``first + i`` are those from ``starts[i]`` up to ``starts[i + 1]``.
    sources : uint32 (m,)
        Of each edge the vertex at the other end; in one row in the order of the table.
    weights : float64 (m,) or (0,)
        Empty when edges have none.
    """

    first: int
    starts: NDArray[np.int64]
    sources: NDArray[np.uint32]
    weights: NDArray[np.float64]

    @classmethod
    def build(
        cls,
        first: int,
        stop: int,
        sources: NDArray[np.uint32],
        targets: NDArray[np.uint32],
        weights: NDArray[np.float64],
    ) -> Self:
        """Sort edges into the rows of the vertices from `first` up to `stop`; stable.

        Parameters
        ----------
        sources, targets : uint32 (m,)
            Numbers of vertices; every target lies in the range.
        weights : float64 (m,) or (0,)

        Examples
        --------
        >>> numbers = np.array([[5, 6, 7], [3, 2, 3]], np.uint32)
        >>> rows = EdgeRows.build(2, 5, numbers[0], numbers[1], np.empty(0))
        >>> rows.starts.tolist(), rows.sources.tolist()
        ([0, 1, 3, 3], [6, 5, 7])
        """
        starts = np.zeros(stop - first + 1, dtype=np.int64)
        sorted_sources = np.empty(len(sources), dtype=np.uint32)
        sorted_weights = np.empty(len(weights))
        _fill_rows(first, sources, targets, weights, (starts, sorted_sources, sorted_weights))
        return cls(first, starts, sorted_sources, sorted_weights)

    @property
    def rows(self) -> int:
        """Number of edges."""
        return len(self.sources)

    @property
    def vertices(self) -> int:
        """Number of vertices of the range."""
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.starts.nbytes + self.sources.nbytes + self.weights.nbytes

    @property
    def own(self) -> slice:
        """The range of vertices."""
        return slice(self.first, self.first + self.vertices)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name; `from_arrays` is the way back."""
        return {
            "first": np.array([self.first]),
            "starts": self.starts,
            "sources": self.sources,
            "weights": self.weights,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the rows on the arrays of `to_arrays`."""
        held: dict[str, Any] = {**arrays, "first": int(arrays["first"][0])}
        return cls(**held)


def counts(codes: NDArray[np.int32], most: int) -> NDArray[np.int64]:
    """Count how often each code below `most` occurs.

    >>> counts(np.array([2, 0, 2], np.int32), 4).tolist()
    [1, 0, 2, 0]
    """
    found = np.zeros(most, dtype=np.int64)
    _count(codes, found)
    return found


@kernel
def _count(codes: NDArray[np.int32], found: NDArray[np.int64]) -> None:
    for e in range(codes.shape[0]):
        found[codes[e]] += 1


def ranges(degrees: NDArray[np.int64], edges_each: int, most: int) -> NDArray[np.int64]:
    """Cut vertices into ranges with about as many edges each, and at least one.

    Parameters
    ----------
    degrees : int64 (n,)
        Edges into each vertex.
    edges_each : int
        Edges of a range, about; more where there would be too many ranges.
    most : int
        Ranges, at most.

    Returns
    -------
    int64 (ranges + 1,)
        Ends of the ranges; the first is 0, the last n.

    Examples
    --------
    >>> ranges(np.array([0, 3, 1, 9, 0, 2]), 5, 100).tolist()
    [0, 3, 6]
    """
    before = np.concatenate([[0], np.cumsum(degrees)])
    total = int(before[-1])
    count = min(max(1, -(-total // edges_each)), most)
    wanted = np.arange(1, count) * total // count
    # Each begins with the vertex of its first edge; no edge may lie before the first of them.
    begins = np.unique(np.searchsorted(before, wanted, side="right") - 1)
    begins = begins[before[begins] > 0]
    return np.concatenate([[0], begins, [len(degrees)]]).astype(np.int64)


def sort_by_range(
    sources: NDArray[np.uint32],
    targets: NDArray[np.uint32],
    weights: NDArray[np.float64],
    bounds: NDArray[np.int64],
    owners: NDArray[np.uint16],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64], NDArray[np.int64]]:
    """Sort edges by the range that their target lies in; stable.

    Parameters
    ----------
    sources, targets : uint32 (m,)
    weights : float64 (m,) or (0,)
    bounds : int64 (ranges + 1,)
        As of `ranges`.
    owners : uint16 (n,)
        Of each vertex the number of its range.

    Returns
    -------
    sources, targets, weights
        Sorted.
    ends : int64 (ranges + 1,)
        Those of range j are from ``ends[j]`` up to ``ends[j + 1]``.
    """
    ends = np.zeros(len(bounds), dtype=np.int64)
    out = (np.empty_like(sources), np.empty_like(targets), np.empty_like(weights))
    _sort(sources, targets, weights, owners, (ends, *out))
    return (*out, ends)


@kernel
def _fill_rows(
    first: int,
    sources: NDArray[np.uint32],
    targets: NDArray[np.uint32],
    weights: NDArray[np.float64],
    out: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float64]],
) -> None:
    starts, to, w = out
    for e in range(targets.shape[0]):
        starts[np.int64(targets[e]) - first + 1] += 1
    for v in range(1, starts.shape[0]):
        starts[v] += starts[v - 1]
    for e in range(targets.shape[0]):
        place = starts[np.int64(targets[e]) - first]
        to[place] = sources[e]
        if w.shape[0] > 0:
            w[place] = weights[e]
        starts[np.int64(targets[e]) - first] += 1
    for v in range(starts.shape[0] - 1, 0, -1):  # each has moved to its row's end
        starts[v] = starts[v - 1]
    starts[0] = 0


@kernel
def _sort(
    sources: NDArray[np.uint32],
    targets: NDArray[np.uint32],
    weights: NDArray[np.float64],
    owners: NDArray[np.uint16],
    out: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64]],
) -> None:
    ends, s, t, w = out
    for e in range(targets.shape[0]):
        ends[np.int64(owners[targets[e]]) + 1] += 1
    for j in range(1, ends.shape[0]):
        ends[j] += ends[j - 1]
    for e in range(targets.shape[0]):
        owner = np.int64(owners[targets[e]])
        place = ends[owner]
        s[place] = sources[e]
        t[place] = targets[e]
        if w.shape[0] > 0:
            w[place] = weights[e]
        ends[owner] += 1
    for j in range(ends.shape[0] - 1, 0, -1):
        ends[j] = ends[j - 1]
    ends[0] = 0
