from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, strategies as st

from windrow.learn.edges import EdgeList, EdgeRows, ranges, sort_by_range
from windrow.learn.numbering import number_ints

whole = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.integers(-5, 5) | whole, max_size=40))
def test_numbers_go_by_first_sight(values: list[int]) -> None:
    codes, names = number_ints(np.array(values, dtype=np.int64))
    assert names.tolist() == list(dict.fromkeys(values))
    assert names[codes].tolist() == values


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 20), st.integers(1, 8))
def test_ranges_cover_all_vertices_and_each_has_an_edge(
    degrees: list[int], each: int, most: int
) -> None:
    bounds = ranges(np.array(degrees, dtype=np.int64), each, most)
    assert bounds[0] == 0
    assert bounds[-1] == len(degrees)
    assert len(bounds) - 1 <= most
    sums = [sum(degrees[a:b]) for a, b in itertools.pairwise(bounds)]
    if sum(degrees):
        assert min(sums) > 0
        assert max(sums) <= -(-sum(degrees) // min(most, -(-sum(degrees) // each))) + 2 * 9


@given(st.data())
def test_rows_hold_each_edge_once_in_the_order_of_the_table(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    pairs = data.draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=40))
    sources, targets = (np.array([pair[i] for pair in pairs], dtype=np.uint32) for i in range(2))
    weights = np.arange(len(pairs), dtype=np.float64)
    bounds = ranges(np.bincount(targets, minlength=count).astype(np.int64), 5, 100)
    owners = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint16), np.diff(bounds))
    s, t, w, ends = sort_by_range(sources, targets, weights, bounds, owners)
    found: dict[int, list[tuple[int, float]]] = {}
    for place in range(len(bounds) - 1):
        part = slice(ends[place], ends[place + 1])
        first, stop = int(bounds[place]), int(bounds[place + 1])
        rows = EdgeRows.build(first, stop, s[part], t[part], w[part])
        again = EdgeRows.from_arrays(rows.to_arrays())
        assert again.rows == rows.rows == ends[place + 1] - ends[place]
        for v in range(rows.vertices):
            row = slice(rows.starts[v], rows.starts[v + 1])
            found[first + v] = list(
                zip(again.sources[row].tolist(), again.weights[row].tolist(), strict=True)
            )
    for v in range(count):
        assert found[v] == [(a, i) for i, (a, b) in enumerate(pairs) if b == v]


def test_an_unweighted_edge_takes_four_bytes_and_a_vertex_eight() -> None:
    numbers = np.arange(1000, dtype=np.uint32)
    rows = EdgeRows.build(0, 1000, numbers, numbers, np.empty(0))
    assert rows.nbytes == 4 * 1000 + 8 * 1001


def test_a_list_of_edges_survives_as_arrays() -> None:
    codes = np.array([0, 1], dtype=np.int32)
    edges = EdgeList(codes, codes, np.empty(0), 2, np.arange(3, dtype=np.uint8))
    again = EdgeList.from_arrays(edges.to_arrays())
    assert (again.rows, again.distinct, again.nbytes) == (2, 2, edges.nbytes)
