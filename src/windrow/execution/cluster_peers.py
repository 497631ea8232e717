"""Files of other hosts' workers, fetched from worker to worker over Dask's own connections."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from distributed.core import rpc
from distributed.protocol.serialize import Serialize

from windrow.config import settings

if TYPE_CHECKING:
    import distributed

    from windrow.execution.spool import FileKey, Spool

__all__ = ["HostPeers"]


PATIENCE = 5.0
"""Seconds to reach another worker. Dask itself would knock for 30 s where nobody listens."""


class HostPeers:
    """The other workers, seen from one; see `Peers`.

    Parameters
    ----------
    worker
        This process's worker, not yet started; it will answer others from the running loop.
    spool
        What it answers from.
    """

    def __init__(self, worker: distributed.Worker, spool: Spool) -> None:
        self._worker, self._spool = worker, spool
        self._loop = asyncio.get_running_loop()
        self._gone: set[str] = set()
        self._others: dict[str, Any] = {}  # used by the loop alone
        worker.handlers["windrow_part"] = self._give

    @property
    def address(self) -> str:
        """See `Peers`."""
        return str(self._worker.address)

    def fetch(self, address: str, key: FileKey, part: int) -> bytes | None:
        """See `Peers`; who did not answer once is not asked again."""
        if address in self._gone:
            return None
        asked = asyncio.run_coroutine_threadsafe(self._ask(address, key, part), self._loop)
        try:
            return asked.result(settings().io_timeout)
        except (OSError, CancelledError):  # timeouts and lost connections are the former
            asked.cancel()
            self._gone.add(address)
            return None

    async def _ask(self, address: str, key: FileKey, part: int) -> bytes | None:
        if address not in self._others:
            security = self._worker.connection_args
            self._others[address] = rpc(address, timeout=PATIENCE, connection_args=security)
        answer = await self._others[address].windrow_part(key=key, part=part)
        return None if answer is None else bytes(answer)

    async def _give(self, key: tuple[str, int], part: int) -> object:
        """Answer another worker, without holding up this one's loop."""
        data = await asyncio.to_thread(self._spool.own, (key[0], key[1]), part)
        return None if data is None else Serialize(data)
