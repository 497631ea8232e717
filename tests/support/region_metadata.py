"""The metadata service of a pretend region (IMDSv2), and what tells a client its own address.

``python -m tests.support.region_metadata FOLDER`` answers at 169.254.169.254; who asks is told by
the address that the request comes from. What it says stands in ``FOLDER/metadata.json``.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADDRESS = "169.254.169.254"
CHECK_PORT = 8080


class Metadata(BaseHTTPRequestHandler):
    """Answers hosts."""

    folder = Path()
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Keep still."""

    def do_PUT(self) -> None:
        """Give a token."""
        if self.path == "/latest/api/token":
            self._answer(200, f"token-{self.client_address[0]}")
        else:
            self._answer(404)

    def do_GET(self) -> None:
        """Give a fact, to who shows a token."""
        who = self.client_address[0]
        facts = json.loads((self.folder / "metadata.json").read_text()).get(who)
        path = self.path.removeprefix("/latest/meta-data/")
        if facts is None:
            self._answer(404)
        elif self.headers.get("X-aws-ec2-metadata-token") != f"token-{who}":
            self._answer(401)
        elif path in facts:
            self._answer(200, facts[path])
        else:
            self._answer(404)

    def _answer(self, code: int, text: str = "") -> None:
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class OwnAddress(Metadata):
    """Tells who asks where the request came from."""

    def do_GET(self) -> None:
        """Say it."""
        self._answer(200, f"{self.client_address[0]}\n")


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    folder, address = arguments
    Metadata.folder = Path(folder)
    import threading

    check = ThreadingHTTPServer((address, CHECK_PORT), OwnAddress)
    threading.Thread(target=check.serve_forever, daemon=True).start()
    ThreadingHTTPServer((ADDRESS, 80), Metadata).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
