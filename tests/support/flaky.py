"""A relay before a server that answers 503, resets connections and cuts bodies at seeded places."""

from __future__ import annotations

import random
import re
import socket
import socketserver
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BUSY = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate."
    b"</Message></Error>"
)
FATES = ("busy", "reset", "lost", "cut", "stall")
"""What may become of a request.

``busy``: answered with 503. ``reset``: the connection breaks before the server hears of it.
``lost``: the server does it and its answer is lost. ``cut``: the answer's body ends half-way.
``stall``: it stops half-way and the connection stays open.
"""


@dataclass
class Behaviour:
    """What goes wrong; change it between requests as you like.

    Attributes
    ----------
    share
        Of requests to which something happens, drawn with `seed`.
    fates
        What may happen then.
    planned
        What happens to the next requests, first of all; ``""`` is nothing.
    """

    seed: int = 0
    share: float = 0.0
    fates: tuple[str, ...] = ("busy", "reset", "lost", "cut")
    planned: list[str] = field(default_factory=list)


class FlakyRelay:
    """Relays each connection's one request to a port of the loopback while the block runs.

    Attributes
    ----------
    happened
        How often each fate came; ``""`` counts what went well.
    requests
        First lines of all requests.
    received
        Body bytes that the server sent, as far as they were passed on.
    """

    def __init__(self, port: int, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.upstream = port
        self.happened: Counter[str] = Counter()
        self.requests: list[str] = []
        self.received = 0
        self.lock = threading.Lock()
        self._random = random.Random(self.behaviour.seed)
        handler = type("Handler", (_Handler,), {"relay": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self, planned: Iterable[str] = ()) -> None:
        """Forget what was counted, and plan anew."""
        with self.lock:
            self.happened.clear()
            self.requests.clear()
            self.received = 0
            self.behaviour.planned[:] = planned

    def fate(self, line: str) -> str:
        """Decide what becomes of a request."""
        with self.lock:
            how = self.behaviour
            self.requests.append(line)
            if how.planned:
                found = how.planned.pop(0)
            else:
                unlucky = self._random.random() < how.share
                found = self._random.choice(how.fates) if unlucky else ""
            self.happened[found] += 1
            return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *end: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Handler(socketserver.BaseRequestHandler):
    relay: ClassVar[FlakyRelay]

    def handle(self) -> None:
        """Relay one request, or do to it what is its fate."""
        client: socket.socket = self.request
        try:
            head, body = _message(client)
            if not head:
                return
            line = head.split(b"\r\n", 1)[0].decode()
            fate = self.relay.fate(line)
            if fate == "busy":
                client.sendall(
                    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\n"
                    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_BUSY), _BUSY)
                )
            elif fate == "reset":
                _break(client)
            else:
                self._pass(client, head + body, fate, bodiless=line.startswith("HEAD"))
        except (ConnectionError, TimeoutError):
            _break(client)

    def _pass(self, client: socket.socket, request: bytes, fate: str, *, bodiless: bool) -> None:
        with socket.create_connection(("127.0.0.1", self.relay.upstream)) as server:
            server.sendall(request)
            head, rest = _message(server, whole=False)
            if fate == "lost":
                return _break(client)
            found = _LENGTH.search(head)
            length = int(found[1]) if found and not bodiless else 0
            client.sendall(re.sub(rb"\r\n\r\n$", b"\r\nConnection: close\r\n\r\n", head))
            end = length // 2 if fate in {"cut", "stall"} else length
            sent = 0
            while sent < end:
                part = (rest or server.recv(1 << 16))[: end - sent]
                if not part:
                    break
                rest = b""
                client.sendall(part)
                sent += len(part)
                with self.relay.lock:
                    self.relay.received += len(part)
            if fate == "cut":
                _break(client)
            if fate == "stall":
                client.recv(1)  # returns when the client has had enough
        return None


def _message(peer: socket.socket, *, whole: bool = True) -> tuple[bytes, bytes]:
    """Read a head, and its body if the whole is wanted; else what came of it already."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(1 << 16)
        if not part:
            return b"", b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    parts, missing = [body], int(found[1]) - len(body) if found and whole else 0
    while missing > 0:
        part = peer.recv(1 << 20)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return head + b"\r\n\r\n", b"".join(parts)


def _break(peer: socket.socket) -> None:
    """Reset the connection."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
