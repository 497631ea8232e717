from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.dask_cluster import DaskCluster
from tests.support.processes import ProcessExecutor

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


@pytest.fixture(scope="module", params=["one thread", "two threads", "two processes", "two hosts"])
def executor(request: pytest.FixtureRequest) -> Iterator[Driver]:
    made: Driver
    if request.param == "two hosts":
        made = request.getfixturevalue("cluster").executor()
    elif request.param == "two processes":
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("POLARS_MAX_THREADS", "1")
            made = ProcessExecutor(2)
    else:
        made = LocalExecutor(threads=1 if request.param == "one thread" else 2)
    yield made
    made.close()
