"""What the host program starts besides drivers: ``python -m windrow.deploy.serve ROLE CONFIG``."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from windrow.config import Deadline
from windrow.deploy.credentials import Credentials
from windrow.deploy.logs import tail
from windrow.deploy.records import HostConfig
from windrow.deploy.state import Folder
from windrow.execution.cluster_host import run_scheduler, run_worker

NEW = 10.0
"""Seconds for which a scheduler that was announced is taken to be there."""
CONNECT = 5.0
"""Seconds in which a scheduler must take a connection."""
LOOK = 0.1


def serve_scheduler(config: HostConfig) -> None:
    """Run the scheduler and announce it: whoever claims an epoch is the scheduler of it."""

    def announce(address: str) -> None:
        public = address.replace(config.address, config.public or config.address)
        here: dict[str, Any] = {"pid": os.getpid(), "time": time.time()}
        record = {"scheduler": address, "public": public} | here
        Folder(config.generation).series("epoch").append(record)
        _ready(config, "scheduler")

    credentials = Credentials.of(config.tls, "host").dask()
    pulse = partial(_ready, config, "scheduler")
    run_scheduler(config.address, config.ports, credentials, announce, pulse)


def serve_worker(config: HostConfig) -> None:
    """Run the worker of this host at the last announced scheduler."""
    run_worker(
        scheduler_of(config),
        config.name,
        config.cores,
        config.memory // 2,
        Path(config.scratch),
        Credentials.of(config.tls, "host").dask(),
        host=config.address,
        ports=config.ports,
        jobs=config.max_jobs,
        on_ready=lambda _: _ready(config, "worker"),
        on_pulse=partial(_ready, config, "worker"),
        tail=lambda: tail(Folder(config.place), config.name, "worker"),
    )


def scheduler_of(config: HostConfig) -> str:
    """Wait for a scheduler to be announced and to take connections; return its address."""
    epochs = Folder(config.generation).series("epoch")
    deadline = Deadline(config.boot_timeout, "a scheduler to be announced", "look at its log")
    while True:
        epoch = epochs.last()
        if epoch is not None:
            address: str = epoch[1]["scheduler"]
            new = time.time() - float(epoch[1]["time"]) < NEW
            if new or _listens(address):
                return address
        deadline.pause(LOOK)


def _listens(address: str) -> bool:
    """Whether somebody takes connections there: the scheduler of a former epoch does not."""
    parts = urlsplit(address)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 0), CONNECT).close()
    except OSError:
        return False
    return True


def _ready(config: HostConfig, role: str) -> None:
    with suppress(FileNotFoundError):  # the host has ended, and this process is about to
        config.sign_of(role).touch()


def main(arguments: list[str]) -> int:
    """Serve in one role until told to end."""
    role, path = arguments
    config = HostConfig.from_json(Path(path).read_text())
    {"scheduler": serve_scheduler, "worker": serve_worker}[role](config)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
