"""Numbers stored in four bytes: the same answers to the bit where nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from windrow.learn.kernels import Curvature, Gradient, margins
from windrow.learn.layout import Layout
from windrow.learn.leaf import LEAF, TRAIN, VALIDATION, Leaf
from windrow.learn.losses import Loss
from windrow.learn.moments import Moments, first_training_row
from windrow.learn.narrow import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.learn.tree import Partial

ROWS, WIDTH = 700, 5


def leaves(seed: int) -> tuple[Leaf, Leaf]:
    """Rows that float32 holds exactly, stored wide and narrow."""
    draw = np.random.default_rng(seed)
    columns = [draw.integers(-4096, 4096, ROWS) / 64 for _ in range(WIDTH)]
    codes = [draw.integers(1 + WIDTH, 4 + WIDTH, ROWS).astype(np.int32)]
    target = draw.integers(0, 3, ROWS).astype(float)
    role = draw.choice(np.array([TRAIN, VALIDATION], np.uint8), ROWS)
    wide = Leaf.pack(columns, codes, target, role)
    return wide, Leaf.pack(columns, codes, target, role, kind=np.float32)


def partials(leaf: Leaf, seed: int) -> list[Partial]:
    layout = Layout(WIDTH, (3,))
    draw = np.random.default_rng(seed)
    one, several = draw.normal(size=layout.size), draw.normal(size=(2, layout.size))
    first: Any = first_training_row(leaf)
    return [
        Gradient(Loss.LOGISTIC, layout)(leaf, one),
        Curvature(Loss.SQUARED, layout)(leaf, one),
        Curvature(Loss.LOGISTIC, layout)(leaf, several),
        Moments(layout, 3)(leaf, first.dense),
        margins(leaf, one),
        margins(leaf, several),
    ]


@given(st.integers(0, 2**32))
def test_a_kernel_gives_the_same_bits_of_numbers_stored_narrow(seed: int) -> None:
    wide, narrow = leaves(seed)
    assert narrow.dense.dtype == np.float32
    for one, other in zip(partials(wide, seed), partials(narrow, seed), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_a_leaf_stays_narrow_on_its_way_through_scratch_and_samples() -> None:
    _, narrow = leaves(1)
    again = Leaf.from_arrays(narrow.to_arrays())
    assert again.dense.dtype == np.float32
    assert again.dense.tobytes() == narrow.dense.tobytes()
    assert narrow.take(np.arange(10)).dense.dtype == np.float32
    assert narrow.nbytes < leaves(1)[0].nbytes


@pytest.mark.parametrize(
    "column, kept",
    [
        (np.arange(LEAF, dtype=float), np.float32),
        (np.where(np.arange(LEAF) % 7, 0.5, np.nan), np.float32),
        (np.full(LEAF, -np.inf), np.float32),
        (np.arange(LEAF) / 10, np.float64),
        (np.append(np.zeros(LEAF - 1), 2.0**24 + 1), np.float64),
        (np.append(np.zeros(LEAF - 1), 1e300), np.float64),
        (np.append(np.zeros(LEAF - 1), 5e-324), np.float64),
        (np.zeros(LEAF - 1), np.float64),
    ],
)
def test_auto_stores_narrow_what_is_exact_and_worth_it(
    column: NDArray[np.float64], kept: type[np.floating[Any]]
) -> None:
    assert kind_of([column], "auto") is kept
    assert kind_of([column], "double") is np.float64
    assert kind_of([column], "single") is np.float32
