"""A cluster on a page: served to this machine alone, by the process that asked for it.

Nothing is opened on hosts. What the page shows comes from the records and from the scheduler, over
the encrypted line that the process has anyway.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socketserver
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from windrow.deploy.overview import Overview
from windrow.errors import ArgumentError, WindrowError

if TYPE_CHECKING:
    from types import TracebackType

    from windrow.deploy.cluster import Cluster

__all__ = ["Dashboard"]

ADDRESS = "127.0.0.1"
PATIENCE = 10.0
"""Seconds in which a browser must have said what it wants."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src data:; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Dashboard:
    """A page that shows a cluster until it is stopped or its process ends.

    Parameters
    ----------
    cluster
        Which to show; also after its end.
    port
        Of this machine's loopback address; 0 lets the system choose.

    Attributes
    ----------
    url
        Of the page. It holds a random word without which the server shows nothing, so that other
        users of this machine see nothing either.

    Raises
    ------
    ArgumentError
        The port is not free.
    """

    def __init__(self, cluster: Cluster, port: int = 0) -> None:
        root = f"/{secrets.token_urlsafe(16)}/"
        self._overview = Overview(cluster)
        try:
            self._server = _Server(port, root, self._overview)
        except (OSError, OverflowError) as error:
            self._overview.close()
            raise ArgumentError("port", port, f"a port of {ADDRESS} that is free") from error
        self.url = f"http://{ADDRESS}:{self._server.server_address[1]}{root}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="dashboard", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Show the page no more; the cluster goes on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._overview.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<dashboard at {self.url}>"


class _Server(socketserver.ThreadingTCPServer):
    """Answers those who know where to ask."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False  # a browser keeps its connections

    def __init__(self, port: int, root: str, overview: Overview) -> None:
        self.root, self.overview = root, overview
        super().__init__((ADDRESS, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE
    server_version, sys_version = "windrow", ""

    def do_GET(self) -> None:
        """Answer with the page, or with what it shows."""
        root = self.server.root
        if hmac.compare_digest(self.path.encode(), root.encode()):
            page = (files("windrow.deploy") / "dashboard.html").read_bytes()
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page)
        elif hmac.compare_digest(self.path.encode(), f"{root}state.json".encode()):
            self._answer(*self._state())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"nothing here\n")

    def _state(self) -> tuple[HTTPStatus, str, bytes]:
        try:
            status, found = HTTPStatus.OK, self.server.overview.now()
        except (WindrowError, OSError) as error:  # the page shows it and asks again
            status, found = HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)}
        return status, "application/json", json.dumps(found).encode()

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""
