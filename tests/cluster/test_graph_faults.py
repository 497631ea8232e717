"""Hosts that die between supersteps take their edges along; ranks are the same to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.dask_cluster import DaskCluster
from tests.support.graph_digests import graph_of, in_parts, write_edges

import windrow as wr
from windrow.execution.local import LocalExecutor
from windrow.progress import Row
from windrow.toolkits.graphs import placing
from windrow.toolkits.graphs.options import tables_of
from windrow.toolkits.pagerank import Pagerank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.progress import Event


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    made = DaskCluster(3)
    yield made
    made.close()


def test_hosts_that_are_killed_between_supersteps_change_no_bit(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "BLOCK_EDGES", 5000)
    write_edges(tmp_path / "edges.csv")
    graph = graph_of(in_parts(tmp_path / "edges.csv"))
    program = Pagerank(tables_of(graph), 0.15, 0.0, 9)
    alone = LocalExecutor(threads=1)
    expected = alone.run(program)
    killed: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Row) and event.number in {3, 6}:
            killed.append(f"host-{event.number // 3}")
            cluster.kill(killed[-1])

    executor = cluster.executor()
    found = executor.run(program, listen)
    assert killed == ["host-1", "host-2"]
    assert list(wr.SFrame.from_plan(found.table)) == list(wr.SFrame.from_plan(expected.table))
    executor.close()
    alone.close()
