"""What tests of a cluster look at from outside: its processes, its bytes, programs that wait."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.config import Deadline
from windrow.progress import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.execution.protocol import Session

LONG = 60.0
"""Seconds that a test waits for what takes a second or two."""


def processes_of(state_path: Path | str) -> dict[int, str]:
    """Give pid and command line of every process that belongs to a cluster."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if f"{state_path}/gen-" in command and "windrow.deploy" in command:
                    found[int(entry.name)] = command
    return found


def process_of(state_path: Path | str, host: str, role: str) -> int:
    """Give the pid of one process of a host: ``worker``, ``driver-0``, ``scheduler``, ``host``."""
    wanted = {"host": "windrow.deploy.host ", "worker": " worker ", "scheduler": " scheduler "}
    part = wanted.get(role, f" {role}")
    for pid, command in processes_of(state_path).items():
        if f"/config/{host}.json" in command and part in f"{command} ":
            return pid
    raise LookupError(host, role)


def until(what: str, true: Callable[[], object], seconds: float = LONG) -> None:
    """Wait until something is true."""
    deadline = Deadline(seconds, what)
    while not true():
        deadline.pause(0.02)


def bytes_received() -> int:
    """Count what the open connections of this process have received so far."""
    total = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if entry.readlink().name.startswith("socket:"):
                with socket.socket(fileno=os.dup(int(entry.name))) as held:
                    if held.family == socket.AF_INET and held.type == socket.SOCK_STREAM:
                        info = held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
                        total += struct.unpack_from("Q", info, 128)[0]  # tcpi_bytes_received
    return total


@dataclass(frozen=True)
class Waiting:
    """Says that it has begun, then waits for a file, whose text it returns."""

    path: str

    def __call__(self, session: Session) -> str:
        """Wait."""
        Path(f"{self.path}.begun").touch()
        session.emit(Notice(f"waiting for {Path(self.path).name}"))
        until(self.path, Path(self.path).exists)
        session.emit(Notice("found it"))
        return Path(self.path).read_text()


@dataclass(frozen=True)
class Saying:
    """Emits so many notices, as fast as it can."""

    count: int

    def __call__(self, session: Session) -> int:
        """Say them."""
        for number in range(self.count):
            session.emit(Notice(str(number)))
        return self.count
