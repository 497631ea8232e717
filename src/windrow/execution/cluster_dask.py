"""How windrow sets Dask: encrypted, without web servers, and doing nothing that we do ourselves.

Blocks live in our own stores, so Dask's spilling, pausing and stealing are off. Tasks may run
again, so the death of a host is no fault of what ran there, unless that ends host after host.
"""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dask
import distributed
from distributed.versions import VersionMismatchWarning

from windrow.config import Deadline

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS: dict[str, Any] = {
    # Scheduler
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.allowed-failures": 10,
    "distributed.scheduler.worker-ttl": "20s",
    "distributed.scheduler.no-workers-timeout": "40s",
    "distributed.scheduler.active-memory-manager.start": False,  # it drops copies that we use
    "distributed.scheduler.http.routes": [],
    # Workers
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.use-file-locking": False,
    "distributed.worker.http.routes": [],
    # All of them
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.require-encryption": True,
    "distributed.comm.tls.min-version": 1.3,
    "distributed.admin.large-graph-warning-threshold": "1 TiB",  # coefficients may be large
    "distributed.admin.log-length": 1000,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.diagnostics.nvml": False,
    "distributed.diagnostics.computations.nframes": 0,
    "distributed.diagnostics.computations.max-history": 1,
}

_CONNECTING = {
    name: value for name, value in SETTINGS.items() if name.startswith("distributed.comm.timeouts.")
}
"""Settings of the line that a client opens; all else it needs is in its `distributed.Security`."""

HELD = "windrow"
"""Under this name a worker tells the scheduler, with each heartbeat, what its store holds."""
RECONNECT = 10.0
"""Seconds that a client looks for a scheduler that it lost."""


@dataclass(frozen=True)
class Credentials:
    """Files that a process shows to the others, and checks them by; all in PEM.

    Attributes
    ----------
    authority
        Certificate of the cluster's own authority.
    certificate, key
        This process's certificate, signed by the authority, and its private key.
    """

    authority: Path
    certificate: Path
    key: Path

    def security(self) -> distributed.Security:
        """Give them to Dask, for every role that the process plays; nothing goes unencrypted."""
        own = {
            f"tls_{role}_{kind}": str(path)
            for role in ("client", "scheduler", "worker")
            for kind, path in (("cert", self.certificate), ("key", self.key))
        }
        return distributed.Security(
            require_encryption=True,
            tls_ca_file=str(self.authority),
            tls_min_version=ssl.TLSVersion.TLSv1_3,
            **own,
        )


def configure() -> None:
    """Set Dask for all of a process of ours: a scheduler, a worker, a driver."""
    dask.config.set(SETTINGS)


def connect(address: str, credentials: Credentials, seconds: float = 30.0) -> distributed.Client:
    """Connect to a scheduler; what else this process does with Dask is not touched.

    Parameters
    ----------
    address
        ``tls://host:port``.
    credentials
        What to show.
    seconds
        How long to try. A connection that breaks later is given up within `RECONNECT` seconds.

    Raises
    ------
    OSError
        Nobody answers there, or not to these credentials.
    """
    deadline = Deadline(seconds, f"a connection to {address}", "look at the scheduler's log")
    while True:
        try:
            with dask.config.set(_CONNECTING), warnings.catch_warnings():
                # Ours are compared by ourselves; Dask also names packages that nobody uses here.
                warnings.simplefilter("ignore", VersionMismatchWarning)
                return distributed.Client(
                    address,
                    security=credentials.security(),
                    timeout=min(RECONNECT, deadline.remaining()),
                    direct_to_workers=True,
                    set_as_default=False,
                )
        except OSError:
            if deadline.expired():
                raise
