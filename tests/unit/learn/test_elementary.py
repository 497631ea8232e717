from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from windrow.learn import elementary
from windrow.learn.elementary import (
    dot,
    exp_array,
    log_array,
    matvec,
    sigmoid_array,
    total,
)
from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)


@kernel
def _exp_negative(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = elementary.exp_negative(x[i])


@kernel
def _log1p_unit(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = elementary.log1p_unit(x[i])


@kernel
def _log1p_positive(x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(x.shape[0]):
        out[i] = elementary.log1p_positive(x[i])


def _ulps(got: NDArray[np.float64], wanted: NDArray[np.longdouble]) -> float:
    return float(np.max(np.abs((got - wanted) / np.spacing(np.abs(wanted.astype(np.float64))))))


@pytest.mark.parametrize("bounds", [(-700, 700), (-1, 1), (-745, -708), (-1e-9, 1e-9)])
def test_exp_is_within_one_ulp(bounds: tuple[float, float]) -> None:
    x = RNG.uniform(*bounds, 20_000)
    assert _ulps(exp_array(x), np.exp(x.astype(np.longdouble))) < 1.0


def test_exp_of_a_negative_number_inside_kernels_is_within_one_ulp() -> None:
    x = RNG.uniform(-708, 0, 20_000)
    out = np.empty_like(x)
    _exp_negative(x, out)
    assert _ulps(out, np.exp(x.astype(np.longdouble))) < 1.0


@pytest.mark.parametrize("bounds", [(-740, 700), (-0.5, 0.5), (-1e-9, 1e-9)])
def test_log_is_within_one_ulp(bounds: tuple[float, float]) -> None:
    x = np.exp(RNG.uniform(*bounds, 20_000))
    assert _ulps(log_array(x), np.log(x.astype(np.longdouble))) < 1.0


def test_log1p_is_accurate_down_to_the_smallest_arguments() -> None:
    x = np.concatenate([RNG.random(20_000), np.exp(RNG.uniform(-700, 0, 20_000)), [0.0, 1.0]])
    out = np.empty_like(x)
    _log1p_unit(x, out)
    assert _ulps(out[:-2], np.log1p(x[:-2].astype(np.longdouble))) < 2.0
    assert out[-2:].tolist() == [0.0, np.log(2.0)]


@pytest.mark.parametrize("largest", [1e-12, 0.5, 2.0, 1000.0])
def test_log1p_of_any_positive_number_is_within_two_ulps(largest: float) -> None:
    x = RNG.uniform(0.0, largest, 20_000)
    out = np.empty(x.size)
    _log1p_positive(x, out)
    assert _ulps(out, np.log1p(x.astype(np.longdouble))) < 2.0
    _log1p_positive(np.zeros(1), out[:1])
    assert out[0] == 0.0


def test_the_ends_of_the_range_behave_as_in_every_libm() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 709.8, -746.0, 0.0])
    np.testing.assert_array_equal(exp_array(x), [np.nan, np.inf, 0.0, np.inf, 0.0, 1.0])
    x = np.array([np.nan, np.inf, -np.inf, -1.0, 0.0, -0.0, 1.0])
    expected = [np.nan, np.inf, np.nan, np.nan, -np.inf, -np.inf, 0.0]
    np.testing.assert_array_equal(log_array(x), expected)
    assert log_array(np.array([5e-324]))[0] == pytest.approx(-744.4400719213812)
    x = np.array([np.nan, np.inf, -np.inf, 0.0])
    np.testing.assert_array_equal(sigmoid_array(x), [np.nan, 1.0, 0.0, 0.5])


@given(st.floats(-800, 800))
def test_sigmoids_of_opposite_margins_add_to_one(m: float) -> None:
    both = sigmoid_array(np.array([m, -m]))
    assert both[0] + both[1] == pytest.approx(1.0, abs=1e-15)
    assert (both >= 0.0).all()


@given(st.lists(st.floats(-1e6, 1e6), max_size=40))
@settings(max_examples=50)
def test_sums_agree_with_exact_ones(values: list[float]) -> None:
    import math

    x = np.array(values)
    size = float(np.abs(x).sum())
    assert total(x) == pytest.approx(math.fsum(values), abs=1e-12 * size)
    assert dot(x, x) == pytest.approx(math.fsum(v * v for v in values), rel=1e-12)


def test_arrays_of_any_shape_and_stride_are_taken() -> None:
    x = RNG.random((6, 8))
    np.testing.assert_allclose(exp_array(x.T[::2]), np.exp(x.T[::2]))
    assert total(x[:, ::3]) == pytest.approx(x[:, ::3].sum())
    np.testing.assert_allclose(matvec(x.T, x[:, 0]), x.T @ x[:, 0])


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="dot of 2 and 3"):
        dot(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="times 3"):
        matvec(np.ones((2, 2)), np.ones(3))
