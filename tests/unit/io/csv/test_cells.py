from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from windrow.io.csv.writing import spell
from windrow.plan.cells import parse_nested, parse_vector


@pytest.mark.parametrize(
    "text, value",
    [
        ("[]", []),
        ("{}", {}),
        ("[1, 2.5, -3e2]", [1, 2.5, -300.0]),
        ("[1 2 3]", [1, 2, 3]),
        ("[1;2]", [1, 2]),
        ('[a, \'b c\', "d\\"e"]', ["a", "b c", 'd"e']),
        ("[1,,NA,None]", [1, None, None, None]),
        ("[[1,2],{x:[y]}]", [[1, 2], {"x": ["y"]}]),
        ('{a:1, "b":2, 3:c, d:}', {"a": 1, "b": 2, 3: "c", "d": None}),
        ("[New York, x]", ["New York", "x"]),
        ("[inf]", [float("inf")]),
        (" [1] ", [1]),
    ],
)
def test_bracketed_cells_are_read_as_the_ancestor_wrote_them(text: str, value: object) -> None:
    assert parse_nested(text) == value


@pytest.mark.parametrize(
    "text", ["", "x", "[", "[1", "[1]x", "{a}", "{a:1", "{[1]:2}", "[a'b]", "[" * 5000]
)
def test_malformed_cells_are_no_value(text: str) -> None:
    assert parse_nested(text) is None


def test_a_vector_is_numbers_alone() -> None:
    assert parse_vector("[1, 2; 3,]") == [1.0, 2.0, 3.0]
    assert parse_vector("[a]") is None
    assert parse_vector("{1:2}") is None


scalars = st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
keys = st.integers() | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=3) | st.dictionaries(keys, values, max_size=3))
def test_what_is_spelled_is_read_back(value: object) -> None:
    found = parse_nested(spell(value))
    assert found == value
    assert repr(found) == repr(value)
