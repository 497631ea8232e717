"""Files of HDFS: ``hdfs://host:port/path``, ``hdfs://service/path``, ``hdfs:///path``.

Name services, the default file system and all other settings are read from the folder that
``HADOOP_CONF_DIR`` names, as Hadoop's own tools do. No Java is needed.
"""

from __future__ import annotations

import glob
import os
import socket
from contextlib import contextmanager, suppress
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from windrow.config import settings
from windrow.errors import (
    CutShortError,
    MissingExtraError,
    SourceChangedError,
    SourceNotFoundError,
    UnwritableError,
)
from windrow.io import hdfs_homes
from windrow.io.counters import bytes_read
from windrow.io.hdfs_errors import REFUSALS, reading, writing
from windrow.io.hdfs_sending import KEPT, send
from windrow.io.hdfs_settings import read_site
from windrow.io.local import describe_version, writing_to
from windrow.io.patterns import Inside, expand
from windrow.io.ranged import Ranged
from windrow.io.storage import CHUNK
from windrow.plan.sources import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hdfs_native import Client, FileStatus

    from windrow.io.storage import Home

__all__ = ["HdfsStorage", "describe", "make_folder"]

CONNECT = 10.0
"""Seconds in which a NameNode must take a connection."""
ATTEMPTS = "dfs.client.failover.max.attempts"
"""Setting: how often NameNodes are asked again. The default takes three minutes, this under one."""


class HdfsStorage(Ranged):
    """Files of HDFS; a file's version is its length and when it was last written."""

    def stat(self, url: str) -> FileStamp:
        """Ask the NameNode for a file."""
        client, path = _place(url)
        with reading(url):
            found = client.get_file_info(path)
        if found.isdir:
            raise SourceNotFoundError(url, "it is a folder")
        return _stamp(url, found)

    def listing(self, url: str) -> list[FileStamp]:
        """Return one file, all below a folder, or those that a pattern matches."""
        found = _info(url)
        if found is None:
            files = _matching(url) if glob.has_magic(_place(url)[1]) else []
        else:
            files = _below(url) if found.isdir else [_stamp(url, found)]
        if not files:
            raise SourceNotFoundError(url, "no file is there, by this name or below it")
        return files

    def homes(self, stamp: FileStamp) -> Sequence[Home]:
        """Return the nodes of a file's blocks."""
        return hdfs_homes.homes(stamp)

    def exists(self, url: str) -> bool:
        """Whether there is a file or a folder."""
        return _info(url) is not None

    @contextmanager
    def open_write(self, url: str) -> Iterator[BinaryIO]:
        """Send what is written once it is whole: readers see all of it or what was before."""
        client, path = _place(url)
        folder = Path(settings().scratch)
        with writing_to(f"a scratch copy of {url} in {folder}", folder):
            folder.mkdir(parents=True, exist_ok=True)
        with SpooledTemporaryFile(KEPT, dir=str(folder)) as file:
            yield cast("BinaryIO", file)
            aside = send(client, url, path, file)
        with writing(url), _else_removed(client, aside):
            client.rename(aside, path, overwrite=True)

    def put_if_absent(self, url: str, data: bytes) -> bool:
        """Write aside and rename, which HDFS does only where no file has the name."""
        client, path = _place(url)
        aside = send(client, url, path, BytesIO(data))
        with writing(url):
            try:
                with _else_removed(client, aside):
                    client.rename(aside, path)
            except REFUSALS:
                if not self.exists(url):
                    raise
                return False
        return True

    def names(self, url: str) -> list[str]:
        """Names directly inside a folder; none when there is no folder."""
        found = _info(url)
        if found is None or not found.isdir:
            return []
        return sorted(name for name in map(_name, _inside(url)) if name[0] not in "._")

    def remove(self, url: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        client, path = _place(url)
        if path == "/":
            raise UnwritableError(url, "a whole file system is never emptied")
        with writing(url):
            client.delete(path, recursive=True)

    def fetch(self, stamp: FileStamp, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range as it comes."""
        now = self.stat(stamp.url)
        if stamp.version and now != stamp:
            raise SourceChangedError(stamp.url, describe_version(stamp), describe_version(now))
        if start >= stop:
            return
        client, path = _place(stamp.url)
        at = start
        with reading(stamp.url):
            file = client.read(path)
            while at < stop:
                data = file.read_range(at, min(CHUNK, stop - at))
                if not data:
                    raise CutShortError(stamp.url, stop - start, at - start)
                bytes_read.add(stamp.url, len(data))
                at += len(data)
                yield data


@contextmanager
def _else_removed(client: Client, path: str) -> Iterator[None]:
    """Remove a file that does not get its name."""
    try:
        yield
    except BaseException:
        with suppress(*REFUSALS):  # why it could not be written says more
            client.delete(path)
        raise


def describe(url: str) -> tuple[int, int]:
    """Return a file's length and when it was last written, in milliseconds since 1970."""
    client, path = _place(url)
    with reading(url):
        found = client.get_file_info(path)
    return found.length, found.modification_time


def make_folder(url: str, mode: int) -> None:
    """Make a folder with these rights, and those around it; one that is there gets the rights."""
    client, path = _place(url)
    with writing(url):
        client.mkdirs(path, mode, create_parent=True)
        client.set_permission(path, mode)


def _place(url: str) -> tuple[Client, str]:
    """Return the client of a URL's file system, and the path there."""
    parts = urlsplit(url.replace("?", "%3F").replace("#", "%23"))
    path = "/" + url.partition("://")[2].partition("/")[2].strip("/")
    if any(part in {".", ".."} for part in path.split("/")):
        raise SourceNotFoundError(url, "a part of its path is '.' or '..'")
    settings, user = (os.environ.get(f"HADOOP_{name}", "") for name in ("CONF_DIR", "USER_NAME"))
    return _client(parts.netloc, settings, user), path


@lru_cache(maxsize=16)
def _client(authority: str, settings: str, user: str) -> Client:
    """Open a file system as somebody, whose name the library reads from the environment."""
    del user
    try:
        from hdfs_native import Client as Opened
    except ImportError:
        advice = "install it: pip install 'windrow[hadoop]'"
        raise MissingExtraError("hdfs://", advice) from None
    url = f"hdfs://{authority}" if authority else None
    with reading(f"hdfs://{authority}"):
        host, _, port = authority.rpartition(":")
        if host and port.isdigit():  # the library itself would try for three minutes
            socket.create_connection((host, int(port)), CONNECT).close()
        own = {} if ATTEMPTS in read_site(settings, "hdfs-site") else {ATTEMPTS: "8"}
        return Opened(url, own, config_dir=settings or None)


def _info(url: str) -> FileStatus | None:
    client, path = _place(url)
    try:
        with reading(url):
            return client.get_file_info(path)
    except SourceNotFoundError:
        return None


def _stamp(url: str, found: FileStatus) -> FileStamp:
    authority = urlsplit(url).netloc
    version = f"{found.length}-{found.modification_time}"
    return FileStamp(f"hdfs://{authority}{found.path}", found.length, version)


def _inside(url: str) -> list[FileStatus]:
    client, path = _place(url)
    with reading(url):
        return list(client.list_status(path))


def _below(url: str) -> list[FileStamp]:
    """Return the files at any depth, sorted by their path inside the folder."""
    client, path = _place(url)
    with reading(url):
        found = [each for each in client.list_status(path, recursive=True) if not each.isdir]
    root = len(path.rstrip("/").split("/"))
    parts = {tuple(each.path.split("/")): each for each in found}
    seen = [p for p in parts if all(part[0] not in "._" for part in p[root:])]
    return [_stamp(url, parts[p]) for p in sorted(seen)]


def _matching(url: str) -> list[FileStamp]:
    """Return the files that a pattern matches, and those below the folders that it does."""
    authority = urlsplit(url).netloc
    known: dict[str, FileStamp] = {}

    def inside(folder: str) -> Inside:
        place = f"hdfs://{authority}/{folder}"
        found = _info(place)
        if found is None or not found.isdir:
            return set(), set()
        folders: set[str] = set()
        files: set[str] = set()
        for each in _inside(place):
            name = _name(each)
            (folders if each.isdir else files).add(name)
            if not each.isdir:
                known[f"{folder}/{name}" if folder else name] = _stamp(url, each)
        return folders, files

    found: dict[FileStamp, None] = {}
    for path in expand(_place(url)[1].strip("/"), inside):
        stamps = [known[path]] if path in known else _below(f"hdfs://{authority}/{path}")
        found.update(dict.fromkeys(stamps))
    return list(found)


def _name(found: FileStatus) -> str:
    return found.path.rsplit("/", 1)[-1]
