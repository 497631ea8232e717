"""What can be done with the bytes at a URL, whatever its scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from windrow.plan.sources import FileStamp

CHUNK = 1 << 20
"""Bytes of one step of a stream."""


class Home(NamedTuple):
    """Hosts that have some of a file's bytes on disks of their own.

    Attributes
    ----------
    start, stop
        The bytes.
    hosts
        Addresses of the hosts.
    """

    start: int
    stop: int
    hosts: frozenset[str]


class Storage(Protocol):
    """The bytes of one URL scheme.

    A `FileStamp` names a file as it was when it was looked at; every read compares, and raises
    `SourceChangedError` when the file is another by now.
    """

    def stat(self, url: str) -> FileStamp:
        """Look at one file; raises `SourceNotFoundError` or `SourceRefusedError`."""
        ...

    def listing(self, url: str) -> list[FileStamp]:
        """Return the files of a URL, sorted by name: one file, a folder's, or a pattern's.

        Files and folders whose name begins with ``.`` or ``_`` are left out, unless named.
        """
        ...

    def size(self, stamp: FileStamp) -> int:
        """Bytes of the file; where the server does not say, the file is fetched to count them."""
        ...

    def read(self, stamp: FileStamp, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop`, fewer only where the file ends."""
        ...

    def prefix(self, stamp: FileStamp, count: int) -> bytes:
        """Return the first bytes and fetch no others."""
        ...

    def stream(self, stamp: FileStamp) -> Iterator[bytes]:
        """Yield the whole file in steps of about `CHUNK` bytes."""
        ...

    def prepare(self, stamp: FileStamp) -> None:
        """Make reading the file more than once cheap: a slow source is copied to scratch, once."""
        ...

    def homes(self, stamp: FileStamp) -> Sequence[Home]:
        """Return which hosts have which bytes; nothing where all are equally near."""
        ...

    def exists(self, url: str) -> bool:
        """Whether there is a file or a folder."""
        ...

    def open_write(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Open a new file, which appears under its name, whole, when the block ends well."""
        ...

    def put_if_absent(self, url: str, data: bytes) -> bool:
        """Write a file, whole, only if there is none; False, and nothing changed, if there is."""
        ...

    def names(self, url: str) -> list[str]:
        """Names of the files and folders directly inside a folder, sorted, hidden ones left out."""
        ...

    def remove(self, url: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing there is fine."""
        ...
