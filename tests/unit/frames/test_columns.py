from __future__ import annotations

import pickle

import pytest

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ColumnExistsError,
    ColumnNotFoundError,
    LengthMismatchError,
    NotComparableError,
    ToolkitError,
)


def table() -> wr.SFrame:
    return wr.SFrame({"b": [1, 2, 3], "a": ["x", "y", None], "f": [0.5, None, 2.0]})


def test_a_dict_keeps_its_order_of_columns() -> None:
    assert table().column_names() == ["b", "a", "f"]
    assert table().column_types() == [int, str, float]
    assert table().shape == (3, 3)


def test_an_absent_column_is_named_with_those_that_are_near() -> None:
    sf = wr.SFrame({"country": [1]})
    with pytest.raises(ToolkitError, match="did you mean 'country'"):
        sf["contry"]
    with pytest.raises(KeyError):
        sf.remove_column("contry")
    with pytest.raises(ColumnNotFoundError):
        del sf["contry"]


def test_setting_a_column_changes_the_table_that_other_names_see() -> None:
    sf = table()
    other = sf
    sf["b"] = sf["b"] * 10
    sf["n"] = 7
    sf["l"] = [3, 2, 1]
    assert list(other["b"]) == [10, 20, 30]
    assert other.column_names() == ["b", "a", "f", "n", "l"]
    assert list(other["n"]) == [7, 7, 7]
    assert list(other["l"]) == [3, 2, 1]


def test_deleting_a_column_leaves_copies_alone() -> None:
    sf = table()
    copy = sf.copy()
    del sf["a"]
    assert sf.column_names() == ["b", "f"]
    assert copy.column_names() == ["b", "a", "f"]


def test_several_columns_are_set_from_a_table() -> None:
    sf = table()
    sf[["b", "z"]] = table()[["f", "a"]]
    assert sf.column_names() == ["b", "a", "f", "z"]
    assert list(sf["b"]) == [0.5, None, 2.0]
    with pytest.raises(TypeError):
        sf[["b", "z"]] = table()


def test_methods_give_new_tables_unless_in_place() -> None:
    sf = table()
    assert sf.add_column(1).column_names() == ["b", "a", "f", "X4"]
    assert sf.rename({"a": "c"}).column_names() == ["b", "c", "f"]
    assert sf.remove_columns(["a", "b"]).column_names() == ["f"]
    assert sf.swap_columns("b", "f").column_names() == ["f", "a", "b"]
    assert sf.column_names() == ["b", "a", "f"]
    same = sf.add_row_number("row", start=5, inplace=True)
    assert same is sf
    assert list(sf["row"]) == [5, 6, 7]
    assert sf.column_names()[0] == "row"


def test_names_that_are_taken_are_refused() -> None:
    sf = table()
    with pytest.raises(ColumnExistsError):
        sf.add_column([1, 2, 3], "a")
    with pytest.raises(RuntimeError):
        sf.rename({"a": "b"})
    with pytest.raises(ValueError, match="exists already"):
        sf.add_columns(table())
    for name in ("", 1):
        with pytest.raises((ValueError, TypeError), match="a column's name"):
            sf.rename({"a": name})  # type: ignore[dict-item]
    assert sf.rename({"a": "b", "b": "a"}).column_names() == ["a", "b", "f"]


def test_columns_are_selected_by_name_and_by_type() -> None:
    sf = table()
    assert sf[["f", "b"]].column_names() == ["f", "b"]
    assert sf[str].column_names() == ["a"]
    assert sf[[float, "b"]].column_names() == ["f", "b"]
    assert sf[dict].shape == (0, 0)
    with pytest.raises(ArgumentError):
        sf[["a", "a"]]
    with pytest.raises(TypeError):
        sf[1.5]  # type: ignore[call-overload]


def test_columns_of_other_lengths_are_refused() -> None:
    sf = table()
    with pytest.raises(LengthMismatchError):
        sf["z"] = [1, 2]
    with pytest.raises(LengthMismatchError):
        wr.SFrame({"a": [1], "b": [1, 2]})
    sf["z"] = sf["b"][sf["b"] > 1]  # not known before it is computed
    with pytest.raises(LengthMismatchError):
        list(sf["z"])


def test_the_first_column_of_an_empty_table_gives_it_its_rows() -> None:
    sf = wr.SFrame()
    assert not sf
    assert sf.shape == (0, 0)
    assert list(sf) == []
    sf["a"] = wr.SArray([1, 2])
    sf["b"] = "x"
    assert list(sf) == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]
    del sf["a"]
    del sf["b"]
    assert sf.shape == (0, 0)


def test_columns_from_different_sources_stand_side_by_side() -> None:
    first, second = wr.SFrame({"a": [1, 2, 3]}), wr.SFrame({"a": [10, 20, 30]})
    first["sum"] = first["a"] + second["a"]
    first["double"] = second["a"] * 2
    assert list(first[first["sum"] > 11]) == [
        {"a": 2, "sum": 22, "double": 40},
        {"a": 3, "sum": 33, "double": 60},
    ]


@pytest.mark.usefixtures("functions_run")
def test_apply_gets_each_row_as_a_dict() -> None:
    sf = table()
    made = sf.apply(lambda row: f"{row['a']}{row['b']}")
    assert made.dtype is str
    assert list(made) == ["x1", "y2", "None3"]


def test_an_error_of_a_function_shows_at_once_with_its_row() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        wr.SFrame({"a": [2, 0]}).apply(lambda row: 1 // row["a"])
    assert "row 1" in caught.value.__notes__[0]


@pytest.mark.usefixtures("functions_run")
def test_a_later_error_of_a_function_keeps_its_type_too() -> None:
    made = wr.SArray(range(200)).apply(lambda x: 1 // (150 - x))
    with pytest.raises(ZeroDivisionError) as caught:
        made.sum()
    assert "150" in caught.value.__notes__[0]


def test_fillna_takes_values_of_the_columns_type() -> None:
    assert list(table().fillna("f", 1)["f"]) == [0.5, 1.0, 2.0]
    with pytest.raises(TypeError):
        table().fillna("f", "x")


def test_whole_tables_are_not_compared() -> None:
    with pytest.raises(NotComparableError):
        assert table() == table()


def test_tables_and_columns_pickle_as_their_plans() -> None:
    sf = table()
    sf["g"] = sf["b"] + 1
    again = pickle.loads(pickle.dumps(sf))
    assert list(again) == list(sf)
    assert again.plan.key == sf.plan.key
    assert list(pickle.loads(pickle.dumps(sf["g"]))) == [2, 3, 4]
