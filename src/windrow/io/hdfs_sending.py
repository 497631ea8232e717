"""A file's way to HDFS: sent aside, whole, and again where a DataNode does not take it.

Until the NameNode notices that a DataNode is gone (ten minutes, by default) it names it for new
blocks, and the client library gives up at the first that refuses. It gives up as well where the
NameNode asks for patience: a busy DataNode has not yet reported the block before. Sent again, a
file is given other nodes, and is one block.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING

from windrow.config import Deadline
from windrow.io.hdfs_errors import REFUSALS, writing
from windrow.io.storage import CHUNK

if TYPE_CHECKING:
    from hdfs_native import Client

__all__ = ["KEPT", "send"]

KEPT = 64 << 20
"""Bytes of a file that are kept in memory until all of it is there; more are kept on disk."""
PATIENCE = 20.0
"""Seconds in which nodes must be found that take a file."""
PAUSE = 0.2
BLOCK = 1 << 20
"""Sizes of blocks are multiples of it."""
_PASSES = re.compile(r"os error|connection|end of file|NotReplicatedYet", re.IGNORECASE)


def send(client: Client, url: str, path: str, source: IO[bytes]) -> str:
    """Write a file beside its place, and return where.

    Parameters
    ----------
    client
        Of the file system.
    url, path
        The file that it is to be.
    source
        Its bytes; can be read again.

    Raises
    ------
    UnwritableError
        It is refused, or no nodes were found that take it.
    """
    from hdfs_native import WriteOptions

    deadline = Deadline(PATIENCE, "DataNodes that take a file")
    folder, _, name = path.rpartition("/")
    blocks = WriteOptions()
    while True:
        aside = f"{folder}/.{name}.{secrets.token_hex(8)}"
        with writing(url):
            file = client.create(aside, blocks)
            try:
                source.seek(0)
                while data := source.read(CHUNK):
                    file.write(data)
                file.close()
            except BaseException as error:
                # As garbage the library's writer would try to complete the file, for ever.
                file.inner = BytesIO()  # type: ignore[assignment]
                with suppress(*REFUSALS):  # why it could not be written says more
                    client.delete(aside)
                again = isinstance(error, REFUSALS) and _PASSES.search(str(error))
                if not again or deadline.expired():
                    raise
                blocks = WriteOptions(block_size=BLOCK * (1 + source.seek(0, os.SEEK_END) // BLOCK))
            else:
                return aside
        deadline.pause(PAUSE)
