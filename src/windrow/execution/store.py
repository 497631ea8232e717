"""The block store of a worker: blocks by key, in memory within a budget, else on scratch disk.

No task owns a block. Whoever needs one names it and says how it is built; it is found in memory,
read back from scratch (checksums compared), or built again. What is kept where never changes a
result, only the time it takes.
"""

from __future__ import annotations

import os
import shutil
import threading
import zlib
from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from windrow.config import scratch_folder
from windrow.execution.notes import note, noting
from windrow.execution.spool import Spool
from windrow.io.local import writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from pathlib import Path

    from windrow.execution.notes import Notes
    from windrow.execution.protocol import RawBlock, Stored

T = TypeVar("T")
Key = tuple[str, int]
"""Name of the blocks, and number of the partition."""
Owner = tuple[str, str]
"""A driver and its job: it has one at a time, so when it begins another the first has ended."""

_owner: ContextVar[Owner] = ContextVar("windrow_owner", default=("", ""))


@dataclass
class _Resident:
    """A block in memory, and for which job it counts."""

    block: RawBlock
    owner: Owner


@dataclass(frozen=True)
class _Stored:
    """A block whose leaves lie in a scratch file."""

    path: Path
    kinds: tuple[type[Stored], ...]
    """Class of each leaf."""
    arrays: tuple[tuple[int, str, np.dtype[Any], tuple[int, ...], int, int], ...]
    """Of each array: leaf, name, type, shape, offset in the file, checksum."""
    shell: RawBlock
    """The block without its leaves."""
    owner: Owner


class Store:
    """Blocks of one worker process.

    Parameters
    ----------
    budget
        Bytes of leaves to keep in memory.
    jobs
        How many share them: each may have this part of the budget and never loses it to another,
        and what others leave on top of it until they want it.
    """

    def __init__(self, budget: int, jobs: int = 1) -> None:
        self.budget, self.share = budget, budget // jobs
        self._resident: OrderedDict[Key, _Resident] = OrderedDict()
        self._running: dict[str, Owner] = {}
        self._stored: dict[Key, _Stored] = {}
        self._broadcast: OrderedDict[Hashable, Any] = OrderedDict()
        self._building: dict[Hashable, threading.Lock] = {}
        self._noted: dict[Hashable, Notes] = {}
        self._lock = threading.RLock()
        self._folder: Path | None = None
        self._used = 0
        self.spool = Spool()
        """Files of partitions of tables."""
        self.spilled_bytes = 0
        """Bytes written to scratch so far."""

    @contextmanager
    def working_for(self, owner: Owner) -> Iterator[None]:
        """Count what this thread asks for inside a ``with`` block for a job.

        A block that several ask for counts once: for who asked first, while that job goes on.
        """
        with self._lock:
            self._running[owner[0]] = owner
        token = _owner.set(owner)
        try:
            yield
        finally:
            _owner.reset(token)

    def block(self, key: Key, build: Callable[[], RawBlock]) -> RawBlock:
        """Return a block: from memory, from scratch, or by `build`, once for all threads."""
        with self._lock:
            found = self._find(key)
            if found is not None:
                self._repeat(key)
                return found
            building = self._building.setdefault(key, threading.Lock())
        with building:
            with self._lock:
                found = self._find(key)
                stored = self._stored.get(key)
                if stored is not None and self._has_ended(stored.owner):
                    self._stored[key] = replace(stored, owner=_owner.get())
            block = found
            if block is None and stored is not None:
                block = self._read(stored)
            if block is None:
                block = self._built(key, build)
                self._keep(key, block)
            else:
                self._repeat(key)
            return block

    def release(self, owner: Owner) -> None:
        """Take a job for ended: what was built for it stays as long as nobody needs the room."""
        with self._lock:
            if self._running.get(owner[0]) == owner:
                self._running[owner[0]] = (owner[0], "")

    def broadcast(self, key: Hashable, build: Callable[[], Any]) -> Any:  # any value
        """Return a value that all tasks of this worker share, such as the small side of a join."""
        with self._lock:
            if key in self._broadcast:
                self._broadcast.move_to_end(key)
                self._repeat(key)
                return self._broadcast[key]
            building = self._building.setdefault(key, threading.Lock())
        with building:
            with self._lock:
                if key in self._broadcast:
                    self._repeat(key)
                    return self._broadcast[key]
            value = self._built(key, build)
            with self._lock:
                self._broadcast[key] = value
                while len(self._broadcast) > _BROADCASTS:
                    self._broadcast.popitem(last=False)
            return value

    def held(self) -> dict[str, int]:
        """Count partitions in memory and on scratch, and bytes in memory.

        Waits for nobody: a block that moves just now may be missing from the counts.

        >>> Store(1 << 20).held()
        {'in_memory': 0, 'on_scratch': 0, 'bytes': 0}
        """
        counts = len(self._resident), len(self._stored) + len(self.spool), self._used
        return dict(zip(("in_memory", "on_scratch", "bytes"), counts, strict=True))

    def forget(self, *names: str) -> None:
        """Drop every block and file of these names; whoever asks for one again builds it again."""
        self.spool.forget(names)
        with self._lock:
            for key in [key for key in self._resident if key[0] in names]:
                self._used -= self._resident.pop(key).block.nbytes
            for key in [key for key in self._stored if key[0] in names]:
                self._stored.pop(key).path.unlink(missing_ok=True)

    def close(self) -> None:
        """Drop everything and remove the scratch files."""
        self.spool.close()
        with self._lock:
            self._resident.clear()
            self._stored.clear()
            self._broadcast.clear()
            self._used = 0
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _built(self, key: Hashable, build: Callable[[], T]) -> T:
        """Build something, and remember what is noted of it."""
        with noting() as notes:
            value = build()
        with self._lock:
            self._noted[key] = notes
            self._repeat(key)
        return value

    def _repeat(self, key: Hashable) -> None:
        """Say again what was noted when this was built."""
        note(self._noted.get(key, {}))

    def _find(self, key: Key) -> RawBlock | None:
        """Return a block in memory; one whose job has ended counts for who asks from now on."""
        found = self._resident.get(key)
        if found is None:
            return None
        self._resident.move_to_end(key)
        if self._has_ended(found.owner):
            found.owner = _owner.get()
        return found.block

    def _keep(self, key: Key, block: RawBlock) -> None:
        """Keep a new block, in memory if there is room for it or some can be made.

        A job may have more than its share while nobody else wants it; blocks of jobs that ended
        make room first, and are gone, then those of a job above its share for one that stays
        within. So scratch holds blocks of jobs that run, and of ended ones until another writes.

        Blocks of one name are swept from first to last again and again; exchanging them within
        the sweep would miss every time, so what does not fit goes to disk and stays there.
        """
        with self._lock:
            owner, size = _owner.get(), block.nbytes
            self._drop_ended(size)
            if self._used_by(owner) + size <= self.share:
                self._make_room(size, lambda _, other: self._used_by(other) > self.share)
            self._make_room(size, lambda name, other: other == owner and name != key[0])
            if self._used + size <= self.budget:
                self._resident[key] = _Resident(block, owner)
                self._used += size
            else:
                self._stored[key] = self._write(key, block, owner)

    def _drop_ended(self, size: int) -> None:
        """Drop blocks of jobs that ended until so many bytes more would fit."""
        for key, resident in list(self._resident.items()):
            if self._used + size <= self.budget:
                return
            if self._has_ended(resident.owner):
                self._used -= self._resident.pop(key).block.nbytes
        for key, stored in list(self._stored.items()):
            if self._has_ended(stored.owner):
                self._stored.pop(key).path.unlink(missing_ok=True)

    def _make_room(self, size: int, may_go: Callable[[str, Owner], bool]) -> None:
        """Move blocks, by name and owner, to scratch until so many bytes more would fit."""
        for key, resident in list(self._resident.items()):
            if self._used + size <= self.budget:
                return
            if may_go(key[0], resident.owner):
                self._evict(key)

    def _evict(self, key: Key) -> None:
        """Move a block from memory to scratch."""
        resident = self._resident.pop(key)
        self._used -= resident.block.nbytes
        if key not in self._stored:
            self._stored[key] = self._write(key, resident.block, resident.owner)

    def _used_by(self, owner: Owner) -> int:
        return sum(r.block.nbytes for r in self._resident.values() if r.owner == owner)

    def _has_ended(self, owner: Owner) -> bool:
        """Whether the job's driver has another by now."""
        return self._running.get(owner[0], owner) != owner

    def _write(self, key: Key, block: RawBlock, owner: Owner) -> _Stored:
        if self._folder is None:
            self._folder = scratch_folder("blocks")
        path = self._folder / f"{key[0]}-{key[1]}"
        arrays = []
        what = f"blocks of a table in {self._folder}"
        with writing_to(what, self._folder), path.open("wb") as file:
            for number, leaf in enumerate(block.leaves):
                for name, array in leaf.to_arrays().items():
                    data = np.ascontiguousarray(array)
                    view = memoryview(data.reshape(-1).view(np.uint8).data)
                    arrays.append(
                        (number, name, data.dtype, data.shape, file.tell(), zlib.crc32(view))
                    )
                    file.write(view)
            self.spilled_bytes += file.tell()
        kinds = tuple(type(leaf) for leaf in block.leaves)
        return _Stored(path, kinds, tuple(arrays), replace(block, leaves=()), owner)

    @staticmethod
    def _read(stored: _Stored) -> RawBlock | None:
        """Read a block back; None when its file is damaged or gone, so that it is built again."""
        leaves: dict[int, dict[str, np.ndarray[Any, Any]]] = {}
        try:
            descriptor = os.open(stored.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            for number, name, dtype, shape, offset, checksum in stored.arrays:
                data = np.empty(shape, dtype)
                view = memoryview(data.reshape(-1).view(np.uint8).data)
                if not _fill(descriptor, view, offset) or zlib.crc32(view) != checksum:
                    return None
                leaves.setdefault(number, {})[name] = data
        finally:
            os.close(descriptor)
        return replace(
            stored.shell,
            leaves=tuple(kind.from_arrays(leaves[n]) for n, kind in enumerate(stored.kinds)),
        )


_BROADCASTS = 8
"""Shared values that a store keeps."""


def _fill(descriptor: int, view: memoryview, offset: int) -> bool:
    """Read into all of a buffer (mapped pages would count as the process's memory)."""
    done = 0
    while done < len(view):
        got = os.preadv(descriptor, [view[done:]], offset + done)
        if got == 0:
            return False
        done += got
    return True
