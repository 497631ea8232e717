"""Results are functions of data and options, not of threads, memory, files or processors."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.http_server import Behaviour, HttpServer
from tests.support.processes import ProcessExecutor

import windrow as gl
from windrow.execution import environment
from windrow.execution.local import LocalExecutor, Threads
from windrow.io import sources
from windrow.plan.tables import Scan

if TYPE_CHECKING:
    from windrow.execution.driver import Driver
    from windrow.plan.sources import Piece

ROOT = Path(__file__).parents[2]
HUGE = 1 << 40


@contextlib.contextmanager
def current(executor: Driver) -> Iterator[Driver]:
    """Run everything on an executor, which has seen nothing before."""
    environment.use(executor)
    try:
        yield executor
    finally:
        environment.use(None)
        executor.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bits") / "all.csv"
    write_table(path)
    return path


@pytest.fixture(scope="module")
def reference(file: Path) -> dict[str, str]:
    """What one thread finds that holds everything in memory."""
    with current(LocalExecutor(threads=1, memory_budget=HUGE)):
        return digests(cut(gl.SFrame(str(file)), PARTITION))


def test_the_table_has_several_partitions_and_leaves(file: Path) -> None:
    table = cut(gl.SFrame(str(file)), PARTITION)
    with current(LocalExecutor(threads=1)) as executor:
        counts = [frame.height for frame in executor.stream(table.plan)]
    assert len(counts) > 2
    assert max(counts) > 65_536


@pytest.mark.parametrize(
    "threads, budget",
    [
        pytest.param(2, HUGE, id="2 threads, all held"),
        pytest.param(2, 10_000_000, id="2 threads, some held"),
        pytest.param(1, 0, id="1 thread, all spilled"),
        pytest.param(3, 0, id="3 threads, all spilled"),
    ],
)
def test_threads_and_memory_do_not_change_a_bit(
    file: Path, reference: dict[str, str], threads: int, budget: int
) -> None:
    with current(LocalExecutor(threads=threads, memory_budget=budget)) as executor:
        found = digests(cut(gl.SFrame(str(file)), PARTITION))
        assert isinstance(executor.workers, Threads)
        assert bool(executor.workers.store.spilled_bytes) is (budget < HUGE)
    assert found == reference


def test_processes_that_share_nothing_find_the_same_bits(
    file: Path, reference: dict[str, str]
) -> None:
    with current(ProcessExecutor(2)):
        assert digests(cut(gl.SFrame(str(file)), PARTITION)) == reference


def test_a_folder_cut_at_partition_borders_gives_the_same_bits_as_one_file(
    file: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    plan = cut(gl.SFrame(str(file)), PARTITION).plan
    assert isinstance(plan, Scan)
    data = file.read_bytes()
    header = data[: data.index(b"\n") + 1]
    cuts: list[Piece] = sources.pieces(plan, lambda f, items: [f(item) for item in items])
    assert len(cuts) > 2
    for number, piece in enumerate(cuts):
        body = data[piece.start : piece.stop]
        part = tmp_path / f"part-{number:03}.csv"
        part.write_bytes(body if piece.start == 0 else header + body)
    assert digests(cut(gl.SFrame(str(tmp_path)), 2 * PARTITION)) == reference


@pytest.mark.parametrize(
    "behaviour",
    [Behaviour(), Behaviour(ranges=False), Behaviour(length=False, chunked=True)],
    ids=["ranges", "no ranges", "no lengths"],
)
def test_a_web_server_gives_the_same_bits_as_a_disk(
    file: Path, reference: dict[str, str], behaviour: Behaviour
) -> None:
    with HttpServer({"/all.csv": file.read_bytes()}, behaviour) as web:
        assert digests(cut(gl.SFrame(web.url("/all.csv")), PARTITION)) == reference


def test_a_compressed_file_gives_the_same_bits(
    file: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "all.csv.gz"
    path.write_bytes(gzip.compress(file.read_bytes(), compresslevel=1))
    assert digests(cut(gl.SFrame(str(path)), PARTITION)) == reference


def test_a_saved_table_gives_the_same_bits(
    file: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    cut(gl.SFrame(str(file)), PARTITION).save(str(tmp_path / "all"))
    assert digests(gl.load_sframe(str(tmp_path / "all"))) == reference


GROUPS: dict[str, Any] = {
    "sum": gl.aggregate.SUM("a"),
    "mean": gl.aggregate.MEAN("b"),
    "std": gl.aggregate.STD("b"),
    "low": gl.aggregate.MIN("a"),
    "count": gl.aggregate.COUNT(),
}
REDUCTIONS: list[Callable[[gl.SArray], Any]] = [
    gl.SArray.sum,
    gl.SArray.mean,
    gl.SArray.std,
    gl.SArray.var,
    gl.SArray.min,
]
OPERATORS: dict[str, Callable[[gl.SFrame], Any]] = {
    "append": lambda sf: sf.append(sf[sf["k"] > 40]),
    "apply": lambda sf: sf["b"].apply(lambda b: b * 1.1),
    "arithmetic": lambda sf: (sf["a"] / 3 + sf["b"]) ** 2 // 7,
    "astype": lambda sf: sf["a"].astype(str),
    "dropna": lambda sf: sf.dropna(),
    "fillna": lambda sf: sf.fillna("b", 0.1),
    "groupby": lambda sf: sf.groupby(["t", "s"], GROUPS),
    "join": lambda sf: sf.join(sf.groupby("k", {"mean": gl.aggregate.MEAN("b")}), on="k"),
    "mask": lambda sf: sf[(sf["a"] > 0) & (sf["t"] == "t1")],
    "random_split": lambda sf: sf.random_split(0.3, seed=7)[0],
    "random_split, exact": lambda sf: sf.random_split(0.3, seed=7, exact=True)[1],
    "reductions": lambda sf: gl.SArray([f(sf["b"]) for f in REDUCTIONS]),
    "row numbers": lambda sf: sf.add_row_number(),
    "sample": lambda sf: sf.sample(0.01, seed=3),
    "shuffle": lambda sf: sf["a"].shuffle(seed=3),
    "slice": lambda sf: sf[10:-10:7],
    "sort": lambda sf: sf.sort([("s", True), ("k", False)]),
    "topk": lambda sf: sf.topk("k", 500),
    "unique": lambda sf: sf[["t", "s", "k"]].unique(),
    "value_counts": lambda sf: sf["s"].value_counts(),
}


def rows_digest(found: Any) -> str:
    """Hash of all values in their order; Python writes every bit of a float."""
    return hashlib.sha256(repr(list(found)).encode()).hexdigest()


@pytest.fixture(scope="module")
def few(file: Path, tmp_path_factory: pytest.TempPathFactory) -> gl.SFrame:
    """The first rows, in five partitions."""
    path = tmp_path_factory.mktemp("few") / "few.csv"
    with file.open(encoding="utf-8") as lines:
        path.write_text("".join(itertools.islice(lines, 1500)), encoding="utf-8")
    return cut(gl.SFrame(str(path)), 7_000)


@pytest.mark.parametrize("name", OPERATORS)
def test_twenty_runs_of_an_operator_give_the_same_rows_in_the_same_order(
    few: gl.SFrame, name: str
) -> None:
    found = set()
    for run in range(20):
        with current(LocalExecutor(threads=1 + run % 2)):
            found.add(rows_digest(OPERATORS[name](few)))
    assert len(found) == 1


def processors() -> list[dict[str, str]]:
    """Compile targets that this machine can run, with BLAS kernels and thread counts."""
    names = ("NUMBA_CPU_NAME", "OPENBLAS_CORETYPE", "POLARS_MAX_THREADS")
    cells = [("generic", "Haswell", "1")]
    if platform.machine() == "x86_64":
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features()
        if features.get("avx2"):
            cells.append(("haswell", "Zen", "2"))
        if features.get("avx512f"):
            cells.append(("skylake-avx512", "SkylakeX", "4"))
    return [dict(zip(names, cell, strict=True)) for cell in cells]


@pytest.mark.timeout(420)
def test_processor_blas_and_polars_threads_do_not_change_a_bit(
    file: Path, reference: dict[str, str]
) -> None:
    program = [sys.executable, "-W", "error", "-m", "tests.support.fitting"]
    command = [*program, str(file), str(PARTITION)]
    shared = os.environ | {"WINDROW_THREADS": "2", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    running = [
        subprocess.Popen(
            command,
            env=shared | cell,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for cell in processors()
    ]
    for process in running:
        output, _ = process.communicate(timeout=400)
        assert process.returncode == 0
        assert json.loads(output) == reference
