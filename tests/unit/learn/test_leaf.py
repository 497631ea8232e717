from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn.kernels import margins
from windrow.learn.leaf import LEAF, TILE, TRAIN, VALIDATION, Leaf
from windrow.learn.sparse import SparseRows


@given(st.integers(1, 1400), st.integers(0, 5), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_rows_come_back_in_their_order(rows: int, d: int, c: int) -> None:
    rng = np.random.default_rng(rows)
    dense = [rng.normal(size=rows) for _ in range(d)]
    codes = [rng.integers(0, 9, rows).astype(np.int32) for _ in range(c)]
    role = rng.choice(np.array([TRAIN, VALIDATION], np.uint8), rows)
    leaf = Leaf.pack(dense, codes, rng.normal(size=rows), role)
    for j in range(d):
        assert np.array_equal(leaf.dense[:, j].reshape(-1)[:rows], dense[j])
    for j in range(c):
        assert np.array_equal(leaf.codes[:, j].reshape(-1)[:rows], codes[j])
    assert np.array_equal(leaf.role.reshape(-1)[:rows], role)
    assert not leaf.role.reshape(-1)[rows:].any()


def test_a_leaf_goes_through_named_arrays_unchanged() -> None:
    ones = np.ones(700, np.uint8)
    leaf = Leaf.pack([np.arange(700.0)], [], np.zeros(700), ones)
    again = Leaf.from_arrays(leaf.to_arrays())
    assert again.rows == 700
    assert all(
        np.array_equal(array, again.to_arrays()[name]) for name, array in leaf.to_arrays().items()
    )
    assert leaf.nbytes == 2 * TILE * (8 + 8 + 1)


def test_columns_of_another_length_and_too_many_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Leaf.pack([np.zeros(3)], [], np.zeros(2), np.ones(2, np.uint8))
    with pytest.raises(ValueError, match=f"at most {LEAF}"):
        Leaf.pack([], [], np.zeros(LEAF + 1), np.ones(LEAF + 1, np.uint8))


def test_a_margin_is_nan_where_a_feature_is() -> None:
    leaf = Leaf.pack(
        [np.array([1.0, np.nan])],
        [np.array([2, 3], np.int32)],
        np.zeros(2),
        np.ones(2, np.uint8),
    )
    got = margins(leaf, np.array([1.0, 2.0, 10.0, 20.0]))
    np.testing.assert_array_equal(got, [13.0, np.nan])


@given(st.integers(0, 2**31), st.integers(1, 1200))
def test_rows_that_are_taken_keep_their_entries_and_weights(seed: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    lengths = draw.integers(0, 4, rows)
    sparse = SparseRows.of(
        lengths, draw.integers(0, 9, lengths.sum()), draw.normal(size=lengths.sum())
    )
    numbers, target, weight = draw.normal(size=(3, rows))
    role = np.full(rows, TRAIN, np.uint8)
    leaf = Leaf.pack([numbers], [], target, role, sparse=sparse, weight=weight)
    wanted = np.flatnonzero(draw.random(rows) < 0.3)
    own = [sparse.part(int(row), int(row) + 1) for row in wanted]
    few = SparseRows.of(
        lengths[wanted],
        np.concatenate([np.zeros(0, np.int32), *(part.places for part in own)]),
        np.concatenate([np.zeros(0), *(part.values for part in own)]),
    )
    packed = Leaf.pack(
        [numbers[wanted]], [], target[wanted], role[wanted], sparse=few, weight=weight[wanted]
    )
    taken = leaf.take(wanted).to_arrays()
    for name, array in packed.to_arrays().items():
        np.testing.assert_array_equal(taken[name], array, name)
