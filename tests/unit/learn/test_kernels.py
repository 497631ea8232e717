from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.leaves import Table

from windrow.learn.kernels import Curvature, Gradient, Sums, WithPeaks, margins
from windrow.learn.losses import HINGE_GAMMA, Loss
from windrow.learn.tree import tree_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOSSES = list(Loss)


class _Row(NamedTuple):
    loss: NDArray[np.float64]
    slope: NDArray[np.float64]
    curvature: NDArray[np.float64]


def _oracle(loss: Loss, m: NDArray[np.float64], y: NDArray[np.float64]) -> _Row:
    s = 2 * y - 1
    if loss is Loss.SQUARED:
        return _Row((y - m) ** 2, 2 * (m - y), np.full(m.size, 2.0))
    gamma, u = (1.0, -s * m) if loss is Loss.LOGISTIC else (HINGE_GAMMA, HINGE_GAMMA * (1 - s * m))
    p = np.exp(-np.logaddexp(0, -u))
    return _Row(np.logaddexp(0, u) / gamma, -s * p, gamma * p * np.exp(-np.logaddexp(0, u)))


@given(
    st.sampled_from(LOSSES),
    st.integers(0, 9),
    st.sampled_from([(), (3,), (2, 6)]),
    st.integers(1, 1300),
)
@settings(max_examples=40, deadline=None)
def test_loss_gradient_and_hessian_agree_with_plain_formulas(
    loss: Loss, numeric: int, levels: tuple[int, ...], rows: int
) -> None:
    table = Table.random(rows + numeric, rows, numeric, levels, loss=loss, leaf=700)
    rng = np.random.default_rng(rows)
    W = rng.normal(size=table.layout.size)
    W[0] += 0.1
    weights = np.array([0.5, 2.0])
    sums = Sums.of(table.reduce(Curvature(loss, table.layout), W, weights), table.layout)

    Z, y, on = table.matrix, table.target, table.trains
    m = Z @ W
    row = _oracle(loss, m, y)
    cost = np.where(y == 1, 2.0, 0.5) if loss.classifies else np.ones(rows)
    weight = cost * on
    scale = 1.0 + np.abs(weight * row.loss).sum()
    assert sums.loss == pytest.approx((weight * row.loss).sum(), abs=1e-12 * scale)
    np.testing.assert_allclose(sums.gradient, Z.T @ (weight * row.slope), atol=1e-10, rtol=1e-9)
    assert sums.hessian is not None
    wanted = (Z.T * (weight * row.curvature)) @ Z
    np.testing.assert_allclose(sums.hessian, wanted, atol=1e-10, rtol=1e-9)
    right = (y - m) ** 2 if loss is Loss.SQUARED else ((m >= 0) == (y == 1)).astype(float)
    assert sums.score_train == pytest.approx(right[on].sum())
    assert sums.score_validation == pytest.approx(right[~on].sum())


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_alone_has_the_bits_of_the_one_with_the_hessian(loss: Loss) -> None:
    table = Table.random(1, 2000, 6, (5,), loss=loss)
    W = np.linspace(-1, 1, table.layout.size)
    alone = table.reduce(Gradient(loss, table.layout), W)
    both = table.reduce(Curvature(loss, table.layout), W)
    assert alone.tobytes() == both[: alone.size].tobytes()
    assert Sums.of(alone, table.layout).hessian is None


def test_a_huge_margin_costs_what_it_should_and_stays_finite() -> None:
    dense = np.array([[1e4], [-1e4], [1e4], [-1e4]])
    table = Table.of(dense, np.zeros((4, 0), np.int64), np.array([1.0, 0.0, 0.0, 1.0]))
    partial = table.reduce(Curvature(Loss.LOGISTIC, table.layout), np.array([0.0, 1.0]))
    assert partial[0] == 2e4
    assert np.isfinite(partial).all()


def test_no_training_row_gives_zeros() -> None:
    table = Table.random(2, 600, 2)
    table = Table.of(
        table.matrix[:, 1:], np.zeros((600, 0), np.int64), table.target, np.full(600, 2, np.uint8)
    )
    partial = table.reduce(Curvature(Loss.LOGISTIC, table.layout), np.ones(3))
    assert not partial[3:].any()
    assert partial[0] == 0.0
    assert partial[1] == 0.0
    assert partial[2] > 0.0


def test_margins_are_those_of_the_matrix() -> None:
    table = Table.random(8, 1500, 5, (4, 4))
    W = np.random.default_rng(0).normal(size=table.layout.size)
    got = np.concatenate([margins(leaf, W) for leaf in table.leaves])
    np.testing.assert_allclose(got, table.matrix @ W, rtol=1e-12, atol=1e-12)


def test_the_cut_into_leaves_changes_the_last_bits_at_most() -> None:
    W = np.linspace(-1, 1, 4)
    tables = [Table.random(5, 2000, 3, leaf=leaf) for leaf in (512, 2000)]
    sums = [table.reduce(Gradient(Loss.LOGISTIC, table.layout), W) for table in tables]
    np.testing.assert_allclose(sums[0], sums[1], rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("kernel", [Gradient, Curvature])
def test_kernels_pickle_and_give_the_same_bits(kernel: type[Gradient | Curvature]) -> None:
    table = Table.random(6, 900, 3, (4,))
    one = kernel(Loss.LOGISTIC, table.layout)
    again = pickle.loads(pickle.dumps(one))
    W = np.ones(table.layout.size)
    assert again == one
    assert (
        tree_sum(again(leaf, W) for leaf in table.leaves).tobytes()
        == table.reduce(one, W).tobytes()
    )


def test_a_validation_row_of_a_class_not_seen_in_training_is_never_right() -> None:
    role = np.array([1, 1, 2, 2], np.uint8)
    table = Table.of(
        np.array([[1.0], [-1.0], [1.0], [-1.0]]),
        np.zeros((4, 0), np.int64),
        np.array([1.0, 0.0, 2.0, 2.0]),
        role,
    )
    partial = table.reduce(Gradient(Loss.LOGISTIC, table.layout), np.array([0.0, 1.0]))
    assert partial[1:3].tolist() == [2.0, 0.0]


@given(st.integers(0, 9), st.integers(1, 1300))
@settings(max_examples=30, deadline=None)
def test_the_largest_errors_come_along_in_the_same_pass(numeric: int, rows: int) -> None:
    table = Table.random(rows + numeric, rows, numeric, (3,), loss=Loss.SQUARED, leaf=300)
    W = np.random.default_rng(rows).normal(size=table.layout.size)
    kernel = Gradient(Loss.SQUARED, table.layout)
    found = table.reduce(WithPeaks(kernel), W)
    squares, on = (table.target - table.matrix @ W) ** 2, table.trains
    wanted = [np.max(squares[rows], initial=0.0) for rows in (on, ~on)]
    np.testing.assert_allclose(found.peaks, wanted, rtol=1e-9)
    assert found.sums.tobytes() == table.reduce(kernel, W).tobytes()


def test_largest_errors_pickle_and_do_not_depend_on_the_order_of_leaves() -> None:
    table = Table.random(4, 5000, 3, loss=Loss.SQUARED, leaf=100)
    kernel, W = WithPeaks(Gradient(Loss.SQUARED, table.layout)), np.ones(4)
    partials = [pickle.loads(pickle.dumps(kernel))(leaf, W) for leaf in table.leaves]
    one, other = tree_sum(partials), tree_sum(partials[::-1])
    assert one.peaks.tobytes() == other.peaks.tobytes()
