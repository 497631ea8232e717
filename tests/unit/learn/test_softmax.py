from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.special import log_softmax, softmax as softmax_of
from tests.support.leaves import Table

from windrow.learn.kernels import Curvature, Gradient, Sums, margins
from windrow.learn.losses import Loss
from windrow.learn.softmax import leaders, probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOGISTIC = Loss.LOGISTIC


def all_margins(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Margins (K, rows) with that of the first class."""
    return np.concatenate([np.zeros((1, m.shape[1])), m])


@given(
    st.integers(3, 6),
    st.integers(0, 9),
    st.sampled_from([(), (3,), (2, 6)]),
    st.integers(1, 1300),
)
@settings(max_examples=40, deadline=None)
def test_loss_gradient_and_hessian_agree_with_plain_formulas(
    classes: int, numeric: int, levels: tuple[int, ...], rows: int
) -> None:
    table = Table.random(rows + numeric, rows, numeric, levels, classes=classes, leaf=700)
    rng = np.random.default_rng(rows)
    size = table.layout.size
    W, weights = rng.normal(size=(classes - 1, size)), rng.uniform(0.5, 2.0, classes)
    partial = table.reduce(Curvature(LOGISTIC, table.layout), W, weights)
    sums = Sums.of(partial, table.layout, classes - 1)

    Z, y, on = table.matrix, table.target.astype(int), table.trains
    m = all_margins(W @ Z.T)
    p, w, indicator = softmax_of(m, axis=0), weights[y] * on, np.eye(classes)[y].T
    loss = -w * log_softmax(m, axis=0)[y, np.arange(rows)]
    assert sums.loss == pytest.approx(loss.sum(), rel=1e-12, abs=1e-12)
    gradient = ((p - indicator)[1:] * w) @ Z
    found = sums.gradient.reshape(classes - 1, size)
    np.testing.assert_allclose(found, gradient, atol=1e-10, rtol=1e-9)
    assert sums.hessian is not None
    pairs = [(a, b) for a in range(1, classes) for b in range(1, a + 1)]
    for block, (a, b) in zip(sums.hessian, pairs, strict=True):
        wanted = (Z.T * (w * p[a] * ((a == b) - p[b]))) @ Z
        np.testing.assert_allclose(block, wanted, atol=1e-10, rtol=1e-9)
    right = m.argmax(axis=0) == y
    assert (sums.score_train, sums.score_validation) == (right[on].sum(), right[~on].sum())


def test_two_classes_are_the_case_of_one_margin() -> None:
    table = Table.random(3, 2500, 7, (4,))
    W, weights = np.linspace(-1, 1, table.layout.size), np.array([0.5, 2.0])
    kernel = Curvature(LOGISTIC, table.layout)
    plain = table.reduce(kernel, W, weights)
    general = table.reduce(kernel, W.reshape(1, -1), weights)
    np.testing.assert_allclose(general, plain, rtol=1e-11, atol=1e-11)


def test_the_gradient_alone_has_the_bits_of_the_one_with_the_hessian() -> None:
    table = Table.random(1, 2000, 6, (5,), classes=4)
    W = np.linspace(-1, 1, 3 * table.layout.size).reshape(3, -1)
    alone = table.reduce(Gradient(LOGISTIC, table.layout), W)
    both = table.reduce(Curvature(LOGISTIC, table.layout), W)
    assert alone.tobytes() == both[: alone.size].tobytes()
    assert Sums.of(alone, table.layout, 3).hessian is None
    again = pickle.loads(pickle.dumps(Gradient(LOGISTIC, table.layout)))
    assert table.reduce(again, W).tobytes() == alone.tobytes()


def test_huge_margins_cost_what_they_should_and_stay_finite() -> None:
    dense = np.array([[1e4], [-1e4], [1e4], [-1e4]])
    table = Table.of(dense, np.zeros((4, 0), np.int64), np.array([1.0, 2.0, 2.0, 0.0]))
    partial = table.reduce(Curvature(LOGISTIC, table.layout), np.array([[0.0, 1.0], [0.0, -1.0]]))
    assert partial[0] == 2e4 + 1e4  # rows 0 and 1 are sure, 2 is sure of the other, 3 too
    assert np.isfinite(partial).all()


def test_the_tiny_loss_of_a_sure_row_is_exact() -> None:
    table = Table.of(np.array([[50.0]]), np.zeros((1, 0), np.int64), np.array([1.0]))
    W = np.array([[0.0, 1.0], [0.0, 0.0]])
    sums = Sums.of(table.reduce(Curvature(LOGISTIC, table.layout), W), table.layout, 2)
    rest = 2.0 * np.exp(-50.0)
    assert sums.loss == pytest.approx(rest, rel=1e-14)
    assert sums.gradient[0] == pytest.approx(-rest, rel=1e-14)
    assert sums.hessian is not None
    assert sums.hessian[0, 0, 0] == pytest.approx(rest, rel=1e-14)


def test_rows_that_do_not_train_may_be_of_a_class_without_a_margin() -> None:
    role = np.array([1, 1, 1, 2, 2], np.uint8)
    target = np.array([0.0, 1.0, 2.0, 7.0, 2.0])
    table = Table.of(np.zeros((5, 0)), np.zeros((5, 0), np.int64), target, role)
    partial = table.reduce(Gradient(LOGISTIC, table.layout), np.array([[1.0], [2.0]]))
    assert partial[1:3].tolist() == [1.0, 1.0]
    assert np.isfinite(partial).all()


def test_of_equal_margins_the_first_class_leads() -> None:
    m = np.array([[0.0, 1.0, -1.0], [0.0, 1.0, -1.0]])
    assert leaders(m).tolist() == [0, 1, 0]


@given(st.integers(2, 6), st.integers(1, 50), st.integers(0, 10_000))
@settings(max_examples=30)
def test_probabilities_are_those_of_scipy(classes: int, rows: int, seed: int) -> None:
    m = np.random.default_rng(seed).normal(scale=20.0, size=(classes - 1, rows))
    found = probabilities(m)
    np.testing.assert_allclose(found, softmax_of(all_margins(m), axis=0), rtol=1e-12, atol=1e-300)
    assert leaders(m).tolist() == all_margins(m).argmax(axis=0).tolist()


def test_a_margin_that_is_no_number_leaves_no_probability() -> None:
    found = probabilities(np.array([[np.nan, 1.0], [0.0, 2.0]]))
    assert np.isnan(found[:, 0]).all()
    assert found[:, 1].sum() == pytest.approx(1.0)


def test_several_margins_are_those_of_the_matrix() -> None:
    table = Table.random(8, 1500, 5, (4, 4), classes=3)
    W = np.random.default_rng(0).normal(size=(2, table.layout.size))
    got = np.concatenate([margins(leaf, W) for leaf in table.leaves], axis=1)
    np.testing.assert_allclose(got, W @ table.matrix.T, rtol=1e-12, atol=1e-12)
