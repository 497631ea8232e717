# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import datetime
import math
import pickle
import re
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.support.lowering import bits, operate

from windrow.errors import CastError, TypeMismatchError
from windrow.execution import lower_casts
from windrow.execution.lower import Position, evaluate
from windrow.execution.values import series_from_values
from windrow.plan import operations
from windrow.plan.expressions import Column, Operation
from windrow.plan.types import DType

INT, FLOAT, STR, ARRAY, DATETIME = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY, DType.DATETIME
LIST, DICT = DType.LIST, DType.DICT
NAN = math.nan
_FLOAT = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)


def cast(source: DType, values: list[Any], target: DType, *, undefined: bool = False) -> list[Any]:
    return operate("cast", (source, values), dtype=target, undefined_on_failure=undefined)


def test_every_conversion_that_a_plan_allows_is_there() -> None:
    allowed = {(a, b) for a, targets in operations.CONVERSIONS.items() for b in targets}
    assert allowed == set(lower_casts.CASTS)


def test_a_conversion_that_is_not_defined_is_refused_when_built() -> None:
    with pytest.raises(
        TypeMismatchError, match="a cast to int is not defined for dict; it takes float, str"
    ):
        Operation("cast", (Column("x", DICT),), (("dtype", INT),))


@given(st.lists(st.one_of(st.none(), st.floats(-9e18, 9e18)), max_size=6))
def test_floats_lose_their_fraction(values: list[Any]) -> None:
    assert cast(FLOAT, values, INT) == [None if v is None else int(v) for v in values]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 9.3e18, -9.3e18])
def test_what_no_int_can_hold_is_an_error_or_none(value: float) -> None:
    with pytest.raises(CastError, match="no int"):
        cast(FLOAT, [1.0, value], INT)
    assert cast(FLOAT, [1.0, value], INT, undefined=True) == [1, None]


@given(st.lists(st.one_of(st.none(), st.floats(), st.floats(0, 1e-3)), max_size=6))
def test_floats_are_written_as_python_writes_them(values: list[Any]) -> None:
    assert cast(FLOAT, values, STR) == [None if v is None else repr(v) for v in values]


@given(st.lists(st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1)), max_size=6))
def test_ints_are_written_and_read(values: list[Any]) -> None:
    texts = cast(INT, values, STR)
    assert texts == [None if v is None else str(v) for v in values]
    assert cast(STR, texts, INT) == values


@given(st.lists(st.floats(), max_size=6))
def test_floats_are_read_back_to_the_bit(values: list[float]) -> None:
    assert bits(cast(STR, [repr(v) for v in values], FLOAT)) == bits(values)


@given(st.lists(st.text(alphabet=" 01.e+-_xinfa٣", max_size=5), max_size=6))
def test_only_numbers_are_read_as_numbers(texts: list[str]) -> None:
    floats = cast(STR, texts, FLOAT, undefined=True)
    ints = cast(STR, texts, INT, undefined=True)
    for text, real, whole in zip(texts, floats, ints, strict=True):
        word = text.strip()
        ascii_word = word.isascii()
        assert (real is not None) == bool(ascii_word and _FLOAT.fullmatch(word))
        assert whole == (int(word) if ascii_word and re.fullmatch(r"[+-]?\d+", word) else None)


def test_an_error_names_value_row_and_column() -> None:
    frame = series_from_values(["1", "x"], STR, "age")[0].to_frame()
    wrong = Operation("cast", (Column("age", STR),), (("dtype", INT),))
    with pytest.raises(CastError) as caught:
        evaluate(frame, [("y", wrong)], Position(first_row=100))
    assert str(caught.value).startswith("row 101 of column 'age' has 'x', which is no int; ")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert isinstance(again, (RuntimeError, ValueError))


def test_containers_are_read_from_text() -> None:
    vectors = ["[1, 2]", "[]", "[1 2.5]", " [ -1e3 , .5 ] ", "[nan]"]
    assert bits(cast(STR, vectors, ARRAY)) == bits([[1.0, 2.0], [], [1.0, 2.5], [-1e3, 0.5], [NAN]])
    assert cast(STR, ["[1, 'a', None]", None], LIST) == [[1, "a", None], None]
    assert cast(STR, ['{a:1, "b":[2]}'], DICT) == [{"a": 1, "b": [2]}]
    assert cast(STR, ["[1", "x", "{a:1}"], ARRAY, undefined=True) == [None, None, None]
    with pytest.raises(CastError, match="no list"):
        cast(STR, ["{}"], LIST)


def test_containers_are_written_as_python_writes_them() -> None:
    assert cast(ARRAY, [[1.0, 2.5], None], STR) == ["[1.0, 2.5]", None]
    assert cast(LIST, [[1, "a", None]], STR) == ["[1, 'a', None]"]
    assert cast(DICT, [{"a": 1}], STR) == ["{'a': 1}"]


def test_vectors_and_lists_of_numbers_are_exchanged() -> None:
    assert cast(ARRAY, [[1.0], None], LIST) == [[1.0], None]
    assert [list(v) for v in cast(LIST, [[1, 2.5]], ARRAY)] == [[1.0, 2.5]]
    with pytest.raises(CastError, match="no array"):
        cast(LIST, [["a"]], ARRAY)


def test_datetimes_are_seconds_since_1970() -> None:
    moments = [datetime.datetime(1969, 12, 31, 23, 59, 59, 500000), None]
    assert cast(DATETIME, moments, INT) == [-1, None]
    assert cast(DATETIME, moments, FLOAT) == [-0.5, None]
    assert cast(FLOAT, [-0.5], DATETIME) == moments[:1]
    assert cast(INT, [86400, None], DATETIME) == [datetime.datetime(1970, 1, 2), None]
    assert cast(INT, [1 << 60], DATETIME, undefined=True) == [None]
    assert cast(FLOAT, [math.nan, 1e300], DATETIME, undefined=True) == [None, None]


def test_a_cast_to_the_same_type_changes_nothing() -> None:
    assert cast(STR, ["a"], STR) == ["a"]
