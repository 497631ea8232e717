from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.dask_cluster import DaskCluster
from tests.support.processes import ProcessExecutor

from windrow.execution import shuffle
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.execution.driver import Driver


@pytest.fixture(scope="session")
def cluster() -> Iterator[DaskCluster]:
    """Two hosts of one core each."""
    made = DaskCluster(2)
    yield made
    made.close()


WORKERS = ["one thread", "two threads", "two processes", "two hosts"]
SPOOLED = "everything is large"


@pytest.fixture(scope="module", params=[*WORKERS, *(f"{name}, {SPOOLED}" for name in WORKERS[1:])])
def executor(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with pytest.MonkeyPatch.context() as limits:
        if request.param.endswith(SPOOLED):
            limits.setattr(shuffle, "AT_ONCE", 0)
            limits.setattr(shuffle, "DRIVER_BYTES", 0)
            limits.setattr(shuffle, "BROADCAST_BYTES", 0)
            limits.setattr(shuffle, "BUCKET_BYTES", 1000)
            limits.setattr(shuffle, "RANGE_ROWS", 37)
            limits.setattr(shuffle, "MOST_PARTS", 9)
        yield from driver_over(request.param.removesuffix(f", {SPOOLED}"), request)


def driver_over(workers: str, request: pytest.FixtureRequest) -> Iterator[Driver]:
    made: Driver
    if workers == "two hosts":
        made = request.getfixturevalue("cluster").executor()
    elif workers == "two processes":
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("POLARS_MAX_THREADS", "1")
            made = ProcessExecutor(2)
    else:
        made = LocalExecutor(threads=1 if workers == "one thread" else 2)
    yield made
    made.close()
