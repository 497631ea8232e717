"""The state store of a cluster: a folder at a URL in which nothing is updated in place.

A file is written once, whole, or not at all. What changes is a *series*: numbered files, of which
the highest counts; each number is claimed by writing its file only if there is none. So two who
think that they are in charge cannot both win, and a reader never sees half a record.

::

    gen-0001/                 one life of the cluster
      cluster/000001.json     what it is, later why it ended
      epoch/000001.json       one life of its scheduler: its address
      hosts/<name>/000001.json
      tls/                    certificates and the signing key (mode 0700)
      logs/<host>/<process>.log
      jobs/<id>/spec, status/000001.json, events/000001.json, result
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.errors import SourceNotFoundError, StateConflictError
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_GENERATION = re.compile(r"gen-(\d{4,})$")
_ENTRY = re.compile(r"(\d{6,})\.json$")
_ATTEMPTS = 100


@dataclass(frozen=True)
class Folder:
    """A place in the store.

    Parameters
    ----------
    url
        Without a slash at the end.
    """

    url: str

    def folder(self, name: str) -> Folder:
        """Return a folder inside this one."""
        return Folder(f"{self.url}/{name}")

    def series(self, name: str) -> Series:
        """Return a series of records inside this one."""
        return Series(self.folder(name))

    def put(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet; False when it is."""
        return storage_of(self.url).put_if_absent(f"{self.url}/{name}", data)

    def get(self, name: str) -> bytes | None:
        """Return a file's bytes; None when there is none."""
        storage = storage_of(self.url)
        try:
            stamp = storage.stat(f"{self.url}/{name}")
            return storage.read(stamp, 0, storage.size(stamp))
        except SourceNotFoundError:
            return None

    def names(self) -> list[str]:
        """Names of the files and folders directly inside, sorted."""
        return storage_of(self.url).names(self.url)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        storage_of(self.url).remove(self.url)


@dataclass(frozen=True)
class Series:
    """Records that only ever grow in number; the last one counts."""

    folder: Folder

    def last(self) -> tuple[int, dict[str, Any]] | None:
        """Return the highest number and its record; None when there is no record yet."""
        numbers = self.numbers()
        return None if not numbers else (numbers[-1], self.at(numbers[-1]))

    def numbers(self) -> list[int]:
        """Numbers of the records, ascending."""
        names = self.folder.names()
        return sorted(int(found[1]) for name in names if (found := _ENTRY.match(name)))

    def at(self, number: int) -> dict[str, Any]:
        """Return one record."""
        data = self.folder.get(_entry(number))
        if data is None:
            raise SourceNotFoundError(f"{self.folder.url}/{_entry(number)}", "no such record")
        record: dict[str, Any] = json.loads(data)
        return record

    def after(self, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the records behind a number, in order."""
        for found in self.numbers():
            if found > number:
                yield found, self.at(found)

    def claim(self, number: int, record: dict[str, Any]) -> bool:
        """Write the record of this number; False when another did so before."""
        return self.folder.put(_entry(number), json.dumps(record).encode())

    def append(self, record: dict[str, Any]) -> int:
        """Write a record behind the last one and return its number."""
        last = self.numbers()
        number = last[-1] if last else 0
        for attempt in range(1, _ATTEMPTS + 1):
            if self.claim(number + attempt, record):
                return number + attempt
        raise StateConflictError(self.folder.url, _ATTEMPTS)


@dataclass(frozen=True)
class StateStore:
    """The state of a cluster over all of its lives.

    Parameters
    ----------
    url
        A folder: a path or a URL that is shared by client and hosts.
    """

    url: str

    @property
    def root(self) -> Folder:
        """The folder itself."""
        return Folder(self.url.rstrip("/"))

    def generation(self, number: int) -> Folder:
        """Return the folder of one life."""
        return self.root.folder(f"gen-{number:04d}")

    def generations(self) -> list[int]:
        """Numbers of the lives so far, ascending."""
        names = self.root.names()
        return sorted(int(found[1]) for name in names if (found := _GENERATION.match(name)))

    def begin(self, record: dict[str, Any]) -> tuple[int, Folder]:
        """Claim the next life; another that begins at the same time gets another number."""
        last = self.generations()
        number = last[-1] if last else 0
        for attempt in range(1, _ATTEMPTS + 1):
            folder = self.generation(number + attempt)
            if folder.series("cluster").claim(1, record):
                return number + attempt, folder
        raise StateConflictError(self.url, _ATTEMPTS)


def _entry(number: int) -> str:
    return f"{number:06d}.json"
