"""Files of a worker: partitions of tables that are too large to pass through the driver.

A file is named by key and partition and has numbered parts, each a frame as an Arrow IPC stream.
It lies in the scratch of the worker that made it and is fetched from there by whoever needs it.
Nothing depends on its being there: a file that is damaged, dropped, or gone with its host is built
again from its recipe (`windrow.execution.spooled`).
"""

from __future__ import annotations

import os
import shutil
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from windrow.config import scratch_folder
from windrow.execution.cancel import check
from windrow.execution.notes import note, noting
from windrow.io import memory
from windrow.io.local import writing_to
from windrow.io.scratch import pread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import polars as pl

    from windrow.execution.notes import Notes

__all__ = ["FileKey", "Filed", "Peers", "Spool"]

FileKey = tuple[str, int]
"""Name of the files, and number of the partition."""


@dataclass(frozen=True)
class Filed:
    """What a driver knows of a file.

    Attributes
    ----------
    address
        The worker that has it; means something to its peers alone.
    rows
        Rows of each part.
    nbytes
        Size in all.
    """

    address: str
    rows: tuple[int, ...]
    nbytes: int


class Peers(Protocol):
    """The other workers, where stores are not shared."""

    @property
    def address(self) -> str:
        """Where they find this worker; also a place for `Workers.map`."""
        ...

    def fetch(self, address: str, key: FileKey, part: int) -> bytes | None:
        """Return a part of another's file; None when that worker or its file is gone."""
        ...


@dataclass(frozen=True)
class _File:
    path: Path
    parts: tuple[tuple[int, int, int], ...]
    """Of each part: where it begins, where it ends, checksum."""
    filed: Filed
    notes: Notes
    """What its making had to say; so has everyone who finds it made."""


class Spool:
    """The files of one worker, and the way to those of others.

    Attributes
    ----------
    peers
        None where all workers share one store.

    Examples
    --------
    >>> import polars as pl
    >>> spool = Spool()
    >>> filed = spool.keep(("doubles", 0), lambda: [pl.DataFrame({"a": [2, 4]})])
    >>> filed.rows, memory.unpacked(spool.own(("doubles", 0), 0))["a"].to_list()
    ((2,), [2, 4])
    >>> spool.close()
    """

    def __init__(self) -> None:
        self.peers: Peers | None = None
        self._files: dict[FileKey, _File] = {}
        self._building: dict[FileKey, threading.Lock] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._made = 0

    def __len__(self) -> int:
        return len(self._files)

    def keep(self, key: FileKey, build: Callable[[], Iterable[pl.DataFrame]]) -> Filed:
        """Return what there is of a file, made from the parts that `build` gives if need be."""
        with self._lock:
            building = self._building.setdefault(key, threading.Lock())
        with building:
            with self._lock:
                file = self._files.get(key)
            if file is None:
                file = self._write(build)
                with self._lock:
                    self._files[key] = file
        with self._lock:
            self._building.pop(key, None)
        note(file.notes)
        return file.filed

    def own(self, key: FileKey, part: int) -> bytes | None:
        """Read a part of a file that this worker has; None when it is not there or damaged."""
        with self._lock:
            file = self._files.get(key)
        if file is None:
            return None
        start, stop, checksum = file.parts[part]
        try:
            descriptor = os.open(file.path, os.O_RDONLY)
        except FileNotFoundError:
            data = b""
        else:
            try:
                data = pread(descriptor, start, stop)
            finally:
                os.close(descriptor)
        if len(data) == stop - start and zlib.crc32(data) == checksum:
            return data
        with self._lock:
            if self._files.get(key) is file:
                del self._files[key]
        return None

    def find(self, address: str, key: FileKey, part: int) -> bytes | None:
        """Read a part of a file that this worker or another has."""
        data = self.own(key, part)
        if data is None and self.peers is not None and address != self.peers.address:
            data = self.peers.fetch(address, key, part)
        return data

    def forget(self, names: Iterable[str]) -> None:
        """Remove the files of these names; whoever needs one again builds it again."""
        gone = set(names)
        with self._lock:
            files = [self._files.pop(key) for key in list(self._files) if key[0] in gone]
        for file in files:
            file.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._files.clear()
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _write(self, build: Callable[[], Iterable[pl.DataFrame]]) -> _File:
        path = self._new_path()
        parts, rows, end = [], [], 0
        try:
            what = f"partitions of a table in {path.parent}"
            with noting() as notes, writing_to(what, path.parent), path.open("wb") as file:
                for frame in build():
                    check()
                    data = memory.packed(frame)
                    file.write(data)
                    parts.append((end, end + len(data), zlib.crc32(data)))
                    rows.append(frame.height)
                    end += len(data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        address = "" if self.peers is None else self.peers.address
        return _File(path, tuple(parts), Filed(address, tuple(rows), end), notes)

    def _new_path(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = scratch_folder("spool")
            self._made += 1
            return self._folder / str(self._made)
