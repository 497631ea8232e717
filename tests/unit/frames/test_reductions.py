# ruff: noqa: DTZ001  # tables hold times without a zone
from __future__ import annotations

import array
import datetime
import math

import pytest
from hypothesis import given, strategies as st

import windrow as wr
from windrow.errors import ArgumentError, TypeMismatchError

NAN = float("nan")
NUMBERS = st.lists(st.none() | st.integers(-1000, 1000), min_size=1, max_size=30)


@given(NUMBERS)
def test_numbers_are_those_of_a_list_without_none(values: list[int | None]) -> None:
    sa = wr.SArray(values, dtype=int)
    there = [v for v in values if v is not None]
    assert sa.sum() == sum(there)
    assert sa.min() == min(there, default=None)
    assert sa.max() == max(there, default=None)
    assert sa.countna() == len(values) - len(there)
    assert sa.nnz() == sum(v != 0 for v in there)
    assert sa.any() == any(there)
    assert sa.all() == all(values)
    assert len(sa) == len(values)
    if there:
        mean = sum(there) / len(there)
        assert sa.mean() == pytest.approx(mean)
        assert sa.var() == pytest.approx(sum((v - mean) ** 2 for v in there) / len(there))
        assert sa.std() == pytest.approx(math.sqrt(sa.var() or 0.0))
        assert sa.median() == sorted(there)[len(there) // 2]
    else:
        assert sa.mean() is sa.var() is sa.std() is sa.median() is None


def test_nan_spreads_in_sums_and_is_skipped_by_extremes() -> None:
    sa = wr.SArray([1.0, NAN, 3.0, None])
    assert math.isnan(sa.sum())
    assert math.isnan(sa.mean())
    assert (sa.min(), sa.max(), sa.countna()) == (1.0, 3.0, 2)


def test_of_no_values() -> None:
    empty = wr.SArray([], dtype=int)
    assert (empty.sum(), empty.mean(), empty.max(), empty.argmax()) == (0, None, None, None)
    assert (empty.any(), empty.all(), len(empty), empty.nnz()) == (False, True, 0, 0)
    assert wr.SArray([None, None]).sum() == 0


def test_vectors_are_added_place_by_place() -> None:
    sa = wr.SArray([[1, 2], [3, 5], None])
    assert sa.sum() == array.array("d", [4, 7])
    assert sa.mean() == array.array("d", [2, 3.5])


def test_places_of_extremes_are_the_last_of_equals() -> None:
    sa = wr.SArray([None, 1, 5, 5, 1])
    assert (sa.argmax(), sa.argmin()) == (3, 4)


def test_times_have_extremes_and_text_has_no_sum() -> None:
    days = [datetime.datetime(2024, 1, 1), datetime.datetime(2023, 1, 1)]
    assert wr.SArray(days).max() == days[0]
    with pytest.raises(TypeError, match="sum is not defined for str"):
        wr.SArray(["a"]).sum()
    with pytest.raises(RuntimeError):
        wr.SArray(["a"]).mean()


def test_degrees_of_freedom() -> None:
    sa = wr.SArray([1, 2, 3, None])
    assert sa.var(ddof=1) == 1.0
    with pytest.raises(ArgumentError, match="less than the number of values, 3"):
        sa.var(ddof=3)
    with pytest.raises(RuntimeError):
        sa.std(ddof=-1)


def test_a_sketch_computes_what_it_is_asked() -> None:
    sketch = wr.SArray([3, 1, 1, None]).summary()
    assert (sketch.size(), sketch.num_missing(), sketch.num_unique()) == (4, 1, 2)
    assert (sketch.min(), sketch.max(), sketch.sum()) == (1, 3, 5)
    assert sketch.frequent_items() == {1: 2, 3: 1}
    assert sketch.frequency_count(1) == 2
    assert sketch.quantile(1.0) == 3.0
    assert sketch.sketch_ready()
    assert "most frequent: 1 (2), 3 (1)" in repr(sketch)
    with pytest.raises(ValueError, match="between 0 and 1"):
        sketch.quantile(2)


def test_value_counts_and_topk() -> None:
    counts = wr.SArray(["a", "b", "b", None]).value_counts()
    assert list(counts) == [
        {"value": "b", "count": 2},
        {"value": "a", "count": 1},
        {"value": None, "count": 1},
    ]
    assert list(wr.SArray([5, 9, None, 9, 7]).is_topk(2)) == [0, 1, 0, 1, 0]
    assert list(wr.SArray([5, 9, 1]).is_topk(1, reverse=True)) == [0, 0, 1]


def test_a_sketch_of_vectors_counts_them() -> None:
    sketch = wr.SArray([[1, 2], [1, 2], None]).summary()
    assert (sketch.size(), sketch.num_missing(), sketch.num_unique()) == (3, 1, 1)
    assert repr(sketch) == "size: 3\nmissing: 1"
    with pytest.raises(TypeMismatchError, match="array"):
        sketch.frequent_items()
