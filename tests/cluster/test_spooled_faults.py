"""A host that dies takes files of large tables along; the rows are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.support.dask_cluster import DaskCluster
from tests.support.tables import COUNTED, FLOAT, INT, numbers

from windrow.config import Deadline
from windrow.execution import shuffle
from windrow.execution.local import LocalExecutor
from windrow.execution.protocol import collect
from windrow.execution.spooled import Spooled
from windrow.io import memory
from windrow.plan.compose import select
from windrow.plan.tables import Aggregation, Group, Join, Plan, Sort, Unique

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as limits:
        for name in ("AT_ONCE", "DRIVER_BYTES", "BROADCAST_BYTES"):
            limits.setattr(shuffle, name, 0)
        limits.setattr(shuffle, "BUCKET_BYTES", 1)
        limits.setattr(shuffle, "RANGE_ROWS", 1)
        limits.setattr(shuffle, "MOST_PARTS", 3)
        yield


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    made = DaskCluster(3)
    yield made
    made.close()


def operations() -> dict[str, Plan]:
    plan = memory.from_frame(numbers(5_000), COUNTED, [2_000, 1_500, 0, 1_000, 500])
    wanted = (Aggregation("n", "count", (), INT), Aggregation("sum", "sum", ("a",), FLOAT))
    return {
        "sort": Sort(plan, (("t", False), ("b", True))),
        "join": Join(plan, Unique(plan), (("a", "a"),), "outer", (("b", "b.1"), ("t", "t.1"))),
        "unique": Unique(select(plan, ["t", "b"])),
        "group": Group(plan, ("t", "b"), wanted),
    }


def test_what_a_driver_made_goes_with_it(cluster: DaskCluster) -> None:
    executor = cluster.executor()
    for plan in operations().values():
        collect(executor, plan)
    files = [path for path in cluster.folder.rglob("windrow-spool-*/*") if path.is_file()]
    executor.close()
    left = [path for path in cluster.folder.rglob("windrow-spool-*/*") if path.is_file()]
    assert files
    assert not left


def test_hosts_that_are_killed_with_their_files_change_no_row(cluster: DaskCluster) -> None:
    """One dies between making a result and reading it, another while it is read."""
    alone = LocalExecutor(threads=1)
    plans = operations()
    deadline = Deadline(120.0, "a table whose files lie on more than one host")
    while True:
        executor = cluster.executor()
        tables = {name: executor.resolver.table(plan) for name, plan in plans.items()}
        spooled = tables["sort"].plan
        assert isinstance(spooled, Spooled)
        if len({filed.address for filed in spooled.files.filed}) > 1:
            break
        executor.close()  # one host was so quick that it made all of it
        deadline.pause(0.1)
    cluster.kill("host-1")
    for name, plan in plans.items():
        frames = executor.stream(plan)
        found = [next(frames)]
        if name == "join":
            cluster.kill("host-0")
        found.extend(frames)
        assert pl.concat(found).equals(collect(alone, plan)), name
    executor.close()
    alone.close()
