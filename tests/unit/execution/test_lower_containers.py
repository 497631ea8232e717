from __future__ import annotations

import math
from array import array
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.support.lowering import bits, operate

from windrow.errors import CastError
from windrow.plan.types import DType

INT, FLOAT, STR, ARRAY = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY
LIST, DICT = DType.LIST, DType.DICT
vectors = st.lists(
    st.one_of(st.none(), st.lists(st.integers(-2, 2).map(float), max_size=3)), max_size=6
)


def test_strings_contain_parts_literally() -> None:
    assert operate("contains", (STR, ["a.c", "abc", None]), item=".") == [1, 0, None]


def test_containers_contain_items_and_keys() -> None:
    assert operate("contains", (LIST, [[1, "a"], [], None]), item="a") == [1, 0, None]
    assert operate("contains", (DICT, [{"a": 1}, {"b": "a"}]), item="a") == [1, 0]
    assert operate("contains", (ARRAY, [[1.0, 2.0], [], None]), item=2) == [1, 0, None]
    assert operate("contains", (ARRAY, [[1.0]]), item="x") == [0]


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), max_size=6))
def test_looking_up_is_never_none(values: list[Any]) -> None:
    for known in [(), (1, 2), (1, None)]:
        assert operate("is_in", (INT, values), values=known) == [int(v in known) for v in values]


def test_looking_up_values_of_every_type() -> None:
    assert operate("is_in", (INT, [1, 2]), values=(1.0, 1.5)) == [1, 0]
    assert operate("is_in", (FLOAT, [1.0, math.nan, None]), values=(1,)) == [1, 0, 0]
    assert operate("is_in", (STR, ["a", "b", None]), values=("b", None)) == [0, 1, 1]
    assert operate("is_in", (ARRAY, [[1.0], [2.0]]), values=(array("d", [1.0]),)) == [1, 0]
    assert operate("is_in", (DICT, [{"a": 1, "b": 2}, {}]), values=({"b": 2, "a": 1},)) == [1, 0]


@given(vectors)
def test_items_of_vectors(values: list[Any]) -> None:
    for at in (0, 2, -1):
        expected = [v[at] if v and -len(v) <= at < len(v) else None for v in values]
        assert bits(operate("element", (ARRAY, values), at=at, dtype=FLOAT)) == bits(expected)
        assert operate("vector_slice", (ARRAY, values), start=abs(at), stop=None, dtype=FLOAT) == [
            v[abs(at)] if v and abs(at) < len(v) else None for v in values
        ]


@given(vectors, st.integers(0, 2), st.integers(1, 2))
def test_slices_past_the_end_are_none(values: list[Any], start: int, size: int) -> None:
    found = operate("vector_slice", (ARRAY, values), start=start, stop=start + size, dtype=ARRAY)
    expected = [
        None if v is None or len(v) < start + size else v[start : start + size] for v in values
    ]
    assert [None if v is None else list(v) for v in found] == expected


def test_items_of_lists_and_dictionaries_are_converted() -> None:
    assert operate("element", (LIST, [["a", 1], [], None]), at=0, dtype=STR) == ["a", None, None]
    assert operate("element", (DICT, [{"k": 1}, {}, None]), at="k", dtype=FLOAT) == [
        1.0,
        None,
        None,
    ]
    assert operate("element", (DICT, [{"k": {"x": [1]}}]), at="k", dtype=DICT) == [{"x": [1]}]


def test_an_item_of_another_type_is_an_error_or_none() -> None:
    values = (DICT, [{"k": 1}, {"k": "x"}])
    with pytest.raises(CastError, match=r"row 1 .* 'x', which is no int"):
        operate("element", values, at="k", dtype=INT)
    assert operate("element", values, at="k", dtype=INT, undefined_on_failure=True) == [1, None]


def test_lengths_of_containers() -> None:
    assert operate("item_length", (ARRAY, [[1.0, 2.0], [], None])) == [2, 0, None]
    assert operate("item_length", (LIST, [["a"], None])) == [1, None]
    assert operate("item_length", (DICT, [{}, {"a": 1}])) == [0, 1]
