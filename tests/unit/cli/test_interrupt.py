"""Ctrl-C: the command ends, says so, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


class Stalling(BaseHTTPRequestHandler):
    """Answers the first request with a promise of bytes that never come."""

    asked = threading.Event()
    over = threading.Event()

    def do_HEAD(self) -> None:
        self._promise()

    def do_GET(self) -> None:
        self._promise()
        self.wfile.flush()
        self.asked.set()
        self.over.wait(60)

    def _promise(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stalled_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stalling)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/a.csv"
    Stalling.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_interrupted_wait_ends_with_130_and_no_temporary_files(
    stalled_url: str, tmp_path: Path
) -> None:
    scratch, model = tmp_path / "scratch", tmp_path / "m"
    scratch.mkdir()
    train = ["train", "logistic_classifier", stalled_url, "--target", "y", "--model", str(model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "windrow", *train],
        env={**os.environ, "WINDROW_SCRATCH": str(scratch), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert Stalling.asked.wait(60)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert told == "windrow: interrupted; nothing half-written was left behind\n"
    assert list(scratch.iterdir()) == []
    assert not model.exists()
