"""What a superstep costs on 1, 2 and 3 hosts, beside this process.

    python benchmarks/supersteps.py [--scale N] [--edges N] [--rounds N]

Hosts are processes of this machine with one core each, with mutual TLS: where it has fewer cores
than hosts, more hosts cannot be faster. The price of sending alone is that of a graph with as many
vertices and hardly any edges. On a random graph each host needs nearly all values; on a grid, as of
streets, those of its own vertices and of a border. What is sent is what crosses this machine's
loopback, whoever sends it: to the scheduler, from there to hosts, and back.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from graphs import edge_list  # beside this file
from tests.support.dask_cluster import DaskCluster

import windrow as wr
from windrow.execution.local import LocalExecutor
from windrow.progress import Row
from windrow.toolkits.graphs.options import tables_of
from windrow.toolkits.pagerank import Pagerank

if TYPE_CHECKING:
    from windrow.execution.protocol import Executor
    from windrow.progress import Event

HOSTS = (1, 2, 3)
BUDGET = 1 << 30
FEW = 10_000
"""Edges of the graph with hardly any."""


def crossed() -> int:
    """Bytes that have crossed the loopback so far."""
    lines = Path("/proc/net/dev").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.strip().startswith("lo:"))


def grid(side: int) -> wr.SGraph:
    """Each crossing leads to the next, east and south, and back."""
    at = np.arange(side * side, dtype=np.int64).reshape(side, side)
    pairs = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:])]
    src = np.concatenate([each.ravel() for a, b in pairs for each in (a, b)])
    dst = np.concatenate([each.ravel() for a, b in pairs for each in (b, a)])
    edges = wr.SFrame({"src": src, "dst": dst})
    return wr.SGraph(wr.SFrame({"__id": at.ravel()}), edges, "__id", "src", "dst")


def supersteps(executor: Executor, graph: wr.SGraph, rounds: int) -> str:
    """Say how long a superstep takes, the median, what it sends, and when the first begins."""
    ticks: list[tuple[float, int]] = []

    def tick(event: Event) -> None:
        if isinstance(event, Row):
            ticks.append((time.perf_counter(), crossed()))

    began = time.perf_counter()
    executor.run(Pagerank(tables_of(graph), 0.15, 0.0, rounds + 1), tick)
    taken = statistics.median(after[0] - before[0] for before, after in pairwise(ticks))
    sent = statistics.median(after[1] - before[1] for before, after in pairwise(ticks))
    return f"{1e3 * taken:>15.1f} {sent / 1e6:>8.1f} {ticks[0][0] - began:>9.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--edges", type=int, default=16_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    path = edge_list(options.scale, options.edges)
    size = 1 << options.scale
    ids = wr.SFrame({"__id": range(size)})
    few = wr.SFrame({"src": range(FEW), "dst": range(size - FEW, size)})
    graphs = {
        f"{options.edges:,}": wr.SGraph(ids, wr.SFrame(str(path)), "__id", "src", "dst"),
        f"{FEW:,}": wr.SGraph(ids, few, "__id", "src", "dst"),
        "grid": grid(1 << options.scale // 2),
    }
    print(f"{size:,} vertices; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'where':>14} {'edges':>12} {'ms a superstep':>15} {'MB sent':>8} {'s before':>9}")
    local = LocalExecutor(threads=1)
    for name, graph in graphs.items():
        said = supersteps(local, graph, options.rounds)
        print(f"{'in process':>14} {name:>12} {said}", flush=True)
    local.close()
    for hosts in HOSTS:
        cluster = DaskCluster(hosts, memory_budget=BUDGET)
        try:
            executor = cluster.executor()
            for name, graph in graphs.items():
                said = supersteps(executor, graph, options.rounds)
                where = f"{hosts} host{'s'[: hosts - 1]}"
                print(f"{where:>14} {name:>12} {said}", flush=True)
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
