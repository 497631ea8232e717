"""Files behind ``http://`` and ``https://``.

Why the standard library and not obstore: an object store's client takes for granted that a server
answers ``HEAD``, knows ranges and tells lengths. Ordinary web servers may do none of it, and then
the one answer that does come must be read as a stream.

A file that will be read whole, or more than once, is copied to scratch once; it is then read from
there. Of others only the ranges asked for are fetched, when the server can do that.
"""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from windrow.config import Deadline, settings
from windrow.errors import (
    CutShortError,
    ReadOnlySourceError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
)
from windrow.io.counters import bytes_read
from windrow.io.local import describe_version
from windrow.io.scratch import ScratchCopies
from windrow.io.storage import CHUNK
from windrow.plan.sources import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from windrow.io.storage import Home

_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_GONE = {404, 410}
_HEADERS = {"User-Agent": "windrow", "Accept-Encoding": "identity", "Accept": "*/*"}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class HttpStorage:
    """Files of web servers; a file's version is its ``ETag``, or when it was last modified."""

    def __init__(self) -> None:
        self._copies = ScratchCopies()
        self._heads = ScratchCopies()
        self._whole_only: set[str] = set()  # urls of servers that ignore ranges
        self._lock = threading.Lock()

    def stat(self, url: str) -> FileStamp:
        """Ask for the first byte: the answer tells size and version, and if ranges are known."""
        patience = _Patience(url)
        while True:
            try:
                with _open(url, 0, 1, patience.left()) as answer:
                    break
            except _UNSTEADY as error:
                patience.again(error)
        with self._lock:
            if not answer.is_range and answer.status != 416:
                self._whole_only.add(url)
        if not answer.stamp.version:
            self._copies.forget(answer.stamp)  # it may have changed, and nothing would tell
        return answer.stamp

    def listing(self, url: str) -> list[FileStamp]:
        """Return the one file: web servers list no folders."""
        return [self.stat(url)]

    def size(self, stamp: FileStamp) -> int:
        """Bytes of the file; fetches it to scratch if the server does not tell."""
        if stamp.size is not None:
            return stamp.size
        return self._copy(stamp)

    def read(self, stamp: FileStamp, start: int, stop: int) -> bytes:
        """Read from the scratch copy where there is one, or fetch a range."""
        copy = self._copies.get(stamp)
        if copy is None and self._needs_copy(stamp, start, stop):
            self.prepare(stamp)
            copy = self._copies.get(stamp)
        if copy is not None:
            return copy.read(start, stop)
        if stamp.size is not None:
            stop = min(stop, stamp.size)
        return b"".join(_fetch(stamp, start, stop))

    def prefix(self, stamp: FileStamp, count: int) -> bytes:
        """Fetch the first bytes, once; of a server that ignores ranges, hang up behind them."""
        copy = self._copies.get(stamp) or self._heads.get((stamp, count))
        if copy is not None:
            return copy.read(0, count)
        stop = count if stamp.size is None else min(count, stamp.size)
        data = b"".join(_fetch(stamp, 0, stop))
        if len(data) == stamp.size or (stamp.size is None and len(data) < count):
            self._copies.make(stamp, stamp.url, lambda: [data])  # that was all of it
        elif stamp.version:
            self._heads.make((stamp, count), stamp.url, lambda: [data])
        return data

    def stream(self, stamp: FileStamp) -> Iterator[bytes]:
        """Yield the whole file, from scratch where it is there."""
        copy = self._copies.get(stamp)
        if copy is None:
            yield from _fetch(stamp, 0, stamp.size)
            return
        for start in range(0, copy.size, CHUNK):
            yield copy.read(start, start + CHUNK)

    def prepare(self, stamp: FileStamp) -> None:
        """Copy the file to scratch, once."""
        self._copy(stamp)

    def homes(self, stamp: FileStamp) -> Sequence[Home]:
        """Return nothing: no host is nearer."""
        del stamp
        return ()

    def exists(self, url: str) -> bool:
        """Whether there is a file."""
        try:
            self.stat(url)
        except SourceNotFoundError:
            return False
        return True

    def open_write(self, url: str) -> AbstractContextManager[BinaryIO]:
        """Refuse: web servers are read only."""
        raise ReadOnlySourceError(url)

    def put_if_absent(self, url: str, data: bytes) -> bool:  # noqa: ARG002
        """Refuse: web servers are read only."""
        raise ReadOnlySourceError(url)

    def names(self, url: str) -> list[str]:
        """Refuse: web servers do not list folders."""
        raise ReadOnlySourceError(url)

    def remove(self, url: str) -> None:
        """Refuse: web servers are read only."""
        raise ReadOnlySourceError(url)

    def _needs_copy(self, stamp: FileStamp, start: int, stop: int) -> bool:
        whole = start == 0 and stamp.size is not None and stop >= stamp.size
        return whole or stamp.size is None or stamp.url in self._whole_only

    def _copy(self, stamp: FileStamp) -> int:
        def chunks() -> Iterator[bytes]:
            return _fetch(stamp, 0, stamp.size)

        return self._copies.make(stamp, stamp.url, chunks).size


class _Answer:
    """The head of a server's answer, and its body as it comes.

    Attributes
    ----------
    start, stop
        Where in the file the body begins and, where the server tells, ends.
    """

    def __init__(self, url: str, response: Any) -> None:
        self.response, self.status = response, int(response.status)
        self.headers = response.headers
        found = _RANGE.fullmatch(self.headers.get("Content-Range", "").strip())
        self.is_range = self.status == 206 and found is not None
        self.start = int(found[1]) if self.is_range and found else 0
        length = self.headers.get("Content-Length", "").strip()
        self.stop = self.start + int(length) if length.isdigit() else None
        self.stamp = FileStamp(url, self._size(found), self._version())

    def _size(self, found: re.Match[str] | None) -> int | None:
        if self.status == 416:  # a range of an empty file
            total = self.headers.get("Content-Range", "").rpartition("/")[2].strip()
            return int(total) if total.isdigit() else 0
        if self.is_range and found:
            return int(found[3]) if found[3].isdigit() else None
        encoded = self.headers.get("Content-Encoding", "identity") != "identity"
        return None if encoded else self.stop

    def _version(self) -> str:
        return str(self.headers.get("ETag") or self.headers.get("Last-Modified") or "")


def _fetch(stamp: FileStamp, start: int, stop: int | None) -> Iterator[bytes]:
    """Yield the bytes from `start` up to `stop`, or to the end, whatever it takes.

    After an interruption the rest is asked for, and a server that ignores ranges is read past what
    is there already.
    """
    patience = _Patience(stamp.url)
    at, end = start, stop
    while end is None or at < end:
        try:
            with _open(stamp.url, at, stop, patience.left()) as answer:
                _compare(stamp, answer)
                total = answer.stamp.size
                if total is not None:
                    end = total if end is None else min(end, total)
                before = at
                for part in _body(answer, at, end):
                    yield part
                    at += len(part)
                    patience.renew()
            if at == end or answer.stop is None:
                return  # without a length, the end of the body is the end of the file
            if at < answer.stop or at == before:
                patience.again(CutShortError(stamp.url, (end or answer.stop) - start, at - start))
            elif end is None:
                return
        except _UNSTEADY as error:
            if isinstance(error, SourceChangedError | CutShortError | SourceRefusedError):
                raise
            cut = isinstance(error, http.client.IncompleteRead)
            patience.again(
                CutShortError(stamp.url, (end or at) - start, at - start) if cut else error
            )


def _body(answer: _Answer, start: int, end: int | None) -> Iterator[bytes]:
    """Yield the part of a body that begins at `start` of the file, up to `end`."""
    at = answer.start
    while end is None or at < end:
        part = answer.response.read(CHUNK if end is None else min(CHUNK, end - at))
        if not part:
            return
        bytes_read.add(answer.stamp.url, len(part))
        new = part[max(start - at, 0) :]
        at += len(part)
        if new:
            yield new


class _Patience:
    """How long to go on asking: `Settings.io_timeout` without any progress."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.renew()

    def renew(self) -> None:
        """Something arrived: begin to wait anew."""
        self._deadline = Deadline(
            settings().io_timeout,
            f"an answer from {self.url}",
            "raise the setting io_timeout, or ask who runs the server",
        )
        self._pause = _FIRST_PAUSE

    def left(self) -> float:
        """Seconds left."""
        return self._deadline.remaining()

    def again(self, error: Exception) -> None:
        """Wait a little, or raise what the failure means when asking again cannot help."""
        if _is_final(error) or self._deadline.expired():
            _refuse(self.url, error)
        self._deadline.pause(self._pause)
        if self._deadline.expired():
            _refuse(self.url, error)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


_UNSTEADY = (http.client.HTTPException, OSError)


class _StatusError(OSError):
    """A status that is no success. It pickles, as the cause of an error must; urllib's does not."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


@contextmanager
def _open(url: str, start: int, stop: int | None, timeout: float) -> Iterator[_Answer]:
    """Ask once for a range."""
    last = "" if stop is None else str(stop - 1)
    headers = {**_HEADERS, "Range": f"bytes={start}-{last}"}
    address, basic = _parted(urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]"))
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  # http(s) by its row
    if basic:
        request.add_unredirected_header("Authorization", basic)  # no other server is told
    try:
        response = _opener().open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        response = error
    with closing(response):
        if isinstance(response, urllib.error.HTTPError) and response.code != 416:
            raise _StatusError(response.code, str(response.reason))
        yield _Answer(url, response)


def _parted(address: str) -> tuple[str, str]:
    """Part an address from the user and password in it, which go into a header (RFC 7617).

    >>> _parted("http://ann:p%40ss@host:81/a?b=1")
    ('http://host:81/a?b=1', 'Basic YW5uOnBAc3M=')
    """
    parts = urllib.parse.urlsplit(address)
    known, at, host = parts.netloc.rpartition("@")
    if not at:
        return address, ""
    token = base64.b64encode(urllib.parse.unquote(known).encode()).decode()
    return parts._replace(netloc=host).geturl(), f"Basic {token}"


@cache
def _opener() -> urllib.request.OpenerDirector:
    """Follow redirects and the proxies of the environment, to web servers only."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _compare(stamp: FileStamp, answer: _Answer) -> None:
    now = answer.stamp
    resized = None not in {stamp.size, now.size} and stamp.size != now.size
    reversioned = bool(stamp.version and now.version) and stamp.version != now.version
    if resized or reversioned or answer.status == 416:
        raise SourceChangedError(stamp.url, describe_version(stamp), describe_version(now))


def _is_final(error: Exception) -> bool:
    """Whether asking again is of no use."""
    if isinstance(error, _StatusError):
        return error.code not in _TRY_AGAIN
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    final = (ConnectionRefusedError, socket.gaierror, ssl.SSLError, str, http.client.InvalidURL)
    return isinstance(reason, final)


def _refuse(url: str, error: Exception) -> NoReturn:
    """Raise what a failure means to the user."""
    if isinstance(error, CutShortError):
        raise error
    if isinstance(error, _StatusError):
        if error.code in _GONE:
            why = f"the server says {error.code} {error.reason}"
            raise SourceNotFoundError(url, why) from error
        raise SourceRefusedError(url, error.code, error.reason) from error
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, socket.gaierror):
        host = urllib.parse.urlsplit(url).hostname
        raise SourceNotFoundError(url, f"the host {host} is not known") from error
    if isinstance(reason, TimeoutError):
        text = f"no byte came for {settings().io_timeout:g} s (the setting io_timeout)"
        raise SourceRefusedError(url, 0, text) from error
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    raise SourceRefusedError(url, 0, text) from error
