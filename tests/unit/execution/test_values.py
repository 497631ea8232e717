# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import array
import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st
from tests.support.lowering import bits

from windrow.errors import CastError, MixedTypesError, UnsupportedTypeError
from windrow.execution.values import (
    CHUNK,
    PHYSICAL,
    empty,
    infer,
    iterate,
    python_values,
    series_from_values,
)
from windrow.plan.types import DType

INT, FLOAT, STR, ARRAY = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY
LIST, DICT, DATETIME = DType.LIST, DType.DICT, DType.DATETIME
DAY = datetime.datetime(2020, 1, 2)


@pytest.mark.parametrize(
    "values, dtype, held",
    [
        ([], FLOAT, []),
        ([None, None], FLOAT, [None, None]),
        ([True, False, None], INT, [1, 0, None]),
        ([1, 2.5], FLOAT, [1.0, 2.5]),
        ([1, None, np.int32(3), np.uint8(4), np.bool_(1)], INT, [1, None, 3, 4, 1]),
        ([np.float32(0.5), 1], FLOAT, [0.5, 1.0]),
        ([decimal.Decimal("1.5")], FLOAT, [1.5]),
        (["a", None, ""], STR, ["a", None, ""]),
        ([np.str_("a")], STR, ["a"]),
        ([datetime.date(2020, 1, 2), DAY, pd.NaT], DATETIME, [DAY, DAY, None]),
        ([pd.Timestamp(DAY), np.datetime64("2020-01-02")], DATETIME, [DAY, DAY]),
        ([pd.NA, 1], INT, [None, 1]),
        ([{"b": 1, 2: [None]}, {}], DICT, [{"b": 1, 2: [None]}, {}]),
        ([[1, "a"], [], None], LIST, [[1, "a"], [], None]),
        ([[1, None]], LIST, [[1, None]]),
        ([[], []], LIST, [[], []]),
        ([[1, 2], ["a"]], LIST, [[1, 2], ["a"]]),
    ],
)
def test_types_follow_from_values(values: Any, dtype: DType, held: Any) -> None:
    series, found = series_from_values(values, name="x")
    assert (found, series.name, series.dtype) == (dtype, "x", PHYSICAL[dtype])
    assert python_values(series, dtype) == held


@pytest.mark.parametrize(
    "values",
    [
        [[1, 2.5], (3,), []],
        [array.array("d", [1, 2.5]), np.array([3]), []],
        [array.array("i", [1]), [True]],
        np.array([[1.0, 2.5], [3.0, 4.0]]),
    ],
)
def test_numbers_in_a_row_are_vectors(values: Any) -> None:
    series, dtype = series_from_values(values)
    assert dtype is ARRAY
    found = python_values(series, dtype)
    assert [list(v) for v in found] == [[float(i) for i in v] for v in values]
    assert {v.typecode for v in found} == {"d"}


@pytest.mark.parametrize(
    "values, dtype",
    [
        (np.array([1, 2], dtype=np.int16), INT),
        (np.array([True]), INT),
        (np.array([0.5], dtype=np.float32), FLOAT),
        (np.array(["a", "b"]), STR),
        (np.array([1, None, "a"][:2], dtype=object), INT),
        (np.array(["2020-01-02", "NaT"], dtype="datetime64[D]"), DATETIME),
        (range(3), INT),
        ((1, 2), INT),
    ],
)
def test_arrays_and_sequences_come_in(values: Any, dtype: DType) -> None:
    series, found = series_from_values(values)
    assert found is dtype
    assert len(series) == len(values)


def test_mixed_types_are_refused_by_name() -> None:
    with pytest.raises(MixedTypesError, match="column 'x' mixes values of the types int and str"):
        series_from_values([1, "a"], name="x")
    mixtures: list[list[Any]] = [[1, [1]], [[], 1], [{}, []], ["a", 1.5, None]]
    for values in mixtures:
        with pytest.raises(TypeError):
            infer(values)


@pytest.mark.parametrize(
    "value", [b"a", 1j, {1, 2}, object(), datetime.timedelta(1), datetime.time()]
)
def test_what_no_table_holds_is_refused(value: Any) -> None:
    with pytest.raises(UnsupportedTypeError):
        series_from_values([value])


def test_an_int_past_64_bits_names_its_row() -> None:
    with pytest.raises(
        CastError, match="row 1 of column 'x' has 9223372036854775808, which is no int"
    ):
        series_from_values([1, 1 << 63], name="x")
    assert series_from_values([1.5, 1 << 63])[0].to_list() == [1.5, 9223372036854775808.0]


@pytest.mark.parametrize(
    "values, dtype, held",
    [
        ([1.9, -1.9, True, None], INT, [1, -1, 1, None]),
        ([1, True, None], FLOAT, [1.0, 1.0, None]),
        ([1, 2.5, [1], None, DAY], STR, ["1", "2.5", "[1]", None, "2020-01-02T00:00:00"]),
        ([(1, 2), array.array("d", [3])], LIST, [[1, 2], [3.0]]),
        ([[np.int64(1), np.array([1.5])]], LIST, [[1, [1.5]]]),
    ],
)
def test_values_are_converted_to_a_given_type(values: Any, dtype: DType, held: Any) -> None:
    series, found = series_from_values(values, dtype)
    assert found is dtype
    assert python_values(series, dtype) == held


@pytest.mark.parametrize(
    "value, dtype",
    [
        ("1", INT),
        (float("nan"), INT),
        ("a", FLOAT),
        ([1], FLOAT),
        (1, ARRAY),
        ("ab", ARRAY),
        (["a"], ARRAY),
        ([None], ARRAY),
        ("a", LIST),
        ({}, LIST),
        ([], DICT),
        (1, DATETIME),
    ],
)
def test_what_does_not_fit_is_an_error_or_none(value: Any, dtype: DType) -> None:
    with pytest.raises(CastError, match="row 7 of the column"):
        series_from_values([value], dtype, first_row=7)
    series, _ = series_from_values([value], dtype, undefined_on_failure=True)
    assert series.to_list() == [None]
    assert series.dtype == PHYSICAL[dtype]


def test_aware_times_are_converted_to_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    series, dtype = series_from_values([DAY.replace(tzinfo=zone)])
    assert python_values(series, dtype) == [DAY - datetime.timedelta(hours=2)]


cells = st.recursive(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=3),
        st.datetimes(),
        st.lists(st.floats(allow_nan=False), max_size=2).map(lambda v: array.array("d", v)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(st.one_of(st.none(), st.lists(cells, max_size=3)), max_size=4))
def test_lists_of_anything_come_back(values: list[Any]) -> None:
    series, _ = series_from_values(values, LIST)
    assert python_values(series, LIST) == values


@given(
    st.lists(st.one_of(st.none(), st.dictionaries(st.integers(), cells, max_size=3)), max_size=4)
)
def test_dictionaries_of_anything_come_back(values: list[Any]) -> None:
    series, _ = series_from_values(values, DICT)
    assert python_values(series, DICT) == values


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5)), max_size=6))
def test_floats_come_back_to_the_bit(values: list[Any]) -> None:
    series, _ = series_from_values(values, FLOAT)
    assert bits(python_values(series, FLOAT)) == bits(
        [None if v is None else float(v) for v in values]
    )


def test_iterating_decodes_in_chunks() -> None:
    series, dtype = series_from_values(list(range(2 * CHUNK + 3)))
    assert list(iterate(series, dtype)) == list(range(2 * CHUNK + 3))
    assert list(iterate(empty(LIST), LIST)) == []
    assert isinstance(empty(STR, 2).dtype, pl.String)
