"""Logs of hosts in the state store, and their ends, which errors show.

A host whose state store is a folder writes its logs there. Elsewhere nothing can be appended to, so
a log is a folder of pieces, ``logs/<host>/<process>.log/<time>``, each written once.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.deploy.state import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.deploy.records import HostConfig

__all__ = ["TAIL", "Shipper", "logs", "show", "tail"]

TAIL = 50
"""Lines of each log that an error shows."""
PIECE = 1 << 22
"""Bytes of a log that are sent at once; of a longer piece only the end."""


def logs(generation: Folder, host: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each log of a host (``worker.log``), and what stands in it."""
    folder = generation.folder("logs").folder(host)
    for name in folder.names():
        inside = folder.folder(name)
        pieces = [inside.get(piece) or b"" for piece in inside.names()]
        data = b"".join(pieces) if pieces else folder.get(name) or b""
        yield name, data.decode(errors="replace")


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


class Shipper:
    """Sends what a host's processes log to a state store that is no folder of this machine.

    How far each log was sent stands beside it, so that whoever outlives the host program goes on.

    Parameters
    ----------
    config
        Of the host.
    """

    def __init__(self, config: HostConfig) -> None:
        self._here = config.log_of("host").parent
        self._there = Folder(config.generation).folder(f"logs/{config.name}")

    def ship(self) -> None:
        """Send what is new; raises `OSError` when the store does not answer."""
        note = self._here / "sent.json"
        sent: dict[str, int] = json.loads(note.read_text()) if note.exists() else {}
        for path in sorted(self._here.glob("*.log")):
            start, size = sent.get(path.name, 0), path.stat().st_size
            if size > start:
                with path.open("rb") as file:
                    file.seek(max(start, size - PIECE))
                    data = file.read(size - file.tell())
                self._there.folder(path.name).put(f"{time.time_ns():020d}", data)
                sent[path.name] = size
                aside = Path(f"{note}.new")
                aside.write_text(json.dumps(sent))
                aside.replace(note)
