"""What a host sees in the state store: a thread looks, so that a slow store is no dead host."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from windrow.deploy.jobs import ENDED
from windrow.deploy.logs import Shipper
from windrow.deploy.state import Folder

if TYPE_CHECKING:
    from windrow.deploy.records import HostConfig

__all__ = ["Lookout"]

_log = logging.getLogger("windrow.host")

NEAR, FAR = 0.2, 2.0
"""Seconds between two looks at a store of this machine, and at one elsewhere."""
UNREACHABLE = 120.0
"""Seconds after which a host whose state store does not answer has nobody to hear from."""


class Lookout:
    """Looks at the state store again and again, and sends it what the host's logs say.

    Parameters
    ----------
    config
        Of the host.

    Attributes
    ----------
    asked
        Why the host is to end, if somebody asked or the store cannot be reached; else None.
    chief_end
        Why host 0 ended, as it said itself; None while it lives. Host 0 does not look.
    replaced
        Whether another host has this one's name: whoever started both took this one for dead.
    idle_since
        When the last job ended, in seconds since 1970; None while one waits or runs.
    """

    def __init__(self, config: HostConfig) -> None:
        self.asked: str | None = None
        self.chief_end: str | None = None
        self.replaced = False
        self.idle_since: float | None = 0.0
        self._config = config
        self._generation = Folder(config.generation)
        self._shipper = Shipper(config) if config.remote else None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; what was logged until now is sent."""
        self._ended.set()
        if self._thread.ident is not None:  # a host may end before it began to look
            self._thread.join()
        self.ship()

    def ship(self) -> None:
        """Send what was logged since the last time; a store that does not answer gets it later."""
        if self._shipper is not None:
            try:
                self._shipper.ship()
            except OSError as error:
                _log.warning("logs could not be sent: %s", error)

    def look(self) -> None:
        """Look once; raises `OSError` when the store does not answer."""
        word = self._generation.get("stop")
        if word is not None:
            self.asked = word.decode() or "stopped by a client"
        if self._has_another_my_name():
            self.replaced, self.asked = True, "another host was started in its place"
        if self._config.index == 0:
            self.idle_since = self._last_work()
        else:
            self.chief_end = self._last_of_chief()

    def _run(self) -> None:
        period = FAR if self._config.remote else NEAR
        answered = time.monotonic()
        while not self._ended.wait(period):
            try:
                self.look()
                answered = time.monotonic()
            except OSError as error:
                _log.warning("the state store did not answer: %s", error)
                if time.monotonic() - answered > UNREACHABLE:
                    self.asked = f"its state store did not answer for {UNREACHABLE:g} s: {error}"
            self.ship()

    def _last_work(self) -> float | None:
        """When the newest job ended; 0 when there never was one, None while it has not."""
        jobs = self._generation.folder("jobs")
        newest = jobs.names()[-1:]
        if not newest:
            return 0.0
        status = jobs.folder(newest[0]).series("status").last()
        if status is None or status[1]["state"] not in ENDED:
            return None
        return float(status[1]["time"])

    def _has_another_my_name(self) -> bool:
        last = self._generation.series(f"hosts/{self._config.name}").last()
        mine = self._config.record("", "", os.getpid())
        return last is not None and any(last[1].get(k) != mine[k] for k in ("pid", "details"))

    def _last_of_chief(self) -> str | None:
        chief = self._generation.series("hosts/host-0").last()
        if chief is None or chief[1]["state"] != "ended":
            return None
        return str(chief[1].get("reason") or "it gave no reason")
