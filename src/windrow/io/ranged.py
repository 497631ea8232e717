"""Files whose server gives out ranges again and again: nothing of them is copied to scratch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.io.storage import Home
    from windrow.plan.sources import FileStamp

__all__ = ["Ranged"]


class Ranged(ABC):
    """The reading half of a `Storage`, on two questions: what a file is, and a range of it."""

    @abstractmethod
    def stat(self, url: str) -> FileStamp:
        """Look at one file; see `Storage`."""

    @abstractmethod
    def fetch(self, stamp: FileStamp, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range as it comes; nothing where `stop` is not behind `start`."""

    def size(self, stamp: FileStamp) -> int:
        """Bytes of the file."""
        return self.stat(stamp.url).size or 0 if stamp.size is None else stamp.size

    def read(self, stamp: FileStamp, start: int, stop: int) -> bytes:
        """Fetch a range."""
        parts = list(self.fetch(stamp, start, min(stop, self.size(stamp))))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def prefix(self, stamp: FileStamp, count: int) -> bytes:
        """Fetch the first bytes."""
        return self.read(stamp, 0, count)

    def stream(self, stamp: FileStamp) -> Iterator[bytes]:
        """Yield the whole file."""
        return self.fetch(stamp, 0, self.size(stamp))

    def prepare(self, stamp: FileStamp) -> None:
        """Do nothing: ranges can be read again and again."""
        del stamp

    def homes(self, stamp: FileStamp) -> Sequence[Home]:
        """Return nothing: no host is nearer."""
        del stamp
        return ()
