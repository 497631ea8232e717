from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.graphs import Sample, samples

import windrow as wr
from windrow.errors import (
    ArgumentTypeError,
    GraphMemoryError,
    MissingVertexIdError,
    OptionChoiceError,
    OptionRangeError,
    UnknownFieldError,
    UnknownVertexError,
    VertexIdTypeError,
)
from windrow.toolkits.graphs import placing

SIX = {"__src_id": [0, 0, 1, 2, 3, 3], "__dst_id": [1, 2, 2, 0, 2, 4]}
PRINTED = """\
Counting out degree
Done counting out degree
+-----------+-----------------------+
| Iteration | L1 change in pagerank |
+-----------+-----------------------+
| 1         | 2.55                  |
| 2         | 1.80625               |
| 3         | 1.22825               |
| 4         | 0.522006              |
| 5         | 0.221853              |
| 6         | 0.188575              |
| 7         | 0.160289              |
| 8         | 0.0681226             |
| 9         | 0.0289521             |
| 10        | 0.0246093             |
| 11        | 0.0209179             |
| 12        | 0.00889011            |
+-----------+-----------------------+
"""


def six() -> wr.SGraph:
    return wr.SGraph(edges=wr.SFrame(SIX))


def ranks(graph: wr.SGraph, **options: Any) -> dict[Any, float]:
    options = {"threshold": 1e-13, "max_iterations": 3000, "verbose": False} | options
    model = wr.pagerank.create(graph, **options)
    return {row["__id"]: row["pagerank"] for row in model.pagerank}


# -------- worked examples


def test_six_edges_give_the_known_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    model = wr.pagerank.create(six())
    assert capsys.readouterr().out == PRINTED
    assert list(model.pagerank["__id"]) == [0, 1, 2, 3, 4]
    known = [1.327464454985379, 0.7122832450318213, 1.3852522999827988, 0.15, 0.21375]
    assert list(model.pagerank["pagerank"]) == pytest.approx(known, rel=1e-12)
    changes = [0.004445054910505286, 0.004445054910505397, 0.0, 0.0, 0.0]
    assert list(model.pagerank["delta"]) == pytest.approx(changes, abs=1e-12)
    assert model.delta == pytest.approx(0.008890109821010683, rel=1e-9)
    assert (model.num_iterations, model.max_iterations) == (12, 20)
    assert (model.reset_probability, model.threshold) == (0.15, 0.01)


def test_six_edges_go_on_to_a_tight_threshold() -> None:
    model = wr.pagerank.create(six(), threshold=1e-12, max_iterations=1000, verbose=False)
    assert model.num_iterations == 57
    known = [1.3267382702090216, 0.7138637648388342, 1.3843979649521436, 0.15, 0.21375]
    assert list(model.pagerank["pagerank"]) == pytest.approx(known, rel=1e-12)
    assert model.delta == pytest.approx(7.067679774763747e-13, rel=0.01)


# -------- oracles


def dense(sample: Sample, reset: float, iterations: int) -> np.ndarray[Any, Any]:
    """The update rule, as it is written."""
    found = np.ones(sample.vertices)
    degrees = np.bincount([s for s, _, _ in sample.edges], minlength=sample.vertices)
    for _ in range(iterations):
        following = np.full(sample.vertices, reset)
        for s, t, _ in sample.edges:
            following[t] += (1 - reset) * found[s] / degrees[s]
        found = following
    return found


@given(samples(), st.sampled_from([0.0, 0.15, 0.5, 1.0]), st.integers(1, 6))
def test_ranks_follow_the_update_rule(sample: Sample, reset: float, count: int) -> None:
    found = ranks(sample.graph(), reset_probability=reset, threshold=0.0, max_iterations=count)
    assert list(found) == list(range(sample.vertices))
    assert list(found.values()) == pytest.approx(dense(sample, reset, count), rel=1e-12)


@given(samples(), st.data())
@settings(max_examples=200)
def test_ranks_that_are_not_lost_are_those_of_networkx(sample: Sample, data: st.DataObject) -> None:
    weights = data.draw(
        st.none()
        | st.dictionaries(
            st.integers(0, sample.vertices - 1), st.sampled_from([0.5, 1.0, 2.0]), min_size=1
        )
    )
    found = ranks(sample.graph(), dangling="redistribute", personalization=weights)
    known = nx.pagerank(
        sample.networkx(nx.DiGraph), alpha=0.85, personalization=weights, tol=1e-15, max_iter=3000
    )
    known = {vertex: rank * sample.vertices for vertex, rank in known.items()}
    assert found == pytest.approx(known, rel=1e-7, abs=1e-9)
    assert sum(found.values()) == pytest.approx(sample.vertices, rel=1e-9)


@given(samples())
def test_lost_rank_is_reported(sample: Sample) -> None:
    model = wr.pagerank.create(sample.graph(), threshold=0.0, max_iterations=1, verbose=False)
    dangling = set(range(sample.vertices)) - {s for s, _, _ in sample.edges}
    assert model.dangling_mass == pytest.approx(0.85 * len(dangling))
    total = model.pagerank["pagerank"].sum()
    assert total == pytest.approx(sample.vertices - model.dangling_mass)


def test_ids_may_be_texts_in_any_table() -> None:
    names = ["null", "", "ä", "d", "e"]
    table = wr.SFrame({k: [names[v] for v in values] for k, values in SIX.items()})
    found = ranks(wr.SGraph(edges=table))
    assert {names[i]: r for i, r in ranks(six()).items()} == pytest.approx(found)


def test_isolated_vertices_get_the_reset_probability() -> None:
    graph = six().add_vertices([wr.Vertex(77)])
    assert ranks(graph)[77] == 0.15


# -------- a model


def test_fields_are_known_and_cannot_be_set() -> None:
    model = wr.pagerank.create(six(), verbose=False)
    assert model.list_fields() == [
        "dangling_mass",
        "delta",
        "graph",
        "max_iterations",
        "num_iterations",
        "pagerank",
        "reset_probability",
        "threshold",
        "training_time",
    ]
    model.delta = 7
    assert model["delta"] == model.get("delta") == model._get("delta") < 0.01
    with pytest.raises(UnknownFieldError):
        model["labels"]
    with pytest.raises(AttributeError):
        _ = model.labels
    assert model.name() == "PagerankModel"
    assert "delta" in dir(model)


def test_the_graph_of_a_model_has_ranks_and_no_other_fields() -> None:
    graph = six()
    graph.vertices["x"] = 1
    graph.edges["w"] = 1
    found = wr.pagerank.create(graph, verbose=False).graph
    assert found.get_vertex_fields() == ["__id", "pagerank", "delta"]
    assert found.get_edge_fields() == ["__src_id", "__dst_id"]
    assert found.summary() == graph.summary()


def test_the_largest_ranks_are_a_table() -> None:
    model = wr.pagerank.create(six(), verbose=False)
    assert list(model.pagerank.topk("pagerank", k=2)["__id"]) == [2, 0]


def test_a_summary_is_printed_or_given(capsys: pytest.CaptureFixture[str]) -> None:
    model = wr.pagerank.create(six(), verbose=False)
    model.summary()
    text = model.summary("str")
    assert capsys.readouterr().out == text + "\n"
    assert "num_edges                                : 6\n" in text
    assert "change in last iteration (L1 norm)       : 0.0089\n" in text
    assert "probability of random jumps to any node in the graph : 0.15\n" in text
    assert model.summary("dict")["model"] == "PagerankModel"
    assert repr(model) == text
    with pytest.raises(OptionChoiceError):
        model.summary("html")


def test_a_model_comes_back_from_a_folder(tmp_path: Path) -> None:
    model = wr.pagerank.create(six(), verbose=False)
    model.save(tmp_path / "model")
    again = wr.load_model(tmp_path / "model")
    assert list(again.pagerank) == list(model.pagerank)
    assert again.summary("str") == model.summary("str")
    assert again.graph.summary() == {"num_vertices": 5, "num_edges": 0}


# -------- bad input


def test_an_empty_graph_takes_one_iteration() -> None:
    model = wr.pagerank.create(wr.SGraph(), verbose=False)
    assert (model.num_iterations, model.delta, len(model.pagerank)) == (1, 0.0, 0)


@pytest.mark.parametrize(
    "options, error",
    [
        ({"reset_probability": 2.0}, OptionRangeError),
        ({"reset_probability": -0.1}, OptionRangeError),
        ({"reset_probability": float("nan")}, OptionRangeError),
        ({"reset_probability": "high"}, ArgumentTypeError),
        ({"threshold": -1}, OptionRangeError),
        ({"max_iterations": 0}, OptionRangeError),
        ({"max_iterations": 2.5}, ArgumentTypeError),
        ({"max_iterations": True}, ArgumentTypeError),
        ({"dangling": "keep"}, OptionChoiceError),
        ({"personalization": [1, 2]}, ArgumentTypeError),
        ({"personalization": {0: -1}}, OptionRangeError),
        ({"personalization": {0: 0.0}}, OptionRangeError),
        ({"personalization": {99: 1.0}}, UnknownVertexError),
    ],
)
def test_parameters_out_of_range_raise(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        wr.pagerank.create(six(), verbose=False, **options)


def test_a_graph_of_which_the_program_cannot_hold_the_vertices_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placing, "machine_memory", lambda: 400)
    ranks(six())
    monkeypatch.setattr(placing, "machine_memory", lambda: 399)
    with pytest.raises(GraphMemoryError, match="80 bytes for each of 5 vertices"):
        ranks(six())
    texts = {name: [str(vid) * 100 for vid in ids] for name, ids in SIX.items()}
    monkeypatch.setattr(placing, "machine_memory", lambda: 5 * 180 - 1)
    with pytest.raises(GraphMemoryError, match="may take"):
        ranks(wr.SGraph(edges=wr.SFrame(texts)))


def test_something_else_than_a_graph_is_refused() -> None:
    table: Any = wr.SFrame(SIX)
    with pytest.raises(ArgumentTypeError, match="SGraph"):
        wr.pagerank.create(table)


def test_ids_that_are_none_are_refused_with_their_number() -> None:
    graph = wr.SGraph(edges=wr.SFrame({"__src_id": [1, None, None], "__dst_id": [1, 2, 3]}))
    with pytest.raises(MissingVertexIdError, match="2 of 3"):
        wr.pagerank.create(graph, verbose=False)
    graph = wr.SGraph(wr.SFrame({"__id": ["a", None]}))
    with pytest.raises(MissingVertexIdError, match="1 of 2"):
        wr.pagerank.create(graph, verbose=False)


def test_ids_of_two_types_are_refused() -> None:
    with pytest.raises(VertexIdTypeError):
        wr.SGraph(wr.SFrame({"__id": ["a"]}), wr.SFrame(SIX))
