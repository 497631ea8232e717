"""How many bytes this process has read, and from where: what a frugal reader is held to."""

from __future__ import annotations

import threading
from collections import Counter


class ByteCounter:
    """A thread-safe count of bytes by URL.

    >>> counter = ByteCounter()
    >>> counter.add("/a.csv", 10)
    >>> counter.of("/a.csv"), counter.total()
    (10, 10)
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, url: str, count: int) -> None:
        """Count bytes that were read from a URL."""
        with self._lock:
            self._counts[url] += count

    def of(self, url: str) -> int:
        """Bytes read from a URL so far."""
        with self._lock:
            return self._counts[url]

    def total(self) -> int:
        """Bytes read from anywhere so far."""
        with self._lock:
            return sum(self._counts.values())

    def reset(self) -> None:
        """Begin again at zero."""
        with self._lock:
            self._counts.clear()


bytes_read = ByteCounter()
"""Bytes that came from sources (network or disk); reading a scratch copy again adds nothing."""
