"""The conformance suites over hosts with addresses: by a driver here, and by jobs of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conformance.test_executors import *  # noqa: F403  # the same tests
from tests.conformance.test_files import *  # noqa: F403
from tests.conformance.test_files import ROWS, scan_of
from tests.conformance.test_graphs import *  # noqa: F403
from tests.conformance.test_same_bits import *  # noqa: F403
from tests.support.dask_cluster import ClusterDriver
from tests.support.marks import on_clusters
from tests.support.tables import numbers

from windrow.deploy.submit import Submitter
from windrow.errors import BadRowsWarning
from windrow.execution.cluster import ClusterExecutor
from windrow.execution.cluster_workers import ClusterWorkers
from windrow.execution.protocol import collect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windrow.deploy.cluster import Cluster

pytestmark = on_clusters("ip", "distributed", "cryptography", timeout=120)


class Client(ClusterExecutor):
    """The executor of a client, and the workers that its jobs have."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(Submitter(cluster))
        self.workers = ClusterWorkers(cluster.connection())


def test_rows_that_do_not_parse_are_left_out_and_told_of_once(  # type: ignore[no-redef]
    executor: ClusterDriver | Client, one_file: Path, tmp_path: Path
) -> None:
    """A driver tells once; of a client's jobs each tells, since any of them may be attached to."""
    lines = one_file.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[20_001] = "1,2,t3,4\n"
    path = tmp_path / "bad.csv"
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.warns(BadRowsWarning, match="1 row") as told:
        found = collect(executor, scan_of(path))
    assert len(told) == 1
    assert found.equals(numbers(ROWS)[[i for i in range(ROWS) if i != 20_000]])


@pytest.fixture(scope="module", params=["a driver here", "a client"])
def executor(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[ClusterDriver | Client]:
    if request.param == "a client":
        yield Client(cluster)
    else:
        driver = ClusterDriver(ClusterWorkers(cluster.connection()))
        yield driver
        driver.close()
