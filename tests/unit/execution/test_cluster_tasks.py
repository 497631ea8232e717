"""What crosses between a driver and its hosts, without hosts."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.tables import ROWS, table

from windrow.config import settings
from windrow.errors import CancelledError
from windrow.execution import cluster_tasks
from windrow.execution.cluster_tasks import Failure, Packer, Parcel, Request, cancel, run, serve
from windrow.execution.store import Store
from windrow.execution.table import Table
from windrow.execution.tasks import ReadPartition
from windrow.plan.compose import select

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = Store(1 << 20)
    monkeypatch.setattr(cluster_tasks, "_store", None)
    monkeypatch.setattr(cluster_tasks, "_host", "")
    serve(made, "host-7")
    yield made
    made.close()


def request(packer: Packer, task: Any, item: Any, call: str = "call") -> Request:
    """What a driver sends, after a journey."""
    parcels = packer.pack(task), packer.pack(item)
    shared = {key: packer.shared[key] for parcel in parcels for key in parcel.needs}
    sent: Request = pickle.loads(pickle.dumps(Request(call, *parcels, shared)))
    return sent


def test_a_task_arrives_whole(store: Store) -> None:
    packer = Packer()
    task = ReadPartition(Table(table(), {}, {}))
    found: Any = run(request(packer, task, 3))
    assert found.rows() == ROWS[41:141]
    assert store.spilled_bytes == 0


def test_what_tasks_share_is_pickled_and_unpickled_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    del store
    pickled: list[Table] = []
    reduced = Table.__reduce__

    def counted(table: Table) -> Any:
        pickled.append(table)
        return reduced(table)

    monkeypatch.setattr(Table, "__reduce__", counted)
    packer, shared = Packer(), Table(select(table(), ["id"]), {}, {})
    parcels = [packer.pack(ReadPartition(shared)) for _ in range(5)]
    assert pickled == [shared]
    assert len({parcel.needs for parcel in parcels}) == 1
    first = run(request(packer, Same(shared), 0))
    assert first is run(request(packer, Same(shared), 1))


@dataclass(frozen=True)
class Same:
    """Gives what it shares."""

    value: Any

    def __call__(self, store: Store, item: int) -> Any:
        del store, item
        return self.value


def test_facts_that_a_driver_learns_later_cross_too() -> None:
    packer = Packer()
    counts: dict[str, tuple[int, ...]] = {}
    plan = table()
    shared = Table(plan, {}, counts)
    before = packer.pack(ReadPartition(shared)).needs[0]
    counts[plan.key] = (1, 2)
    assert packer.pack(ReadPartition(shared)).needs[0] != before


def test_arrays_cross_without_being_copied() -> None:
    numbers = np.arange(1000.0)
    parcel = Packer().pack(Same(numbers))
    assert [array.nbytes for array in parcel.arrays] == [8000]
    assert np.shares_memory(parcel.arrays[0], numbers)
    assert len(parcel.data) < 1000


def test_only_so_many_shared_values_are_remembered() -> None:
    packer = Packer()
    for number in range(3 * cluster_tasks.KEPT):
        parcel = packer.pack(ReadPartition(Table(table(ROWS[: number + 1], cuts=None), {}, {})))
        assert set(parcel.needs) <= set(packer.shared)
    assert len(packer.shared) <= 2 * cluster_tasks.KEPT


def fails(store: Store, item: int) -> None:
    del store
    raise KeyError(item)


def test_an_error_is_a_value_with_the_host_in_a_note(store: Store) -> None:
    del store
    found = run(request(Packer(), fails, 5))
    assert isinstance(found, Failure)
    error = pickle.loads(found.error)
    assert isinstance(error, KeyError)
    assert error.args == (5,)
    assert error.__notes__[0].startswith("on host host-7:\nTraceback")


def test_what_nobody_wants_any_more_is_not_begun(store: Store) -> None:
    del store
    cancel("over")
    found = run(request(Packer(), fails, 5, "over"))
    assert isinstance(found, Failure)
    assert isinstance(pickle.loads(found.error), CancelledError)


def under(store: Store, item: int) -> tuple[float, int]:
    del store, item
    return settings().function_timeout, settings().function_memory


def test_a_task_runs_under_the_settings_of_whom_it_is_for(store: Store) -> None:
    del store
    sent = replace(request(Packer(), under, 0), settings={"function_timeout": 2.5})
    assert run(sent) == (2.5, 0)
    assert run(request(Packer(), under, 0)) == (0.0, 0)


def test_large_values_may_come_beside_the_request(store: Store) -> None:
    del store
    packer = Packer()
    task, item = packer.pack(Same(7)), packer.pack(0)
    assert run(Request("call", None, item, {}, ("",)), task) == 7


def test_the_scheduler_can_read_requests_without_an_engine() -> None:
    sent = Request("call", Parcel(b""), Parcel(b""))
    code = (
        "import pickle, sys; pickle.loads(sys.stdin.buffer.read());"
        "print([m for m in ('polars', 'numba', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(sent), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "[]"
