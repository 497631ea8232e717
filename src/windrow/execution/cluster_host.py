"""What a host runs besides its supervisor: the scheduler, and a worker with the host's block store.

Each function serves until its process gets SIGTERM or SIGINT, or until the other side is gone, and
belongs in a process of its own. Logs go to standard output.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from typing import TYPE_CHECKING

import distributed
from tornado.ioloop import PeriodicCallback

from windrow.config import LOG_FORMAT, configured
from windrow.execution.cluster_dask import HELD, Credentials, configure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["PULSE", "run_scheduler", "run_worker"]


PULSE = 1.0
"""Seconds between two signs of life."""


class _Scheduler(distributed.Scheduler):
    """Dask's scheduler without its web server."""

    def start_http_server(self, *args: object, **kwargs: object) -> None:
        """Open no port."""


class _Worker(distributed.Worker):
    """Dask's worker without its web server."""

    def start_http_server(self, *args: object, **kwargs: object) -> None:
        """Open no port."""


Ports = tuple[int, int]
"""First and last port to listen at; zeros let the system choose."""


def run_scheduler(
    host: str,
    ports: Ports,
    credentials: Credentials,
    on_ready: Callable[[str], None] | None = None,
    on_pulse: Callable[[], None] | None = None,
) -> None:
    """Run a scheduler until it is told to stop.

    Parameters
    ----------
    host
        Address to listen at.
    ports
        It listens at the first that is free.
    credentials
        What to show, and what to check others by.
    on_ready
        Called with the scheduler's address (``tls://host:port``) once it listens.
    on_pulse
        Called every second from then on, while it answers.

    Raises
    ------
    OSError
        None of the ports can be had.
    """
    _prepare()

    async def serve(port: int) -> None:
        scheduler = _Scheduler(
            host=host,
            port=port,
            protocol="tls",
            security=credentials.security(),
            dashboard=False,
            dashboard_address=None,
        )
        await _until_told(scheduler, on_ready, on_pulse)

    first, last = ports
    for port in range(first, last + 1):
        try:
            return asyncio.run(serve(port))
        except RuntimeError as error:  # Dask's word for whatever kept a server from starting
            cause = error.__cause__
            if not isinstance(cause, OSError):
                raise
            if cause.errno != errno.EADDRINUSE or port == last:
                raise cause from error
    return None


def run_worker(  # noqa: PLR0917  # all of them are needed
    scheduler_address: str,
    name: str,
    cores: int,
    memory_budget: int,
    scratch: Path,
    credentials: Credentials,
    *,
    host: str,
    ports: Ports = (0, 0),
    jobs: int = 1,
    patience: float = 60.0,
    on_ready: Callable[[str], None] | None = None,
    on_pulse: Callable[[], None] | None = None,
    tail: Callable[[], str] = str,
) -> None:
    """Run a worker until it is told to stop or its scheduler is gone.

    Parameters
    ----------
    scheduler_address
        ``tls://host:port``.
    name
        Name of the host.
    cores
        Tasks that run at once.
    memory_budget
        Bytes of blocks to keep in memory; what goes beyond it lies in `scratch`.
    scratch
        Folder for temporary files.
    credentials
        What to show, and what to check others by.
    host, ports
        Where to listen, at the first port that is free.
    jobs
        Programs that run at once, and share the memory in equal parts.
    patience
        Seconds to look for the scheduler before giving up.
    on_ready
        Called with the worker's address once the scheduler knows it.
    on_pulse
        Called every second from then on, while it answers.
    tail
        Gives the end of this process's log, for errors to show.

    Raises
    ------
    TimeoutError
        The scheduler was not found in time.
    """
    _prepare()
    os.environ.setdefault("POLARS_MAX_THREADS", str(cores))  # before it is imported
    from windrow.execution import cluster_tasks
    from windrow.execution.cluster_peers import HostPeers
    from windrow.execution.store import Store

    async def serve() -> None:
        worker = _Worker(
            scheduler_address,
            name=name,
            nthreads=cores,
            memory_limit=0,  # the store keeps within its budget, and tasks have no say in it
            local_directory=str(scratch),
            host=host,
            port=f"{ports[0]}:{ports[1]}" if ports[0] else 0,
            protocol="tls",
            security=credentials.security(),
            death_timeout=patience,
            dashboard=False,
            metrics={HELD: lambda _: store.held()},
        )
        store.spool.peers = HostPeers(worker, store.spool)
        await _until_told(worker, on_ready, on_pulse)

    with configured(scratch=str(scratch), threads=cores, isolate_functions=True):
        store = Store(memory_budget, jobs)
        cluster_tasks.serve(store, name, tail)
        try:
            asyncio.run(serve())
        finally:
            store.close()


def _prepare() -> None:
    """Set up Dask, and logging to standard output."""
    configure()
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format=LOG_FORMAT,
        force=True,
    )


async def _until_told(
    server: distributed.Scheduler | distributed.Worker,
    on_ready: Callable[[str], None] | None,
    on_pulse: Callable[[], None] | None,
) -> None:
    """Start a server, and close it on a signal; end when it ends by itself."""
    import signal

    async with server:
        if on_ready is not None:
            on_ready(server.address)
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
        beats = PeriodicCallback(on_pulse or (lambda: None), PULSE * 1000)
        beats.start()
        ends = {asyncio.ensure_future(told.wait()), asyncio.ensure_future(server.finished())}
        _, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        beats.stop()
        for other in pending:
            other.cancel()
