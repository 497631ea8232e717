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


RANKING: dict[str, Any] = {"threshold": 1e-9, "max_iterations": 12}
WALKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "labels": ("label_propagation", "labels", {"label_field": "label", "max_iterations": 5}),
    "weighted": (
        "label_propagation",
        "labels",
        {"label_field": "label", "weight_field": "w", "undirected": True, "max_iterations": 5},
    ),
    "components": ("connected_components", "component_id", {}),
    "cores": ("kcore", "core_id", {"kmax": 4}),
    "colours": ("graph_coloring", "color_id", {}),
    "degrees": ("degree_counting", "graph", {}),
    "distances": ("shortest_path", "distance", {"source_vid": "v0", "weight_field": "w"}),
    "triangles": ("triangle_counting", "triangle_count", {}),
    "pagerank": ("pagerank", "pagerank", RANKING),
    "redistributed": ("pagerank", "pagerank", {"dangling": "redistribute", **RANKING}),
}
"""Toolkit, field of the model, and options."""


def digests(graph: wr.SGraph, only: str | None = None) -> dict[str, str]:
    """SHA-256 of all that toolkits found, row by row, to the bit.

    `only` names the toolkit that is wanted; by default it is all of them.
    """
    found = {}
    for name, (toolkit, field, options) in WALKS.items():
        if only in {None, toolkit}:
            model = getattr(wr, toolkit).create(graph, verbose=False, **options)
            table = model[field].vertices if field == "graph" else model[field]
            found[name] = hashlib.sha256(repr(list(table)).encode()).hexdigest()
    return found


if __name__ == "__main__":
    print(json.dumps(digests(graph_of(in_parts(Path(sys.argv[1]))))))
