"""Keyed hashes of row numbers: random splits that are a function of data and seed alone.

SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) turns
(seed, row) into 64 well mixed bits; a Feistel network on it is a keyed permutation of the row
numbers. Whole-number arithmetic only, so the answers are exact and equal everywhere, and row i
gets the same one wherever and however the table is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hash_rows", "permute", "uniform"]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_ROUNDS = 6


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _key(seed: int, stream: int) -> np.uint64:
    """One well mixed number from a seed of any size or sign."""
    key = np.array([(stream * _GOLDEN) & _MASK], dtype=np.uint64)
    sign, rest = seed < 0, abs(seed)
    words = [int(sign)]
    while rest:
        words.append(rest & _MASK)
        rest >>= 64
    for word in words:
        key = _mix((key ^ np.uint64(word)) + np.uint64(_GOLDEN))
    return np.uint64(key[0])


def hash_rows(seed: int, rows: NDArray[np.uint64], *, stream: int = 0) -> NDArray[np.uint64]:
    """64 random bits for each row number.

    Parameters
    ----------
    seed : int
        Any whole number.
    rows : uint64 (n,)
        Row numbers.
    stream : int, default 0
        Independent answers for the same seed and row.
    """
    numbers = np.asarray(rows, dtype=np.uint64)
    return _mix(_mix(numbers * np.uint64(_GOLDEN) + _key(seed, stream)) + np.uint64(_GOLDEN))


def uniform(seed: int, rows: NDArray[np.uint64], *, stream: int = 0) -> NDArray[np.float64]:
    """A random number in [0, 1) for each row number: multiples of 2^-53.

    Examples
    --------
    A row is sampled with probability f when its number is below f, whatever else is in the table.

    >>> u = uniform(7, np.arange(5, dtype=np.uint64))
    >>> bool((u == uniform(7, np.arange(10, dtype=np.uint64))[:5]).all())
    True
    """
    high = hash_rows(seed, rows, stream=stream) >> np.uint64(11)
    return high.astype(np.float64) * 2.0**-53


def permute(rows: NDArray[np.uint64], n: int, seed: int) -> NDArray[np.uint64]:
    """Where a keyed random permutation of [0, n) sends each row.

    A Feistel network of six rounds on the next even number of bits, walked until it falls into
    [0, n) again (Black and Rogaway: Ciphers with arbitrary finite domains, 2002).

    Parameters
    ----------
    rows : uint64 (m,)
        Row numbers, each below `n`.
    n : int
        Size of the permuted range, below 2^63.
    seed : int
        Any whole number.

    Raises
    ------
    ValueError
        When a row is not in [0, n).

    Examples
    --------
    An exact split: row i trains iff its place is below floor(0.8 n).

    >>> place = permute(np.arange(10, dtype=np.uint64), 10, seed=1)
    >>> sorted(place.tolist()) == list(range(10)), int((place < 8).sum())
    (True, 8)
    """
    places = np.array(rows, dtype=np.uint64)
    if n >= 1 << 63 or (places.size and int(places.max()) >= n):
        raise ValueError(f"row numbers must lie in [0, {n}), and n below 2^63")
    half = max(1, -(-max(n - 1, 1).bit_length() // 2))
    keys = [_key(seed, 1 + i) for i in range(_ROUNDS)]
    places = _feistel(places, half, keys)
    while (outside := np.flatnonzero(places >= np.uint64(n))).size:
        places[outside] = _feistel(places[outside], half, keys)
    return places


def _feistel(x: NDArray[np.uint64], half: int, keys: list[np.uint64]) -> NDArray[np.uint64]:
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = x >> bits, x & mask
    for key in keys:
        left, right = right, left ^ (_mix(right * np.uint64(_GOLDEN) + key) & mask)
    return (left << bits) | right
