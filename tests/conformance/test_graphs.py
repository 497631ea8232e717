"""What toolkits find in a graph is the same to the bit, whoever computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.graph_digests import digests, graph_of, in_parts, write_edges

from windrow.execution import environment
from windrow.execution.local import LocalExecutor
from windrow.toolkits.graphs import placing

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.execution.driver import Driver


@pytest.fixture(scope="session")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graphs") / "edges.csv"
    write_edges(path)
    return path


def digests_on(executor: Driver, file: Path) -> dict[str, str]:
    environment.use(executor)
    try:
        return digests(graph_of(in_parts(file)))
    finally:
        environment.use(None)


@pytest.fixture(scope="session")
def expected(edges: Path) -> dict[str, str]:
    """By one thread, all edges in one block."""
    alone = LocalExecutor(threads=1)
    found = digests_on(alone, edges)
    alone.close()
    return found


def test_graphs_have_the_same_bits(
    executor: Driver, edges: Path, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "BLOCK_EDGES", 5000)
    assert digests_on(executor, edges) == expected


def test_graphs_have_the_same_bits_when_blocks_lie_on_scratch(
    edges: Path, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "BLOCK_EDGES", 4000)
    poor = LocalExecutor(threads=2, memory_budget=0)
    assert digests_on(poor, edges) == expected
    poor.close()
