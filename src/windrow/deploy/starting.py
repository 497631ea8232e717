"""Hosts on their way: from being started to being ready, as their records say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.deploy.lifecycle import ENDED, READY
from windrow.deploy.logs import tail
from windrow.errors import DeadlineError, HostStartError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from windrow.config import Deadline
    from windrow.deploy.state import Folder

__all__ = ["await_ready", "known_records"]


def known_records(generation: Folder, names: Sequence[str]) -> dict[str, int]:
    """Return the number of each host's last record, 0 where there is none."""
    numbers = {name: generation.series(f"hosts/{name}").numbers() for name in names}
    return {name: found[-1] if found else 0 for name, found in numbers.items()}


def await_ready(
    generation: Folder,
    known: dict[str, int],
    deadline: Deadline,
    ended: Callable[[str], str | None],
    look: float,
) -> None:
    """Wait until hosts say that they are ready.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    known
        Names of the hosts, and the records of each from before its start (`known_records`).
    deadline
        Of all of them.
    ended
        Says how a host ended whose own word may be missing; None while it runs.
    look
        Seconds between two looks.

    Raises
    ------
    HostStartError
        A host ended, or was not ready in time; carries the last lines of its logs.
    """
    for name, number in known.items():
        while True:
            last = generation.series(f"hosts/{name}").last()
            state, reason = "", ""
            if last is not None and last[0] > number:
                state, reason = last[1]["state"], last[1].get("reason", "")
            if state == READY:
                break
            cause = reason or "it gave no reason" if state == ENDED else ended(name)
            if cause is not None:
                raise HostStartError(name, cause, tail(generation, name))
            try:
                deadline.pause(look)
            except DeadlineError as error:
                raise HostStartError(name, str(error), tail(generation, name)) from error
