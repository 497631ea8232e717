"""Random graphs for oracles: weighted, isolated, dangling, with loops and repeated edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
from hypothesis import strategies as st

import windrow as wr


@dataclass(frozen=True)
class Sample:
    """A graph as plain values."""

    vertices: int
    edges: list[tuple[int, int, float]]
    labels: list[int | None]

    def graph(self, **fields: Any) -> wr.SGraph:
        ids = list(range(self.vertices))
        vertices = wr.SFrame({"__id": ids, "label": wr.SArray(self.labels, int), **fields})
        return wr.SGraph(vertices, self.table()) if self.edges else wr.SGraph(vertices)

    def table(self) -> wr.SFrame:
        sources, targets, weights = zip(*self.edges, strict=True)
        return wr.SFrame({"__src_id": sources, "__dst_id": targets, "w": weights})

    def networkx(self, kind: Any = nx.MultiDiGraph) -> Any:
        found = kind()
        found.add_nodes_from(range(self.vertices))
        if kind is nx.DiGraph:  # repeated edges become one, as heavy as they are together
            for s, t, _ in self.edges:
                count = found.edges[s, t]["weight"] if found.has_edge(s, t) else 0
                found.add_edge(s, t, weight=count + 1)
        else:
            found.add_weighted_edges_from(self.edges)
        return found


@st.composite
def samples(draw: st.DrawFn, most: int = 12, classes: int = 3) -> Sample:
    """Graphs of at most so many vertices; at least vertex 0 has label 0."""
    count = draw(st.integers(1, most))
    vertex = st.integers(0, count - 1)
    weight = st.sampled_from([0.0, 0.25, 1.0, 1.0, 3.0])
    edges = draw(st.lists(st.tuples(vertex, vertex, weight), max_size=3 * count))
    labels = draw(st.lists(st.none() | st.integers(0, classes - 1), min_size=count, max_size=count))
    return Sample(count, edges, [0, *labels[1:]])
