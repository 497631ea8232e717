from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, strategies as st

from windrow.execution.cuts import LEVELS, Leaves, cut, loads, spread
from windrow.learn.tree import TreeSum, tree_sum

counts = st.lists(st.integers(0, 9), max_size=20)


def whole_sum(leaves: Leaves, partials: list[Any], partitions: int) -> Any:
    """Add up partition by partition, as the rule says."""
    sums: list[Any] = []
    for partition in range(partitions):
        numbers = leaves.of([partition])
        sums.append(tree_sum([partials[n] for n in numbers]) if numbers else None)
    return tree_sum(sums)


@given(counts, st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 4), st.data())
def test_loads_of_any_workers_add_up_to_the_same_bits(
    counts: list[int], weights: list[int], pieces: int, data: st.DataObject
) -> None:
    leaves = Leaves(counts, 1)
    draw = np.random.default_rng(data.draw(st.integers(0, 1000)))
    partials = list(draw.normal(size=(len(leaves), 2)) * 10.0 ** draw.integers(-9, 9, 2))
    homes = [data.draw(st.integers(0, len(weights) - 1)) for _ in counts]
    shares = [[p for p, home in enumerate(homes) if home == host] for host in range(len(weights))]
    subtrees = {}
    for share in shares:
        for load in loads(leaves, share, pieces):
            for subtree in load:
                total: TreeSum[Any] = TreeSum()
                for partition, place in leaves.within(subtree):
                    assert partition in share
                    number = leaves.of([partition])[place]
                    total.add((partition << LEVELS) + place, partials[number])
                subtrees[subtree] = total.result()
    if not partials:
        assert subtrees == {}
        return
    whole: TreeSum[Any] = TreeSum()
    for subtree in sorted(subtrees, key=lambda s: s.start):
        whole.add(subtree.index, subtrees[subtree], subtree.level)
    assert whole.result().tobytes() == whole_sum(leaves, partials, len(counts)).tobytes()


@given(counts, st.integers(1, 9))
def test_loads_hold_every_leaf_once_and_are_about_equal(counts: list[int], pieces: int) -> None:
    leaves = Leaves(counts, 1)
    found = loads(leaves, range(len(counts)), pieces)
    held = [[place for subtree in load for place in leaves.within(subtree)] for load in found]
    flat = [place for load in held for place in load]
    assert flat == [(p, i) for p, count in enumerate(counts) for i in range(count)]
    assert len(found) == min(pieces, len(flat))
    if flat:
        fair = -(-len(flat) // pieces)
        assert max(map(len, held)) <= fair + len(flat) // (8 * pieces)


@given(st.integers(0, 200), st.lists(st.integers(1, 8), min_size=1, max_size=12))
def test_partitions_are_spread_in_order_and_completely(count: int, weights: list[int]) -> None:
    ranges = spread(count, weights)
    assert len(ranges) == len(weights)
    assert [number for part in ranges for number in part] == list(range(count))


def test_a_host_gives_one_vector_where_partitions_divide_well() -> None:
    leaves = Leaves([3] * 12, 1)
    shares = spread(12, [1, 1, 1])
    assert [len(load) for share in shares for load in loads(leaves, share, 1)] == [1, 1, 1]


def test_a_hundred_partitions_on_three_hosts_are_three_vectors() -> None:
    leaves = Leaves([2] * 100, 1)
    shares = spread(100, [1, 1, 1])
    assert [len(load) for share in shares for load in loads(leaves, share, 1)] == [1, 1, 1]


def test_parts_follow_weights() -> None:
    assert cut(100, [1, 3], lambda _: 0) == [25, 100]
