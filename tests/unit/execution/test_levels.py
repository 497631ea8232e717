from __future__ import annotations

import pickle

import polars as pl
import pytest
from hypothesis import given, strategies as st

from windrow.execution.levels import Levels

VALUES = st.lists(st.sampled_from(["a", "b", "c", "ä", "", None]), max_size=12)


@given(parts=st.lists(VALUES, min_size=1, max_size=4))
def test_dictionaries_are_merged_in_first_seen_order(parts: list[list[str | None]]) -> None:
    merged = Levels.merged([Levels.of(dict.fromkeys(part)) for part in parts])
    assert list(merged) == list(dict.fromkeys(value for part in parts for value in part))


@given(own=VALUES, others=VALUES)
def test_codes_are_places_among_the_values(own: list[str | None], others: list[str | None]) -> None:
    levels, wanted = Levels.of(dict.fromkeys(own)), list(dict.fromkeys(others))
    codes = {value: code for code, value in enumerate(levels)}
    assert levels.codes_of(Levels.of(wanted)).tolist() == [codes.get(v, -1) for v in wanted]


@given(own=VALUES, others=VALUES)
def test_a_key_tells_values_and_their_order(
    own: list[str | None], others: list[str | None]
) -> None:
    first, second = Levels.of(dict.fromkeys(own)), Levels.of(dict.fromkeys(others))
    assert (first.key == second.key) == (list(first) == list(second)) == (first == second)


@given(own=st.sets(st.integers(0, 99)), others=st.sets(st.integers(0, 99)))
def test_many_codes_are_found_whichever_is_larger(own: set[int], others: set[int]) -> None:
    levels, wanted = Levels.of([str(v) for v in own]), [str(v) for v in others]
    codes = {value: code for code, value in enumerate(levels)}
    assert levels.codes_of(Levels.of(wanted)).tolist() == [codes.get(v, -1) for v in wanted]


def test_a_key_does_not_depend_on_how_the_values_lie_in_memory() -> None:
    whole = pl.Series(["x", "a", "bc", None])
    parts = pl.concat([pl.Series(["a"]), pl.Series(["bc", None], dtype=pl.String)], rechunk=False)
    assert Levels(whole[1:]).key == Levels(parts).key
    assert Levels.of(["a", "bc"]).key != Levels.of(["ab", "c"]).key


def test_numbers_may_be_levels() -> None:
    numbers = Levels.of([3, 5])
    assert (numbers == (3, 5), numbers[1], list(numbers[:1])) == (True, 5, [3])
    assert numbers.codes_of(Levels.of([5, 7])).tolist() == [1, -1]


def test_levels_travel() -> None:
    levels = Levels.of(["a", None])
    again = pickle.loads(pickle.dumps(levels))
    assert (again, hash(again), repr(again)) == (levels, hash(levels), repr(levels))


@pytest.mark.parametrize("count", [300_000])
def test_many_levels_are_merged_and_found(count: int) -> None:
    names = pl.select(pl.format("level {}", pl.int_range(count))).to_series()
    parts = [Levels(names[start : start + count // 2]) for start in (0, count // 4, count // 2)]
    merged = Levels.merged(parts)
    assert len(merged) == count
    assert merged.codes_of(parts[2]).tolist() == list(range(count // 2, count))
