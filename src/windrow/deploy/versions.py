"""What must be the same on client and hosts for results to be the same bits."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from windrow.errors import VersionMismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PACKAGES", "check", "differences", "installed"]

PACKAGES = ("windrow", "polars", "numpy", "numba", "llvmlite", "scipy")
ABSENT = "none"


def installed() -> dict[str, str]:
    """Return the versions in this process.

    >>> sorted(installed())
    ['llvmlite', 'numba', 'numpy', 'polars', 'python', 'scipy', 'windrow']
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": python} | {package: version(package) for package in PACKAGES}


def differences(
    here: Mapping[str, str], there: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    """Return name, version here and version there of whatever differs, in the order of `here`.

    >>> differences({"python": "3.12", "numpy": "2.4"}, {"python": "3.11", "numpy": "2.4"})
    (('python', '3.12', '3.11'),)
    """
    names = dict.fromkeys([*here, *there])
    pairs = ((name, here.get(name, ABSENT), there.get(name, ABSENT)) for name in names)
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def check(hosts: Mapping[str, str], advice: str) -> None:
    """Refuse hosts whose versions are not those of this process.

    Parameters
    ----------
    hosts
        Versions there.
    advice
        How to make them the same.

    Raises
    ------
    VersionMismatchError
        Something differs.
    """
    found = differences(installed(), hosts)
    if found:
        raise VersionMismatchError(found, advice)
