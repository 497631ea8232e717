"""One row per URL scheme: how it is spelled, what opens it, or the sentence that makes it work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from windrow.errors import MissingExtraError, UnknownSchemeError

if TYPE_CHECKING:
    from windrow.io.storage import Storage

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters or more: C:\ is a drive


@dataclass(frozen=True)
class Row:
    """A scheme.

    Attributes
    ----------
    opener
        ``module:class`` of its `Storage`, imported when first used; empty when there is none.
    advice
        What to do to be able to use it, or all of it.
    """

    opener: str
    advice: str = ""


ROWS = {
    "file": Row("windrow.io.local:LocalStorage"),
    "http": Row("windrow.io.http:HttpStorage"),
    "https": Row("windrow.io.http:HttpStorage"),
    "s3": Row(
        "windrow.io.s3:S3Storage",
        "install what reads profiles: pip install 'windrow[ec2]'; or set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY",
    ),
    "hdfs": Row(
        "windrow.io.hdfs:HdfsStorage",
        "install what reads it: pip install 'windrow[hadoop]'; and set HADOOP_CONF_DIR",
    ),
}


def scheme_of(url: str) -> str:
    """Return the scheme of a URL; a plain path is a ``file``.

    >>> scheme_of("HTTP://host/a.csv"), scheme_of("data/a.csv"), scheme_of("C:/a.csv")
    ('http', 'file', 'file')
    """
    found = _SCHEME.match(url)
    return found[1].lower() if found else "file"


def storage_of(url: str) -> Storage:
    """Return what reads and writes a URL.

    Raises
    ------
    UnknownSchemeError
        There is no row for its scheme.
    MissingExtraError
        The scheme is known but cannot be used here; the error says what to install.

    >>> type(storage_of("data/a.csv")).__name__
    'LocalStorage'
    """
    scheme = scheme_of(url)
    if scheme not in ROWS:
        raise UnknownSchemeError(url, tuple(ROWS))
    row = ROWS[scheme]
    if not row.opener:
        raise MissingExtraError(f"{scheme}://", row.advice)
    return _opened(row.opener)


@cache
def _opened(opener: str) -> Storage:
    module, name = opener.split(":")
    return cast("Storage", getattr(import_module(module), name)())
