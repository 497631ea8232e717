"""Saved tables: a folder of Parquet parts and a manifest, which alone says what belongs to it.

Parts get names of their own each time, and the manifest is written last and at once: a reader sees
the table before or after a save, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from windrow.errors import DamagedFolderError, NewerFormatError, SourceNotFoundError
from windrow.io.registry import storage_of
from windrow.plan.sources import ParquetFormat
from windrow.plan.tables import Scan
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.schema import Schema
    from windrow.plan.sources import FileStamp

MANIFEST = "manifest.json"
FORMAT = "windrow-table"
VERSION = 1
_AT_ONCE = 16  # parts that are looked at: a server far away takes its time for each


def is_saved(url: str) -> bool:
    """Whether there is a saved table at a URL.

    >>> is_saved("no-such-folder")
    False
    """
    return storage_of(url).exists(manifest_at(url))


def open_saved(url: str) -> Scan:
    """Open a saved table; reads its manifest and looks whether the parts are there.

    Raises
    ------
    SourceNotFoundError
        There is no manifest.
    NewerFormatError
        A newer windrow saved it.
    DamagedFolderError
        A part is missing or has another size, or the manifest is not as it was written.
    """
    found = manifest_of(url)
    try:
        columns = tuple((str(name), DType(kind)) for name, kind in found["columns"])
        parts = [(str(part["file"]), int(part["bytes"])) for part in found["parts"]]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            files = tuple(pool.map(lambda part: _part(url, *part), parts))
        footers = tuple(str(part["footer_sha256"]) for part in found["parts"])
        return Scan(files, ParquetFormat(footers), columns)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFolderError(url, f"its manifest makes no sense ({error!r})") from error


def manifest_of(url: str) -> dict[str, Any]:
    """Read the manifest of a saved table."""
    storage, at = storage_of(url), manifest_at(url)
    if not storage.exists(at):
        raise SourceNotFoundError(url, f"it has no {MANIFEST}, so it is no saved table")
    try:
        found = json.loads(b"".join(storage.stream(storage.stat(at))))
    except ValueError as error:
        raise DamagedFolderError(url, f"{MANIFEST} is no JSON") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DamagedFolderError(url, f"{MANIFEST} is not that of a table")
    version = found.get("version")
    if not isinstance(version, int):
        raise DamagedFolderError(url, f"{MANIFEST} tells no version")
    if version > VERSION:
        raise NewerFormatError(url, version, VERSION)
    if found.pop("sha256", None) != _checksum(found):
        raise DamagedFolderError(url, f"the checksum of its {MANIFEST} differs")
    return found


def manifest_text(schema: Schema, parts: Sequence[dict[str, Any]]) -> bytes:
    """Return the manifest of a table."""
    columns = [[name, kind.value] for name, kind in schema.items()]
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "columns": columns,
        "parts": list(parts),
    }
    record["sha256"] = _checksum(record)
    return json.dumps(record, indent=1, ensure_ascii=False).encode()


def manifest_at(url: str) -> str:
    """Return the URL of the manifest of a folder."""
    return f"{url.rstrip('/')}/{MANIFEST}"


def _checksum(record: dict[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _part(url: str, name: str, size: int) -> FileStamp:
    at = f"{url.rstrip('/')}/{name}"
    try:
        stamp = storage_of(url).stat(at)
    except SourceNotFoundError as error:
        raise DamagedFolderError(url, f"its part {name} is missing") from error
    if stamp.size != size:
        raise DamagedFolderError(url, f"its part {name} has {stamp.size} of {size} bytes")
    return stamp
