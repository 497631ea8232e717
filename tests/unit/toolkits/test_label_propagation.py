from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.graphs import Sample, samples

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    EdgeWeightError,
    FieldTypeError,
    GraphFieldError,
    GraphMemoryError,
    LabelError,
    OptionRangeError,
)
from windrow.toolkits.graphs import placing

DIRECTED = """\
Num classes: 2
#labeled_vertices: 2\t#unlabeled_vertices: 3
+-----------+----------------------------------------+
| Iteration | Average l2 change in class probability |
+-----------+----------------------------------------+
| 1         | 0.117851                               |
| 2         | 0.117851                               |
| 3         | 0.117851                               |
| 4         | 0.10312                                |
| 5         | 0.0810227                              |
| 6         | 0.0589256                              |
| 7         | 0.0405113                              |
| 8         | 0.0267006                              |
| 9         | 0.0170332                              |
| 10        | 0.0105882                              |
| 11        | 0.00644498                             |
| 12        | 0.00385548                             |
| 13        | 0.00227301                             |
| 14        | 0.00132352                             |
| 15        | 0.000762465                            |
+-----------+----------------------------------------+
"""


def chain() -> wr.SGraph:
    vertices = wr.SFrame({"id": range(5), "label": [0, None, None, None, 1]})
    edges = wr.SFrame({"from": range(4), "to": range(1, 5), "w": [1.0, 2.0, 0.5, 4.0]})
    return wr.SGraph(vertices, edges, "id", "from", "to")


def create(graph: wr.SGraph, **options: Any) -> Any:
    return wr.label_propagation.create(graph, "label", **({"verbose": False} | options))


def labels_of(*labels: Any, edges: list[wr.Edge] | None = None) -> wr.SGraph:
    vertices = wr.SFrame({"__id": range(len(labels)), "label": wr.SArray(labels)})
    return wr.SGraph(vertices, edges or [wr.Edge(0, 1, {"w": 1.0})])


# -------- worked examples


def test_a_directed_chain_gives_the_known_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    model = wr.label_propagation.create(chain(), "label")
    assert capsys.readouterr().out == DIRECTED
    table = model.labels
    assert table.column_names() == ["__id", "label", "predicted_label", "P0", "P1"]
    assert list(table["label"]) == [0, None, None, None, 1]
    assert list(table["predicted_label"]) == [0, 0, 0, 0, 1]
    known = [1.0, 0.9999847412109375, 0.999755859375, 0.9981536865234375, 0.0]
    assert list(table["P0"]) == pytest.approx(known, rel=1e-12)
    assert model.delta == pytest.approx(0.0007624645874610802, rel=1e-9)
    assert (model.num_iterations, model.undirected, model.weight_field) == (15, 0, "")


def test_an_undirected_chain_gives_the_known_numbers() -> None:
    model = create(chain(), undirected=True)
    table = model.labels
    assert list(table["predicted_label"]) == [0, 0, None, 1, 1]
    known = [1.0, 0.7496570644718793, 0.5, 0.2503429355281207, 0.0]
    assert list(table["P0"]) == pytest.approx(known, rel=1e-12)
    assert (model.num_iterations, model.undirected) == (6, 1)
    assert model.delta == pytest.approx(0.0006466454331838942, rel=1e-9)


# -------- oracle


def dense(sample: Sample, count: int, weight: str, own: float, *, undirected: bool) -> Any:
    """The update rule with matrices."""
    labels = {v: label for v, label in enumerate(sample.labels) if label is not None}
    classes, known = max(labels.values()) + 1, list(labels)
    p = np.full((sample.vertices, classes), 1 / classes)
    p[known] = np.eye(classes)[list(labels.values())]
    taken = own * np.eye(sample.vertices)
    for s, t, w in sample.edges:
        taken[t, s] += w if weight else 1.0
        if undirected:
            taken[s, t] += w if weight else 1.0
    change = 0.0
    for _ in range(count):
        after = taken @ p
        total = after.sum(axis=1, keepdims=True)
        after = np.where(total > 0, after / np.where(total > 0, total, 1), p)
        after[known] = p[known]
        change = float(np.sqrt(((after - p) ** 2).sum(axis=1)).sum())
        p = after
    return p, change / max(1, sample.vertices - len(known))


@given(
    samples(),
    st.integers(1, 5),
    st.sampled_from(["", "w"]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.booleans(),
)
@settings(max_examples=200)
def test_probabilities_follow_the_update_rule(
    sample: Sample, count: int, weight: str, own: float, undirected: bool
) -> None:
    weight = weight if sample.edges else ""
    model = create(
        sample.graph(),
        threshold=0,
        max_iterations=count,
        weight_field=weight,
        self_weight=own,
        undirected=undirected,
    )
    known, change = dense(sample, model.num_iterations, weight, own, undirected=undirected)
    found = np.column_stack([model.labels[f"P{k}"].to_numpy() for k in range(known.shape[1])])
    np.testing.assert_allclose(found, known, rtol=1e-9, atol=1e-12)
    assert model.delta == pytest.approx(change, rel=1e-9, abs=1e-12)
    assert model.num_iterations == count or model.delta == 0


# -------- predictions


def test_untouched_vertices_predict_nothing_whatever_ran_before() -> None:
    assert list(create(labels_of(0, None, 1, None)).labels["predicted_label"]) == [0, 0, 1, None]
    three = create(labels_of(0, None, 2, None))
    assert list(three.labels["predicted_label"]) == [0, 0, 2, None]
    assert list(three.labels["P1"]) == pytest.approx([0, 0, 0, 1 / 3], abs=1e-3)


def test_of_equally_probable_classes_the_lowest_is_predicted() -> None:
    graph = labels_of(2, 1, None, 0, edges=[wr.Edge(0, 2), wr.Edge(1, 2)])
    assert create(graph, self_weight=0.0).labels["predicted_label"][2] == 1


def test_a_vertex_without_weight_stays_undecided() -> None:
    model = create(labels_of(0, None, 1, edges=[wr.Edge(0, 0)]), self_weight=0.0)
    assert model.labels[1] == {
        "__id": 1, "label": None, "predicted_label": None, "P0": 0.5, "P1": 0.5,
    }  # fmt: skip


def test_a_graph_that_is_known_altogether_takes_one_iteration() -> None:
    model = create(labels_of(0, 1))
    assert (model.num_iterations, model.delta) == (1, 0.0)


def test_vertices_that_only_edges_name_are_unknown() -> None:
    graph = labels_of(0, edges=[wr.Edge(0, 7)])
    assert list(create(graph).labels["__id"]) == [0, 7]


def test_weights_may_be_ints() -> None:
    graph = labels_of(0, 1, None, edges=[wr.Edge(0, 2, {"w": 1}), wr.Edge(1, 2, {"w": 3})])
    model = create(graph, weight_field="w", self_weight=0.0)
    assert model.labels["P1"][2] == 0.75


# -------- a model


def test_fields_and_graph(tmp_path: Path) -> None:
    model = create(chain(), max_iterations=2)
    assert model.list_fields() == [
        "delta",
        "graph",
        "label_field",
        "labels",
        "num_iterations",
        "self_weight",
        "threshold",
        "training_time",
        "undirected",
        "weight_field",
    ]
    assert model.graph.get_vertex_fields() == ["__id", "label", "predicted_label", "P0", "P1"]
    assert model.graph.get_edge_fields() == ["__src_id", "__dst_id"]
    assert "weight for self edge                     : 1.0\n" in model.summary("str")
    model.save(tmp_path / "model")
    assert list(wr.load_model(tmp_path / "model").labels) == list(model.labels)


# -------- bad input


@pytest.mark.parametrize(
    "labels, problem",
    [
        ([1, None], "smallest is 1"),
        ([-1, 0], "smallest is -1"),
        ([0, 1000], "largest is 1000"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels: list[Any], problem: str) -> None:
    with pytest.raises(LabelError, match=problem):
        create(labels_of(*labels))


def test_what_would_not_fit_is_refused_before_edges_move(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = labels_of(0, 999, None)
    needed = 3 * (80 + 3 * 8 * 1000)
    monkeypatch.setattr(placing, "machine_memory", lambda: needed)
    create(graph, max_iterations=1)
    monkeypatch.setattr(placing, "machine_memory", lambda: needed - 1)
    with pytest.raises(GraphMemoryError, match="hold 24080 bytes for each of 3 vertices"):
        create(graph)


def test_labels_must_be_there_and_ints() -> None:
    none = wr.SGraph(wr.SFrame({"__id": [1], "label": wr.SArray([None], int)}))
    with pytest.raises(LabelError, match="none of 1"):
        create(none)
    for labels in (["a", "b"], [0.0, 1.0]):
        with pytest.raises(FieldTypeError, match="must be int"):
            create(labels_of(*labels))
    with pytest.raises(GraphFieldError, match="'colour'"):
        wr.label_propagation.create(chain(), "colour")
    number: Any = 3
    with pytest.raises(ArgumentTypeError):
        wr.label_propagation.create(chain(), number)


def test_an_empty_graph_has_no_labels() -> None:
    with pytest.raises(GraphFieldError, match="label"):
        create(wr.SGraph())


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), None])
def test_weights_that_are_none_are_refused(weight: float | None) -> None:
    edges = wr.SFrame({"__src_id": [0, 0], "__dst_id": [1, 1], "w": [1.0, weight]})
    graph = wr.SGraph(wr.SFrame({"__id": [0, 1], "label": [0, None]}), edges)
    with pytest.raises(EdgeWeightError, match="of 2 edges"):
        create(graph, weight_field="w")


def test_weights_must_be_numbers_and_there() -> None:
    graph = labels_of(0, None, edges=[wr.Edge(0, 1, {"name": "x"})])
    with pytest.raises(FieldTypeError, match="int or float"):
        create(graph, weight_field="name")
    with pytest.raises(GraphFieldError, match="'w'"):
        create(graph, weight_field="w")


@pytest.mark.parametrize(
    "options, error",
    [
        ({"threshold": -1}, OptionRangeError),
        ({"threshold": 0}, ArgumentError),
        ({"threshold": "low"}, ArgumentTypeError),
        ({"self_weight": -0.5}, OptionRangeError),
        ({"self_weight": float("nan")}, OptionRangeError),
        ({"max_iterations": 0}, OptionRangeError),
        ({"max_iterations": 1.5}, ArgumentTypeError),
    ],
)
def test_parameters_out_of_range_raise(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        create(chain(), **options)
