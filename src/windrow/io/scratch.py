"""Scratch copies of what is slow or impossible to read in parts: made once, gone with the process.

The files have no name (they are unlinked as soon as they are open), so that nothing is left behind
however the process ends.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.config import settings
from windrow.io.local import writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable


class ScratchFile:
    """Bytes on scratch disk that any thread may read."""

    def __init__(self, chunks: Iterable[bytes], what: str) -> None:
        folder = Path(settings().scratch)
        with writing_to(f"a scratch copy of {what} in {folder}", folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor, name = tempfile.mkstemp(prefix="windrow-", dir=folder)
            weakref.finalize(self, os.close, self._descriptor)
            Path(name).unlink()
            self.size = 0
            with open(self._descriptor, "wb", closefd=False) as file:  # has no path
                for chunk in chunks:
                    file.write(chunk)
                    self.size += len(chunk)

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop`, fewer only where the file ends."""
        return pread(self._descriptor, start, min(stop, self.size))


class ScratchCopies:
    """Scratch files by key; each is made once, however many threads ask for it."""

    def __init__(self) -> None:
        self._files: dict[Hashable, ScratchFile] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable) -> ScratchFile | None:
        """Return the file where there is one already."""
        return self._files.get(key)

    def make(self, key: Hashable, what: str, chunks: Callable[[], Iterable[bytes]]) -> ScratchFile:
        """Return the file; the first to ask makes it from `chunks`, the others wait."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._files:
                self._files[key] = ScratchFile(chunks(), what)
            return self._files[key]

    def forget(self, key: Hashable) -> None:
        """Let go of a copy; it is deleted when its last reader is done."""
        with self._guard:
            self._files.pop(key, None)


def pread(descriptor: int, start: int, stop: int) -> bytes:
    """Read a range of an open file, without moving its position."""
    parts = []
    while start < stop:
        part = os.pread(descriptor, min(stop - start, 1 << 30), start)
        if not part:
            break
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
