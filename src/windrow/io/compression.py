"""Compressed files: which they are, and their text as a stream."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from windrow.errors import FileFormatError, WindrowError
from windrow.io.registry import scheme_of, storage_of
from windrow.io.storage import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from windrow.plan.sources import FileStamp

_BY_SUFFIX = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz", ".zip": "zip"}
_BY_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
}
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile)


def path_of(url: str) -> PurePosixPath:
    """Return the path of a URL, without the query that those of web servers may have.

    >>> path_of("http://host/a.csv.gz?key=1").name, path_of("s3://bucket/a#1?.csv").name
    ('a.csv.gz', 'a#1?.csv')
    """
    return PurePosixPath(urlsplit(url).path if scheme_of(url) in {"http", "https"} else url)


def by_name(url: str) -> str:
    """Return the compression that a name tells; empty for none.

    >>> by_name("data/a.csv.GZ"), by_name("http://host/a.csv?x=.gz")
    ('gzip', '')
    """
    return _BY_SUFFIX.get(path_of(url).suffix.lower(), "")


def by_content(head: bytes) -> str:
    """Return the compression that the first bytes tell; empty for none.

    >>> by_content(gzip.compress(b"x")), by_content(b"a,b")
    ('gzip', '')
    """
    return next((kind for magic, kind in _BY_MAGIC.items() if head.startswith(magic)), "")


def text_of(stamp: FileStamp, kind: str) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file.

    Raises
    ------
    FileFormatError
        The data is damaged, or a zip archive has not exactly one member.
    """
    storage = storage_of(stamp.url)
    if kind == "zip":
        storage.prepare(stamp)
        raw: BinaryIO = io.BufferedReader(RangeFile(stamp), CHUNK)
    else:
        raw = io.BufferedReader(_Chunks(storage.stream(stamp)), CHUNK)
    with _damage(stamp.url, kind), raw, _opened(stamp.url, raw, kind) as text:
        while part := text.read(CHUNK):
            yield part


def text_of_prefix(url: str, head: bytes, kind: str, count: int) -> bytes:
    """Return at most `count` bytes of the text that the first bytes of a file hold.

    Raises
    ------
    FileFormatError
        They hold none.
    """
    parts: list[bytes] = []
    done, why = 0, "nothing can be unpacked"
    try:
        if kind == "zip":
            return _first_member(head, count)
        with _opened(url, io.BytesIO(head), kind) as text:
            while done < count and (part := text.read(min(1 << 13, count - done))):
                parts.append(part)
                done += len(part)
    except (*_BROKEN, OSError) as error:  # the file goes on behind what was read of it
        why = str(error) or why
    if head and not parts:
        raise _damaged(url, kind, why)
    return b"".join(parts)


def _first_member(head: bytes, count: int) -> bytes:
    """Inflate what follows the first local header of a zip archive (APPNOTE 4.3.7)."""
    method = int.from_bytes(head[8:10], "little")
    begin = 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    if method == zipfile.ZIP_STORED:
        size = int.from_bytes(head[18:22], "little")
        return head[begin : begin + min(size or count, count)]
    return zlib.decompressobj(-15).decompress(head[begin:], count)


@contextmanager
def _opened(url: str, raw: BinaryIO, kind: str) -> Iterator[BinaryIO]:
    if kind == "zip":
        with zipfile.ZipFile(raw) as archive:
            yield cast("BinaryIO", archive.open(_only_member(url, archive)))
    elif kind == "zstd":
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as text:
            yield text
    else:
        openers: dict[str, Callable[[BinaryIO], object]] = {
            "gzip": lambda file: gzip.GzipFile(fileobj=file),
            "bz2": bz2.BZ2File,
            "xz": lzma.LZMAFile,
        }
        with cast("BinaryIO", openers[kind](raw)) as text:
            yield text


def _only_member(url: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    members = [info for info in members if not info.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        names = ", ".join(info.filename for info in members[:5])
        raise FileFormatError(
            url, f"holds {len(members)} files ({names})", "unpack it and name the one to read"
        )
    return members[0]


@contextmanager
def _damage(url: str, kind: str) -> Iterator[None]:
    try:
        yield
    except (*_BROKEN, RuntimeError) as error:  # what zip cannot do is a RuntimeError
        if isinstance(error, WindrowError):
            raise
        raise _damaged(url, kind, str(error)) from error
    except OSError as error:  # what bz2 and zstd raise has neither number nor address
        if error.errno is not None or isinstance(error, WindrowError):
            raise
        raise _damaged(url, kind, str(error)) from error


def _damaged(url: str, kind: str, why: str) -> FileFormatError:
    return FileFormatError(url, f"is not whole {kind} data ({why})", "fetch or make it again")


class _Chunks(io.RawIOBase):
    """A stream of bytes as a file to read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Give out what the next chunk holds."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._rest = memoryview(following)
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class RangeFile(io.RawIOBase):
    """A file of any storage, read where one asks."""

    def __init__(self, stamp: FileStamp) -> None:
        self._stamp, self._storage, self._at = stamp, storage_of(stamp.url), 0
        self._size = self._storage.size(stamp)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset from the start, from here, or from the end."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Offset from the start."""
        return self._at

    def readinto(self, buffer: object) -> int:
        """Read what fits, from here on."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._storage.read(self._stamp, self._at, min(self._at + len(view), self._size))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
