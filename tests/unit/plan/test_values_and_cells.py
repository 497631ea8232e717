# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import array
import datetime
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from windrow.errors import UnsupportedTypeError
from windrow.plan.cells import parse_nested, parse_vector
from windrow.plan.values import EPOCH, decode_dict, decode_list, encode, microseconds

words = st.text(alphabet="abé \\\"',:[]{}\n1", max_size=4)
simple = st.one_of(
    st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.floats(allow_nan=False), words
)
nested = st.recursive(
    simple,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)


@given(st.lists(nested, max_size=4))
def test_lists_are_decoded_as_they_were(value: list[Any]) -> None:
    text = encode(value)
    assert decode_list(text) == value
    assert encode(decode_list(text)) == text


@given(st.dictionaries(words, nested, max_size=4))
def test_dictionaries_are_decoded_as_they_were(value: dict[Any, Any]) -> None:
    assert decode_dict(encode(value)) == value


@given(st.dictionaries(words, st.dictionaries(words, simple, max_size=3), max_size=3), st.randoms())
def test_equal_dictionaries_have_equal_texts(value: dict[Any, Any], random: Any) -> None:
    def shuffled(items: dict[Any, Any]) -> dict[Any, Any]:
        pairs = list(items.items())
        random.shuffle(pairs)
        return dict(pairs)

    again = shuffled({key: shuffled(item) for key, item in value.items()})
    assert encode(again) == encode(value)


def test_keys_and_items_keep_their_types() -> None:
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 6)
    value = {1: "a", "1": 1.0, moment: array.array("d", [1.0]), None: {2: [moment]}}
    found = decode_dict(encode(value))
    assert found == value
    assert {type(key) for key in found} == {int, str, datetime.datetime, type(None)}


def test_values_are_one_line_without_blanks() -> None:
    assert encode([1, (2, "a\nb"), {"k": True}]) == '[1,[2,"a\\nb"],{"d":[["k",1]]}]'


def test_what_cannot_be_held_is_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match="set"):
        encode([{1, 2}])


def test_microseconds_of_dates_and_aware_times() -> None:
    assert microseconds(EPOCH) == 0
    assert microseconds(datetime.date(1970, 1, 2)) == 86_400_000_000
    zone = datetime.timezone(datetime.timedelta(hours=1))
    assert microseconds(datetime.datetime(1970, 1, 1, 1, tzinfo=zone)) == 0


# --- what people write ---


@given(st.one_of(st.lists(nested, max_size=4), st.dictionaries(words, nested, max_size=4)))
def test_json_and_what_python_prints_are_read(value: Any) -> None:
    assert parse_nested(json.dumps(value)) == value
    assert parse_nested(repr(value)) == value


@pytest.mark.parametrize(
    "text,expected",
    [
        ("[]", []),
        (" [ ] ", []),
        ("[a, b c ,1.5]", ["a", "b c", 1.5]),
        ("[None, null, , NA, x]", [None, None, None, None, "x"]),
        ("[[1],{a:2}]", [[1], {"a": 2}]),
        (r"['it\'s', 'a\nb', '\x41\u0042']", ["it's", "a\nb", "AB"]),
        ("[True,false]", [1, 0]),
        ("[10:30]", ["10:30"]),
        ("[1 2.5; x]", [1, 2.5, "x"]),
        ("[1,]", [1]),
        ("{}", {}),
        ("{a:1, 'b c':2,3:x,}", {"a": 1, "b c": 2, 3: "x"}),
        ("{a:{b:[1,2]}}", {"a": {"b": [1, 2]}}),
        ("{a:}", {"a": None}),
        ("['it''s']", None),
        ("[1", None),
        ("1]", None),
        ("[1] 2", None),
        ("[1 [2]]", None),
        ("[" * 5000, None),
        ("[a," * 300 + "]" * 300, None),
        ("", None),
        ("3", None),
        ("{a}", None),
        ("{a:1", None),
        ("{[1]:2}", None),
    ],
)
def test_lists_and_dictionaries_as_people_write_them(text: str, expected: Any) -> None:
    assert parse_nested(text) == expected


def test_vectors_are_separated_by_commas_blanks_or_semicolons() -> None:
    for text in ("[1,2.5,-3]", "[1 2.5 -3]", "[ 1; 2.5 ;-3 ]"):
        assert parse_vector(text) == [1, 2.5, -3]
    assert parse_vector(" [ ] ") == []
    for text in ("1,2", "[a]", "[1,,2]", "[1,None]", "{1:2}"):
        assert parse_vector(text) is None


def test_numbers_of_any_size_are_read() -> None:
    assert parse_nested(f"[a, {1 << 70}, {'9' * 500}]") == ["a", 1 << 70, float("inf")]
