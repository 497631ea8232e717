"""What a container finds where it runs: ``python -m windrow.deploy.hadoop_probe REPORT PORTS``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from typing import Any

from windrow.config import machine_memory
from windrow.deploy import versions
from windrow.io.registry import storage_of
from windrow.learn.jit import baseline

__all__ = ["found"]


def found(ports: tuple[int, int]) -> dict[str, Any]:
    """Look at this machine, as a host would use it.

    Parameters
    ----------
    ports
        First and last that a host may listen at.

    Examples
    --------
    >>> sorted(found((0, 0)))
    ['compile_target', 'cores', 'disk', 'free_ports', 'memory', 'node', 'time', 'versions']
    """
    return {
        "node": os.environ.get("NM_HOST") or socket.gethostname(),
        "versions": versions.installed(),
        "compile_target": baseline(),
        "cores": os.cpu_count() or 1,
        "memory": machine_memory(),
        "disk": shutil.disk_usage(".").free,
        "free_ports": sum(_is_free(port) for port in range(ports[0], ports[1] + 1)),
        "time": time.time(),
    }


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((os.environ.get("NM_HOST") or "", port))
        except OSError:
            return False
    return True


def main(arguments: list[str]) -> int:
    """Write what is found as JSON to a URL."""
    report, ports = arguments
    first, _, last = ports.partition("-")
    data = json.dumps(found((int(first), int(last)))).encode()
    storage_of(report).put_if_absent(report, data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
