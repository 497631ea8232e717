"""Numbers for whole-number names: dense, from 0 on, in the order in which names are first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST", "number_ints"]

MOST = 1 << 31
"""Names that can be numbered, less one."""
_SPARE = 8
_LEAST = 1 << 16


def number_ints(values: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the distinct values of an array.

    Parameters
    ----------
    values : int64 (n,)

    Returns
    -------
    codes : int32 (n,)
        Of each value its number.
    names : int64 (distinct values,)
        In first-seen order: ``names[codes]`` is the array again.

    Examples
    --------
    >>> codes, names = number_ints(np.array([7, -2, 7, 1 << 62]))
    >>> codes.tolist(), names.tolist()
    ([0, 1, 0, 2], [7, -2, 4611686018427387904])
    """
    codes = np.empty(len(values), dtype=np.int32)
    if not len(values):
        return codes, np.empty(0, dtype=np.int64)
    low, high = int(values.min()), int(values.max())
    if high - low < max(_LEAST, _SPARE * len(values)):
        table = np.full(high - low + 1, -1, dtype=np.int32)
        names = np.empty(_by_table(values, low, table, codes), dtype=np.int64)
        _list(table, low, names)
        return codes, names
    names = np.empty(len(values), dtype=np.int64)
    slots = 1 << (2 * len(values) - 1).bit_length()
    found = _by_hash(values, np.full(slots, -1, dtype=np.int32), codes, names)
    return codes, names[:found].copy()


@kernel
def _by_table(
    values: NDArray[np.int64],
    low: int,
    table: NDArray[np.int32],
    codes: NDArray[np.int32],
) -> int:
    found = 0
    for i in range(values.shape[0]):
        place = values[i] - low
        code = table[place]
        if code < 0:
            code = found
            table[place] = code
            found += 1
        codes[i] = code
    return found


@kernel
def _list(table: NDArray[np.int32], low: int, names: NDArray[np.int64]) -> None:
    """Turn the table round: of each number its name."""
    for place in range(table.shape[0]):
        if table[place] >= 0:
            names[table[place]] = low + place


@kernel
def _by_hash(
    values: NDArray[np.int64],
    slots: NDArray[np.int32],
    codes: NDArray[np.int32],
    names: NDArray[np.int64],
) -> int:
    """Open addressing; the slot is taken from the high bits of a product (Knuth, TAOCP 6.4)."""
    found = 0
    mask = np.uint64(slots.shape[0] - 1)
    for i in range(values.shape[0]):
        mixed = np.uint64(values[i]) * np.uint64(0x9E3779B97F4A7C15)
        slot = (mixed ^ (mixed >> np.uint64(32))) & mask
        while True:
            code = slots[slot]
            if code < 0:
                code = found
                slots[slot] = code
                names[found] = values[i]
                found += 1
                break
            if names[code] == values[i]:
                break
            slot = (slot + np.uint64(1)) & mask
        codes[i] = code
    return found
