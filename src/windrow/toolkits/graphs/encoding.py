"""From a table of edges to rows of edges: partitions numbered, cut, and sorted by target.

In three steps, each of which sees one partition or one range at a time. An `EdgeEncoder` numbers
the vertices of a partition by itself. Once the numbers of all partitions are merged, an
`EdgeSplitter` cuts it by the ranges that its edges lead into. A `RowsEncoder` sorts what has come
together in a range into compressed rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from windrow.execution.protocol import RawBlock
from windrow.io import memory
from windrow.learn.edges import EdgeList, EdgeRows, counts, sort_by_range
from windrow.learn.numbering import number_ints
from windrow.plan.node import digest
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Self

    import polars as pl
    from numpy.typing import NDArray

__all__ = ["EdgeEncoder", "EdgeSplitter", "Names", "RowsEncoder", "number"]

SOURCE, TARGET, WEIGHT = "source", "target", "weight"
PARTS = ((SOURCE, DType.INT), (TARGET, DType.INT))
WEIGHTED = (*PARTS, (WEIGHT, DType.FLOAT))


def number(ids: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
    """Number the distinct ids in the order in which they are first seen.

    Parameters
    ----------
    ids : Int64 or String (n,)
        None is not numbered: its code means nothing.

    Returns
    -------
    codes : int32 (n,)
    names : Series (distinct ids,)

    Examples
    --------
    >>> import polars as pl
    >>> codes, names = number(pl.Series(["b", "a", "b"]))
    >>> codes.tolist(), names.to_list()
    ([0, 1, 0], ['b', 'a'])
    """
    import polars as pl

    if ids.dtype != pl.String:
        codes, names = number_ints(ids.fill_null(0).to_numpy())
        return codes, pl.Series(ids.name, names)
    found = ids.fill_null("").to_arrow().dictionary_encode()
    codes = pl.Series(found.indices).to_numpy().astype(np.int32, copy=False)
    return codes, pl.Series(ids.name, pl.from_arrow(found.dictionary), dtype=pl.String)


@dataclass(frozen=True)
class EdgeEncoder:
    """Encodes partitions of a table of edges; its `repr` is its identity in a block's key.

    The facts that it counts: rows without source, without target, without weight, and rows whose
    weight is negative or not finite.

    Parameters
    ----------
    source, target
        Columns of ids.
    weight
        Int or float column; empty when edges have no weights.
    """

    source: str
    target: str
    weight: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return (self.source, self.target, *([self.weight] if self.weight else []))

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        """Encode a partition."""
        import polars as pl

        sources, targets = frame.get_column(self.source), frame.get_column(self.target)
        codes, names = number(pl.concat([sources, targets.alias(self.source)]))
        out, into = codes[: frame.height], codes[frame.height :]
        weights, missing, wrong = self._weights(frame)
        packed = np.frombuffer(memory.packed(names.to_frame()), dtype=np.uint8)
        distinct = int(out.max()) + 1 if len(out) else 0
        counts = [sources.null_count(), targets.null_count(), missing, wrong]
        leaf = EdgeList(out, into, weights, distinct, packed)
        return RawBlock((leaf,), (), (), np.array(counts, dtype=np.float64))

    def _weights(self, frame: pl.DataFrame) -> tuple[NDArray[np.float64], int, int]:
        import polars as pl

        if not self.weight:
            return np.empty(0), 0, 0
        column = frame.get_column(self.weight)
        weights = column.cast(pl.Float64).fill_null(0.0).to_numpy()
        wrong = int(np.count_nonzero(~(np.isfinite(weights) & (weights >= 0))))
        return weights, column.null_count(), wrong


@dataclass(frozen=True, eq=False)
class Names:
    """The vertices that some edges name; sums of neighbours are those of their edges together.

    Attributes
    ----------
    distinct
        How many are a source: they come first, in the order in which they are seen as such. Those
        that are targets alone follow, in the order in which they are seen.
    ids
        Of each.
    out_degrees, in_degrees
        Edges out of each, and into it; in 4 bytes as long as all edges can be counted in them.
    edges
        How many there are.
    """

    distinct: int
    ids: pl.Series
    out_degrees: NDArray[Any]
    in_degrees: NDArray[Any]
    edges: int

    @classmethod
    def of(cls, leaves: tuple[EdgeList, ...]) -> Self:
        """Return those of a partition."""
        (edges,) = leaves
        ids = names_of(edges)
        kind = _kind(edges.rows)
        out, into = (
            counts(codes, len(ids)).astype(kind) for codes in (edges.sources, edges.targets)
        )
        return cls(edges.distinct, ids, out, into, edges.rows)

    def __add__(self, other: Names) -> Names:
        import polars as pl

        cut = self.distinct + other.distinct
        parts = [self.ids[: self.distinct], other.ids[: other.distinct]]
        parts += [self.ids[self.distinct :], other.ids[other.distinct :]]
        codes, ids = number(pl.concat(parts))
        first, second, third, fourth = np.split(codes, np.cumsum([len(p) for p in parts])[:-1])
        edges = self.edges + other.edges
        out, into = (np.zeros(len(ids), dtype=_kind(edges)) for _ in range(2))
        for names, own in ((self, (first, third)), (other, (second, fourth))):
            places = np.concatenate(own)  # each vertex once
            out[places] += names.out_degrees
            into[places] += names.in_degrees
        return Names(int(codes[:cut].max()) + 1 if cut else 0, ids, out, into, edges)


def _kind(edges: int) -> type[np.unsignedinteger[Any]]:
    """Choose the numbers that degrees are counted in: lists of vertices are what a fold holds."""
    return np.uint32 if edges < 1 << 32 else np.uint64


def names_of(edges: EdgeList) -> pl.Series:
    """Return the ids of a partition's vertices, by its own numbers."""
    return memory.unpacked(edges.names.tobytes()).to_series()


@dataclass(frozen=True, repr=False)
class EdgeSplitter:
    """Cuts a partition's edges by the range of vertices that they lead into.

    Parameters
    ----------
    vertices
        Key of the table of vertices, from which, with the edges, the ids follow.
    ids
        Of each vertex of the graph, by number.
    bounds
        Ends of the ranges of vertices, int64 (ranges + 1,).
    weighted
        Whether edges have weights.
    both
        Whether each edge is taken in the other direction too.
    """

    vertices: str
    ids: pl.Series
    bounds: NDArray[np.int64]
    weighted: bool = False
    both: bool = False

    def __repr__(self) -> str:
        return f"EdgeSplitter({self._identity})"

    @cached_property
    def _identity(self) -> str:
        return digest(self.vertices, self.bounds.tobytes(), self.weighted, self.both)

    @property
    def schema(self) -> tuple[tuple[str, DType], ...]:
        """Names and types of the columns of a part."""
        return WEIGHTED if self.weighted else PARTS

    def __call__(self, leaves: tuple[EdgeList, ...]) -> Iterator[pl.DataFrame]:
        """Give the edges into each range, in the order of the table."""
        import polars as pl

        (edges,) = leaves
        numbers = self._numbers(edges)
        sources, targets, weights = numbers[edges.sources], numbers[edges.targets], edges.weights
        if self.both:
            pairs = np.stack([sources, targets], axis=1)
            sources, targets = pairs.ravel(), pairs[:, ::-1].ravel()
            weights = np.repeat(weights, 2)
        owners = self._owners
        sources, targets, weights, ends = sort_by_range(
            sources, targets, weights, self.bounds, owners
        )
        for begin, end in pairwise(ends):
            columns: dict[str, NDArray[Any]] = {
                SOURCE: sources[begin:end],
                TARGET: targets[begin:end],
            }
            if self.weighted:
                columns[WEIGHT] = weights[begin:end]
            yield pl.DataFrame(columns)

    def _numbers(self, edges: EdgeList) -> NDArray[np.uint32]:
        """Of each number in a partition the vertex's number in the graph."""
        import polars as pl

        names = names_of(edges)
        codes, _ = number(pl.concat([names, self.ids.alias(names.name)]))
        of_ids = codes[len(names) :]  # those of the partition come first, and have its own numbers
        places = np.flatnonzero(of_ids < len(names))
        numbers = np.empty(len(names), dtype=np.uint32)
        numbers[of_ids[places]] = places
        return numbers

    @cached_property
    def _owners(self) -> NDArray[np.uint16]:
        """Of each vertex the number of its range."""
        sizes = np.diff(self.bounds)
        return np.repeat(np.arange(len(sizes), dtype=np.uint16), sizes)

    def __getstate__(self) -> dict[str, Any]:
        names = ("vertices", "ids", "bounds", "weighted", "both")
        return {name: self.__dict__[name] for name in names}  # what is derived stays


@dataclass(frozen=True, repr=False)
class RowsEncoder:
    """Sorts the edges into a range of vertices into rows.

    Parameters
    ----------
    bounds
        Ends of the ranges of vertices.
    weighted
        Whether edges have weights.
    """

    bounds: NDArray[np.int64]
    weighted: bool = False

    def __repr__(self) -> str:
        return f"RowsEncoder({digest(self.bounds.tobytes(), self.weighted)})"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return tuple(name for name, _ in (WEIGHTED if self.weighted else PARTS))

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        """Encode a range, which is told by any of its targets: each range has one."""
        sources, targets = (
            frame.get_column(name).to_numpy().astype(np.uint32, copy=False)
            for name in (SOURCE, TARGET)
        )
        weights = frame.get_column(WEIGHT).to_numpy() if self.weighted else np.empty(0)
        place = (
            int(np.searchsorted(self.bounds, int(targets[0]), side="right")) if len(targets) else 1
        )
        first, stop = int(self.bounds[place - 1]), int(self.bounds[place])
        rows = EdgeRows.build(first, stop, sources, targets, weights)
        return RawBlock((rows,), (), (), np.zeros(1))
