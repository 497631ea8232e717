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
import subprocess
import sys
import threading
import time
from pathlib import Path

from windrow.deploy.lifecycle import ENDED
from windrow.deploy.logs import Shipper
from windrow.deploy.records import HostConfig
from windrow.deploy.state import Folder

SILENCE = 60.0
"""Seconds without a byte after which the host program counts as dead."""
MARGIN = 60.0
"""Seconds that a host program is given to end by itself at the end of its life."""
PATIENCE = 30.0
"""Seconds that the last word about a host may take to be recorded."""
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


def bury(config: HostConfig, group: int, reason: str) -> None:
    """Kill every process of a host, remove its scratch folder, and say why in its record.

    The record of one that is started again is the next one's to write.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    shutil.rmtree(config.scratch, ignore_errors=True)
    if config.remote:
        Shipper(config).ship()
    if not config.revived:
        series = Folder(config.generation).series(f"hosts/{config.name}")
        series.append(config.record(ENDED, reason, group))  # the host program leads its group


def main(arguments: list[str] | None = None) -> int:
    """Watch one host; ends with it, and then runs what is to follow its end."""
    parser = argparse.ArgumentParser(prog="windrow.deploy.deadman")
    parser.add_argument("config", help="path of the host's configuration")
    parser.add_argument("--group", type=int, required=True, help="process group of the host")
    given = parser.parse_args(arguments)
    config = HostConfig.from_json(Path(given.config).read_text())
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reason = watch(config.max_lifetime + MARGIN)
    if reason is not None:
        # The store may be why the host program hung: what follows the end does not wait for it.
        last = threading.Thread(target=bury, args=(config, given.group, reason), daemon=True)
        last.start()
        last.join(PATIENCE)
    if config.at_end:
        subprocess.run(["/bin/sh", "-c", config.at_end], check=False)  # noqa: S603  # as was asked
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main())
