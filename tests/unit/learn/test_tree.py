from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from windrow.learn.tree import TreeSum, tree_sum

Partials = list[NDArray[np.float64] | None]


@st.composite
def _partials(draw: st.DrawFn) -> Partials:
    present = draw(st.lists(st.booleans(), min_size=1, max_size=70).filter(any))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    scale = 10.0 ** rng.integers(-8, 8, len(present))
    return [rng.normal(size=3) * s if p else None for p, s in zip(present, scale, strict=True)]


def _by_definition(partials: Partials, level: int, index: int) -> NDArray[np.float64] | None:
    if level == 0:
        return partials[index] if index < len(partials) else None
    if index << level >= len(partials):
        return None
    left = _by_definition(partials, level - 1, 2 * index)
    right = _by_definition(partials, level - 1, 2 * index + 1)
    if left is None or right is None:
        return right if left is None else left
    return left + right


@given(_partials())
@settings(max_examples=60)
def test_the_sum_is_that_of_the_aligned_tree(partials: Partials) -> None:
    expected = _by_definition(partials, 7, 0)
    assert expected is not None
    assert tree_sum(partials).tobytes() == expected.tobytes()


@given(_partials(), st.data())
@settings(max_examples=60)
def test_any_grouping_into_aligned_subtrees_gives_the_same_bits(
    partials: Partials, data: st.DataObject
) -> None:
    total: TreeSum[NDArray[np.float64]] = TreeSum()
    position = 0
    while position < len(partials):
        tallest = (position & -position).bit_length() - 1 if position else 6
        level = data.draw(st.integers(0, tallest))
        value = _by_definition(partials, level, position >> level)
        total.add(position >> level, value, level)
        position += 1 << level
    assert total.result().tobytes() == tree_sum(partials).tobytes()


def test_few_partials_are_held_at_a_time() -> None:
    total: TreeSum[NDArray[np.float64]] = TreeSum()
    for position in range(5000):
        total.add(position, np.ones(1))
        assert len(total._stack) <= 14
    assert total.result()[0] == 5000.0


def test_what_is_added_is_never_written_to() -> None:
    one = np.ones(2)
    one.setflags(write=False)
    assert tree_sum([one, one, one]).tolist() == [3.0, 3.0]


def test_partials_out_of_order_are_refused() -> None:
    total: TreeSum[NDArray[np.float64]] = TreeSum()
    total.add(1, np.ones(1), level=1)
    with pytest.raises(ValueError, match="below 4 are added already"):
        total.add(3, np.ones(1))


def test_a_sum_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no partials"):
        tree_sum([None, None])
