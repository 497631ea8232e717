"""Patterns of addresses (``logs/*/2024-??.csv``, ``data/**``) where a server lists folders.

The same rules as `glob.glob` has on disk: ``*``, ``?`` and ``[...]`` stay inside a name and do not
match a dot at its begin, ``**`` stands for any number of folders. Only folders that can match are
asked for.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Inside = tuple[set[str], set[str]]
"""Names of the folders, and of the files, directly inside a folder."""


def expand(pattern: str, inside: Callable[[str], Inside]) -> list[str]:
    """Return the paths of files and folders that match, sorted.

    Parameters
    ----------
    pattern
        Names with slashes between them, none at the begin.
    inside
        What is directly inside a folder; ``""`` is the root. Asked once for each.

    Examples
    --------
    >>> tree = {"": ({"a", "b"}, {"c.csv"}), "a": (set(), {"x.csv", ".y.csv"}), "b": (set(), set())}
    >>> expand("*/*.csv", tree.__getitem__), expand("**/*.csv", tree.__getitem__)
    (['a/x.csv'], ['a/x.csv', 'c.csv'])
    """
    return sorted(set(_expanded("", pattern.split("/"), cache(inside))))


def _expanded(folder: str, parts: list[str], inside: Callable[[str], Inside]) -> Iterator[str]:
    """Yield what the rest of a pattern matches inside a folder."""
    head, rest = parts[0], parts[1:]
    if head == "**":
        if rest:
            yield from _expanded(folder, rest, inside)
        elif folder:
            yield folder
        folders, files = inside(folder)
        for name in folders:
            if name[0] != ".":
                yield from _expanded(_below(folder, name), parts, inside)
        if not rest:
            yield from (_below(folder, name) for name in files if name[0] != ".")
        return
    folders, files = inside(folder) if not rest or glob.has_magic(head) else ({head}, set())
    for name in _matching(head, folders | files if not rest else folders):
        if rest:
            yield from _expanded(_below(folder, name), rest, inside)
        else:
            yield _below(folder, name)


def _matching(head: str, names: set[str]) -> list[str]:
    wanted = re.compile(fnmatch.translate(head))
    return [name for name in names if wanted.match(name) and (name[0] != "." or head[0] == ".")]


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
