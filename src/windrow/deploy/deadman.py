"""The dead-man timer of a host: a process of its own that ends the host when nobody else can.

It holds the reading end of a pipe whose writing end only the host program has. The host program
sends a byte now and then; when the pipe closes (it was killed), when it falls silent (it hangs), or
when the host has lived as long as it may, every process of the host is killed and its scratch
removed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import signal
import sys
import time

from windrow.deploy.state import Folder

SILENCE = 60.0
"""Seconds without a byte after which the host program counts as dead."""
GOODBYE = b"q"
"""What the host program sends when it ends in order."""


def watch(lifetime: float, silence: float = SILENCE) -> str | None:
    """Read standard input until the host must be ended; return why, or None after a goodbye."""
    end = time.monotonic() + lifetime
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return f"it lived for max_lifetime, {lifetime:g} s"
        ready, _, _ = select.select([0], [], [], min(left, silence))
        if not ready and left > silence:
            return f"its host program was silent for {silence:g} s"
        data = os.read(0, 4096) if ready else b"."
        if not data:
            return "its host program was killed"
        if data.endswith(GOODBYE):
            return None


def main(arguments: list[str] | None = None) -> int:
    """Watch one host; ends with it."""
    parser = argparse.ArgumentParser(prog="windrow.deploy.deadman")
    parser.add_argument("--group", type=int, required=True, help="process group of the host")
    parser.add_argument("--lifetime", type=float, required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--generation", required=True)
    parser.add_argument("--name", required=True)
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reason = watch(given.lifetime)
    if reason is None:
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.killpg(given.group, signal.SIGKILL)
    shutil.rmtree(given.scratch, ignore_errors=True)
    record = {"state": "ended", "name": given.name, "time": time.time(), "reason": reason}
    Folder(given.generation).series(f"hosts/{given.name}").append(record)
    return 1


if __name__ == "__main__":
    sys.exit(main())
