from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.feature_extraction import DictVectorizer

from windrow.errors import DictValueError
from windrow.execution.values import CHUNK, series_from_values
from windrow.plan.types import DType
from windrow.toolkits.columns import Entries, entries_of_dicts, entries_of_lists, matrix_of

KEYS = st.one_of(st.sampled_from(["a", "b", "ä", 'q"'])) | st.integers(0, 3)
ELEMENTS: list[object] = ["a", "b", 1, 2.5, None, "1", 'q"', -1e300]
NUMBERS = st.floats(-1e6, 1e6)


def dicts(values: list[object]) -> Entries:
    return entries_of_dicts(series_from_values(values, DType.DICT)[0], "d")


def lists(values: list[object]) -> Entries:
    return entries_of_lists(series_from_values(values, DType.LIST)[0])


def dense(entries: Entries) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = entries.rows
    found = np.zeros((rows.starts.size - 1, len(entries.levels)))
    at = np.repeat(np.arange(len(found)), np.diff(rows.starts))
    found[at, rows.places] = rows.values
    return found


@settings(max_examples=50)
@given(rows=st.lists(st.dictionaries(KEYS, NUMBERS, max_size=5), min_size=1, max_size=20))
def test_dictionaries_are_what_a_vectorizer_makes_of_them(rows: list[dict[object, float]]) -> None:
    texts = [{str(key): value for key, value in row.items()} for row in rows]
    found = dicts(list(rows))
    vectorizer = DictVectorizer(sparse=False)
    wanted = vectorizer.fit_transform(texts)
    names = list(vectorizer.feature_names_)
    assert sorted(found.levels) == names
    assert np.array_equal(dense(found)[:, [list(found.levels).index(n) for n in names]], wanted)


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(["a", "b", 1, 2.5, None, "1", 'q"', -1e300]), max_size=5)
        | st.none(),
        min_size=1,
        max_size=20,
    )
)
def test_elements_of_lists_are_categories_by_their_text(rows: list[list[object] | None]) -> None:
    found = lists(list(rows))
    texts = [[v if v is None else str(v) for v in row or []] for row in rows]
    assert list(found.levels) == list(dict.fromkeys(v for row in texts for v in row))
    assert found.missing == rows.count(None)
    for row, own in zip(texts, dense(found), strict=True):
        assert own.tolist() == [float(level in row) for level in found.levels]


def test_elements_that_hold_more_are_categories_too() -> None:
    found = lists([[[1, 2], {"k": 1}], [[1, 2]]])
    assert list(found.levels) == ["[1, 2]", "{'k': 1}"]


def test_many_chunks_are_one_column() -> None:
    rows: list[object] = [{f"k{i % 7}": float(i)} for i in range(CHUNK + 10)]
    found = dicts(rows)
    assert list(found.levels) == [f"k{i}" for i in range(7)]
    assert found.rows.values.tolist() == [float(i) for i in range(CHUNK + 10)]


def test_missing_and_not_finite_values_are_counted_by_row() -> None:
    found = dicts([{"a": None, "b": 1}, None, {"a": math.inf, "b": math.nan}, {"a": 1.0}])
    assert (found.missing, found.wrong) == (2, 1)
    assert np.diff(found.rows.starts).tolist() == [1, 0, 2, 1]


def test_a_key_of_texts_is_refused_by_name() -> None:
    with pytest.raises(DictValueError, match="'d' has a value of type str under the key 'colour'"):
        dicts([{"size": 1}, {"colour": "red"}])


def test_equal_texts_of_keys_are_one_key() -> None:
    assert dense(dicts([{1: 2.0, "1": 3.0}])).shape == (1, 1)


def test_vectors_are_columns() -> None:
    column = pl.Series([[1.0, math.nan], None, [3.0, 4.0]], dtype=pl.List(pl.Float64))
    found = matrix_of(column)
    assert (found.missing, found.wrong, found.absent.tolist()) == (1, 1, [False, True, False])
    assert found.numbers[2].tolist() == [3.0, 4.0]


def test_lengths_are_told_in_first_seen_order() -> None:
    column = pl.Series([[1.0, 2.0], [1.0], [], [1.0, 2.0]], dtype=pl.List(pl.Float64))
    assert list(matrix_of(column).lengths) == [2, 1, 0]
    nothing = pl.Series([None, None], dtype=pl.List(pl.Float64))
    assert (matrix_of(nothing).numbers.shape, len(matrix_of(nothing).lengths)) == ((2, 0), 0)
