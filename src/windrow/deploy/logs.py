"""Logs of hosts in the state store, and their ends, which errors show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.deploy.state import Folder

__all__ = ["TAIL", "logs", "show", "tail"]

TAIL = 50
"""Lines of each log that an error shows."""


def logs(generation: Folder, host: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each log of a host (``worker.log``), and what stands in it."""
    folder = generation.folder("logs").folder(host)
    for name in folder.names():
        yield name, (folder.get(name) or b"").decode(errors="replace")


def tail(generation: Folder, host: str, role: str = "") -> str:
    """Return the last lines of a host's logs, each under its name.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    host
        ``host-0``; a dead one's logs stay.
    role
        Of the one process to show, such as ``worker``; by default all that wrote anything.
    """
    ends = [
        "\n".join([f"[{host}/{name}]", *text.splitlines()[-TAIL:]])
        for name, text in logs(generation, host)
        if text and name.startswith(role)
    ]
    return "\n".join(ends)


def show(error: BaseException, generation: Folder, hosts: Sequence[str], role: str = "") -> None:
    """Add to an error the ends of some hosts' logs."""
    ends = "\n".join(filter(None, (tail(generation, host, role) for host in hosts)))
    if ends:
        error.add_note(f"the end of the logs:\n{ends}")
