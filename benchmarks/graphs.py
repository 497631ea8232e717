"""Time PageRank and label propagation against Polars + SciPy and NetworKit, in fresh processes.

    python benchmarks/graphs.py [--scale N] [--edges N] [--rounds N]
    python benchmarks/graphs.py --large [--scale N] [--edges N]

The graph is RMAT (a, b, c, d = .57, .19, .19, .05) with permuted ids, an edge list in CSV. All run
20 iterations of PageRank with two threads, in turn; `loop` is what they take, `total` is from the
file to the ranks, `top` is the largest rank as a share of all. Label propagation has 4 classes,
known for a tenth of the vertices, and 10 iterations. NetworKit, which drops repeated edges, is left
out where it is missing.

`--large` is one PageRank of 8 million vertices and 200 million edges, by windrow alone, in a
process that may take 4 GB (`ulimit -d`) and is told nothing else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
from run import SCRATCH  # beside this file

ITERATIONS, CLASSES = 20, 4
RMAT = (0.57, 0.76, 0.95)
GOALS = {"scipy": {"loop": 0.6, "total": 1.0}, "networkit": {"loop": 0.3, "total": 0.55}}
"""Of the times of each."""
THREADS = 2
SIZES = {"usual": (20, 16_000_000), "large": (23, 200_000_000)}
"""Scale, and edges."""
LARGE_BYTES = 4 << 30
LABEL_SECONDS = 0.15
CHUNK = 1 << 22


def edge_list(scale: int, edges: int) -> Path:
    """Write the graph, unless it is there."""
    path = SCRATCH / f"rmat-{scale}-{edges}.csv"
    if path.exists():
        return path
    SCRATCH.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    names = draw.permutation(1 << scale)
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        for begin in range(0, edges, CHUNK):
            ends = np.zeros((2, min(CHUNK, edges - begin)), dtype=np.int64)
            for _ in range(scale):
                quarter = np.searchsorted(RMAT, draw.random(ends.shape[1]), side="right")
                ends = 2 * ends + np.stack([quarter // 2, quarter % 2])
            frame = pl.DataFrame({"src": names[ends[0]], "dst": names[ends[1]]})
            frame.write_csv(file, include_header=begin == 0)
    aside.rename(path)
    return path


def windrow(path: Path, scale: int) -> dict[str, float]:
    """PageRank, then label propagation."""
    import windrow as wr

    wr.set_runtime_config("threads", THREADS)
    for _ in range(2):  # the first compiles the kernels
        began = time.perf_counter()
        table = wr.SFrame(str(path)) if _ else wr.SFrame({"src": [1, 2], "dst": [2, 3]})
        graph = wr.SGraph(edges=table, src_field="src", dst_field="dst")
        ticks = [time.perf_counter()]
        ranks = ranked(graph, ticks)
        total = time.perf_counter() - began
    alone = 0.15 * ((1 << scale) - len(ranks))  # vertices without edges, which others have too
    top = ranks["pagerank"].max() / (ranks["pagerank"].sum() + alone)
    return {
        "loop": ticks[-1] - ticks[1],
        "total": total,
        "top": top,
        "label": labels(path, scale),
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def ranked(graph: object, ticks: list[float]) -> object:
    """Run the program and note when each iteration was done."""
    from windrow.execution import environment
    from windrow.frames.sframe import SFrame
    from windrow.toolkits.graphs.options import tables_of
    from windrow.toolkits.pagerank import Pagerank

    program = Pagerank(tables_of(graph), 0.15, 0.0, ITERATIONS)
    found = environment.current().run(program, lambda _: ticks.append(time.perf_counter()))
    ticks.pop(1)  # "Counting out degree"
    return SFrame.from_plan(found.table)


def labels(path: Path, scale: int) -> float:
    """Seconds of an iteration of label propagation."""
    import windrow as wr

    draw = np.random.default_rng(1)
    known = pl.Series(draw.integers(0, CLASSES, 1 << scale))
    known = known.set(pl.Series(draw.random(1 << scale) > 0.1), None)
    vertices = wr.SFrame(pl.DataFrame({"__id": np.arange(1 << scale), "label": known}))
    graph = wr.SGraph(vertices, wr.SFrame(str(path)), "__id", "src", "dst")
    from windrow.execution import environment
    from windrow.toolkits.graphs.options import tables_of
    from windrow.toolkits.label_propagation import LabelPropagation

    ticks: list[float] = []
    program = LabelPropagation(
        tables_of(graph), "label", 0.0, "", 1.0, undirected=False, max_iterations=11
    )
    environment.current().run(program, lambda _: ticks.append(time.perf_counter()))
    return statistics.median(np.diff(ticks[2:]).tolist())


def scipy(path: Path, scale: int) -> dict[str, float]:
    """The bare loop of matrix and vector."""
    from scipy.sparse import csr_matrix

    began = time.perf_counter()
    frame = pl.read_csv(path)
    sources, targets = frame["src"].to_numpy(), frame["dst"].to_numpy()
    size = 1 << scale
    matrix = csr_matrix((np.ones(len(sources)), (targets, sources)), shape=(size, size))
    degrees = np.bincount(sources, minlength=size)
    share = 1 / np.maximum(degrees, 1)
    ranks = np.ones(size)
    built = time.perf_counter()
    for _ in range(ITERATIONS):
        after = 0.15 + 0.85 * (matrix @ (ranks * share))
        np.abs(after - ranks).sum()
        ranks = after
    ended = time.perf_counter()
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "loop": ended - built,
        "total": ended - began,
        "top": float(ranks.max() / ranks.sum()),
        "gb": gigabytes,
    }


def networkit(path: Path, _: int) -> dict[str, float]:
    """Read by its own reader, the faster of its two ways in, which drops repeated edges."""
    import networkit as nk

    nk.setNumberOfThreads(THREADS)
    began = time.perf_counter()
    reader = nk.graphio.EdgeListReader(",", 0, commentPrefix="s", continuous=True, directed=True)
    graph = reader.read(str(path))
    built = time.perf_counter()
    rank = nk.centrality.PageRank(graph, 0.85, sys.float_info.min)
    rank.maxIterations = ITERATIONS
    rank.run()
    ended = time.perf_counter()
    scores = np.array(rank.scores())
    return {
        "loop": ended - built,
        "total": ended - began,
        "top": float(scores.max() / scores.sum()),
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def large(path: Path, _: int) -> dict[str, float]:
    """PageRank within a limit of memory, which holds before windrow is there."""
    resource.setrlimit(resource.RLIMIT_DATA, (LARGE_BYTES, LARGE_BYTES))
    import windrow as wr

    wr.set_runtime_config("threads", THREADS)
    began = time.perf_counter()
    graph = wr.SGraph(edges=wr.SFrame(str(path)), src_field="src", dst_field="dst")
    ticks = [time.perf_counter()]
    ranks = ranked(graph, ticks)
    return {
        "loop": ticks[-1] - ticks[1],
        "total": time.perf_counter() - began,
        "vertices": len(ranks),
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


CONTENDERS = {"windrow": windrow, "scipy": scipy, "networkit": networkit}


def in_its_own_process(name: str, asked: argparse.Namespace) -> dict[str, float]:
    """Run one contender."""
    sizes = ["--scale", str(asked.scale), "--edges", str(asked.edges)]
    command = [sys.executable, __file__, "--one", name, *sizes]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(SCRATCH / "kernels")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rounded(found: dict[str, float]) -> dict[str, float]:
    """Three digits of each."""
    return {key: float(f"{value:.3g}") for key, value in found.items()}


def main() -> None:
    """Run all in turn, in processes of their own, and print medians beside goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=int)
    parser.add_argument("--edges", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--one", choices=[*CONTENDERS, "large"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    scale, edges = SIZES["large" if asked.large else "usual"]
    asked.scale, asked.edges = asked.scale or scale, asked.edges or edges
    path = edge_list(asked.scale, asked.edges)
    if asked.one:
        run = large if asked.one == "large" else CONTENDERS[asked.one]
        print(json.dumps(run(path, asked.scale)))
        return
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if asked.large:
        print(f"large, {asked.edges:,} edges", rounded(in_its_own_process("large", asked)))
        return
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    if importlib.util.find_spec("networkit") is None:
        print("left out: networkit, which is not installed")
        del runs["networkit"]
    for _ in range(asked.rounds):
        for name, results in runs.items():
            results.append(in_its_own_process(name, asked))
    middle = {
        name: {key: statistics.median(run[key] for run in results) for key in results[0]}
        for name, results in runs.items()
    }
    for name, found in middle.items():
        print(name, rounded(found))
    for name, goals in GOALS.items():
        for key, goal in goals.items() if name in middle else ():
            ratio = middle["windrow"][key] / middle[name][key]
            print(f"{key}: {ratio:.2f} times that of {name} (goal: {goal})")
    print(f"label propagation: {middle['windrow']['label']:.3f} s a step (goal: {LABEL_SECONDS})")


if __name__ == "__main__":
    main()
