"""What is found in a graph is a function of its edges, not of partitions, files or processors."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.graph_digests import PARTITION, digests, graph_of, in_parts, write_edges

import windrow as wr

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph-bits") / "edges.csv"
    write_edges(path)
    return path


@pytest.fixture(scope="module")
def reference(file: Path) -> dict[str, str]:
    return digests(graph_of(in_parts(file)))


@pytest.mark.parametrize("size", [PARTITION // 3, 1 << 30])
def test_partitions_do_not_change_a_bit(file: Path, reference: dict[str, str], size: int) -> None:
    assert digests(graph_of(in_parts(file, size))) == reference


def test_a_saved_graph_gives_the_same_bits(
    file: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    graph_of(in_parts(file)).save(str(tmp_path / "graph"))
    assert digests(wr.load_sgraph(str(tmp_path / "graph"))) == reference


@pytest.mark.timeout(420)
def test_processors_do_not_change_a_bit(file: Path, reference: dict[str, str]) -> None:
    cells = [{"NUMBA_CPU_NAME": "generic", "POLARS_MAX_THREADS": "1", "WINDROW_THREADS": "3"}]
    if platform.machine() == "x86_64":
        cells.append({"NUMBA_CPU_NAME": "haswell", "POLARS_MAX_THREADS": "4"})
    program = [sys.executable, "-W", "error", "-m", "tests.support.graph_digests", str(file)]
    shared = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    running = [
        subprocess.Popen(program, env=shared | cell, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for cell in cells
    ]
    for process in running:
        output, _ = process.communicate(timeout=400)
        assert process.returncode == 0
        assert json.loads(output) == reference
