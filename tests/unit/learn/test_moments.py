from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.leaves import Table

from windrow.learn.layout import Design, Layout
from windrow.learn.leaf import TRAIN, VALIDATION, Leaf
from windrow.learn.losses import Loss
from windrow.learn.moments import Moments, Statistics, first_training_row


@given(st.integers(0, 50), st.integers(2, 1500))
@settings(max_examples=20, deadline=None)
def test_counts_means_and_variances_are_those_of_the_training_rows(seed: int, rows: int) -> None:
    table = Table.random(seed, rows, 3, (4, 7), leaf=300)
    statistics, reference = table.statistics(classes=2)
    trained = table.matrix[table.trains]
    n = len(trained)
    assert (statistics.n_train, statistics.n_validation) == (n, rows - n)
    assert statistics.class_counts.tolist() == [
        int((table.target[table.trains] == k).sum()) for k in (0, 1)
    ]
    np.testing.assert_allclose(statistics.mean, trained.mean(0), rtol=1e-9, atol=1e-12)
    variance = trained.var(0, ddof=1) if n > 1 else np.zeros(trained.shape[1])
    np.testing.assert_allclose(statistics.variance, variance, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(statistics.count[4:], trained.sum(0)[4:])
    np.testing.assert_array_equal(table.matrix[0, reference], 1.0)


@pytest.mark.parametrize("first", [0.0, -1e6])
def test_a_large_mean_does_not_hide_a_small_spread(first: float) -> None:
    rng = np.random.default_rng(1)
    x = 1e9 + rng.normal(size=5000)
    x[0] += first
    table = Table.of(x[:, None], np.zeros((5000, 0), np.int64), np.zeros(5000))
    statistics, _ = table.statistics()
    wanted = np.var(x - 1e9, ddof=1)
    assert statistics.variance[1] == pytest.approx(wanted, rel=1e-9)


def test_numbers_that_are_not_finite_are_counted_by_column() -> None:
    x = np.array([[1.0, np.inf], [np.nan, 2.0], [3.0, -np.inf], [np.nan, 4.0]])
    role = np.array([TRAIN, TRAIN, TRAIN, VALIDATION], np.uint8)
    table = Table.of(x, np.zeros((4, 0), np.int64), np.zeros(4), role)
    statistics, _ = table.statistics()
    assert statistics.not_finite.tolist() == [1, 2]


def test_the_reference_is_the_level_of_the_first_training_row() -> None:
    role = np.array([VALIDATION, TRAIN, TRAIN], np.uint8)
    codes = np.array([[0], [2], [1]])
    table = Table.of(np.zeros((3, 1)), codes, np.zeros(3), role, levels=(3,))
    statistics, reference = table.statistics()
    assert reference.tolist() == [4]
    # level 0 is met in validation alone: no coefficient
    assert Design.of(statistics, reference).free.tolist() == [0, 1, 3]


def test_a_leaf_without_training_rows_has_no_first_one() -> None:
    leaf = Leaf.pack([], [], np.zeros(3), np.full(3, VALIDATION, np.uint8))
    assert first_training_row(leaf) is None


def test_a_constant_categorical_column_has_no_coefficient() -> None:
    table = Table.of(np.ones((5, 1)), np.zeros((5, 1), np.int64), np.zeros(5), levels=(2,))
    design = Design.of(*table.statistics())
    assert design.free.tolist() == [0, 1]
    assert design.scale.tolist() == [1.0, 1.0]


def test_scales_are_roots_of_mean_square_with_the_sample_variance() -> None:
    table = Table.random(3, 400, 2, (5,))
    statistics, reference = table.statistics()
    design = Design.of(statistics, reference)
    trained = table.matrix[table.trains][:, design.free]
    wanted = np.sqrt(trained.mean(0) ** 2 + trained.var(0, ddof=1))
    wanted[0] = 1.0
    np.testing.assert_allclose(design.scale, wanted, rtol=1e-12)
    plain = Design.of(statistics, reference, rescale=False)
    assert plain.scale.tolist() == [1.0] * plain.size


def test_a_column_of_zeros_has_a_scale_above_zero() -> None:
    table = Table.of(np.zeros((5, 1)), np.zeros((5, 0), np.int64), np.zeros(5))
    assert Design.of(*table.statistics()).scale[1] == pytest.approx(1e-5)


def test_expanding_and_contracting_are_transposes() -> None:
    table = Table.random(4, 300, 3, (4, 3))
    design = Design.of(*table.statistics())
    rng = np.random.default_rng(0)
    b, g = rng.normal(size=design.size), rng.normal(size=table.layout.size)
    assert design.expand(b) @ g == pytest.approx(b @ design.contract(g))
    hessian = rng.normal(size=(table.layout.size,) * 2)
    assert design.expand(b) @ hessian @ design.expand(b) == pytest.approx(
        b @ design.contract_hessian(hessian.reshape(-1)) @ b
    )


def test_the_number_of_references_must_fit() -> None:
    table = Table.random(4, 50, 1, (4,))
    statistics, _ = table.statistics()
    with pytest.raises(ValueError, match="0 reference levels for 1"):
        Design.of(statistics, np.zeros(0, np.int32))


def test_one_row_has_no_variance() -> None:
    table = Table.of(np.array([[5.0]]), np.zeros((1, 0), np.int64), np.zeros(1))
    kernel = Moments(table.layout)
    statistics = Statistics.of(kernel(table.leaves[0], np.zeros(1)), kernel, np.zeros(1))
    assert (statistics.mean[1], statistics.variance[1]) == (5.0, 0.0)


def test_a_leaf_of_another_layout_is_refused_before_any_kernel_trusts_it() -> None:
    table = Table.random(1, 20, 2, (3,))
    for other in (Layout(2, (2,)), Layout(1, (3,)), Layout(2, (3, 1))):
        with pytest.raises(ValueError, match="layout"):
            Moments(other)(table.leaves[0], np.zeros(other.numeric))


def test_a_class_beyond_the_known_ones_is_not_counted() -> None:
    table = Table.of(np.ones((3, 1)), np.zeros((3, 0), np.int64), np.array([0.0, 1.0, 2.0]))
    statistics, _ = table.statistics(classes=2)
    assert statistics.class_counts.tolist() == [1, 1]


def test_the_sums_of_a_target_that_is_a_number() -> None:
    table = Table.random(3, 1300, 2, loss=Loss.SQUARED, leaf=400)
    statistics, _ = table.statistics()
    own = table.target[table.trains]
    assert statistics.target_sums == pytest.approx([own.sum(), (own**2).sum()])
    assert not table.statistics(classes=2)[0].target_sums.any()
