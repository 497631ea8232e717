from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

import windrow as wr
from windrow.errors import ArgumentError, NegativeStepError, RowIndexError
from windrow.execution.local import LocalExecutor
from windrow.io import memory


def cut(values: list[int], counts: list[int]) -> wr.SFrame:
    """Make a table whose partitions have these many rows."""
    import polars as pl

    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.Int64)})
    return wr.SFrame.from_plan(memory.from_frame(frame, None, counts))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.data())
def test_slices_are_those_of_a_list_however_the_rows_are_cut(
    counts: list[int], data: st.DataObject
) -> None:
    values = list(range(sum(counts)))
    bound = st.none() | st.integers(-22, 22)
    start, stop, step = data.draw(bound), data.draw(bound), data.draw(st.integers(1, 4))
    sf = cut(values, counts)
    assert list(sf[start:stop:step]["v"]) == values[start:stop:step]
    assert list(sf["v"][start:stop][::step]) == values[start:stop][::step]
    assert len(sf[start:stop:step]) == len(values[start:stop:step])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(-21, 20))
def test_a_row_is_that_of_a_list(counts: list[int], index: int) -> None:
    values = list(range(sum(counts)))
    sf = cut(values, counts)
    try:
        wanted = values[index]
    except IndexError:
        with pytest.raises(IndexError, match=f"there are {len(values)} rows"):
            sf[index]
    else:
        assert sf[index] == {"v": wanted}
        assert sf["v"][index] == wanted


def test_a_slice_cannot_run_backwards() -> None:
    with pytest.raises(NegativeStepError):
        wr.SArray([1, 2, 3])[::-1]
    with pytest.raises(OverflowError):
        wr.SArray([1, 2, 3])[::-1]
    with pytest.raises(ArgumentError):
        wr.SArray([1, 2, 3])[::0]


def test_head_and_tail() -> None:
    sa = wr.SArray(range(20))
    assert list(sa.head()) == list(range(10))
    assert list(sa.tail(3)) == [17, 18, 19]
    assert list(sa.tail(0)) == list(sa.head(0)) == []
    with pytest.raises(ArgumentError):
        sa.head(-1)


def test_a_mask_keeps_rows_that_are_neither_missing_nor_zero() -> None:
    sf = wr.SFrame({"v": [1, 2, 3, 4], "m": [1.0, 0.0, None, float("nan")]})
    assert list(sf[sf["m"]]["v"]) == [1, 4]
    assert list(sf["v"][sf["m"]]) == [1, 4]
    assert list(sf[wr.SArray([0, 0, 1, None])]["v"]) == [3]


def test_a_mask_of_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 and 3 rows"):
        list(wr.SArray([1, 2, 3])[wr.SArray([1, 0])])


def test_row_numbers_survive_masks_and_slices() -> None:
    sf = wr.SFrame({"v": [5, 6, 7, 8]}).add_row_number()
    assert list(sf[sf["v"] > 5]["id"]) == [1, 2, 3]
    assert list(sf[2:]["id"]) == [2, 3]
    assert list(sf[sf["v"] > 5].add_row_number("again")["again"]) == [0, 1, 2]


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=5),
    st.floats(0, 1),
    st.integers(0, 2**63 - 1),
)
def test_an_exact_split_is_the_same_rows_however_they_are_cut(
    counts: list[int], fraction: float, seed: int
) -> None:
    rows = list(range(sum(counts)))
    first, second = cut(rows, counts).random_split(fraction, seed, exact=True)
    whole, rest = cut(rows, [len(rows)]).random_split(fraction, seed, exact=True)
    assert list(first["v"]) == list(whole["v"])
    assert list(second["v"]) == list(rest["v"])
    assert len(first) == int(fraction * len(rows))
    assert sorted([*first["v"], *second["v"]]) == rows
    sample = cut(rows, counts).sample(fraction, seed)
    assert list(sample["v"]) == list(cut(rows, [len(rows)]).sample(fraction, seed)["v"])


def test_splits_of_a_filtered_table_count_its_own_rows() -> None:
    sf = wr.SFrame({"v": range(100)})
    odd = sf[sf["v"] % 2 == 1]
    first, second = odd.random_split(0.5, seed=1, exact=True)
    assert (len(first), len(second)) == (25, 25)
    same = wr.SFrame({"v": range(1, 100, 2)}).random_split(0.5, seed=1, exact=True)[0]
    assert list(first["v"]) == list(same["v"])


def test_a_seed_repeats_and_no_seed_does_not() -> None:
    sa = wr.SArray(range(1000))
    assert list(sa.sample(0.5, seed=4)) == list(sa.sample(0.5, seed=4))
    assert list(sa.sample(0.5)) != list(sa.sample(0.5))
    assert list(sa.shuffle(seed=4)) == list(sa.shuffle(seed=4))
    assert sorted(sa.shuffle(seed=4)) == list(range(1000))
    with pytest.raises(ArgumentError):
        sa.sample(1.5)


def test_a_row_beyond_the_end_is_an_index_error_with_the_count() -> None:
    with pytest.raises(RowIndexError, match="row 3 is out of range: there are 3 rows"):
        wr.SArray([1, 2, 3])[3]


def test_append_matches_columns_by_name() -> None:
    left = wr.SFrame({"a": [1], "b": ["x"]})
    right = wr.SFrame({"b": ["y"], "a": [2]})
    assert list(left.append(right)) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert list(wr.SFrame().append(left)) == list(left)
    with pytest.raises(RuntimeError):
        left.append(wr.SFrame({"a": [1.5], "b": ["z"]}))
    with pytest.raises(RuntimeError):
        wr.SArray([1]).append(wr.SArray([1.5]))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_change_rows_or_their_order(threads: int) -> None:
    from windrow.execution import environment

    sf = cut(list(range(50)), [7, 0, 13, 30])
    environment.use(LocalExecutor(threads=threads))
    try:
        kept = sf[sf["v"] % 3 != 0]
        kept["g"] = kept["v"] % 5
        grouped = kept.groupby("g", {"n": wr.aggregate.COUNT(), "s": wr.aggregate.MEAN("v")})
        found = list(kept.join(grouped, on="g").sort("n")["v"])
    finally:
        environment.use(None)
    values = [v for v in range(50) if v % 3]
    sizes = {g: sum(v % 5 == g for v in values) for g in range(5)}
    assert found == sorted(values, key=lambda v: sizes[v % 5])
