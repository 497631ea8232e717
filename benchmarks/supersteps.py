"""What a superstep costs on 1, 2 and 3 hosts, beside this process.

    python benchmarks/supersteps.py [--scale N] [--edges N] [--rounds N]

Hosts are processes of this machine with one core each, with mutual TLS: where it has fewer cores
than hosts, more hosts cannot be faster. The price of sending alone is that of a graph with as many
vertices and hardly any edges.
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


def supersteps(executor: Executor, graph: wr.SGraph, rounds: int) -> tuple[float, float]:
    """Give the seconds that a superstep takes, the median, and those until the first begins."""
    ticks: list[float] = []

    def tick(event: Event) -> None:
        if isinstance(event, Row):
            ticks.append(time.perf_counter())

    began = time.perf_counter()
    executor.run(Pagerank(tables_of(graph), 0.15, 0.0, rounds + 1), tick)
    taken = [after - before for before, after in pairwise(ticks)]
    return statistics.median(taken), ticks[0] - began


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
    }
    print(f"{size:,} vertices; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'where':>14} {'edges':>12} {'ms a superstep':>15} {'s before':>9}")
    local = LocalExecutor(threads=1)
    for name, graph in graphs.items():
        step, before = supersteps(local, graph, options.rounds)
        print(f"{'in process':>14} {name:>12} {1e3 * step:>15.1f} {before:>9.2f}", flush=True)
    local.close()
    for hosts in HOSTS:
        cluster = DaskCluster(hosts, memory_budget=BUDGET)
        try:
            executor = cluster.executor()
            for name, graph in graphs.items():
                step, before = supersteps(executor, graph, options.rounds)
                where = f"{hosts} host{'s'[: hosts - 1]}"
                print(f"{where:>14} {name:>12} {1e3 * step:>15.1f} {before:>9.2f}", flush=True)
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
