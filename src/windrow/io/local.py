"""Files of this machine: paths and ``file://`` URLs."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from windrow.errors import (
    DiskFullError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    UnwritableError,
)
from windrow.io.counters import bytes_read
from windrow.io.storage import CHUNK
from windrow.plan.sources import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.io.storage import Home

PRIVATE = 0o600
"""Mode of files that only their owner may read."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalStorage:
    """Files on disk; a file's version is the time of its last change in nanoseconds."""

    def stat(self, url: str) -> FileStamp:
        """Look at one file."""
        path = local_path(url)
        with _reading(url):
            found = path.stat()
        return FileStamp(str(path), found.st_size, str(found.st_mtime_ns))

    def listing(self, url: str) -> list[FileStamp]:
        """Return one file, all files below a folder, or those that a pattern matches."""
        path = local_path(url)
        if path.is_dir():
            files = _below(path)
        elif path.exists() or not glob.has_magic(str(path)):
            files = [path]
        else:
            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  # absolute patterns
            found = (_below(Path(m)) if Path(m).is_dir() else [Path(m)] for m in matches)
            files = list(
                dict.fromkeys(file for some in found for file in some)
            )  # ** meets it twice
        if not files:
            raise SourceNotFoundError(url, "no file is there whose name does not begin with . or _")
        return [self.stat(str(file)) for file in files]

    def size(self, stamp: FileStamp) -> int:
        """Bytes of the file."""
        return self.stat(stamp.url).size or 0 if stamp.size is None else stamp.size

    def read(self, stamp: FileStamp, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop`."""
        with _reading(stamp.url), Path(stamp.url).open("rb", buffering=0) as file:
            _compare(stamp, os.fstat(file.fileno()))
            file.seek(start)
            parts = []
            while start < stop and (part := file.read(min(stop - start, 1 << 30))):
                parts.append(part)
                start += len(part)
            _compare(stamp, os.fstat(file.fileno()))
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        bytes_read.add(stamp.url, len(data))
        return data

    def prefix(self, stamp: FileStamp, count: int) -> bytes:
        """Return the first bytes."""
        return self.read(stamp, 0, count)

    def stream(self, stamp: FileStamp) -> Iterator[bytes]:
        """Yield the whole file."""
        for start in range(0, self.size(stamp), CHUNK):
            yield self.read(stamp, start, start + CHUNK)

    def prepare(self, stamp: FileStamp) -> None:
        """Nothing: a file on disk can be read again and again."""

    def homes(self, stamp: FileStamp) -> Sequence[Home]:
        """Return nothing: no host is nearer."""
        del stamp
        return ()

    def exists(self, url: str) -> bool:
        """Whether there is a file or a folder."""
        return local_path(url).exists()

    @contextmanager
    def open_write(self, url: str) -> Iterator[BinaryIO]:
        """Write aside in the same folder, then rename: readers see the whole file or none."""
        path = local_path(url)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with writing_to(url, path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with aside.open("xb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)

    def put_if_absent(self, url: str, data: bytes) -> bool:
        """Write aside, then link, which fails where there is a file; only its owner reads it."""
        path = local_path(url)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with writing_to(url, path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(aside, _NEW, PRIVATE), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                path.hardlink_to(aside)
            except FileExistsError:
                return False
            finally:
                aside.unlink(missing_ok=True)
        return True

    def names(self, url: str) -> list[str]:
        """Names directly inside a folder; none when there is no folder."""
        path = local_path(url)
        with _reading(url):
            found = os.listdir(path) if path.is_dir() else []  # noqa: PTH208  # names are all we want
        return sorted(name for name in found if name[0] not in "._")

    def remove(self, url: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        path = local_path(url)
        with writing_to(url, path.parent):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def local_path(url: str) -> Path:
    """Return the absolute path that a path or a ``file://`` URL names.

    >>> str(local_path("file:///tmp/a%20b.csv"))
    '/tmp/a b.csv'
    """
    if url[:7].lower() == "file://":
        url = urllib.request.url2pathname(urllib.parse.urlsplit(url).path)
    return Path(os.path.abspath(Path(url).expanduser()))  # noqa: PTH100  # keeps symbolic links


@contextmanager
def writing_to(url: str, folder: Path) -> Iterator[None]:
    """Turn what the system says about writing into `DiskFullError` and `UnwritableError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(url, _free(folder)) from error
        if error.errno is None:
            raise  # not the system's: an error of what is being written
        raise UnwritableError(url, error.strerror or str(error)) from error


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


@contextmanager
def _reading(url: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(url, error.strerror or str(error)) from error
    except (SourceChangedError, SourceRefusedError):
        raise
    except OSError as error:
        raise SourceRefusedError(url, 0, error.strerror or str(error)) from error


def _below(folder: Path) -> list[Path]:
    """Files at any depth, sorted by their path inside the folder."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name[0] not in "._"]
        found += [Path(root, name) for name in names if name[0] not in "._"]
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _compare(stamp: FileStamp, found: os.stat_result) -> None:
    now = FileStamp(stamp.url, found.st_size, str(found.st_mtime_ns))
    if stamp.size not in {None, now.size} or stamp.version not in {"", now.version}:
        raise SourceChangedError(stamp.url, describe_version(stamp), describe_version(now))


def describe_version(stamp: FileStamp) -> str:
    """Say which version of a file a stamp means."""
    size = "unknown size" if stamp.size is None else f"{stamp.size} bytes"
    return f"{size}, version {stamp.version}" if stamp.version else size
