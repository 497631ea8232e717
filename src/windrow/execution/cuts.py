"""How a pass over all leaves is cut: into loads of about equal size, each a few whole subtrees.

Sums are added in one tree over the leaves of all partitions (`windrow.learn.tree`): leaf i of
partition p stands at position p 2^32 + i. Whatever is cut off to be added elsewhere must be a whole
subtree of it, so loads end at round positions where that costs little balance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEVELS = 32
"""Levels of the tree below a partition."""


@dataclass(frozen=True, order=True, slots=True)
class Subtree:
    """The positions [index 2^level, (index + 1) 2^level)."""

    index: int
    level: int

    @property
    def start(self) -> int:
        """First position."""
        return self.index << self.level

    @property
    def stop(self) -> int:
        """End of the positions."""
        return (self.index + 1) << self.level


class Leaves:
    """Where the leaves of all partitions stand in the tree.

    Parameters
    ----------
    counts : sequence of int
        Rows of each partition.
    leaf_rows : int
        Rows of a leaf; the last of a partition may have fewer.
    """

    def __init__(self, counts: Sequence[int], leaf_rows: int) -> None:
        self._firsts = [0, *accumulate(-(-count // leaf_rows) for count in counts)]

    def __len__(self) -> int:
        return self._firsts[-1]

    def of(self, partitions: Sequence[int]) -> list[int]:
        """Numbers of the leaves of some partitions."""
        return [
            number
            for partition in partitions
            for number in range(self._firsts[partition], self._firsts[partition + 1])
        ]

    def position(self, number: int) -> int:
        """Position of a leaf."""
        partition = bisect_right(self._firsts, number) - 1
        return (partition << LEVELS) + number - self._firsts[partition]

    def first_behind(self, position: int) -> int:
        """Return the number of the first leaf at a position or behind it."""
        partition, place = position >> LEVELS, position & ((1 << LEVELS) - 1)
        if partition >= len(self._firsts) - 1:
            return len(self)
        return min(self._firsts[partition] + place, self._firsts[partition + 1])

    def within(self, subtree: Subtree) -> Iterator[tuple[int, int]]:
        """Yield partition and place in it of the leaves below a subtree, in order."""
        for number in range(self.first_behind(subtree.start), self.first_behind(subtree.stop)):
            position = self.position(number)
            yield position >> LEVELS, position & ((1 << LEVELS) - 1)

    def cover(self, numbers: Sequence[int]) -> tuple[Subtree, ...]:
        """Return the fewest subtrees that have just these leaves (ascending) below them.

        >>> Leaves([3, 2, 1], 1).cover([0, 1, 2, 3, 4])
        (Subtree(index=0, level=33),)
        >>> Leaves([3, 2, 1], 1).cover([1, 2])
        (Subtree(index=1, level=0), Subtree(index=1, level=1))
        """
        found: list[Subtree] = []
        at = 0
        while at < len(numbers):
            subtree = self._largest(numbers, at)
            found.append(subtree)
            at = bisect_left(numbers, self.first_behind(subtree.stop), at)
        return tuple(found)

    def _largest(self, numbers: Sequence[int], at: int) -> Subtree:
        """Return the largest subtree with this leaf and no stranger."""
        position = self.position(numbers[at])
        found = Subtree(position, 0)
        top = LEVELS + len(self._firsts).bit_length()
        for level in range(1, top + 1):
            larger = Subtree(position >> level, level)
            first, end = self.first_behind(larger.start), self.first_behind(larger.stop)
            known = bisect_left(numbers, end, at) - at
            if first < numbers[at] or known < end - first:
                break
            found = larger
        return found


def loads(leaves: Leaves, partitions: Sequence[int], pieces: int) -> list[tuple[Subtree, ...]]:
    """Cut the leaves of some partitions (ascending) into loads.

    >>> loads(Leaves([1] * 12, 1), range(12), 3)[1]
    (Subtree(index=1, level=34),)
    """
    numbers = leaves.of(partitions)
    ends = cut(len(numbers), [1] * pieces, lambda at: _roundness(leaves.position(numbers[at])))
    return [leaves.cover(numbers[a:b]) for a, b in pairwise([0, *ends]) if b > a]


def spread(count: int, weights: Sequence[int]) -> list[range]:
    """Cut partitions into a range for each worker, by weight.

    >>> spread(100, [1, 1, 1])
    [range(0, 32), range(32, 64), range(64, 100)]
    """
    return [range(a, b) for a, b in pairwise([0, *cut(count, weights, _roundness)])]


def cut(count: int, weights: Sequence[int], roundness: Callable[[int], int]) -> list[int]:
    """Return the ends of consecutive parts of about the given weights, at round places.

    An end may be an eighth of a part off for being rounder. With fewer items than parts, the last
    parts are empty.
    """
    whole = sum(weights)
    most = [-(-count * w // whole) + count * w // (8 * whole) for w in weights]
    ends: list[int] = []
    at = reached = 0
    left = sum(most)
    for place, weight in enumerate(weights[:-1]):
        reached += weight
        left -= most[place]
        slack = count * weight // (8 * whole)
        ideal, rest = divmod(count * reached, whole)
        following = len(weights) - 1 - place
        low = max(min(at + 1, count), count - left, ideal - slack)
        high = min(at + most[place], max(count - following, at + 1), ideal + (rest > 0) + slack)
        span = range(min(low, count), min(max(low, high), count - 1) + 1)
        at = max(span, key=lambda end: (roundness(end), -abs(end - ideal)), default=count)
        ends.append(at)
    return [*ends, count]


def _roundness(position: int) -> int:
    """Return the level of the largest subtree that can begin here."""
    return (position & -position).bit_length() if position else 1 << 16
