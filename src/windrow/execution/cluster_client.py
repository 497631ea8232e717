"""What a process says to a cluster's scheduler: it rings, listens, and asks who is there."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import distributed

from windrow.execution.cluster_dask import HELD, configure, connect

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Connection",
    "Load",
    "configure",
    "connect",
    "disconnect",
    "is_connected",
    "loads",
    "publish",
    "subscribe",
    "unsubscribe",
]

Connection = distributed.Client
"""A line to the scheduler of a cluster."""

GOODBYE = 5.0
"""Seconds that saying goodbye may take."""


def publish(client: Connection | None, topic: str, message: dict[str, Any]) -> None:
    """Tell every subscriber of a topic; returns once the scheduler has the message.

    Where the line is broken, or there is none, nobody hears it. That is no error here: what counts
    stands in the state store, and who waits there learns why the line broke.
    """
    if client is not None:
        with suppress(OSError):
            client.log_event(topic, message)


def subscribe(client: Connection, topic: str, handler: Callable[[dict[str, Any]], object]) -> None:
    """Call a handler with each message of a topic from now on.

    The handler is called from the thread of the connection and must not wait; where the line is
    broken it is never called.
    """
    with suppress(OSError):
        client.subscribe_topic(topic, lambda event: handler(event[1]))  # type: ignore[no-untyped-call]  # half typed


def unsubscribe(client: Connection, topic: str) -> None:
    """End a subscription, unless the line is broken, which ends it too."""
    if is_connected(client):
        client.unsubscribe_topic(topic)  # type: ignore[no-untyped-call]  # half typed


@dataclass(frozen=True)
class Load:
    """What a host's worker does, as it last told the scheduler.

    Attributes
    ----------
    last_seen
        When that was; seconds since 1970.
    memory
        Bytes that its process has.
    tasks
        Tasks that run.
    in_memory, on_scratch
        Partitions that it holds, as blocks or files.
    bytes
        Of the blocks in memory.
    """

    last_seen: float
    memory: int
    tasks: int
    in_memory: int
    on_scratch: int
    bytes: int


def loads(client: Connection) -> dict[str, Load]:
    """What each host does, by its name; those alone that the scheduler knows."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return {str(worker["name"]): _load(worker) for worker in workers}


def _load(worker: dict[str, Any]) -> Load:
    told = worker["metrics"]
    held = told.get(HELD) or {"in_memory": 0, "on_scratch": 0, "bytes": 0}  # it came just now
    tasks = told.get("task_counts", {}).get("executing", 0)
    return Load(float(worker["last_seen"]), int(told.get("memory", 0)), int(tasks), **held)


def is_connected(client: Connection) -> bool:
    """Whether the scheduler is there."""
    return bool(client.status == "running")


def disconnect(client: Connection) -> None:
    """Hang up, whether or not the scheduler is still there."""
    log = logging.getLogger("distributed.client")
    log.addFilter(_nothing)  # whoever hangs up need not hear that calling again did not help
    try:
        client.close(timeout=GOODBYE)  # type: ignore[no-untyped-call]  # half typed
    finally:
        log.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    del record
    return False
