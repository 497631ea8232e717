"""A superstep gives the same bits however vertices are cut into ranges."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from windrow.learn.edges import EdgeRows
from windrow.learn.propagation import (
    l1_change,
    masked_sum,
    row_changes,
    spread_labels,
    spread_ranks,
)
from windrow.learn.traversal import (
    count_present,
    count_triangles,
    hook,
    later_neighbours,
    pick_colours,
    shorten,
    smallest,
)

Step = Callable[[tuple[EdgeRows, ...]], Any]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Any, Any, list[int]]:
    """Vertices, edges in both directions, weights, and ends of ranges."""
    count = draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=40))
    ends = np.array([*pairs, *((b, a) for a, b in pairs)], dtype=np.uint32).reshape(-1, 2)
    weights = draw(st.sampled_from([np.empty(0), np.linspace(0.1, 3, len(ends))]))
    cuts = draw(st.sets(st.integers(1, count - 1)) if count > 1 else st.just(set[int]()))
    return count, ends, weights, [0, *sorted(cuts), count]


def rows(ends: Any, weights: Any, first: int, stop: int) -> EdgeRows:
    inside = (ends[:, 1] >= first) & (ends[:, 1] < stop)
    own = weights[inside] if len(weights) else weights
    return EdgeRows.build(first, stop, ends[inside, 0], ends[inside, 1], own)


def steps(count: int) -> dict[str, Step]:
    draw = np.random.default_rng(count)
    values, base = draw.random(count), draw.random(count)
    chances = draw.dirichlet(np.ones(5), count)
    labels = draw.integers(-1, 5, count).astype(np.int16)
    turns = draw.permutation(count)
    colours = draw.integers(0, 3, count)
    nowhere = np.full(count, -1)
    return {
        "ranks": lambda leaves: spread_ranks(leaves, values, base, 0.85),
        "ranks, one base": lambda leaves: spread_ranks(leaves, values, base[:1], 0.85),
        "labels": lambda leaves: spread_labels(leaves, chances, labels, 0.3),
        "smallest": lambda leaves: smallest(leaves, turns),
        "present": lambda leaves: count_present(leaves, (labels > 1).astype(np.uint8)),
        "distances": lambda leaves: shorten(leaves, values, nowhere)[0],
        "before": lambda leaves: shorten(leaves, values, nowhere)[1],
        "colours": lambda leaves: pick_colours(leaves, colours, turns.astype(np.uint64)),
        "later": lambda leaves: later_neighbours(leaves, turns)[1],
    }


@pytest.mark.parametrize("name", steps(1))
@given(graphs())
def test_ranges_do_not_change_a_bit(name: str, graph: tuple[int, Any, Any, list[int]]) -> None:
    count, ends, weights, bounds = graph
    step = steps(count)[name]
    whole = step((rows(ends, weights, 0, count),))
    parts = [step((rows(ends, weights, a, b),)) for a, b in itertools.pairwise(bounds)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@given(graphs())
def test_triangles_do_not_depend_on_the_order_of_vertices(
    graph: tuple[int, Any, Any, list[int]],
) -> None:
    count, ends, _, _ = graph
    leaves = (rows(ends, np.empty(0), 0, count),)
    found = set()
    for turns in (np.arange(count), np.arange(count)[::-1].copy()):
        counts, later = later_neighbours(leaves, turns)
        starts = np.concatenate([[0], np.cumsum(counts)])
        found.add(tuple(count_triangles(leaves, starts, later).tolist()))
    assert len(found) == 1


def test_a_hooked_label_goes_to_all_that_share_it() -> None:
    found = np.array([0, 1, 2, 0])
    hook(np.array([0, 1, 2, 2]), found)
    assert found.tolist() == [0, 1, 0, 0]


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_changes_are_added_up(values: list[float]) -> None:
    after = np.array(values)
    change = np.empty(len(values))
    assert l1_change(np.zeros(len(values)), after, change) == pytest.approx(sum(map(abs, values)))
    assert change.tolist() == [abs(value) for value in values]
    mask = after > 0
    assert masked_sum(after, mask) == pytest.approx(float(after[mask].sum()))
    table = after[: len(values) // 2 * 2].reshape(-1, 2)
    known = np.linalg.norm(table, axis=1).sum()
    assert row_changes(np.zeros(table.shape), table) == pytest.approx(known)
