"""Answers that are good for a moment: what is asked for each host is asked of its server once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Recent"]

T = TypeVar("T")


class Recent(Generic[T]):
    """What somebody said a moment ago.

    Parameters
    ----------
    ask
        Asks anew.
    seconds
        For which an answer is good.

    Examples
    --------
    >>> counted = iter(range(10))
    >>> recent = Recent(lambda: next(counted), seconds=60.0)
    >>> recent(), recent()
    (0, 0)
    >>> recent.forget()
    >>> recent()
    1
    """

    def __init__(self, ask: Callable[[], T], seconds: float = 1.0) -> None:
        self._ask, self._seconds = ask, seconds
        self._said: tuple[float, T] | None = None

    def __call__(self) -> T:
        """Return the answer; ask where the last is too old, or where there is none."""
        if self._said is None or time.monotonic() - self._said[0] > self._seconds:
            said = self._ask()
            self._said = time.monotonic(), said
        return self._said[1]

    def forget(self) -> None:
        """Ask the next time in any case."""
        self._said = None
