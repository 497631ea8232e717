from __future__ import annotations

import math
from array import array
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.support.lowering import bits, operate, table, values_of

from windrow.plan.expressions import Column, Literal, Operation
from windrow.plan.types import DType

INT, FLOAT, ARRAY = DType.INT, DType.FLOAT, DType.ARRAY
number = st.floats(-4, 4)
vector = st.one_of(st.none(), st.lists(number, max_size=3))
scalar = st.one_of(st.none(), number)


def plain(values: list[Any]) -> list[Any]:
    return [None if v is None else list(v) for v in values]


@given(st.lists(st.tuples(vector, vector), max_size=6))
def test_vectors_of_unequal_lengths_give_none(pairs: list[Any]) -> None:
    expected = [
        None
        if a is None or b is None or len(a) != len(b)
        else [x + y for x, y in zip(a, b, strict=True)]
        for a, b in pairs
    ]
    found = operate("add", (ARRAY, [a for a, _ in pairs]), (ARRAY, [b for _, b in pairs]))
    assert bits(plain(found)) == bits(expected)


@given(st.lists(st.tuples(vector, scalar), max_size=6))
def test_a_number_is_combined_with_every_element(pairs: list[Any]) -> None:
    vectors, numbers = (ARRAY, [a for a, _ in pairs]), (FLOAT, [b for _, b in pairs])
    expected = [None if a is None or b is None else [b - x for x in a] for a, b in pairs]
    assert bits(plain(operate("subtract", numbers, vectors))) == bits(expected)


def test_a_constant_number_or_vector_stands_for_every_row() -> None:
    frame = table(x=(ARRAY, [[1.0, 2.0], [3.0], None, []]))
    x = Column("x", ARRAY)
    doubled = Operation("multiply", (x, Literal(2, INT)))
    assert plain(values_of(frame, doubled)) == [[2.0, 4.0], [6.0], None, []]
    shifted = Operation("add", (Literal(array("d", [1.0, 1.0]), ARRAY), x))
    assert plain(values_of(frame, shifted)) == [[2.0, 3.0], None, None, None]


def test_division_of_vectors_by_zero_is_infinite_or_nan() -> None:
    (found,) = operate("divide", (ARRAY, [[1.0, 0.0]]), (INT, [0]))
    assert found[0] == math.inf
    assert math.isnan(found[1])


@given(st.lists(st.tuples(vector, vector), max_size=6))
def test_vectors_are_equal_element_by_element(pairs: list[Any]) -> None:
    found = operate("equal", (ARRAY, [a for a, _ in pairs]), (ARRAY, [b for _, b in pairs]))
    assert found == [int(a == b) for a, b in pairs]


@pytest.mark.parametrize("name, function", [("negate", lambda x: -x), ("absolute", abs)])
def test_functions_of_one_vector(name: str, function: Any) -> None:
    values = [[1.0, -2.0], None, []]
    expected = [None if v is None else [function(x) for x in v] for v in values]
    assert plain(operate(name, (ARRAY, values))) == expected


def test_where_chooses_between_vectors() -> None:
    found = operate("where", (INT, [1, 0]), (ARRAY, [[1.0], [2.0]]), (ARRAY, [[], None]))
    assert plain(found) == [[1.0], None]
