from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import windrow as wr
from windrow.errors import ArgumentError, GraphFieldError
from windrow.frames.graph_picture import MARGIN, MOST_EDGES, MOST_VERTICES, SIDE, layout


def small() -> wr.SGraph:
    edges = [wr.Edge("a<b", "c", {"km": 3}), wr.Edge("c", "c", {"km": 4}), wr.Edge("c", "d")]
    return wr.SGraph([wr.Vertex("alone", {"x": 1})], edges)


def test_a_picture_has_every_vertex_and_edge() -> None:
    svg = small().show(elabel="km", highlight=["d"]).svg
    assert svg.count("<line") == 2
    assert svg.count("<circle") == 4 + 1
    assert re.findall(r">([^<>\n]*)</text>", svg) == ["3", "4", "", "alone", "a&lt;b", "c", "d"]
    assert svg.count("#b5395b") == 1
    assert "<title>__id: alone, x: 1</title>" in svg


def test_labels_and_arrows_can_be_left_out() -> None:
    svg = small().show(vlabel=None, arrows=False).svg
    assert "<text" not in svg
    assert "marker-end" not in svg
    assert ">1</text>" in small().show(vlabel="x").svg


def test_a_picture_is_shown_by_notebooks_and_kept_in_files(tmp_path: Path) -> None:
    picture = small().show()
    picture.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture._repr_svg_()
    assert small().show() == picture


@pytest.mark.parametrize("count", [0, 1, 2])
def test_tiny_graphs_are_drawn(count: int) -> None:
    graph = wr.SGraph([wr.Vertex(n) for n in range(count)]) if count else wr.SGraph()
    assert graph.show().svg.count("<circle") == count


def test_large_graphs_and_unknown_fields_are_refused() -> None:
    ids = wr.SFrame({"__id": range(MOST_VERTICES + 1)})
    with pytest.raises(ArgumentError, match="get_neighborhood"):
        wr.SGraph(ids).show()
    many = wr.SFrame({"__src_id": [1] * (MOST_EDGES + 1), "__dst_id": [2] * (MOST_EDGES + 1)})
    with pytest.raises(ArgumentError, match="get_neighborhood"):
        wr.SGraph(edges=many).show()
    with pytest.raises(GraphFieldError, match="colour"):
        small().show(vlabel="colour")
    with pytest.raises(GraphFieldError, match="colour"):
        small().show(elabel="colour")


@given(st.integers(0, 20), st.data())
def test_every_vertex_lies_in_the_picture(count: int, data: st.DataObject) -> None:
    vertex = st.integers(0, max(count - 1, 0))
    pairs = data.draw(st.lists(st.tuples(vertex, vertex), max_size=30 if count else 0))
    places = layout(count, pairs)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert ((places >= MARGIN - 1) & (places <= SIDE - MARGIN + 1)).all()
