"""What HDFS's refusals mean to a user; the client library tells of them in text alone."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from windrow.errors import SourceNotFoundError, SourceRefusedError, UnwritableError, WindrowError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REFUSALS", "reading", "writing"]

REFUSALS = (OSError, RuntimeError, ValueError)
"""What hdfs-native raises."""
WHAT_TO_DO = {
    "SafeModeException": "the NameNode is in safe mode: wait until it has found its blocks, or ask "
    "an administrator for hdfs dfsadmin -safemode leave",
    "AccessControlException": "HADOOP_USER_NAME, or the Kerberos ticket, is somebody who may not",
    "Connection refused": "nothing listens there: is the NameNode up, and is HADOOP_CONF_DIR set?",
    "No NameNode": "write hdfs://host:8020/path, or name the folder with Hadoop's settings in "
    "HADOOP_CONF_DIR",
    "StandbyException": "every NameNode is on standby; ask an administrator",
    "QuotaExceeded": "the folder's quota is used up",
    "kerberos": "run kinit",
}
_CLASS = re.compile(r"(?:[a-z]+\.)+(\w+Exception)")


def reason_of(error: BaseException) -> str:
    """Say in one sentence what HDFS said, and what to do.

    >>> reason_of(OSError("IO error: Connection refused (os error 111)"))[:42]
    'IO error: Connection refused (os error 111'
    """
    said = " ".join(str(error).split())[:300]
    advice = [what for word, what in WHAT_TO_DO.items() if word.lower() in said.lower()]
    return "; ".join([said, *advice[:1]])


@contextmanager
def reading(url: str) -> Iterator[None]:
    """Turn what the library raises into our errors of reading a URL."""
    try:
        yield
    except WindrowError:
        raise
    except FileNotFoundError:
        raise SourceNotFoundError(url, "no file is there") from None
    except REFUSALS as error:
        if "FileNotFound" in str(error) or "not found" in str(error):
            raise SourceNotFoundError(url, "no file is there") from None
        raise SourceRefusedError(url, 0, reason_of(error)) from error


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Turn what the library raises into our error of writing a URL."""
    try:
        yield
    except WindrowError:
        raise
    except REFUSALS as error:
        raise UnwritableError(url, reason_of(error)) from error
