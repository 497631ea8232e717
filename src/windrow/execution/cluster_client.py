"""What a process says to a cluster's scheduler: it rings, listens, and asks who is there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import distributed

from windrow.execution.cluster_dask import connect

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Connection",
    "connect",
    "disconnect",
    "is_connected",
    "last_seen",
    "publish",
    "subscribe",
    "unsubscribe",
]

Connection = distributed.Client
"""A line to the scheduler of a cluster."""

GOODBYE = 5.0
"""Seconds that saying goodbye may take."""


def publish(client: Connection, topic: str, message: dict[str, Any]) -> None:
    """Tell every subscriber of a topic; returns once the scheduler has the message."""
    client.log_event(topic, message)


def subscribe(client: Connection, topic: str, handler: Callable[[dict[str, Any]], object]) -> None:
    """Call a handler with each message of a topic from now on.

    The handler is called from the thread of the connection and must not wait.
    """
    client.subscribe_topic(topic, lambda event: handler(event[1]))  # type: ignore[no-untyped-call]  # half typed


def unsubscribe(client: Connection, topic: str) -> None:
    """End a subscription, unless the line is broken, which ends it too."""
    if is_connected(client):
        client.unsubscribe_topic(topic)  # type: ignore[no-untyped-call]  # half typed


def last_seen(client: Connection) -> dict[str, float]:
    """When the scheduler last heard from each host, by name; seconds since 1970."""
    workers = client.scheduler_info()["workers"].values()
    return {str(worker["name"]): float(worker["last_seen"]) for worker in workers}


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
