# ruff: noqa: DTZ001  # tables hold times without a zone
from __future__ import annotations

import array
import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import windrow as wr
from windrow.errors import ArgumentTypeError, ColumnExistsError

NAN = float("nan")


@pytest.mark.parametrize(
    "values, dtype, held",
    [
        ([True, False], int, [1, 0]),
        ([1, 2.5, None], float, [1.0, 2.5, None]),
        ((1, 2), int, [1, 2]),
        (range(3), int, [0, 1, 2]),
        ((x for x in "ab"), str, ["a", "b"]),
        ([], float, []),
        ([None], float, [None]),
        ([[1, 2], (3,)], array.array, [array.array("d", [1, 2]), array.array("d", [3])]),
        ([["a", 1]], list, [["a", 1]]),
        ([{"a": [1]}, None], dict, [{"a": [1]}, None]),
        ([datetime.date(2024, 5, 6)], datetime.datetime, [datetime.datetime(2024, 5, 6)]),
        (np.array([1, 2], dtype=np.int8), int, [1, 2]),
        (np.array([[1, 2], [3, 4]]), array.array, [array.array("d", v) for v in ([1, 2], [3, 4])]),
        (pl.Series(["a", None]), str, ["a", None]),
        (pl.Series([[1, 2]]), array.array, [array.array("d", [1, 2])]),
        (pd.Series([1, 2]), int, [1, 2]),
        (pd.Series(["a", None]), str, ["a", None]),
        (pd.Series([1.5, NAN]), float, [1.5, None]),
        (pd.Series([{"a": 1}, None]), dict, [{"a": 1}, None]),
        (pa.array([1, None]), int, [1, None]),
        (wr.SArray([1]), int, [1]),
    ],
    ids=lambda case: type(case).__name__,
)
def test_a_column_takes_its_type_from_the_values(
    values: object, dtype: type, held: list[object]
) -> None:
    sa = wr.SArray(values)
    assert sa.dtype is dtype
    assert list(sa) == held


def test_a_given_type_converts() -> None:
    assert list(wr.SArray([1.9, None], dtype=int)) == [1, None]
    assert list(wr.SArray([1, 2], dtype=float)) == [1.0, 2.0]
    assert list(wr.SArray([[1, 2]], dtype=list)) == [[1, 2]]
    assert list(wr.SArray(["a", 3], dtype=int, ignore_cast_failure=True)) == [None, 3]
    assert list(wr.SArray(wr.SArray([1.5]), dtype=int)) == [1]


def test_values_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(TypeError):
        wr.SArray([1, "a"])
    with pytest.raises(TypeError):
        wr.SArray(5)
    with pytest.raises(TypeError):
        wr.SArray([object()])
    with pytest.raises(ArgumentTypeError):
        wr.SFrame(5)
    with pytest.raises(ArgumentTypeError):
        wr.SFrame({1: [1]})


def test_constants_and_sequences() -> None:
    assert list(wr.SArray.from_const(None, 2, int)) == [None, None]
    assert list(wr.SArray.from_const([1, 2], 1)) == [array.array("d", [1, 2])]
    assert list(wr.SArray.from_const("a", 0)) == []
    assert list(wr.SArray.from_sequence(3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="size"):
        wr.SArray.from_const(1, -1)
    with pytest.raises(ValueError, match="arguments"):
        wr.SArray.from_sequence()


def test_a_table_from_what_users_have() -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    frame = pl.DataFrame(rows)
    for data in (
        {"a": [1, 2], "b": ["x", None]},
        {"a": wr.SArray([1, 2]), "b": ["x", None]},
        {"a": np.array([1, 2]), "b": wr.SArray(["x", None])},
        frame,
        frame.to_pandas(),
        frame.to_arrow(),
        wr.SFrame(frame),
    ):
        sf = wr.SFrame(data)
        assert list(sf) == rows
        assert sf.column_types() == [int, str]


def test_lists_become_columns_of_their_own_names() -> None:
    assert list(wr.SFrame([1, 2])) == [{"X1": 1}, {"X1": 2}]
    assert list(wr.SFrame([{"a": 1}, {"b": 2}])["X1"]) == [{"a": 1}, {"b": 2}]
    assert wr.SFrame([wr.SArray([1]), wr.SArray(["a"])])[0] == {"X1": 1, "X2": "a"}
    assert wr.SFrame(wr.SArray([1]))[0] == {"X1": 1}
    assert wr.SFrame(np.array([[1, 2]]))[0] == {"X1": array.array("d", [1, 2])}
    assert wr.SFrame([]).shape == wr.SFrame({}).shape == (0, 0)


def test_pandas_columns_of_objects_go_by_the_rules_of_columns() -> None:
    frame = pd.DataFrame({"d": [{"a": 1}, None], "l": [["x", 1], ["y", 2]], 3: [True, False]})
    sf = wr.SFrame(frame)
    assert sf.column_names() == ["d", "l", "3"]
    assert sf.column_types() == [dict, list, int]
    assert sf[0] == {"d": {"a": 1}, "l": ["x", 1], "3": 1}
    with pytest.raises(ColumnExistsError):
        wr.SFrame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_name_must_not_be_empty() -> None:
    with pytest.raises(ValueError, match="not empty"):
        wr.SFrame(pl.DataFrame({"": [1]}))
    with pytest.raises(ValueError, match="not empty"):
        wr.SFrame({"": wr.SArray([1])})


def test_a_lazy_frame_of_polars_is_named_as_such() -> None:
    with pytest.raises(ArgumentTypeError, match="call collect"):
        wr.SFrame(pl.DataFrame({"a": [1]}).lazy())


def test_tables_go_out_as_they_came_in() -> None:
    sf = wr.SFrame({"i": [1, None], "f": [0.5, 1.5], "s": ["x", None], "v": [[1], [2]]})
    pandas = sf.to_dataframe()
    assert pandas["i"].dtype == np.float64
    assert pandas["s"].tolist() == ["x", None]
    assert list(wr.SFrame(pandas)["i"]) == [1.0, None]
    assert sf.to_polars()["i"].to_list() == [1, None]
    assert sf.to_arrow().column("f").to_pylist() == [0.5, 1.5]
    assert sf[["i", "f"]].to_numpy().dtype == np.float64
    assert sf[["f", "s"]].to_numpy().tolist() == [[0.5, "x"], [1.5, None]]
    assert sf["v"].to_numpy().tolist() == [[1.0], [2.0]]
    assert sf["s"].to_numpy().tolist() == ["x", None]
    assert wr.SArray([1, 2]).to_numpy().dtype == np.int64
    assert wr.SArray([datetime.datetime(2024, 1, 1)]).to_numpy().dtype == "datetime64[us]"
    assert wr.SArray([[1], [2, 3]]).to_numpy().dtype == object
    assert wr.SArray([1, 2]).to_polars().to_list() == [1, 2]
