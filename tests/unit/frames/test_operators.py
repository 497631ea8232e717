# ruff: noqa: DTZ001  # tables hold times without a zone
from __future__ import annotations

import array
import datetime
import math

import pytest

import windrow as wr
from windrow.errors import AmbiguousTruthError, TypeMismatchError

NAN = float("nan")


def test_arithmetic_between_columns_and_values_on_both_sides() -> None:
    a, b = wr.SArray([7, -7, None]), wr.SArray([2, 2, 2])
    assert list(a + b) == [9, -5, None]
    assert list(10 - a) == [3, 17, None]
    assert list(a / b) == [3.5, -3.5, None]
    assert list(a // b) == [3, -4, None]
    assert list(a % b) == [1, 1, None]
    assert list(2**b) == [4.0, 4.0, 4.0]
    assert list(-a) == [-7, 7, None]
    assert list(abs(a)) == [7, 7, None]
    assert list(+a) == list(a)
    assert list(1.5 * b) == [3.0, 3.0, 3.0]
    assert list(12 / b) == [6.0, 6.0, 6.0]
    assert list(7 // b) == [3, 3, 3]
    assert list(7 % b) == [1, 1, 1]
    assert (a / b).dtype is (a**b).dtype is float


def test_division_by_zero() -> None:
    a, zero = wr.SArray([1, -1, 0]), wr.SArray([0, 0, 0])
    quotient = list(a / zero)
    assert quotient[:2] == [math.inf, -math.inf]
    assert math.isnan(quotient[2])
    assert list(a // zero) == list(a % zero) == [None, None, None]


def test_text_is_joined_and_nothing_else() -> None:
    names = wr.SArray(["a", None])
    assert list(names + "!") == ["a!", None]
    assert list("!" + names) == ["!a", None]
    with pytest.raises(TypeMismatchError, match="subtract is not defined for str and str"):
        names - "a"
    with pytest.raises(TypeError):
        names + 1
    with pytest.raises(RuntimeError):
        _ = names > 1


def test_vectors() -> None:
    v = wr.SArray([[1, 2], [3, 4], None])
    assert [x and x.tolist() for x in v + 1] == [[2, 3], [4, 5], None]
    assert [x and x.tolist() for x in v * v] == [[1, 4], [9, 16], None]
    assert [x and x.tolist() for x in v + array.array("d", [10, 20])] == [[11, 22], [13, 24], None]
    assert [x and x.tolist() for x in array.array("d", [1, 1]) - v] == [[0, -1], [-2, -3], None]
    assert list(v == array.array("d", [1, 2])) == [1, 0, 0]
    with pytest.raises(TypeError):
        v.apply(len) + "a"
    with pytest.raises(TypeError):
        _ = wr.SArray(["a"]) + array.array("d", [1, 2])


def test_comparisons_and_what_none_means_in_them() -> None:
    a = wr.SArray([1, 2, None])
    assert list(a > 1) == [0, 1, None]
    assert list(a >= wr.SArray([1, 3, 0])) == [1, 0, None]
    assert list(a < 2) == [1, 0, None]
    assert list(a <= 2) == [1, 1, None]
    assert list(a == 1) == [1, 0, 0]
    assert list(a != 1) == [0, 1, 1]
    assert list(a == None) == [0, 0, 1]  # noqa: E711
    assert list(a != None) == [1, 1, 0]  # noqa: E711
    assert list(wr.SArray(["a", None]) == None) == [0, 1]  # noqa: E711
    assert list(1 < a) == [0, 1, None]  # noqa: SIM300  # the other side
    times = wr.SArray([datetime.datetime(2024, 1, 1), None])
    assert list(times < datetime.datetime(2025, 1, 1)) == [1, None]


def test_logic() -> None:
    a, b = wr.SArray([1, 1, 0, 0]), wr.SArray([1, 0, 1, 0])
    assert list(a & b) == [1, 0, 0, 0]
    assert list(a | b) == [1, 1, 1, 0]
    assert list(~a) == [0, 0, 1, 1]
    assert list((a > 0) & (b == 0)) == [0, 1, 0, 0]
    with pytest.raises(AmbiguousTruthError, match="any\\(\\) or all\\(\\)"):
        bool(wr.SArray([1]))


def test_replacing_missing_values() -> None:
    assert list(wr.SArray([1, None]).fillna(1.7)) == [1, 1]
    assert list(wr.SArray([1.0, None, NAN]).fillna(0)) == [1.0, 0.0, 0.0]
    assert list(wr.SArray(["a", None]).fillna("b")) == ["a", "b"]
    assert [v.tolist() for v in wr.SArray([[1.0], None]).fillna([0.0])] == [[1.0], [0.0]]
    assert list(wr.SArray([["a"], None]).fillna([1])) == [["a"], [1]]
    assert list(wr.SArray([{"a": 1}, None]).fillna({})) == [{"a": 1}, {}]
    with pytest.raises(TypeError):
        wr.SArray([1, None]).fillna("a")
    assert list(wr.SArray([1.0, None, NAN, 2.0]).dropna()) == [1.0, 2.0]
    assert list(wr.SArray(["a", None]).dropna()) == ["a"]


def test_conversion() -> None:
    assert list(wr.SArray([1.9, -1.9, None]).astype(int)) == [1, -1, None]
    assert list(wr.SArray([1, None]).astype(str)) == ["1", None]
    assert list(wr.SArray(["1.5", "2"]).astype(float)) == [1.5, 2.0]
    assert list(wr.SArray(["1", "x"]).astype(int, undefined_on_failure=True)) == [1, None]
    with pytest.raises(RuntimeError):
        list(wr.SArray(["1", "x"]).astype(int))
    with pytest.raises(TypeError):
        wr.SArray([1]).astype(complex)
    same = wr.SArray([1])
    assert same.astype(int) is same


def test_clipping() -> None:
    a = wr.SArray([1, 5, 9, None])
    assert list(a.clip(2, 6)) == [2, 5, 6, None]
    assert list(a.clip_lower(4)) == [4, 5, 9, None]
    assert list(a.clip_upper(4)) == [1, 4, 4, None]
    with pytest.raises(TypeError):
        a.clip("a")  # type: ignore[arg-type]


def test_lookup() -> None:
    assert list(wr.SArray(["abc", None]).contains("b")) == [1, None]
    assert list(wr.SArray([[1, 2], [3]]).contains(2)) == [1, 0]
    assert list(wr.SArray([{"a": 1}, {"b": 1}]).contains("a")) == [1, 0]
    with pytest.raises(TypeError):
        wr.SArray(["a"]).contains(1)
    assert list(wr.SArray([1, 2, 3]).is_in([1, 3])) == [1, 0, 1]
    assert list(wr.SArray([1, 2, 3]).is_in(wr.SArray([3, 3]))) == [0, 0, 1]
    assert list(wr.SArray([1, 2, 3]).filter_by([3, 1])) == [1, 3]
    assert list(wr.SArray([1, 2, 3]).filter_by(2, exclude=True)) == [1, 3]
    with pytest.raises(TypeError):
        wr.SArray([1]).is_in(["a"])
    assert 2 in wr.SArray([1, 2])
    assert 5 not in wr.SArray([1, 2])


def test_choice_by_a_condition() -> None:
    a = wr.SArray([1, 5, None])
    assert list(wr.SArray.where(a > 2, a, 0)) == [0, 5, 0]
    assert list(wr.SArray.where(a > 2, "big", None)) == [None, "big", None]
    assert list(wr.SArray.where(a > 2, a, 0.5)) == [0.5, 5.0, 0.5]
    assert list(wr.SArray.where(a > 2, a, 0.5, dtype=int)) == [0, 5, 0]
    with pytest.raises(TypeError):
        wr.SArray.where(a > 2, a, "x")


@pytest.mark.usefixtures("functions_run")
def test_apply_finds_the_type_and_skips_none() -> None:
    a = wr.SArray([1, None, 3])
    assert list(a.apply(lambda x: x / 2)) == [0.5, None, 1.5]
    assert list(a.apply(lambda x: x is None, skip_na=False)) == [0, 1, 0]
    assert list(a.apply(lambda x: x + 0.9, dtype=int)) == [1, None, 3]
    assert list(a.apply(lambda x: [x, "a"])) == [[1, "a"], None, [3, "a"]]
    assert a.apply(lambda _: None).dtype is float
    assert list(a.filter(lambda x: x > 1)) == [3]
    assert list(a.filter(lambda x: x is None, skip_na=False)) == [None]
    with pytest.raises(TypeError):
        a.apply(lambda x: "a" if x == 1 else 2)


def test_hashes_depend_on_value_and_seed_alone() -> None:
    a = wr.SArray(["a", "b", "a"])
    first = list(a.hash())
    assert first[0] == first[2] != first[1]
    assert list(a.hash(1)) != first
    assert list(wr.SArray(["b"]).hash()) == first[1:2]


def test_times_and_text() -> None:
    times = wr.SArray([datetime.datetime(2024, 5, 6, 7, 8, 9), None])
    assert list(times.datetime_to_str("%d/%m/%Y")) == ["06/05/2024", None]
    assert list(times.datetime_to_str().str_to_datetime()) == list(times)
    parts = times.split_datetime("t")
    assert parts.column_names()[:3] == ["t.year", "t.month", "t.day"]
    assert parts[0] == {
        "t.year": 2024, "t.month": 5, "t.day": 6, "t.hour": 7, "t.minute": 8, "t.second": 9,
    }  # fmt: skip
    assert parts[1]["t.year"] is None
    with pytest.raises(TypeError):
        wr.SArray([1]).split_datetime()


def test_parts_of_values() -> None:
    assert list(wr.SArray([{"a": 1}, {}, None]).dict_keys()) == [["a"], [], None]
    assert list(wr.SArray([{"a": 1}]).dict_values()) == [[1]]
    dicts = wr.SArray([{"a": 1, "b": 5}, {"c": 2}])
    assert list(dicts.dict_has_any_keys(["a", "z"])) == [1, 0]
    assert list(dicts.dict_has_all_keys(["a", "b"])) == [1, 0]
    assert list(dicts.dict_has_any_keys("c")) == [0, 1]
    assert list(dicts.dict_trim_by_keys(["a"], exclude=False)) == [{"a": 1}, {}]
    assert list(dicts.dict_trim_by_values(2, 4)) == [{}, {"c": 2}]
    assert list(wr.SArray([[1, "a"], None]).item_length()) == [2, None]
    assert [v.tolist() for v in wr.SArray([[1, 2, 3]]).vector_slice(0, 2)] == [[1, 2]]
    assert list(wr.SArray([[1, "b", 3]]).element_slice(1)) == [["b", 3]]
    with pytest.raises(TypeError):
        wr.SArray([1]).dict_keys()
