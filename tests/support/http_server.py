"""A small HTTP server for tests: serves bytes from memory, well or badly, and counts what it does.

>>> with HttpServer({"/a.csv": b"x\\n1\\n"}) as server:
...     server.url("/a.csv").startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

import base64
import re
import threading
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import ClassVar, Self


@dataclass
class Behaviour:
    """How the server answers; change it between requests as you like.

    Attributes
    ----------
    ranges
        Whether ``Range`` is honoured; without it every answer is the whole file, status 200.
    length
        Whether ``Content-Length`` is sent; without it the end of the file is the connection's end
        (or chunks, with `chunked`).
    chunked
        Whether to send ``Transfer-Encoding: chunked`` where there is no length.
    etag
        Whether an ``ETag`` (a digest of the bytes) is sent.
    redirects
        Path to path or absolute URL: answered with 302.
    statuses
        Path to status: answered with it, always.
    member
        ``user:password`` that requests must show (``Authorization: Basic``), else 401.
    most
        At most so many bytes of a range are sent at a time, as a server may.
    failures
        So many of the next requests are answered with 503.
    cuts
        So many of the next bodies end half-way, though their length promised more.
    stalls
        So many of the next bodies stop half-way, and their connections stay open.
    """

    ranges: bool = True
    length: bool = True
    chunked: bool = False
    etag: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    member: str = ""
    most: int | None = None
    failures: int = 0
    cuts: int = 0
    stalls: int = 0


class HttpServer:
    """Serves `files` (path to bytes) on a free port while the block runs.

    Parameters
    ----------
    files
        Path to bytes.
    behaviour
        How it answers; well by default.
    address
        Where it listens; the loopback by default.

    Attributes
    ----------
    requests
        Every request so far: method, path, ``Range`` header or empty.
    shown
        Every ``Authorization`` so far, empty where there was none.
    sent
        Body bytes handed to the sockets so far.
    """

    def __init__(
        self,
        files: dict[str, bytes],
        behaviour: Behaviour | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.files = files
        self.behaviour = behaviour or Behaviour()
        self.requests: list[tuple[str, str, str]] = []
        self.shown: set[str] = set()
        self.sent = 0
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server((address, 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        address, port = self._server.server_address[:2]
        return f"http://{address!s}:{port}{path}"

    def reset(self) -> None:
        """Forget what was counted."""
        with self.lock:
            self.requests.clear()
            self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Listen, without asking anybody for the name of the address."""
        TCPServer.server_bind(self)


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[HttpServer]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        how = self.owner.behaviour
        path = self.path.partition("?")[0]
        with self.owner.lock:
            asked = self.headers.get("Range", "")
            self.owner.shown.add(self.headers.get("Authorization", ""))
            self.owner.requests.append((self.command, self.path, asked))
            flaky = how.failures > 0
            how.failures -= flaky
        if flaky:
            return self._status(503)
        token = base64.b64encode(how.member.encode()).decode()
        if how.member and self.headers.get("Authorization") != f"Basic {token}":
            return self._status(401)
        if path in how.statuses:
            return self._status(how.statuses[path])
        if path in how.redirects:
            return self._status(302, how.redirects[path])
        if path not in self.owner.files:
            return self._status(404)
        return self._file(self.owner.files[path], asked if how.ranges else "", with_body)

    def _status(self, status: int, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _file(self, data: bytes, asked: str, with_body: bool) -> None:
        how = self.owner.behaviour
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        body = data
        if found:
            start, stop = int(found[1]), min(int(found[2] or len(data)) + 1, len(data))
            stop = stop if how.most is None else min(stop, start + how.most)
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            body = data[start:stop]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        else:
            self.send_response(200)
        if how.etag:
            self.send_header("ETag", f'"{zlib.crc32(data):x}"')
        chunked = not how.length and how.chunked
        if how.length:
            self.send_header("Content-Length", str(len(body)))
        elif chunked:
            self.protocol_version = "HTTP/1.1"
            self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if with_body:
            self._send(body, chunked=chunked)
        return None

    def _send(self, body: bytes, *, chunked: bool) -> None:
        with self.owner.lock:
            cut, stalled = self.owner.behaviour.cuts > 0, self.owner.behaviour.stalls > 0
            self.owner.behaviour.cuts -= cut
            self.owner.behaviour.stalls -= stalled
        end = len(body) // 2 if cut or stalled else len(body)
        try:
            for start in range(0, end, 1 << 16):
                part = body[start : min(start + (1 << 16), end)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
                with self.owner.lock:
                    self.owner.sent += len(part)
            if stalled:
                self.connection.recv(1)  # returns when the client has had enough
            elif chunked and not cut:
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has seen enough

    def log_message(self, *_: object) -> None:
        """Say nothing."""
