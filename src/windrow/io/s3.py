"""Objects of S3 and of servers that speak like it: ``s3://bucket/key``.

A folder is what keys have before a slash. Nothing is copied to scratch: every server of this kind
gives out ranges, and a partition is one. Keys are taken as they are written, without escapes.
"""

from __future__ import annotations

import glob
import re
import secrets
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from windrow.config import Deadline, settings
from windrow.errors import (
    CutShortError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    UnwritableError,
)
from windrow.io.counters import bytes_read
from windrow.io.local import describe_version
from windrow.io.patterns import Inside, expand
from windrow.io.ranged import Ranged
from windrow.io.s3_access import bucket_of
from windrow.io.s3_asking import Patience, interruptibly, steadily
from windrow.io.s3_errors import REFUSALS, answer_of, reading, writing
from windrow.io.storage import CHUNK
from windrow.plan.sources import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore import WritableFile
    from obstore.store import S3Store

PART = 16 << 20
"""Bytes of a part of an upload; a server takes 10,000 of them, so a file has 160 GB at most."""
_AT_ONCE = 2  # parts on their way
_PAGE = 1000  # keys of one answer, and of one request to delete
_PAUSE = 0.05
_BUCKET = re.compile(r"[A-Za-z0-9._-]+")
_CLAIM = "windrow-claim"
_LIST, _DELETE = "s3:ListBucket", "s3:DeleteObject"


class S3Storage(Ranged):
    """Objects in buckets; a file's version is its ``ETag``."""

    def stat(self, url: str) -> FileStamp:
        """Ask for the head of an object; where that is refused, for a byte, which tells why."""
        store, key = _place(url)
        with reading(url):
            return _stamp(url, _head(store, key))

    def listing(self, url: str) -> list[FileStamp]:
        """Return one object, all below a folder, or those that a pattern matches."""
        bucket, key = _parted(url)
        files = [self.stat(url)] if key and _is_file(url) else _below(bucket, key)
        if not files and glob.has_magic(key):
            files = _matching(bucket, key)
        if not files:
            raise SourceNotFoundError(url, "no object is there, by this name or below it")
        return files

    def exists(self, url: str) -> bool:
        """Whether there is an object, or a folder; a bucket is a folder even if it is empty."""
        bucket, key = _parted(url)
        try:
            if key:
                return _is_file(url) or _anything_below(bucket, key)
            _anything_below(bucket, key)
        except SourceNotFoundError:
            return False
        return True

    @contextmanager
    def open_write(self, url: str) -> Iterator[BinaryIO]:
        """Upload in parts as they come; readers see the whole object or what was there before."""
        store, key = _target(url)
        upload = obstore.open_writer(store, key, buffer_size=PART, max_concurrency=_AT_ONCE)
        try:
            yield cast("BinaryIO", _Upload(url, upload))
            with writing(url):
                interruptibly(upload.close)
        except BaseException as error:
            with suppress(*REFUSALS, OSError):  # why it could not be written says more
                upload.__exit__(type(error), error, error.__traceback__)  # gives the parts up
            raise

    def put_if_absent(self, url: str, data: bytes) -> bool:
        """Put under the condition ``If-None-Match: *``, which the server checks.

        An answer may be lost although the object was written, and the next attempt then meets it:
        a mark that only this call knows tells whose it is.
        """
        mark = secrets.token_hex(16)
        store, key = _target(url, patience=1 + len(data) // PART)
        put = partial(obstore.put, store, key, data, mode="create", attributes={_CLAIM: mark})
        deadline = Deadline(settings().io_timeout, f"{url} to be written", "try it again")
        while True:
            with writing(url):
                try:
                    steadily(put)
                    return True
                except AlreadyExistsError:
                    there = _mark_of(store, key)
            if there is not None:
                return there == mark
            deadline.pause(_PAUSE)  # two who write at once may both be refused

    def names(self, url: str) -> list[str]:
        """Names directly inside a folder; none when there is no folder."""
        bucket, key = _parted(url)
        folders, files = _inside(bucket, key)
        return sorted(name for name in folders | set(files) if name[0] not in "._")

    def remove(self, url: str) -> None:
        """Remove an object, and all below a folder of this name; never a whole bucket's."""
        bucket, key = _parted(url)
        if not key:
            raise UnwritableError(url, "a whole bucket is never emptied")
        store, _ = _place(url)
        try:
            keys = [key, *(str(found["path"]) for found in _walk(bucket, key))]
        except SourceNotFoundError:
            return
        with writing(url, _DELETE):
            for start in range(0, len(keys), _PAGE):
                page = keys[start : start + _PAGE]
                steadily(partial(obstore.delete, store, page))

    def fetch(self, stamp: FileStamp, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range as it comes."""
        if start >= stop:
            return
        store, key = _place(stamp.url)
        options: Any = {"if_match": stamp.version} if stamp.version else {}
        at, patience = start, Patience()
        with reading(stamp.url):
            while at < stop:
                options["range"] = (at, stop)
                before = at
                try:
                    for data in _body(store, key, options):
                        bytes_read.add(stamp.url, len(data))
                        at += len(data)
                        yield data
                        patience.renew()
                except PreconditionError:
                    was, now = describe_version(stamp), describe_version(self.stat(stamp.url))
                    raise SourceChangedError(stamp.url, was, now) from None
                except BaseError as error:
                    patience.again(error)
                else:
                    if at == before:
                        raise CutShortError(stamp.url, stop - start, at - start)


class _Upload:
    """What is written to an object; it says what goes wrong as everything here does."""

    def __init__(self, url: str, upload: WritableFile) -> None:
        self._url, self._upload = url, upload

    def write(self, data: bytes | memoryview) -> int:
        """Take bytes; where a part is full, send it."""
        with writing(self._url):
            return interruptibly(lambda: self._upload.write(data))


def _body(store: S3Store, key: str, options: Any) -> Iterator[bytes]:
    """Yield what one answer brings."""
    chunks = interruptibly(lambda: obstore.get(store, key, options=options).stream(CHUNK))
    while chunk := interruptibly(lambda: next(chunks, None)):
        yield bytes(chunk)


def _parted(url: str) -> tuple[str, str]:
    """Part an address into bucket and key; the key has no slash at its end.

    >>> _parted("s3://bucket/a folder/b.csv"), _parted("S3://bucket")
    (('bucket', 'a folder/b.csv'), ('bucket', ''))
    """
    bucket, _, key = url.partition("://")[2].partition("/")
    key = key.rstrip("/")
    if ":" in bucket or "@" in bucket:  # the ancestor's users wrote their keys here
        reason = "keys do not belong into an address: set AWS_ACCESS_KEY_ID and so on"
        raise SourceNotFoundError(f"s3://***/{key}", reason)
    if not _BUCKET.fullmatch(bucket):
        raise SourceNotFoundError(url, "it names no bucket, as s3://bucket/key does")
    if any(part in {"", ".", ".."} for part in key.split("/")) and key:
        raise SourceNotFoundError(url, "a part of its key is empty, '.' or '..'")
    return bucket, key


def _place(url: str) -> tuple[S3Store, str]:
    bucket, key = _parted(url)
    return bucket_of(bucket), key


def _target(url: str, patience: int = 1) -> tuple[S3Store, str]:
    """Return the bucket and the key to write."""
    bucket, key = _parted(url)
    if not key:
        raise UnwritableError(url, "it names a bucket and no key in it")
    try:
        return bucket_of(bucket, patience=1 << (patience - 1).bit_length()), key
    except SourceRefusedError as error:
        raise UnwritableError(url, error.reason) from error.__cause__


def _head(store: S3Store, key: str) -> Any:
    try:
        return steadily(lambda: obstore.head(store, key))
    except REFUSALS as error:
        found = answer_of(error)
        if not found.status or found.code:
            raise
    # Heads have no body, which would say why it is refused.
    return steadily(lambda: obstore.get(store, key, options={"range": (0, 1)}).meta)


def _is_file(url: str) -> bool:
    store, key = _place(url)
    try:
        steadily(lambda: obstore.head(store, key))
    except FileNotFoundError:
        return False
    except REFUSALS:
        with reading(url):
            _head(store, key)
    return True


def _mark_of(store: S3Store, key: str) -> str | None:
    """Return the mark of who wrote an object, empty for none; None where there is no object."""
    try:
        found = steadily(lambda: obstore.get(store, key, options={"head": True}))
    except FileNotFoundError:
        return None
    return str(found.attributes.get(_CLAIM, ""))


def _stamp(url: str, found: Any) -> FileStamp:
    bucket, _ = _parted(url)
    return FileStamp(f"s3://{bucket}/{found['path']}", int(found["size"]), found["e_tag"] or "")


def _walk(bucket: str, folder: str) -> list[Any]:
    """Return all objects below a folder, and what only marks folders."""
    store = bucket_of(bucket)

    def listed() -> list[Any]:
        pages = obstore.list(store, folder or None, chunk_size=_PAGE)
        return [found for page in pages for found in page]

    with reading(f"s3://{bucket}/{folder}", _LIST):
        return steadily(listed)


def _anything_below(bucket: str, folder: str) -> bool:
    store = bucket_of(bucket)
    with reading(f"s3://{bucket}/{folder}", _LIST):
        return bool(steadily(lambda: next(obstore.list(store, folder or None), [])))


def _below(bucket: str, folder: str) -> list[FileStamp]:
    """Return the files at any depth, sorted by their path inside the folder."""
    stamps = {tuple(str(f["path"]).split("/")): f for f in _walk(bucket, folder)}
    root = folder.split("/") if folder else []
    folders = {path[:depth] for path in stamps for depth in range(1, len(path))}
    seen = [
        path
        for path in stamps
        if path not in folders and all(part[0] not in "._" for part in path[len(root) :])
    ]
    return [_stamp(f"s3://{bucket}", stamps[path]) for path in sorted(seen)]


def _inside(bucket: str, folder: str) -> tuple[set[str], dict[str, FileStamp]]:
    """Return folders and files directly inside a folder."""
    url = f"s3://{bucket}/{folder}"
    try:
        with reading(url, _LIST):
            store = bucket_of(bucket)
            found = steadily(lambda: obstore.list_with_delimiter(store, folder or None))
    except SourceNotFoundError:
        return set(), {}
    folders = {_name(path) for path in found["common_prefixes"]}
    files: Sequence[Any] = found["objects"]
    named = {_name(f["path"]): _stamp(url, f) for f in files if f["path"] != folder}
    return folders, {name: stamp for name, stamp in named.items() if name not in folders}


def _matching(bucket: str, pattern: str) -> list[FileStamp]:
    """Return the files that a pattern matches, and those below the folders that it does."""
    known: dict[str, FileStamp] = {}

    def inside(folder: str) -> Inside:
        folders, files = _inside(bucket, folder)
        known.update((f"{folder}/{name}" if folder else name, s) for name, s in files.items())
        return folders, set(files)

    found: dict[FileStamp, None] = {}
    for path in expand(pattern, inside):
        found.update(dict.fromkeys([known[path]] if path in known else _below(bucket, path)))
    return list(found)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
