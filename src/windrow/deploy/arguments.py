"""What every kind of cluster asks of the arguments of its ``create``."""

from __future__ import annotations

import re

from windrow.errors import ArgumentError

__all__ = ["LONGEST", "at_least", "is_name", "named"]

LONGEST = 41
"""Letters of a cluster's name, so that what is named after it fits into AWS's and YARN's names."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_name(text: str, longest: int = LONGEST) -> bool:
    """Whether a cluster can be called so.

    >>> is_name("nightly"), is_name("a/b"), is_name("")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None and len(text) <= longest


def named(name: str, longest: int = LONGEST) -> None:
    """Raise `ArgumentError` where a cluster cannot be called so."""
    if not is_name(name, longest):
        rule = f"letters, digits, '.', '_' and '-', {longest} at most, no sign first"
        raise ArgumentError("name", name, rule)


def at_least(least: int, **values: int) -> None:
    """Raise `ArgumentError` for the first argument that is smaller."""
    for argument, value in values.items():
        if value < least:
            raise ArgumentError(argument, value, f"{least} or more")
