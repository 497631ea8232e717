"""Hashes of sequences: equal on every host and in every version, since they are our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fold"]


def fold(values: NDArray[Any], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash slices of an array by FNV-1a, a value at a time.

    (Fowler, Noll, Vo: https://datatracker.ietf.org/doc/html/rfc9923.)

    Parameters
    ----------
    values : uint8 or uint64 (m,)
        Bytes of texts, or hashes of the elements of vectors.
    ends : int64 (n + 1,)
        Slice i is ``values[ends[i]:ends[i + 1]]``.

    Returns
    -------
    uint64 (n,)

    Examples
    --------
    >>> text = np.frombuffer(b"aba", np.uint8)
    >>> first, second, third = fold(text, np.array([0, 1, 2, 3])).tolist()
    >>> first == third, hex(first), first == second
    (True, '0xaf63dc4c8601ec8c', False)
    """
    found = np.empty(len(ends) - 1, dtype=np.uint64)
    _fold(values, ends, found)
    return found


_BASIS = 0xCBF29CE484222325
_PRIME = 0x100000001B3


@kernel
def _fold(values: NDArray[Any], ends: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    for i in range(out.shape[0]):
        state = np.uint64(_BASIS)
        for j in range(ends[i], ends[i + 1]):
            state = (state ^ np.uint64(values[j])) * np.uint64(_PRIME)
        out[i] = state
