"""What leaves the command line parses everywhere."""

from __future__ import annotations

import datetime
import json
import math

from hypothesis import given, strategies as st

import windrow as gl
from windrow.cli.documents import aligned, jsonable

CELLS = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(CELLS)
def test_any_cell_is_strict_json(cell: object) -> None:
    text = json.dumps(jsonable(cell), allow_nan=False)
    assert jsonable(json.loads(text)) == jsonable(cell)


def test_a_table_is_the_list_of_its_rows() -> None:
    assert jsonable(gl.SFrame({"a": [1, None], "b": ["x", "y"]})) == [
        {"a": 1, "b": "x"},
        {"a": None, "b": "y"},
    ]


def test_moments_are_iso_texts_and_infinities_null() -> None:
    assert jsonable([datetime.datetime(2013, 1, 2, 3, 4, tzinfo=datetime.UTC), math.inf]) == [
        "2013-01-02T03:04:00+00:00",
        None,
    ]


def test_no_pairs_are_no_lines() -> None:
    assert aligned({}) == []
