from __future__ import annotations

import array
import math

import pytest

import windrow as wr
from windrow.errors import ArgumentError, ColumnExistsError


def test_packing_into_dicts_leaves_missing_values_out() -> None:
    sf = wr.SFrame({"x.a": [1, None], "x.b": ["p", "q"], "k": [7, 8]})
    packed = sf.pack_columns(column_name_prefix="x", dtype=dict)
    assert packed.column_names() == ["k", "x"]
    assert list(packed["x"]) == [{"a": 1, "b": "p"}, {"b": "q"}]
    whole = sf.pack_columns(column_name_prefix="x", dtype=dict, remove_prefix=False)
    assert whole["x"][1] == {"x.b": "q"}
    filled = sf.pack_columns(column_name_prefix="x", dtype=dict, fill_na=0)
    assert filled["x"][1] == {"a": 0, "b": "q"}


def test_packing_into_lists_and_vectors_keeps_places() -> None:
    sf = wr.SFrame({"a": [1, None], "b": [2.5, 3.5]})
    assert list(sf.pack_columns()["X1"]) == [[1, 2.5], [None, 3.5]]
    vectors = list(sf.pack_columns(["b", "a"], dtype=array.array, new_column_name="v")["v"])
    assert vectors[0] == array.array("d", [2.5, 1])
    assert math.isnan(vectors[1][1])
    with pytest.raises(ArgumentError):
        sf.pack_columns(dtype=int)
    with pytest.raises(ArgumentError):
        sf.pack_columns(column_name_prefix="z")
    with pytest.raises(ColumnExistsError):
        sf.pack_columns(["a"], new_column_name="b")


def test_unpacking_dicts_gives_a_column_a_key() -> None:
    sf = wr.SFrame({"id": [1, 2], "d": [{"a": 1, "b": "x"}, {"a": 2.5}]})
    found = sf.unpack("d")
    assert found.column_names() == ["id", "d.a", "d.b"]
    assert found.column_types() == [int, float, str]
    assert list(found["d.b"]) == ["x", None]
    assert sf.unpack().column_names() == found.column_names()
    assert sf.unpack("d", column_name_prefix="", limit=["b"]).column_names() == ["id", "b"]
    with pytest.raises(ColumnExistsError):
        wr.SFrame({"a": [1], "d": [{"a": 1}]}).unpack("d", column_name_prefix="")


def test_unpacking_lists_and_vectors_gives_a_column_a_place() -> None:
    found = wr.SArray([["x", 1], ["y"], None]).unpack()
    assert found.column_names() == ["X.0", "X.1"]
    assert list(found["X.1"]) == [1, None, None]
    vectors = wr.SArray([[1, 2], [3]]).unpack("v")
    assert list(vectors["v.1"]) == [2.0, None]
    typed = wr.SArray([["1", "2"]]).unpack("t", column_types=[str, int])
    assert typed.column_types() == [str, int]


def test_a_value_may_count_as_missing() -> None:
    found = wr.SArray([{"a": -1}, {"a": 3}]).unpack("d", na_value=-1)
    assert list(found["d.a"]) == [None, 3]


def test_only_containers_are_unpacked() -> None:
    with pytest.raises(TypeError):
        wr.SArray([1]).unpack()
    with pytest.raises(ArgumentError, match="column_name"):
        wr.SFrame({"a": [1]}).unpack()
    with pytest.raises(ArgumentError, match="2 types"):
        wr.SArray([[1, "a"]]).unpack(column_types=[int])


def test_unstacking_into_lists() -> None:
    sf = wr.SFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
    assert list(sf.unstack("v")["List of v"]) == [[1, 3], [2]]
    with pytest.raises(ArgumentError):
        sf.unstack(["k", "v", "k"])


def test_stacking_lists_gives_a_row_an_item() -> None:
    sf = wr.SFrame({"k": [1, 2, 3, 4], "v": [["x", None], [], None, ["y"]], "z": [5, 6, 7, 8]})
    found = sf.stack("v")
    assert found.column_names() == ["k", "z", "X3"]
    assert [(row["k"], row["X3"]) for row in found] == [
        (1, "x"), (1, None), (2, None), (3, None), (4, "y"),
    ]  # fmt: skip
    assert list(sf.stack("v", "i", drop_na=True)["k"]) == [1, 1, 4]
    assert list(sf[sf["k"] == 2].stack("v", "i", drop_na=True, new_column_type=str)) == []


def test_stacking_dicts_and_vectors() -> None:
    sf = wr.SFrame({"k": [1, 2], "d": [{"a": 1, "b": 2}, {"c": 3}], "v": [[1, 2], [3]]})
    pairs = sf[["k", "d"]].stack("d", ["key", "value"])
    assert list(pairs)[2] == {"k": 2, "key": "c", "value": 3}
    assert sf[["k", "d"]].stack("d").column_names() == ["k", "X2", "X3"]
    assert list(sf["v"].stack("item")["item"]) == [1.0, 2.0, 3.0]
    assert sf["v"].stack(new_column_type=int).column_types() == [int]
    with pytest.raises(TypeError):
        sf.stack("k")
    with pytest.raises(ArgumentError):
        sf.stack("d", "key")
    with pytest.raises(ArgumentError):
        sf.stack("v", "k")
    with pytest.raises(ArgumentError):
        sf.stack("v", new_column_type=[int, int])


def test_unpacked_columns_pack_again() -> None:
    sf = wr.SFrame({"d": [{"a": 1}, {"a": 2, "b": 3}]})
    again = sf.unpack("d").pack_columns(column_name_prefix="d", dtype=dict)
    assert list(again["d"]) == list(sf["d"])
