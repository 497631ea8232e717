"""Hosts that die between supersteps take their edges along; ranks are the same to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.dask_cluster import DaskCluster
from tests.support.graph_digests import digests, graph_of, in_parts, write_edges

import windrow as wr
from windrow.execution import environment
from windrow.execution.local import LocalExecutor
from windrow.io.counters import bytes_read
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


def test_a_graph_is_built_run_and_saved_by_the_hosts(cluster: DaskCluster, tmp_path: Path) -> None:
    write_edges(tmp_path / "edges.csv")
    url = str(tmp_path / "edges.csv")
    graph = graph_of(in_parts(tmp_path / "edges.csv"))
    expected = digests(graph, "pagerank")
    looked_at, executor = bytes_read.of(url), cluster.executor()
    environment.use(executor)
    try:
        assert digests(graph, "pagerank") == expected
        graph.save(str(tmp_path / "graph"))
    finally:
        environment.use(None)
        executor.close()
    assert bytes_read.of(url) == looked_at
    again = wr.load_sgraph(str(tmp_path / "graph"))
    assert list(again.edges) == list(graph.edges)
    assert digests(again, "pagerank") == expected


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
