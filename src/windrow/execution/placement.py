"""Which host keeps which partitions: near to their files, neighbours together, and seldom moved.

Neighbours together, since a pass sends a sum for each run of neighbours of a host. So of many
partitions not each goes where its bytes are, but each run of a few.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from windrow.execution.cuts import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Placement"]

RUNS = 16
"""Runs of neighbours that a host has at least, where it is near to some partitions."""


class Placement:
    """Homes of the partitions of some blocks.

    Parameters
    ----------
    count : int
        Number of partitions.
    near : sequence of mappings of str to int, optional
        Of each partition the bytes that are on disks of some nodes, by the nodes' addresses. Hosts
        are known by their own.

    Examples
    --------
    >>> placement = Placement(8)
    >>> placement.over({"a": 1, "b": 1})
    {'a': [0, 1, 2, 3], 'b': [4, 5, 6, 7]}
    >>> placement.over({"a": 1, "b": 1, "c": 2})
    {'a': [0, 1], 'b': [4, 5], 'c': [2, 3, 6, 7]}
    >>> placement.over({"a": 1, "c": 2})
    {'a': [0, 1], 'c': [2, 3, 4, 5, 6, 7]}
    >>> Placement(3, [{"y": 9}, {"x": 5, "y": 4}, {}]).over({"tcp://x:1": 1, "tcp://y:1": 1})
    {'tcp://x:1': [1, 2], 'tcp://y:1': [0]}
    """

    def __init__(self, count: int, near: Sequence[Mapping[str, int]] = ()) -> None:
        self._count, self._near = count, near
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
            self._homes = self._moved(known, threads) if known else self._first(threads)
            self._threads = dict(threads)
        return self._homes

    def _first(self, threads: Mapping[str, int]) -> dict[str, list[int]]:
        """Begin: runs of neighbours go to hosts that are near, as far as those have room."""
        wanted = self._wanted(list(threads))
        if not wanted:
            return self._fresh(threads)
        fair = self._fair(threads)
        homes: dict[str, list[int]] = {host: [] for host in threads}
        taken: set[range] = set()
        for _, run, host in sorted(wanted, key=itemgetter(0), reverse=True):
            if run not in taken and len(homes[host]) + len(run) <= fair[host]:
                taken.add(run)
                homes[host].extend(run)
        return self._moved(homes, threads)

    def _wanted(self, hosts: Sequence[str]) -> list[tuple[int, range, str]]:
        """Return the bytes of each run of neighbours that each host has, where it has any."""
        nodes = {host: urlsplit(host).hostname or host for host in hosts}
        length = 1 << max(0, (len(self._near) // (RUNS * len(hosts))).bit_length() - 1)
        found = []
        for first in range(0, len(self._near), length):
            run = range(first, min(first + length, len(self._near)))
            held = sum((Counter(self._near[number]) for number in run), Counter[str]())
            found += [(held[node], run, host) for host, node in nodes.items() if held[node]]
        return found

    def _fresh(self, threads: Mapping[str, int]) -> dict[str, list[int]]:
        parts = spread(self._count, list(threads.values()))
        return {host: list(part) for host, part in zip(threads, parts, strict=True)}

    def _moved(
        self, known: Mapping[str, list[int]], threads: Mapping[str, int]
    ) -> dict[str, list[int]]:
        """Move what has no home any more, and what is much too much for its host."""
        whole, fair = sum(threads.values()), self._fair(threads)
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

    def _fair(self, threads: Mapping[str, int]) -> dict[str, int]:
        """Return how many each host should have at most."""
        whole = sum(threads.values())
        return {host: -(-self._count * n // whole) for host, n in threads.items()}
