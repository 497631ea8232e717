"""The first program on a remote host: fetches what the host may know, and becomes its host program.

``python -m windrow.deploy.boot --generation s3://... --name host-1 ...``. Whoever starts it gives
no secret: certificates come from the state store, by the host's own right to read there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.config import Deadline
from windrow.deploy import host
from windrow.deploy.records import ClusterRecord, HostConfig
from windrow.deploy.remote import fetch_credentials
from windrow.deploy.state import Folder
from windrow.errors import ClusterNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

LOOK = 1.0
"""Seconds between two looks for what is not there yet."""


def host_config(given: argparse.Namespace) -> HostConfig:
    """Fetch the certificates, and put together what a host program is told.

    The folder that was given holds ``tls/``, ``logs/`` and ``scratch/`` from then on.
    """
    generation = Folder(given.generation)
    place = Path(given.folder)
    deadline = Deadline(given.patience, f"what {given.generation} holds for a host")
    while True:
        try:
            record = generation.series("cluster").last()
            if record is None:
                raise ClusterNotFoundError(given.generation)
            shutil.rmtree(place / "tls", ignore_errors=True)
            fetch_credentials(generation, "host", str(place / "tls"))
            break
        except OSError:  # a new role's rights need some seconds to be known everywhere
            if deadline.expired():
                raise
            deadline.pause(LOOK)
    cluster = ClusterRecord(**record[1])
    return HostConfig(
        name=given.name,
        index=int(given.name.rpartition("-")[2]),
        generation=given.generation,
        tls=str(place / "tls"),
        address=given.address,
        cores=given.cores or os.cpu_count() or 1,
        memory=given.memory,
        scratch=given.scratch or str(place / "scratch"),
        place=str(place),
        idle_shutdown_timeout=cluster.idle_shutdown_timeout,
        max_lifetime=cluster.max_lifetime,
        boot_timeout=cluster.boot_timeout,
        public=given.public,
        ports=given.ports,
        at_end=given.at_end,
        details=dict(given.detail),
        orphaned=given.orphaned,
        revived=given.revived,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Be a host until it ends."""
    given = _parser().parse_args(arguments)
    place = Path(given.folder)
    place.mkdir(parents=True, exist_ok=True)
    path = place / "host.json"
    path.write_text(host_config(given).to_json())
    try:
        return host.main([str(path)])
    finally:
        shutil.rmtree(place / "tls", ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="windrow.deploy.boot")
    add = parser.add_argument
    add("--generation", required=True, help="URL of the generation in the state store")
    add("--name", required=True, help="host-0 also runs the scheduler and the drivers")
    add("--address", required=True, help="where other hosts reach this one")
    add("--public", default="", help="where clients reach it, if elsewhere")
    add("--ports", type=_ports, default=(0, 0), help="first-last, to listen at")
    add("--cores", type=int, default=0, help="threads of the worker; by default all")
    add("--memory", type=int, required=True, help="bytes that the host may use")
    add("--folder", required=True, help="for certificates and logs, and scratch files")
    add("--scratch", default="", help="where scratch files go instead")
    add("--patience", type=float, default=60.0, help="seconds to wait for the state store")
    add("--orphaned", type=float, default=30.0, help="seconds that it may be without a scheduler")
    add("--revived", action="store_true", help="somebody starts it again when it is killed")
    add("--at-end", default="", help="shell command that follows the host's end, whatever ended it")
    add("--detail", type=_detail, action="append", default=[], help="name=value, for the records")
    return parser


def _ports(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _detail(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
