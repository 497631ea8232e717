"""Checkpoints: states from which a program can go on, numbered in a folder, the last two kept.

Each is an npz file of arrays and a JSON file that names its checksum; both are written once, under
a number that nobody used before, the arrays first. A checkpoint counts when both were read back and
are what was written, and only then do older ones go. So whoever is killed at whatever moment leaves
one to resume from::

    000007.npz  000007.json  000008.npz  000008.json
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.errors import DamagedCheckpointError, NoCheckpointError, SourceNotFoundError
from windrow.io.arrays import checksum, packed, record_checksum, unpacked
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Checkpoint", "Checkpoints", "Keeper"]

FORMAT, VERSION = "windrow checkpoint", 1
KEPT = 2
_FILE = re.compile(r"(\d{6,})\.(json|npz)$")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state that can be gone on from.

    Attributes
    ----------
    number
        Grows with each one kept in the folder.
    arrays, record
        What was kept; the record is a JSON object.
    """

    number: int
    arrays: Mapping[str, NDArray[Any]]
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints in a folder.

    Parameters
    ----------
    url
        The folder, made when the first is kept.

    Examples
    --------
    >>> import numpy as np
    >>> folder = Checkpoints("kept")
    >>> for step in range(1, 4):
    ...     folder.keep({"b": np.full(2, step)}, {"step": step})
    >>> newest = folder.newest()
    >>> newest.number, newest.record, newest.arrays["b"]
    (3, {'step': 3}, array([3, 3]))
    >>> folder.numbers()
    [2, 3]
    """

    url: str

    def numbers(self) -> list[int]:
        """Numbers of the checkpoints, ascending, damaged ones included."""
        return sorted(number for number, kind in self._files() if kind == "json")

    def keep(self, arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any]) -> None:
        """Write a checkpoint, read it back, then remove all but the last two.

        Raises
        ------
        DamagedCheckpointError
            What was read back is not what was written.
        DiskFullError, UnwritableError
            It cannot be written; those that were there stay.
        """
        data = packed(arrays)
        number = max((found for found, _ in self._files()), default=0) + 1
        while not self._put(number, "npz", data):
            number += 1
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "arrays_sha256": checksum(data),
            "record": record,
            "record_sha256": record_checksum(record),
        }
        text = json.dumps(manifest, ensure_ascii=False).encode()
        self._check(number, "npz", data)
        if not self._put(number, "json", text):
            raise DamagedCheckpointError(self.url, number, "its record is another's")
        self._check(number, "json", text)
        self._forget_before(number)

    def newest(self) -> Checkpoint:
        """Return the last checkpoint that is whole.

        Raises
        ------
        NoCheckpointError
            There is none; the error says what is wrong with those that are there.
        """
        problems = []
        for number in reversed(self.numbers()):
            try:
                return self._read(number)
            except DamagedCheckpointError as error:
                problems.append(f"{number:06d}: {error.problem}")
        raise NoCheckpointError(self.url, tuple(problems))

    def _read(self, number: int) -> Checkpoint:
        try:
            manifest = json.loads(self._get(number, "json"))
            if manifest["format"] != FORMAT or manifest["version"] > VERSION:
                found = f"{manifest['format']} {manifest['version']}"
                problem = f"it is a {found!r}, and this version reads {FORMAT} {VERSION}"
                raise DamagedCheckpointError(self.url, number, problem)
            sums = manifest["arrays_sha256"], manifest["record_sha256"]
            record = manifest["record"]
            data = self._get(number, "npz")
        except (ValueError, KeyError, TypeError) as error:
            problem = f"its record cannot be read ({error})"
            raise DamagedCheckpointError(self.url, number, problem) from error
        except SourceNotFoundError as error:
            raise DamagedCheckpointError(self.url, number, "a file of it is missing") from error
        if (checksum(data), record_checksum(record)) != sums:
            raise DamagedCheckpointError(self.url, number, "a checksum differs")
        return Checkpoint(number, unpacked(data), record)

    def _check(self, number: int, kind: str, data: bytes) -> None:
        """Read back what was just written."""
        if checksum(self._get(number, kind)) != checksum(data):
            raise DamagedCheckpointError(self.url, number, "it reads back as something else")

    def _forget_before(self, number: int) -> None:
        """Remove all that is older than the last but one; of each the record first."""
        stays = sorted(found for found in self.numbers() if found <= number)[-KEPT:]
        for found, kind in sorted(self._files()):
            if found < stays[0]:
                storage_of(self.url).remove(self._at(found, kind))

    def _files(self) -> list[tuple[int, str]]:
        names = storage_of(self.url).names(self.url)
        return [(int(found[1]), found[2]) for name in names if (found := _FILE.match(name))]

    def _at(self, number: int, kind: str) -> str:
        return f"{self.url}/{number:06d}.{kind}"

    def _put(self, number: int, kind: str, data: bytes) -> bool:
        return storage_of(self.url).put_if_absent(self._at(number, kind), data)

    def _get(self, number: int, kind: str) -> bytes:
        storage = storage_of(self.url)
        stamp = storage.stat(self._at(number, kind))
        return storage.read(stamp, 0, storage.size(stamp))


class Keeper:
    """Keeps states as they come, at most one every so many seconds.

    Parameters
    ----------
    checkpoints
        Where.
    seconds
        From the end of one write to the begin of the next; 0 keeps each state.
    """

    def __init__(self, checkpoints: Checkpoints, seconds: float) -> None:
        self._checkpoints, self._seconds = checkpoints, seconds
        self._due = time.monotonic()

    def __call__(
        self, arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any], *, now: bool = False
    ) -> None:
        """Keep a state if it is time to, or if `now`."""
        if now or time.monotonic() >= self._due:
            self._checkpoints.keep(arrays, record)
            self._due = time.monotonic() + self._seconds
