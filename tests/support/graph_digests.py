"""One table of edges in several partitions, and digests of what toolkits find in its graph.

As a program it prints the digests, for processes whose environment differs:
``python -m tests.support.graph_digests EDGES``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tests.support.fitting import cut

import windrow as wr

EDGES = 30_000
VERTICES = 3_000
PARTITION = 100_000
"""Bytes: a few partitions."""


def write_edges(path: Path) -> None:
    """Edges between texts, some vertices much more wanted than others."""
    draw = np.random.default_rng(7)
    sources, targets = draw.integers(0, VERTICES, EDGES), draw.zipf(1.3, EDGES) % VERTICES
    frame = pl.DataFrame({"from": sources, "to": targets, "w": draw.random(EDGES).round(3)})
    named = (pl.format("v{}", name).alias(name) for name in ("from", "to"))
    frame.with_columns(*named).write_csv(path)


def graph_of(table: wr.SFrame) -> wr.SGraph:
    """The graph of the edges, with labels of a tenth of the vertices."""
    labels = [number % 4 if number % 10 == 0 else None for number in range(VERTICES + 5)]
    ids = [f"v{number}" for number in range(VERTICES + 5)]
    vertices = wr.SFrame({"__id": ids, "label": wr.SArray(labels, int)})
    return wr.SGraph(vertices, table, "__id", "from", "to")


def in_parts(path: Path, size: int = PARTITION) -> wr.SFrame:
    """The table of edges in partitions of so many bytes."""
    return cut(wr.SFrame(str(path)), size)


def digests(graph: wr.SGraph) -> dict[str, str]:
    """SHA-256 of all that toolkits found, row by row, to the bit."""
    options: dict[str, Any] = {"threshold": 1e-9, "max_iterations": 12, "verbose": False}
    propagate = wr.label_propagation.create
    found = {
        "labels": propagate(graph, "label", max_iterations=5, verbose=False).labels,
        "weighted": propagate(
            graph, "label", weight_field="w", undirected=True, max_iterations=5, verbose=False
        ).labels,
        "components": wr.connected_components.create(graph, verbose=False).component_id,
        "cores": wr.kcore.create(graph, kmax=4, verbose=False).core_id,
        "colours": wr.graph_coloring.create(graph, verbose=False).color_id,
        "degrees": wr.degree_counting.create(graph, verbose=False).graph.vertices,
        "distances": wr.shortest_path.create(graph, "v0", "w", verbose=False).distance,
        "triangles": wr.triangle_counting.create(graph, verbose=False).triangle_count,
        "pagerank": wr.pagerank.create(graph, **options).pagerank,
        "redistributed": wr.pagerank.create(graph, dangling="redistribute", **options).pagerank,
    }
    return {
        name: hashlib.sha256(repr(list(table)).encode()).hexdigest()
        for name, table in found.items()
    }


if __name__ == "__main__":
    print(json.dumps(digests(graph_of(in_parts(Path(sys.argv[1]))))))
