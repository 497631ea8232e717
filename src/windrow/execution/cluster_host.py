"""What a host runs besides its supervisor: the scheduler, and a worker with the host's block store.

Each function serves until its process gets SIGTERM or SIGINT, or until the other side is gone, and
belongs in a process of its own. Logs go to standard output.
"""

from __future__ import annotations

import asyncio
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


def run_scheduler(
    host: str,
    port: int,
    credentials: Credentials,
    on_ready: Callable[[str], None] | None = None,
    on_pulse: Callable[[], None] | None = None,
) -> None:
    """Run a scheduler until it is told to stop.

    Parameters
    ----------
    host
        Address to listen at.
    port
        Port to listen at; 0 lets the system choose.
    credentials
        What to show, and what to check others by.
    on_ready
        Called with the scheduler's address (``tls://host:port``) once it listens.
    on_pulse
        Called every second from then on, while it answers.

    Raises
    ------
    OSError
        The port cannot be had.
    """
    _prepare()

    async def serve() -> None:
        scheduler = _Scheduler(
            host=host,
            port=port,
            protocol="tls",
            security=credentials.security(),
            dashboard=False,
            dashboard_address=None,
        )
        await _until_told(scheduler, on_ready, on_pulse)

    asyncio.run(serve())


def run_worker(  # noqa: PLR0917  # all of them are needed
    scheduler_address: str,
    name: str,
    cores: int,
    memory_budget: int,
    scratch: Path,
    credentials: Credentials,
    *,
    host: str,
    port: int = 0,
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
    host, port
        Where to listen; port 0 lets the system choose.
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
            port=port,
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
