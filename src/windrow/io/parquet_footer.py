"""The footer of a Parquet file, which says where all else is; and what to say of damaged files.

Pages carry checksums of their own, which Arrow compares; footers carry none. So a saved table keeps
those of its parts' footers in its manifest: a byte that changed is an error wherever it lies.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from windrow.errors import DamagedFolderError, FileFormatError, WindrowError
from windrow.io.compression import RangeFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.plan.sources import FileStamp

MAGIC = b"PAR1"
TAIL = 1 << 16
"""Bytes read at first; few footers are longer."""


def footer_length(tail: bytes | memoryview) -> int:
    """Bytes of the footer, its length and the magic bytes included, from the end of a file.

    >>> footer_length(bytes([3, 0, 0, 0]) + MAGIC)
    11
    """
    return int.from_bytes(tail[-8:-4], "little") + 8


def checksum(footer: bytes | memoryview) -> str:
    """SHA-256 of a footer, in hexadecimal."""
    return hashlib.sha256(footer).hexdigest()


def metadata(stamp: FileStamp, wanted: str = "") -> Any:
    """Read the footer of a file, and nothing else.

    Parameters
    ----------
    stamp
        The file.
    wanted
        The checksum that the footer must have; empty if none is known.

    Returns
    -------
    pyarrow.parquet.FileMetaData

    Raises
    ------
    FileFormatError, DamagedFolderError
        There is no whole footer, or (a part of a saved table) another one.
    """
    import pyarrow.parquet as pq

    with RangeFile(stamp) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - TAIL))
        tail = file.read(TAIL)
        length = footer_length(tail)
        if len(tail) < length <= size:
            file.seek(size - length)
            tail = file.read(length)
    if not tail.endswith(MAGIC) or length > size:
        raise damaged(stamp, wanted, "is no whole Parquet file")
    footer = tail[-length:]
    if wanted and checksum(footer) != wanted:
        raise damaged(stamp, wanted, "has a footer with another checksum")
    with damage(stamp, wanted):
        return pq.read_metadata(io.BytesIO(MAGIC + footer))


@contextmanager
def damage(stamp: FileStamp, wanted: str) -> Iterator[None]:
    """Give what Arrow says of damaged bytes a name."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:  # its own OSErrors have no number
        if isinstance(error, WindrowError) or getattr(error, "errno", None) is not None:
            raise
        why = " ".join(str(error).split())
        raise damaged(stamp, wanted, f"is damaged ({why})") from error


def damaged(stamp: FileStamp, wanted: str, problem: str) -> WindrowError:
    """Make the error for a file, which is a part of a saved table if a checksum is known."""
    folder, _, name = stamp.url.rpartition("/")
    if wanted:
        return DamagedFolderError(folder, f"its part {name} {problem}")
    return FileFormatError(stamp.url, problem, "fetch or write it again")
