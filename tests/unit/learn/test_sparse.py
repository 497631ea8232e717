from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.leaves import Table

from windrow.learn.kernels import Curvature, Gradient, Sums, margins
from windrow.learn.layout import Layout
from windrow.learn.leaf import TILE, TRAIN, VALIDATION, Leaf
from windrow.learn.losses import Loss
from windrow.learn.moments import Moments, Statistics, first_entries
from windrow.learn.sparse import SparseRows


def scattered_table(seed: int, rows: int, keys: int, *, classes: int = 2) -> tuple[Leaf, Table]:
    """The same rows twice: some columns as sparse rows, and all of them as numbers."""
    table = Table.random(seed, rows, 2 + keys, classes=classes, leaf=max(rows, 1))
    rng = np.random.default_rng(seed)
    wide = table.matrix[:, 3:] * (rng.random((rows, keys)) < 0.4)
    dense = np.column_stack([table.matrix[:, 1:3], wide])
    empty = np.zeros((rows, 0), np.int64)
    plain = Table.of(dense, empty, table.target, table.role, leaf=max(rows, 1))
    at, place = np.nonzero(wide)
    lengths = np.bincount(at, minlength=rows)
    entries = SparseRows.of(lengths, 3 + place, wide[at, place])
    leaf = Leaf.pack(list(dense[:, :2].T), [], table.target, table.role, sparse=entries)
    return leaf, plain


@settings(max_examples=20)
@given(rows=st.integers(1, 2 * TILE + 3), keys=st.integers(1, 9), loss=st.sampled_from(list(Loss)))
def test_sparse_columns_are_columns_of_mostly_zeros(rows: int, keys: int, loss: Loss) -> None:
    leaf, plain = scattered_table(rows + keys, rows, keys)
    layout, W = Layout(2, (), (keys,)), np.linspace(-1.0, 1.0, 3 + keys)
    found = Sums.of(Curvature(loss, layout)(leaf, W), layout)
    wanted = Sums.of(plain.reduce(Curvature(loss, plain.layout), W), plain.layout)
    assert np.allclose(margins(leaf, W), plain.matrix @ W, rtol=1e-12, atol=1e-12)
    assert found.hessian is not None
    assert wanted.hessian is not None
    assert np.allclose(found.loss, wanted.loss, rtol=1e-12)
    assert np.allclose(found.gradient, wanted.gradient, rtol=1e-10, atol=1e-10)
    assert np.allclose(found.hessian, wanted.hessian, rtol=1e-10, atol=1e-9)
    assert np.array_equal(found.hessian, found.hessian.T)
    assert found.score_train == pytest.approx(wanted.score_train)


def test_sparse_columns_of_several_classes() -> None:
    leaf, plain = scattered_table(3, 700, 4, classes=3)
    layout, W = Layout(2, (), (4,)), np.linspace(-1.0, 1.0, 14).reshape(2, 7)
    found = Sums.of(Curvature(Loss.LOGISTIC, layout)(leaf, W), layout, 2)
    wanted = Sums.of(plain.reduce(Curvature(Loss.LOGISTIC, plain.layout), W), plain.layout, 2)
    assert found.hessian is not None
    assert wanted.hessian is not None
    assert np.allclose(margins(leaf, W), W @ plain.matrix.T, rtol=1e-12, atol=1e-12)
    assert np.allclose(found.gradient, wanted.gradient, rtol=1e-10, atol=1e-10)
    assert np.allclose(found.hessian, wanted.hessian, rtol=1e-10, atol=1e-10)


def test_sparse_entries_meet_categories_in_the_hessian() -> None:
    codes = np.array([1, 2, 1], np.int32)
    entries = SparseRows.of(np.array([1, 0, 2]), np.array([3, 4, 3]), np.array([2.0, 3.0, 5.0]))
    leaf = Leaf.pack([], [codes], np.zeros(3), np.full(3, TRAIN, np.uint8), sparse=entries)
    layout = Layout(0, (2,), (2,))
    sums = Sums.of(Curvature(Loss.SQUARED, layout)(leaf, np.zeros(5)), layout)
    x = np.array([[1, 1, 0, 2, 0], [1, 0, 1, 0, 0], [1, 1, 0, 5, 3]], dtype=float)
    assert sums.hessian is not None
    assert np.array_equal(sums.hessian, 2.0 * x.T @ x)


def test_moments_of_sparse_columns_count_absent_values_as_zeros() -> None:
    leaf, plain = scattered_table(5, 900, 6)
    kernel = Moments(Layout(2, (), (6,)))
    found = Statistics.of(kernel(leaf, np.zeros(2)), kernel, np.zeros(2))
    wanted, _ = plain.statistics()
    assert np.allclose(found.mean, wanted.mean, rtol=1e-12)
    assert np.allclose(found.variance, wanted.variance, rtol=1e-12)
    train = plain.matrix[plain.trains]
    assert found.count[3:].tolist() == (train[:, 3:] != 0).sum(axis=0).tolist()


def test_moments_refuse_places_of_another_layout() -> None:
    leaf, _ = scattered_table(5, 90, 6)
    with pytest.raises(ValueError, match="does not have the layout"):
        Moments(Layout(2, (), (2,)))(leaf, np.zeros(2))


def test_rows_that_do_not_train_have_no_first_entry() -> None:
    role = np.array([VALIDATION, TRAIN, TRAIN], np.uint8)
    rows = SparseRows.of(np.array([1, 0, 1]), np.array([2, 3]), np.ones(2))
    leaf = Leaf.pack([], [], np.zeros(3), role, sparse=rows)
    assert first_entries(leaf, np.array([[1, 5], [1, 3]], np.int32)).tolist() == [3, -1]


def test_rows_are_cut_joined_and_renamed() -> None:
    one = SparseRows.of(np.array([2, 0, 1]), np.array([0, 1, 0]), np.array([1.0, 2.0, 3.0]))
    other = SparseRows.of(np.array([0, 1, 1]), np.array([5, 6]), np.array([4.0, 5.0]))
    both = SparseRows.joined([one, other])
    assert both.starts.tolist() == [0, 2, 3, 5]
    assert both.places.tolist() == [0, 1, 5, 0, 6]
    assert both.values.tolist() == [1.0, 2.0, 4.0, 3.0, 5.0]
    fewer = both.mapped(np.array([9, -1, 0, 0, 0, -1, 7], np.int32))
    assert (fewer.starts.tolist(), fewer.places.tolist()) == ([0, 1, 1, 3], [9, 9, 7])
    assert fewer.values.tolist() == [1.0, 3.0, 5.0]


def test_weights_multiply_losses() -> None:
    table = Table.random(1, 600, 3, classes=3)
    weight = np.random.default_rng(1).integers(0, 3, 600).astype(float)
    role = np.full(600, TRAIN, np.uint8)
    dense = list(table.matrix[:, 1:].T)
    for loss, W in ((Loss.SQUARED, np.ones(4)), (Loss.LOGISTIC, np.ones((2, 4)))):
        margins_of = 1 if W.ndim == 1 else 2
        layout = Layout(3)
        leaf = Leaf.pack(dense, [], table.target, role, weight=weight)
        often = np.repeat(np.arange(600), weight.astype(int))
        ones = np.full(often.size, TRAIN, np.uint8)
        repeated = Leaf.pack([c[often] for c in dense], [], table.target[often], ones)
        for kernel in (Gradient(loss, layout), Curvature(loss, layout)):
            found = Sums.of(kernel(leaf, W), layout, margins_of)
            wanted = Sums.of(kernel(repeated, W), layout, margins_of)
            assert np.isclose(found.loss, wanted.loss, rtol=1e-12)
            assert np.allclose(found.gradient, wanted.gradient, rtol=1e-10, atol=1e-9)
        assert found.hessian is not None
        assert wanted.hessian is not None
        assert np.allclose(found.hessian, wanted.hessian, rtol=1e-10, atol=1e-9)


def test_a_leaf_of_sparse_rows_goes_through_named_arrays() -> None:
    leaf, _ = scattered_table(5, 90, 6)
    again = Leaf.from_arrays(leaf.to_arrays())
    assert [a.tobytes() for a in leaf.sparse] == [a.tobytes() for a in again.sparse]
    assert leaf.nbytes >= 12 * leaf.sparse[1].size
