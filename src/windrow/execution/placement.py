"""Which host keeps which partitions: neighbours together, and moved only when hosts come or go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.execution.cuts import spread

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Placement"]


class Placement:
    """Homes of the partitions of some blocks.

    Parameters
    ----------
    count : int
        Number of partitions.

    Examples
    --------
    >>> placement = Placement(8)
    >>> placement.over({"a": 1, "b": 1})
    {'a': [0, 1, 2, 3], 'b': [4, 5, 6, 7]}
    >>> placement.over({"a": 1, "b": 1, "c": 2})
    {'a': [0, 1], 'b': [4, 5], 'c': [2, 3, 6, 7]}
    >>> placement.over({"a": 1, "c": 2})
    {'a': [0, 1], 'c': [2, 3, 4, 5, 6, 7]}
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads: dict[str, int] = {}
        self._homes: dict[str, list[int]] = {}

    def over(self, threads: Mapping[str, int]) -> dict[str, list[int]]:
        """Return the partitions of each host, ascending; some may have none.

        Parameters
        ----------
        threads : mapping of str to int
            The hosts that live, and how many tasks each runs at once; at least one host.
        """
        if self._threads != threads:
            known = {host: self._homes[host] for host in threads if host in self._homes}
            self._homes = self._moved(known, threads) if known else self._fresh(threads)
            self._threads = dict(threads)
        return self._homes

    def _fresh(self, threads: Mapping[str, int]) -> dict[str, list[int]]:
        parts = spread(self._count, list(threads.values()))
        return {host: list(part) for host, part in zip(threads, parts, strict=True)}

    def _moved(
        self, known: Mapping[str, list[int]], threads: Mapping[str, int]
    ) -> dict[str, list[int]]:
        """Move what has no home any more, and what is much too much for its host."""
        whole = sum(threads.values())
        fair = {host: -(-self._count * n // whole) for host, n in threads.items()}
        slack = {host: self._count * n // (8 * whole) for host, n in threads.items()}
        homes = {host: list(known.get(host, ())) for host in threads}
        for host, numbers in homes.items():
            if len(numbers) > fair[host] + slack[host]:
                del numbers[fair[host] :]
        kept = {number for numbers in homes.values() for number in numbers}
        moving = [number for number in range(self._count) if number not in kept]
        for host in sorted(threads, key=lambda h: len(homes[h]) - fair[h]):
            room = max(0, fair[host] - len(homes[host]))
            homes[host] = sorted(homes[host] + moving[:room])
            moving = moving[room:]
        return homes
