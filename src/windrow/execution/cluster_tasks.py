"""What crosses between a driver and the hosts' workers: tasks, and what becomes of them.

A task is pickled with references in the place of plans, tables and block recipes: these are large,
the same for many tasks, and named by their content, so each crosses once to each host and is
unpickled there once. What is left (a kernel, coefficients, partition numbers) travels every time.

The scheduler imports this module and unpickles requests, but none of the parcels in them: so it
imports no engine and no kernels.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import threading
import traceback
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from windrow.config import configured_here
from windrow.errors import RemoteError, ToolkitError
from windrow.execution.cancel import Cancellation, cancellable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from windrow.execution.store import Store

    Bytes = NDArray[np.uint8]

__all__ = ["Failure", "Packer", "Parcel", "Request", "cancel", "carry", "forget", "run", "serve"]

KEPT = 64
"""Shared values that either side remembers."""


@dataclass(frozen=True)
class Parcel:
    """A pickled value.

    Attributes
    ----------
    data
        The pickle.
    arrays
        Bytes of the arrays in it, which are not copied.
    needs
        Keys of the shared values that it refers to, those that they refer to included.
    """

    data: bytes
    arrays: tuple[Bytes, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Size on the wire."""
        return len(self.data) + sum(array.nbytes for array in self.arrays)


@dataclass(frozen=True)
class Request:
    """One item of a task.

    Attributes
    ----------
    call
        Names the map that it belongs to, so that it can be cancelled.
    task
        The task; None when it comes as a value of its own.
    item
        What to call it with.
    shared
        Small shared values by key.
    beside
        Keys of the larger ones, which come as values of their own; an empty key is the task.
    owner
        The driver and its job, for which the store counts what the task asks for.
    settings
        Under which it runs.
    """

    call: str
    task: Parcel | None
    item: Parcel
    shared: Mapping[str, Parcel] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    owner: tuple[str, str] = ("", "")
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """What a task raised, pickled with its traceback as a note."""

    error: bytes


# -------------------------------------------------------------------------------- the driver's side


class Packer:
    """Pickles tasks, and shared values once each.

    Examples
    --------
    >>> from windrow.execution.table import Table
    >>> from windrow.execution.tasks import ReadPartition
    >>> from windrow.io import memory
    >>> import polars as pl
    >>> task = ReadPartition(Table(memory.from_frame(pl.DataFrame({"a": range(10_000)})), {}, {}))
    >>> packer = Packer()
    >>> parcel = packer.pack(task)
    >>> [len(parcel.data) < 1000, len(parcel.needs)]
    [True, 2]
    """

    def __init__(self) -> None:
        from windrow.execution.excerpts import Rows
        from windrow.execution.protocol import Blocks
        from windrow.execution.spooled import Files
        from windrow.execution.table import Table
        from windrow.plan.tables import Plan

        self._kinds = (Plan, Table, Blocks, Files, Rows)
        self._table = Table
        self._packed: OrderedDict[tuple[int, ...], tuple[object, str]] = OrderedDict()
        self.shared: dict[str, Parcel] = {}
        """Shared values by key, as far as they are remembered."""

    def pack(self, value: object) -> Parcel:
        """Pickle a value; its shared parts are in `shared` afterwards."""
        with io.BytesIO() as file:
            pickler = _Pickler(file, self._key_of, value)
            pickler.dump(value)
            arrays = tuple(np.frombuffer(buffer, np.uint8) for buffer in pickler.buffers)
            needs = dict.fromkeys(n for key in pickler.needs for n in self.shared[key].needs)
            return Parcel(file.getvalue(), arrays, (*pickler.needs, *needs))

    def _key_of(self, value: object) -> str | None:
        """Return the key of a shared value, which is pickled at first sight; None of all others."""
        if not isinstance(value, self._kinds):
            return None
        # A table's facts may have grown since; its identity is no other's while it is remembered.
        facts = (len(value.pieces), len(value.counts)) if isinstance(value, self._table) else ()
        place = (id(value), *facts)
        if place not in self._packed:
            parcel = self.pack(value)
            state = hashlib.blake2b(parcel.data, digest_size=16)
            for array in parcel.arrays:
                state.update(memoryview(array))  # type: ignore[arg-type]
            self._packed[place] = value, state.hexdigest()
            self.shared[state.hexdigest()] = parcel
            self._forget()
        self._packed.move_to_end(place)
        return self._packed[place][1]

    def _forget(self) -> None:
        while len(self._packed) > KEPT:
            self._packed.popitem(last=False)
        needed = {key for _, key in self._packed.values()}
        needed.update(need for key in tuple(needed) for need in self.shared[key].needs)
        self.shared = {key: parcel for key, parcel in self.shared.items() if key in needed}


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles one value, and references to the shared ones within it."""

    def __init__(
        self, file: io.BytesIO, key_of: Callable[[object], str | None], root: object
    ) -> None:
        self.buffers: list[memoryview] = []
        self.needs: dict[str, None] = {}
        self._key_of, self._root = key_of, root
        super().__init__(file, protocol=5, buffer_callback=self._keep)

    def persistent_id(self, value: object) -> str | None:
        """Return the key of a shared value, None for all others."""
        key = None if value is self._root else self._key_of(value)
        if key is not None:
            self.needs[key] = None
        return key

    def _keep(self, buffer: pickle.PickleBuffer) -> None:
        self.buffers.append(buffer.raw())


# -------------------------------------------------------------------------------- the worker's side


class _Values:
    """Shared values of this process, unpickled."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.RLock()

    def load(self, parcel: Parcel, shared: Mapping[str, Parcel]) -> Any:
        """Unpickle a value; what it refers to is at hand or among `shared`."""
        unpickler = _Unpickler(io.BytesIO(parcel.data), buffers=parcel.arrays)
        unpickler.find = lambda key: self._find(key, shared)
        return unpickler.load()

    def _find(self, key: str, shared: Mapping[str, Parcel]) -> Any:
        with self._lock:
            if key not in self._values:
                self._values[key] = self.load(shared[key], shared)
                while len(self._values) > KEPT:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]


class _Unpickler(pickle.Unpickler):
    find: Callable[[str], Any]

    def persistent_load(self, key: str) -> Any:
        return self.find(key)


class _Running:
    """Calls under way in this process, by name, and names that were cancelled lately."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, Cancellation] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, call: str) -> Cancellation:
        """Return whether a call is still wanted."""
        with self._lock:
            found = self._calls.setdefault(call, Cancellation())
            self._calls.move_to_end(call)
            while len(self._calls) > KEPT:
                self._calls.popitem(last=False)
            return found


_values = _Values()
_running = _Running()
_store: Store | None = None
_host = ""
_tail: Callable[[], str] = str


def serve(store: Store, host: str, tail: Callable[[], str] = str) -> None:
    """Make this process a worker: tasks that run in it get this store.

    `tail` gives the end of the process's log, which errors of the host's own bring along.
    """
    global _store, _host, _tail  # one store for the process is the point
    _store, _host, _tail = store, host, tail


def cancel(call: str) -> None:
    """Tell the tasks of a call that nobody wants their results."""
    _running.of(call).cancel()


def forget(names: Sequence[str]) -> None:
    """Remove this worker's files and blocks of these names."""
    _this_store().forget(*names)


async def release(owner: tuple[str, str]) -> None:
    """Tell this worker's store that a job has ended; Dask waits for no function but such a one."""
    _this_store().release(owner)


def carry(parcel: Parcel) -> Parcel:
    """Be where a parcel is: hosts fetch it from each other, and it can be had again if they die."""
    return parcel


def run(request: Request, *values: Parcel) -> object:
    """Run one item of a task on this worker.

    Parameters
    ----------
    request
        What to run.
    values
        What comes beside it.

    Returns
    -------
    object
        The result, or a `Failure`: errors travel as values, so that Dask neither runs a task again
        for them nor logs its arguments.
    """
    try:
        shared = {**request.shared, **dict(zip(request.beside, values, strict=True))}
        task = _values.load(request.task or shared[""], shared)
        item = _values.load(request.item, shared)
        store = _this_store()
        with store.working_for(request.owner), configured_here(**request.settings):
            return cancellable(task, _running.of(request.call))(store, item)
    except BaseException as error:  # noqa: BLE001  # whatever it is, it travels to the driver
        error.add_note(f"on host {_host}:\n{traceback.format_exc()}")
        if isinstance(error, (OSError, MemoryError, ToolkitError)) and (end := _tail()):
            error.add_note(f"the end of the logs:\n{end}")
        return Failure(cloudpickle.dumps(RemoteError.unless_it_travels(error)))


def _this_store() -> Store:
    if _store is None:
        raise RuntimeError("this process was not made a worker; call serve() first")
    return _store
