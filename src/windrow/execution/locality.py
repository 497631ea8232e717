"""Which hosts have the bytes that partitions are read from, on disks of their own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from windrow.plan.sources import Extent

__all__ = ["Near", "near"]

Near: TypeAlias = "Callable[[], Sequence[Mapping[str, int]]]"
"""Asks, of each partition, how many of its bytes each host has. To ask costs a call per file."""


def near(extents: Sequence[Extent | None]) -> list[Mapping[str, int]]:
    """Return, of each part of a table, the bytes that hosts have of it, by address.

    Parameters
    ----------
    extents
        Where the parts are; None for those that are in no file.

    Examples
    --------
    >>> near([None])
    [{}]
    """
    return [{} if extent is None else _bytes(extent) for extent in extents]


def _bytes(extent: Extent) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for home in storage_of(extent.file.url).homes(extent.file):
        shared = min(extent.stop, home.stop) - max(extent.start, home.start)
        if shared > 0:
            found.update(dict.fromkeys(home.hosts, shared))
    return found
