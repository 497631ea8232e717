"""Groups, joins and order against Polars, over tables cut anywhere."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

import windrow as wr
from windrow.errors import ArgumentError, ColumnNotFoundError, TypeMismatchError
from windrow.io import memory

KEYS = st.none() | st.sampled_from(["a", "b", "c"])
VALUES = st.none() | st.integers(-5, 5)
ROWS = st.lists(st.tuples(KEYS, VALUES), max_size=14)


def frame_of(rows: list[tuple[Any, Any]], names: tuple[str, str] = ("k", "v")) -> pl.DataFrame:
    schema = {names[0]: pl.String(), names[1]: pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row")


@st.composite
def tables(draw: st.DrawFn, names: tuple[str, str] = ("k", "v")) -> tuple[wr.SFrame, pl.DataFrame]:
    """Draw a table, cut into up to three partitions, and the same for Polars."""
    frame = frame_of(draw(ROWS), names)
    cuts = sorted(draw(st.lists(st.integers(0, frame.height), max_size=2)))
    bounds = [0, *cuts, frame.height]
    counts = [stop - start for start, stop in pairwise(bounds)]
    return wr.SFrame.from_plan(memory.from_frame(frame, None, counts)), frame


@given(tables())
def test_groups_are_first_seen_and_hold_what_polars_says(
    both: tuple[wr.SFrame, pl.DataFrame],
) -> None:
    sf, frame = both
    found = sf.groupby(
        "k",
        {
            "n": wr.aggregate.COUNT(),
            "sum": wr.aggregate.SUM("v"),
            "mean": wr.aggregate.MEAN("v"),
            "min": wr.aggregate.MIN("v"),
            "max": wr.aggregate.MAX("v"),
            "var": wr.aggregate.VAR("v"),
            "distinct": wr.aggregate.COUNT_DISTINCT("v"),
            "one": wr.aggregate.SELECT_ONE("v"),
            "all": wr.aggregate.CONCAT("v"),
        },
    )
    v = pl.col("v")
    wanted = frame.group_by("k", maintain_order=True).agg(
        n=pl.len().cast(pl.Int64),
        sum=v.sum(),
        mean=v.mean(),
        min=v.min(),
        max=v.max(),
        var=v.var(ddof=0),
        distinct=v.n_unique().cast(pl.Int64),
        one=v.first(),
        all=v.drop_nulls(),
    )
    for own, theirs in zip(found, wanted.to_dicts(), strict=True):
        assert own.pop("all") == theirs.pop("all")
        for name, value in theirs.items():
            assert own[name] == pytest.approx(value)


@given(tables(), tables(("k", "w")), st.sampled_from(["inner", "left"]))
def test_joins_keep_the_left_order(
    left: tuple[wr.SFrame, pl.DataFrame], right: tuple[wr.SFrame, pl.DataFrame], how: Any
) -> None:
    found = left[0].join(right[0], on="k", how=how)
    wanted = left[1].join(right[1], on="k", how=how, nulls_equal=True, maintain_order="left_right")
    assert list(found) == wanted.to_dicts()


@given(tables(), tables(("k", "w")), st.sampled_from(["right", "outer"]))
def test_right_rows_without_a_partner_come_last(
    left: tuple[wr.SFrame, pl.DataFrame], right: tuple[wr.SFrame, pl.DataFrame], how: str
) -> None:
    found = list(left[0].join(right[0], on="k", how=how))
    main = left[1].join(
        right[1],
        on="k",
        how="inner" if how == "right" else "left",
        nulls_equal=True,
        maintain_order="left_right",
    )
    rest = right[1].join(left[1], on="k", how="anti", nulls_equal=True, maintain_order="left")
    wanted = main.to_dicts() + [{"k": r["k"], "v": None, "w": r["w"]} for r in rest.to_dicts()]
    assert found == wanted


@given(tables(), st.lists(st.tuples(st.sampled_from("kv"), st.booleans()), min_size=1, max_size=2))
def test_sorting_is_stable_with_none_first_ascending(
    both: tuple[wr.SFrame, pl.DataFrame], by: list[tuple[str, bool]]
) -> None:
    sf, frame = both
    sf = sf.add_row_number()
    wanted = frame.with_row_index("id").sort(
        [name for name, _ in by],
        descending=[not up for _, up in by],
        nulls_last=[not up for _, up in by],
        maintain_order=True,
    )
    assert list(sf.sort(by)["id"]) == wanted["id"].to_list()


@given(tables())
def test_unique_rows_are_first_seen(both: tuple[wr.SFrame, pl.DataFrame]) -> None:
    sf, frame = both
    assert list(sf.unique()) == frame.unique(keep="first", maintain_order=True).to_dicts()
    assert list(sf["k"].unique()) == frame["k"].unique(maintain_order=True).to_list()
    wanted = frame.unique("k", keep="first", maintain_order=True)
    assert list(sf.drop_duplicates("k")) == wanted.to_dicts()


@given(tables(), st.lists(KEYS, max_size=3), st.booleans())
def test_filter_by_keeps_the_order_for_lists_and_columns(
    both: tuple[wr.SFrame, pl.DataFrame], values: list[str | None], exclude: bool
) -> None:
    sf, frame = both
    wanted = [row for row in frame.to_dicts() if (row["k"] in values) is not exclude]
    assert list(sf.filter_by(values, "k", exclude)) == wanted
    column = wr.SArray(values, dtype=str)
    assert list(sf.filter_by(column, "k", exclude)) == wanted


@given(tables(), st.integers(1, 5), st.booleans())
def test_topk_leaves_none_out(both: tuple[wr.SFrame, pl.DataFrame], k: int, reverse: bool) -> None:
    sf, frame = both
    there = [v for v in frame["v"].to_list() if v is not None]
    assert list(sf.topk("v", k, reverse)["v"]) == sorted(there, reverse=not reverse)[:k]


@given(tables(), st.sampled_from(["any", "all"]), st.sampled_from([None, "v", ["k", "v"]]))
def test_dropna_divides_the_rows(
    both: tuple[wr.SFrame, pl.DataFrame], how: str, columns: Any
) -> None:
    sf, frame = both
    names = ["v"] if columns == "v" else ["k", "v"]
    choose = any if how == "any" else all
    gone = [choose(row[n] is None for n in names) for row in frame.to_dicts()]
    kept, dropped = sf.dropna_split(columns, how)
    rows = frame.to_dicts()
    assert list(kept) == [row for row, out in zip(rows, gone, strict=True) if not out]
    assert list(dropped) == [row for row, out in zip(rows, gone, strict=True) if out]


def test_dropna_looks_inside_when_asked() -> None:
    sf = wr.SFrame({"l": [[1, "a"], [None, "a"], None], "v": [[1.0], [float("nan")], [2.0]]})
    assert len(sf.dropna("l")) == 2
    assert len(sf.dropna("l", recursive=True)) == 1
    assert len(sf.dropna("v", recursive=True)) == 2
    with pytest.raises(ArgumentError):
        sf.dropna(how="some")


def test_groups_are_named_by_what_they_hold() -> None:
    sf = wr.SFrame({"k": ["a", "b", "a"], "v": [1, 2, 3], "f": [0.5, 1.5, None]})
    agg = wr.aggregate
    found = sf.groupby("k", [agg.SUM("v"), agg.AVG("f")], agg.COUNT(), {"top": agg.MAX("v")})
    assert found.column_names() == ["k", "Sum of v", "Avg of f", "Count", "top"]
    assert found[0] == {"k": "a", "Sum of v": 4, "Avg of f": 0.5, "Count": 2, "top": 3}
    twice = sf.groupby("k", [agg.SUM("v"), agg.SUM("v")])
    assert twice.column_names() == ["k", "Sum of v", "Sum of v.1"]
    assert list(sf.groupby(["k", "v"], agg.COUNT)["Count"]) == [1, 1, 1]


def test_every_aggregate() -> None:
    sf = wr.SFrame(
        {
            "k": [1, 1, 1, 2],
            "v": [3, None, 5, 7],
            "s": ["x", "y", "x", None],
            "w": [[1], [2], [3], [4]],
        }
    )
    agg = wr.aggregate
    row = sf.groupby(
        "k",
        {
            "std": agg.STDV("v"),
            "distinct": agg.DISTINCT("s"),
            "counts": agg.FREQ_COUNT("s"),
            "list": agg.CONCAT("v"),
            "dict": agg.CONCAT("s", "v"),
            "best": agg.ARGMAX("v", "s"),
            "worst": agg.ARGMIN("v", "s"),
            "half": agg.QUANTILE("v", 0.0, [1.0]),
            "vector": agg.SUM("w"),
        },
    )[0]
    assert row["std"] == 1.0
    assert row["distinct"] == ["x", "y"]
    assert row["counts"] == {"x": 2, "y": 1}
    assert row["list"] == [3, 5]
    assert row["dict"] == {"x": 5, "y": None}
    assert (row["best"], row["worst"]) == ("x", "x")
    assert row["half"].tolist() == [3.0, 5.0]
    assert row["vector"].tolist() == [6.0]


def test_what_cannot_be_grouped_is_refused_at_once() -> None:
    sf = wr.SFrame({"k": ["a"], "d": [{"a": 1}]})
    with pytest.raises(TypeMismatchError):
        sf.groupby("k", wr.aggregate.SUM("k"))
    for aggregate in (wr.aggregate.FREQ_COUNT("d"), wr.aggregate.CONCAT("d", "k")):
        with pytest.raises(TypeMismatchError, match="dict; it takes int, float, str, datetime"):
            sf.groupby("k", aggregate)
    with pytest.raises(ColumnNotFoundError):
        sf.groupby("k", wr.aggregate.SUM("z"))
    with pytest.raises(TypeError):
        sf.groupby("d", wr.aggregate.COUNT())
    with pytest.raises(TypeError):
        sf.groupby("k", {"a": "SUM"})
    with pytest.raises(ArgumentError):
        wr.aggregate.QUANTILE("v", 2.0)


def test_join_names_and_keys() -> None:
    left = wr.SFrame({"id": [1, 2], "v": ["x", "y"]})
    right = wr.SFrame({"key": [2, 1], "v": ["p", "q"], "w": [0.5, 1.5]})
    found = left.join(right, on={"id": "key"})
    assert found.column_names() == ["id", "v", "v.1", "w"]
    assert list(found["v.1"]) == ["q", "p"]
    renamed = left.join(right, on={"id": "key"}, alter_name={"v": "their v"})
    assert renamed.column_names() == ["id", "v", "their v", "w"]
    assert left.join(left.rename({"v": "u"})).column_names() == ["id", "v", "u"]
    with pytest.raises(TypeMismatchError, match="convert one with astype"):
        left.join(right, on="v").join(left, on={"w": "id"})
    with pytest.raises(ArgumentError):
        left.join(wr.SFrame({"other": [1]}))
    with pytest.raises(ValueError, match="inner, left, right or outer"):
        left.join(left, how="cross")


def test_unstack_is_the_other_way_of_groups() -> None:
    sf = wr.SFrame({"k": ["a", "b", "a"], "n": ["x", "y", "z"], "v": [1, 2, 3]})
    dicts = sf.unstack(["n", "v"], "all")
    assert list(dicts) == [{"k": "a", "all": {"x": 1, "z": 3}}, {"k": "b", "all": {"y": 2}}]


def test_arguments_of_other_kinds_are_refused() -> None:
    sf = wr.SFrame({"k": ["a"], "d": [{"a": 1}], "v": [1]})
    for call in (
        lambda: sf.join([1]),  # type: ignore[arg-type]
        lambda: sf.append([1]),  # type: ignore[arg-type]
        lambda: sf.filter_by(wr.SArray([1]), "k"),
        lambda: sf.sort("d"),
        lambda: sf.dropna([1]),  # type: ignore[list-item]
        lambda: sf.select_columns([1]),  # type: ignore[list-item]
        lambda: sf.select_column(1),  # type: ignore[arg-type]
        lambda: sf.rename(["a"]),  # type: ignore[arg-type]
        lambda: sf["v"]["k"],  # type: ignore[call-overload]
    ):
        with pytest.raises(TypeError):
            call()
    for call in (
        lambda: sf.topk("v", 0),
        lambda: sf.sort([]),
        lambda: sf.add_columns([[1]], ["x", "y"]),
        lambda: sf.join(sf, on="k", alter_name={"v": "k"}),
        lambda: sf.add_row_number("k"),
        lambda: sf.groupby("k", {"k": wr.aggregate.COUNT()}),
    ):
        with pytest.raises(ValueError, match=r"must be|exists already"):
            call()
    assert list(sf.dropna([])) == list(sf)
    assert sf.add_columns([[5], ["x"]], ["x", "y"]).column_names() == ["k", "d", "v", "x", "y"]
