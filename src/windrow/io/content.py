"""The text of files: as stored, or decompressed once to scratch where it must be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.io.compression import by_name, text_of, text_of_prefix
from windrow.io.registry import storage_of
from windrow.io.scratch import ScratchCopies, ScratchFile

if TYPE_CHECKING:
    from windrow.plan.sources import FileStamp

SAMPLE = 1 << 20
"""Bytes that one may read to look at a source."""
_texts = ScratchCopies()


class Content:
    """The text of one file.

    Parameters
    ----------
    stamp
        The file.
    compression
        Its compression where its name does not tell.
    """

    def __init__(self, stamp: FileStamp, compression: str = "") -> None:
        self.stamp = stamp
        self.kind = by_name(stamp.url) or compression

    def prefix(self, head: bytes | None = None) -> tuple[bytes, bool]:
        """Return the text that the first `SAMPLE` bytes hold, and whether it is all there is.

        Parameters
        ----------
        head
            Those bytes, if they have been read already.
        """
        if head is None:
            head = storage_of(self.stamp.url).prefix(self.stamp, SAMPLE)
        whole = len(head) < SAMPLE or self.stamp.size == len(head)
        if not self.kind:
            return head, whole
        text = text_of_prefix(self.stamp.url, head, self.kind, SAMPLE)
        return text, whole and len(text) < SAMPLE

    def size(self) -> int:
        """Bytes of the text."""
        return self._text().size if self.kind else storage_of(self.stamp.url).size(self.stamp)

    def prepare(self) -> None:
        """Make ready for being read more than once."""
        if self.kind:
            self._text()
        else:
            storage_of(self.stamp.url).prepare(self.stamp)

    def read(self, start: int, stop: int) -> bytes:
        """Return some of the text."""
        if self.kind:
            return self._text().read(start, stop)
        return storage_of(self.stamp.url).read(self.stamp, start, stop)

    def _text(self) -> ScratchFile:
        key = (self.stamp, self.kind)
        return _texts.make(key, self.stamp.url, lambda: text_of(self.stamp, self.kind))
