"""The smaller graph toolkits, against networkx and each other's definitions."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, strategies as st
from tests.support.graphs import Sample, samples

import windrow as wr
from windrow.errors import (
    ArgumentTypeError,
    EdgeWeightError,
    GraphFieldError,
    MissingVertexIdError,
    OptionRangeError,
    UnknownVertexError,
)
from windrow.execution import environment
from windrow.progress import Event, Row
from windrow.toolkits.graph_coloring import GraphColoring
from windrow.toolkits.graphs.options import tables_of
from windrow.toolkits.pagerank import Pagerank

SIMPLE = [
    wr.connected_components,
    wr.degree_counting,
    wr.graph_coloring,
    wr.kcore,
    wr.triangle_counting,
]


def column(table: wr.SFrame, name: str) -> dict[int, Any]:
    return dict(zip(table["__id"], table[name], strict=True))


def simple(sample: Sample) -> Any:
    """Without directions, loops and repeated edges."""
    found = sample.networkx(nx.Graph)
    found.remove_edges_from(list(nx.selfloop_edges(found)))
    return found


@given(samples(20))
def test_components_are_those_of_networkx(sample: Sample) -> None:
    model = wr.connected_components.create(sample.graph(), verbose=False)
    found = column(model.component_id, "component_id")
    for members in nx.weakly_connected_components(sample.networkx()):
        assert len({found[v] for v in members}) == 1
    sizes = dict(model.component_size.to_dataframe().itertuples(index=False))
    assert sizes == Counter(found.values())
    assert len(sizes) == nx.number_weakly_connected_components(sample.networkx())
    assert list(sizes) == list(range(len(sizes)))


def test_a_long_path_takes_few_iterations(capsys: pytest.CaptureFixture[str]) -> None:
    count = 1000
    table = wr.SFrame({"__src_id": range(count, 0, -1), "__dst_id": range(count - 1, -1, -1)})
    model = wr.connected_components.create(wr.SGraph(edges=table))
    assert list(model.component_size["Count"]) == [count + 1]
    assert len(capsys.readouterr().out.splitlines()) < 25


@given(samples())
def test_degrees_are_those_of_networkx(sample: Sample) -> None:
    table = wr.degree_counting.create(sample.graph(), verbose=False).graph.vertices
    known = sample.networkx()
    assert column(table, "in_degree") == dict(known.in_degree())
    assert column(table, "out_degree") == dict(known.out_degree())
    assert column(table, "total_degree") == dict(known.degree())


@given(samples())
def test_no_edge_has_one_colour(sample: Sample) -> None:
    model = wr.graph_coloring.create(sample.graph(), verbose=False)
    found = column(model.color_id, "color_id")
    assert all(found[s] != found[t] for s, t in simple(sample).edges)
    assert set(found.values()) == set(range(model.num_colors))
    assert model.num_colors <= 1 + max(degree for _, degree in simple(sample).degree())


@given(samples())
def test_triangles_are_those_of_networkx(sample: Sample) -> None:
    model = wr.triangle_counting.create(sample.graph(), verbose=False)
    known = nx.triangles(simple(sample))
    assert column(model.triangle_count, "triangle_count") == known
    assert model.num_triangles == sum(known.values()) // 3


def cores(sample: Sample) -> dict[int, int]:
    """Core numbers by their definition; networkx refuses repeated edges."""
    found: dict[int, int] = {}
    k, left = 0, set(range(sample.vertices))
    pairs = [(s, t) for s, t, _ in sample.edges if s != t]
    while left:
        degrees = Counter(v for s, t in pairs if {s, t} <= left for v in (s, t))
        gone = {v for v in left if degrees[v] <= k}
        found |= dict.fromkeys(gone, k)
        left -= gone
        k += not gone
    return found


@given(samples(), st.integers(0, 3), st.integers(0, 4))
def test_core_numbers_follow_their_definition(sample: Sample, kmin: int, more: int) -> None:
    model = wr.kcore.create(sample.graph(), kmin, kmin + more, verbose=False)
    known = {v: min(max(core, kmin), kmin + more) for v, core in cores(sample).items()}
    assert column(model.core_id, "core_id") == known
    assert (model.kmin, model.kmax) == (kmin, kmin + more)


def test_core_numbers_of_simple_graphs_are_those_of_networkx() -> None:
    known = nx.gnm_random_graph(60, 200, seed=3)
    sources, targets = zip(*known.edges, strict=True)
    graph = wr.SGraph(edges=wr.SFrame({"__src_id": sources, "__dst_id": targets}))
    found = column(wr.kcore.create(graph, kmax=50, verbose=False).core_id, "core_id")
    assert found == {v: core for v, core in nx.core_number(known).items() if v in found}


@given(samples(), st.booleans())
def test_distances_and_paths_are_those_of_networkx(sample: Sample, weighted: bool) -> None:
    weight = "w" if weighted and sample.edges else ""
    model = wr.shortest_path.create(sample.graph(), 0, weight, verbose=False)
    known = sample.networkx()
    lengths = nx.single_source_dijkstra_path_length(known, 0, weight="weight" if weight else None)
    found = column(model.distance, "distance")
    assert found == {v: pytest.approx(lengths.get(v, 1e30)) for v in range(sample.vertices)}
    for vertex in range(sample.vertices):
        path = model.get_path(vertex)
        assert bool(path) == (vertex in lengths)
        if path:
            assert path[0] == (0, 0.0)
            assert path[-1] == (vertex, found[vertex])
            assert nx.is_path(known, [v for v, _ in path])


def test_what_is_further_than_the_bound_is_as_far() -> None:
    graph = wr.SGraph().add_edges([wr.Edge(n, n + 1) for n in range(5)])
    model = wr.shortest_path.create(graph, 0, max_distance=2.5, verbose=False)
    assert list(model.distance["distance"]) == [0, 1, 2, 2.5, 2.5, 2.5]
    assert model.get_path(4) == []


def test_each_progress_row_tells_the_pace_aside() -> None:
    graph = wr.SGraph(edges=wr.SFrame({"__src_id": [1, 2, 3], "__dst_id": [2, 3, 1]}))
    cycle = tables_of(graph)
    for program, entries in ((Pagerank(cycle, 0.15, 0.0, 3), 3), (GraphColoring(cycle), 6)):
        told: list[Event] = []
        environment.current().run(program, told.append)
        paces = [event.aside for event in told if isinstance(event, Row)]
        assert paces
        assert all(re.match(rf"{entries} edges in .* million edges/s$", pace) for pace in paces)


@pytest.mark.parametrize("toolkit", SIMPLE)
def test_empty_graphs_give_empty_tables(toolkit: Any) -> None:
    model = toolkit.create(wr.SGraph(), verbose=False)
    assert model.graph.summary() == {"num_vertices": 0, "num_edges": 0}


@pytest.mark.parametrize("toolkit", SIMPLE)
def test_models_have_summaries_and_come_back_from_folders(toolkit: Any, tmp_path: Path) -> None:
    graph = wr.SGraph().add_edges([wr.Edge("a", "b"), wr.Edge("b", "c")])
    model = toolkit.create(graph, verbose=False)
    assert "num_edges                                : 2\n" in model.summary("str")
    model.save(tmp_path / "model")
    again = wr.load_model(tmp_path / "model")
    assert list(again.graph.vertices) == list(model.graph.vertices)
    assert again.list_fields() == model.list_fields()


def test_paths_come_back_from_a_folder(tmp_path: Path) -> None:
    graph = wr.SGraph().add_edges([wr.Edge("a", "b"), wr.Edge("b", "c")])
    wr.shortest_path.create(graph, "a", verbose=False).save(tmp_path / "model")
    path = wr.load_model(tmp_path / "model").get_path("c")
    assert path == [("a", 0.0), ("b", 1.0), ("c", 2.0)]


@pytest.mark.parametrize("toolkit", SIMPLE)
def test_bad_graphs_are_refused(toolkit: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="SGraph"):
        toolkit.create([1, 2], verbose=False)
    edges = wr.SFrame({"__src_id": [1], "__dst_id": wr.SArray([None], int)})
    with pytest.raises(MissingVertexIdError, match="1 of 1"):
        toolkit.create(wr.SGraph(edges=edges), verbose=False)


def test_options_out_of_range_raise() -> None:
    graph = wr.SGraph().add_edges([wr.Edge(1, 2, {"w": -1.0})])
    with pytest.raises(OptionRangeError):
        wr.kcore.create(graph, kmin=5, kmax=4)
    with pytest.raises(OptionRangeError):
        wr.shortest_path.create(graph, 1, max_distance=-1)
    with pytest.raises(UnknownVertexError, match="'x'"):
        wr.shortest_path.create(graph, "x", verbose=False)
    with pytest.raises(UnknownVertexError, match="7"):
        wr.shortest_path.create(graph, 7, verbose=False)
    with pytest.raises(GraphFieldError, match="'km'"):
        wr.shortest_path.create(graph, 1, "km")
    with pytest.raises(EdgeWeightError):
        wr.shortest_path.create(graph, 1, "w", verbose=False)
    with pytest.raises(UnknownVertexError):
        wr.shortest_path.create(graph, 1, verbose=False).get_path(99)
    vid: Any = 1.5
    with pytest.raises(ArgumentTypeError):
        wr.shortest_path.create(graph, vid)
