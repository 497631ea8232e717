"""Numbers stored in four bytes: read as eight, tile by tile, where nothing is lost by it.

Computing is always in float64. What is stored narrow is read from memory in half the time, and
takes half of it; a tile is widened into scratch that the second cache holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba.core.extending import overload

from windrow.learn.leaf import LEAF, TILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["PRECISIONS", "kind_of", "scratch_for", "tile"]

_OPTIONS: Any = {"nogil": True, "boundscheck": False}
PRECISIONS = ("auto", "double", "single")


def kind_of(columns: Sequence[NDArray[np.float64]], precision: str) -> type[np.floating[Any]]:
    """Choose how the numbers of a leaf are stored.

    Parameters
    ----------
    columns : sequences of float64 (rows,)
    precision : {'auto', 'double', 'single'}
        ``auto`` stores a whole leaf narrow where float32 holds each of its numbers exactly, as it
        does whole numbers below 16,777,216: no bit of any result depends on it. ``single`` rounds.

    Examples
    --------
    >>> whole, tenths = np.arange(65536.0), np.arange(65536) / 10
    >>> [kind_of(c, "auto").__name__ for c in ([whole], [whole, tenths], [whole[:9]])]
    ['float32', 'float64', 'float64']
    """
    if precision == "single":
        return np.float32
    full = bool(columns) and len(columns[0]) == LEAF  # few rows are not worth another kernel
    if precision == "auto" and full and all(map(_is_exact, columns)):
        return np.float32
    return np.float64


def _is_exact(column: NDArray[np.float64]) -> bool:
    """Whether float32 holds each number; the first few tell most columns apart."""
    for part in (column[:TILE], column):
        with np.errstate(over="ignore"):
            narrow = part.astype(np.float32)
        if not np.array_equal(narrow, part, equal_nan=True):
            return False
    return True


def _no_room(dense: Any) -> Any:  # noqa: ARG001 - the compiler takes no `del`
    return np.empty((0, TILE))


def _room(dense: Any) -> Any:
    return np.empty((dense.shape[1], TILE))


def _as_it_is(dense: Any, t: int, scratch: Any) -> Any:  # noqa: ARG001
    return dense[t]


def _widened(dense: Any, t: int, scratch: Any) -> Any:
    for j in range(dense.shape[1]):
        for i in range(dense.shape[2]):
            scratch[j, i] = dense[t, j, i]
    return scratch


def scratch_for(dense: NDArray[Any]) -> NDArray[np.float64]:
    """Give room for a widened tile of `dense` (tiles, d, TILE); none where none is needed.

    >>> scratch_for(np.empty((2, 3, 512))).shape, scratch_for(np.empty((2, 3, 512), "f4")).shape
    ((0, 512), (3, 512))
    """
    found: NDArray[np.float64] = (_room if _is_narrow(dense) else _no_room)(dense)
    return found


def tile(dense: NDArray[Any], t: int, scratch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give tile `t` in float64, in `scratch` if it is stored narrow.

    >>> narrow = np.full((2, 1, 512), 0.5, "f4")
    >>> tile(narrow, 1, scratch_for(narrow))[0, :2].tolist()
    [0.5, 0.5]
    """
    chosen = _widened if _is_narrow(dense) else _as_it_is
    found: NDArray[np.float64] = chosen(dense, t, scratch)
    return found


def _is_narrow(dense: Any) -> bool:
    """Whether an array, or what the compiler knows of one, has four bytes a number."""
    return str(dense.dtype) == "float32"


# Compiled, the choice is made by the type.


@overload(scratch_for)
def _compiled_scratch(dense: Any) -> Callable[..., Any]:
    return _room if _is_narrow(dense) else _no_room


@overload(tile, jit_options=_OPTIONS)
def _compiled_tile(dense: Any, t: int, scratch: Any) -> Callable[..., Any]:
    del t, scratch
    return _widened if _is_narrow(dense) else _as_it_is
