"""The leaf: up to 65,536 rows in the form that kernels read, the unit of compute and of addition.

Rows lie in tiles of 512, feature by feature inside a tile, so that vector instructions run across
rows: each row keeps its own chain of additions and no order ever depends on the vector width. Two
sweeps over a tile (margins, then gradient) read it from memory once and from the cache once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from windrow.learn.sparse import SparseRows

__all__ = ["LEAF", "PADDING", "TILE", "TRAIN", "VALIDATION", "Leaf", "SparseArrays", "blank"]

SparseArrays: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]"
"""Starts, places and values of sparse rows, as kernels take them."""

TILE: Final = 512
LEAF: Final = 65536

PADDING: Final = 0
TRAIN: Final = 1
VALIDATION: Final = 2


def blank(*shape: int) -> NDArray[np.float64]:
    """Give zeros on huge pages, where places far apart are reached several times as fast.

    numpy asks for such pages only where an array may hold anything, not where it is to be zeros.

    >>> blank(2, 1).tolist()
    [[0.0], [0.0]]
    """
    found = np.empty(shape)
    found.fill(0.0)
    return found


def _no_entries() -> SparseArrays:
    return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0)


def _no_weights() -> NDArray[np.float64]:
    return np.empty((0, TILE))


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """Rows of a table as kernels read them; arrays are never written after `pack`.

    Parameters
    ----------
    rows : int
        Valid rows; the rest of the last tile is padding: zeros with the role `PADDING`.
    dense : float64 or float32 (tiles, d, TILE)
        The numeric features; see `windrow.learn.narrow`.
    codes : int32 (tiles, c, TILE)
        Of each categorical feature the row's coefficient in the expanded space (see `Layout`).
    target : float64 (tiles, TILE)
        The class code 0 ... K - 1, or the number to predict.
    role : uint8 (tiles, TILE)
        `PADDING`, `TRAIN` or `VALIDATION`.
    sparse : int64 (tiles * TILE + 1,), int32 (entries,), float64 (entries,)
        Starts of rows, places in the expanded space and values of the features of which a row has
        a few of many; three empty arrays when there is no such feature.
    weight : float64 (tiles, TILE) or (0, TILE)
        What each row weighs in the loss; without rows, 1 each.
    """

    rows: int
    dense: NDArray[Any]
    codes: NDArray[np.int32]
    target: NDArray[np.float64]
    role: NDArray[np.uint8]
    sparse: SparseArrays = field(default_factory=_no_entries)
    weight: NDArray[np.float64] = field(default_factory=_no_weights)

    @classmethod
    def pack(
        cls,
        dense: Sequence[NDArray[Any]],
        codes: Sequence[NDArray[np.int32]],
        target: NDArray[np.float64],
        role: NDArray[np.uint8],
        *,
        sparse: SparseRows | None = None,
        weight: NDArray[np.float64] | None = None,
        kind: type[np.floating[Any]] | np.dtype[np.floating[Any]] = np.float64,
    ) -> Leaf:
        """Lay columns of one length out in tiles.

        Parameters
        ----------
        dense, codes : sequences of 1-D arrays (rows,)
        target, role : 1-D arrays (rows,)
        sparse : SparseRows, optional
        weight : 1-D array (rows,), optional
        kind : float64 or float32
            How the numeric features are stored.

        Raises
        ------
        ValueError
            When lengths differ, or there are more than `LEAF` rows.

        Examples
        --------
        >>> y = np.zeros(3)
        >>> leaf = Leaf.pack([np.arange(3.0)], [], y, np.full(3, TRAIN, np.uint8))
        >>> leaf.rows, leaf.dense.shape, leaf.dense[0, 0, :4].tolist()
        (3, (1, 1, 512), [0.0, 1.0, 2.0, 0.0])
        """
        rows = len(target)
        if rows > LEAF:
            raise ValueError(f"a leaf holds at most {LEAF} rows, got {rows}")
        shapes = [*(x.shape for x in dense), *(c.shape for c in codes), role.shape]
        shapes += [] if weight is None else [weight.shape]
        shapes += [] if sparse is None else [sparse.starts[1:].shape]
        for shape in shapes:
            if shape != (rows,):
                raise ValueError(f"a column of shape {shape} in a leaf of {rows} rows")
        leaf = cls(  # empty, not zeros: see `blank`
            rows,
            np.empty((_tiles(rows), len(dense), TILE), dtype=kind),
            np.empty((_tiles(rows), len(codes), TILE), dtype=np.int32),
            np.empty((_tiles(rows), TILE)),
            np.empty((_tiles(rows), TILE), dtype=np.uint8),
            _no_entries() if sparse is None else sparse.padded(_tiles(rows) * TILE),
            np.empty((0 if weight is None else _tiles(rows), TILE)),
        )
        for j, numbers in enumerate(dense):
            _fill(leaf.dense[:, j], numbers)
        for j, levels in enumerate(codes):
            _fill(leaf.codes[:, j], levels)
        _fill(leaf.target, target)
        _fill(leaf.role, role)
        if weight is not None:
            _fill(leaf.weight, weight)
        return leaf

    def take(self, rows: NDArray[np.intp]) -> Leaf:
        """Give a leaf of some rows, by their places in this one.

        Examples
        --------
        >>> leaf = Leaf.pack([np.arange(5.0)], [], np.zeros(5), np.full(5, TRAIN, np.uint8))
        >>> leaf.take(np.array([1, 4])).dense[0, 0, :3].tolist()
        [1.0, 4.0, 0.0]
        """
        from windrow.learn.sparse import SparseRows  # which reads leaves

        tile, place = np.divmod(rows, TILE)
        return Leaf.pack(
            [self.dense[tile, j, place] for j in range(self.dense.shape[1])],
            [self.codes[tile, j, place] for j in range(self.codes.shape[1])],
            self.target[tile, place],
            self.role[tile, place],
            sparse=SparseRows(*self.sparse).take(rows) if self.sparse[0].size else None,
            weight=self.weight[tile, place] if self.weight.size else None,
            kind=self.dense.dtype,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for name, array in self.to_arrays().items() if name != "rows")

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the leaf as named arrays, for a spill file; `from_arrays` is the way back."""
        return {
            "rows": np.array([self.rows], dtype=np.int64),
            "dense": self.dense,
            "codes": self.codes,
            "target": self.target,
            "role": self.role,
            **dict(zip(_SPARSE, self.sparse, strict=True)),
            "weight": self.weight,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Leaf:
        """Build a leaf on the arrays of `to_arrays`, without a copy where the types are right.

        Examples
        --------
        >>> leaf = Leaf.pack([], [], np.zeros(2), np.ones(2, np.uint8))
        >>> Leaf.from_arrays(leaf.to_arrays()).rows
        2
        """
        return cls(
            int(arrays["rows"][0]),
            np.ascontiguousarray(arrays["dense"], dtype=_kind(arrays["dense"])),
            np.ascontiguousarray(arrays["codes"], dtype=np.int32),
            np.ascontiguousarray(arrays["target"], dtype=np.float64),
            np.ascontiguousarray(arrays["role"], dtype=np.uint8),
            (
                np.ascontiguousarray(arrays["starts"], dtype=np.int64),
                np.ascontiguousarray(arrays["places"], dtype=np.int32),
                np.ascontiguousarray(arrays["values"], dtype=np.float64),
            ),
            np.ascontiguousarray(arrays["weight"], dtype=np.float64),
        )


def _kind(dense: NDArray[np.generic]) -> type[np.floating[Any]]:
    return np.float32 if dense.dtype == np.float32 else np.float64


_SPARSE = ("starts", "places", "values")


def _tiles(rows: int) -> int:
    return -(-rows // TILE)


def _fill(tiles: NDArray[np.generic], column: NDArray[np.generic]) -> None:
    """Write a column (rows,) into its place (tiles, TILE)."""
    whole = len(column) // TILE
    tiles[:whole] = column[: whole * TILE].reshape(whole, TILE)
    if rest := len(column) - whole * TILE:
        tiles[whole, :rest] = column[whole * TILE :]
        tiles[whole, rest:] = 0
