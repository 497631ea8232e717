"""Which nodes have the blocks of a file: asked of the NameNode's web pages (WebHDFS).

The client library does not say. Where WebHDFS does not answer (it is off, or wants Kerberos) every
node is equally near: that costs time on the network, never an answer.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import closing, suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from windrow.io.hdfs_settings import name_nodes
from windrow.io.storage import Home

if TYPE_CHECKING:
    from windrow.plan.sources import FileStamp

__all__ = ["homes"]

SECONDS = 5.0
"""In which a NameNode must say where blocks are."""
KEPT = 4096
"""Files of which it is remembered."""


@lru_cache(maxsize=KEPT)
def homes(stamp: FileStamp) -> tuple[Home, ...]:
    """Return where a file's blocks are; nothing where nobody says.

    Parameters
    ----------
    stamp
        The file, ``hdfs://...``.
    """
    authority, _, path = stamp.url.partition("://")[2].partition("/")
    user = os.environ.get("HADOOP_USER_NAME") or getpass.getuser()
    found = _pages(authority, os.environ.get("HADOOP_CONF_DIR", ""), user).ask(f"/{path}")
    return tuple(
        Home(
            block["offset"],
            block["offset"] + block["length"],
            frozenset(map(_resolved, block["hosts"])),
        )
        for block in found
    )


class _Pages:
    """The NameNodes of one file system. Who cannot be reached once is not asked again."""

    def __init__(self, addresses: list[str], user: str) -> None:
        self._addresses, self._user = addresses, user

    def ask(self, path: str) -> list[dict[str, Any]]:
        """Return the blocks of a file, as WebHDFS describes them."""
        query = urlencode({"op": "GETFILEBLOCKLOCATIONS", "user.name": self._user})
        for address in self._addresses:
            try:
                answer = _got(address, f"/webhdfs/v1{quote(path)}?{query}")
            except (OSError, HTTPException):
                self._addresses = [other for other in self._addresses if other != address]
                continue
            # On standby, without WebHDFS, or with a lock that we have no key to, it says no blocks.
            with suppress(ValueError, KeyError):
                found: list[dict[str, Any]] = json.loads(answer)["BlockLocations"]["BlockLocation"]
                return found
        return []


def _got(address: str, path: str) -> bytes:
    with closing(HTTPConnection(address, timeout=SECONDS)) as line:
        line.request("GET", path)
        return line.getresponse().read()


@lru_cache(maxsize=16)
def _pages(authority: str, settings: str, user: str) -> _Pages:
    return _Pages(name_nodes(authority, settings), user)


@lru_cache(maxsize=KEPT)
def _resolved(name: str) -> str:
    try:
        return socket.gethostbyname(name)
    except OSError:  # a name of another network: it is nobody's here
        return name
