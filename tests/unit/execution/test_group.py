from __future__ import annotations

import array
import datetime
import hashlib
import itertools
import math
import os
import pickle
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from windrow.errors import TypeMismatchError, UnequalVectorsError
from windrow.execution.group import Partial, final, merge, partial
from windrow.execution.group_sums import group_sums
from windrow.execution.values import PHYSICAL, python_values
from windrow.plan.tables import Aggregation, Group, Memory
from windrow.plan.types import DType
from windrow.plan.values import EPOCH, encode

NAN = float("nan")
COLUMNS = (
    ("k", DType.FLOAT),
    ("s", DType.STR),
    ("i", DType.INT),
    ("f", DType.FLOAT),
    ("v", DType.ARRAY),
    ("l", DType.LIST),
    ("t", DType.DATETIME),
)
SOURCE = Memory((), (), COLUMNS)
# Sums of these are exact, so that any way of adding up must give the same bits.
ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, NAN, 0.0, -0.0, 1.0]),
        st.sampled_from([None, "", "a", "b"]),
        st.sampled_from([None, 0, 1, 2, 2**62]),
        st.sampled_from([None, 0.0, -0.0, 1.5, -2.0, 4.0, NAN]),
        st.sampled_from([None, [1.0, 2.0], [0.5, -1.0]]),
        st.sampled_from([None, "[]", '[1,"a"]', "[2]"]),
        st.sampled_from([None, EPOCH, EPOCH + datetime.timedelta(days=1, microseconds=7)]),
    ),
    max_size=25,
)
INT, FLOAT, STR, ARRAY, LIST, DICT = (
    DType.INT,
    DType.FLOAT,
    DType.STR,
    DType.ARRAY,
    DType.LIST,
    DType.DICT,
)
Cells = list[Any]


def frame_of(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            name: pl.Series([row[place] for row in rows], dtype=PHYSICAL[kind])
            for place, (name, kind) in enumerate(COLUMNS)
        }
    )


def aggregation(kind: str, columns: str, dtype: DType, **options: Any) -> Aggregation:
    return Aggregation(f"{kind} {columns}", kind, tuple(columns), dtype, tuple(options.items()))


def there(cells: Cells) -> Cells:
    return [c for c in cells if c is not None]


def real(cells: Cells) -> Cells:
    return [c for c in there(cells) if c == c]  # noqa: PLR0124  # not NaN


def wrapped(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


def mean(cells: Cells) -> float | None:
    return sum(map(float, there(cells))) / len(there(cells)) if there(cells) else None


def vector_sum(cells: Cells) -> list[float] | None:
    return [sum(parts) for parts in zip(*there(cells), strict=True)] or None


def vector_mean(cells: Cells) -> list[float] | None:
    total = vector_sum(cells)
    return total and [number / len(there(cells)) for number in total]


def upper_quantiles(cells: Cells, wanted: Sequence[float] = (0.0, 0.5, 0.9, 1.0)) -> Any:
    ordered = sorted(real(cells))
    n = len(ordered)
    return [float(ordered[min(math.floor(q * n), n - 1)]) for q in wanted] if n else None


def firsts(cells: Cells) -> Cells:
    found: dict[str, Any] = {}
    for cell in cells:
        found.setdefault(shown(cell), cell)
    return list(found.values())


def counts(cells: Cells) -> dict[Any, int]:
    return {first: sum(shown(c) == shown(first) for c in cells) for first in firsts(cells)}


def truth(cell: Any) -> bool:
    return cell not in {None, "", "[]", 0}


def arg(best: Callable[..., Any]) -> Callable[[Cells, Cells], Any]:
    def found(cells: Cells, others: Cells) -> Any:
        pairs = [(c, o) for c, o in zip(cells, others, strict=True) if real([c])]
        wanted = best((c for c, _ in pairs), default=None)
        return [o for c, o in pairs if c == wanted][-1] if pairs else None

    return found


REFERENCES: list[tuple[Aggregation, Callable[..., Any]]] = [
    (aggregation("count", "", INT), len),
    (aggregation("sum", "i", INT), lambda c: wrapped(sum(there(c)))),
    (aggregation("sum", "f", FLOAT), lambda c: sum(there(c), 0.0)),
    (aggregation("sum", "v", ARRAY), vector_sum),
    (aggregation("mean", "f", FLOAT), mean),
    (aggregation("mean", "i", FLOAT), mean),
    (aggregation("mean", "v", ARRAY), vector_mean),
    (aggregation("min", "f", FLOAT), lambda c: min(real(c), default=None)),
    (aggregation("max", "f", FLOAT), lambda c: max(real(c), default=None)),
    (aggregation("min", "s", STR), lambda c: min(there(c), default=None)),
    (aggregation("max", "t", DType.DATETIME), lambda c: max(there(c), default=None)),
    (aggregation("select_one", "s", STR), lambda c: c[0] if c else None),
    (aggregation("count_distinct", "f", INT), lambda c: len(firsts(c))),
    (aggregation("distinct", "s", LIST), lambda c: encode(firsts(c))),
    (aggregation("distinct", "i", LIST), lambda c: encode(firsts(c))),
    (aggregation("concat", "f", ARRAY), there),
    (aggregation("concat", "v", LIST), lambda c: encode([array.array("d", v) for v in there(c)])),
    (aggregation("concat", "t", LIST), lambda c: encode(there(c))),
    (
        aggregation("concat", "si", DICT),
        lambda c, d: encode({k: v for k, v in zip(c, d, strict=True) if k is not None}),
    ),
    (aggregation("freq_count", "s", DICT), lambda c: encode(counts(c))),
    (aggregation("argmax", "fs", STR), arg(max)),
    (aggregation("argmin", "fi", INT), arg(min)),
    (aggregation("quantile", "f", ARRAY, quantiles=(0.0, 0.5, 0.9, 1.0)), upper_quantiles),
    (
        aggregation("median", "i", INT),
        lambda c: sorted(there(c))[len(there(c)) // 2] if there(c) else None,
    ),
    (aggregation("countna", "f", INT), lambda c: len(c) - len(real(c))),
    (aggregation("countna", "s", INT), lambda c: len(c) - len(there(c))),
    (aggregation("nnz", "f", INT), lambda c: sum(map(truth, c))),
    (aggregation("any", "l", INT), lambda c: int(any(map(truth, c)))),
    (aggregation("all", "s", INT), lambda c: int(all(map(truth, c)))),
    (aggregation("any", "v", INT), lambda c: int(bool(there(c)))),
]


def group_by(*keys: str, wanted: Sequence[Aggregation]) -> Group:
    return Group(SOURCE, keys, tuple(wanted))


def shown(value: Any) -> str:
    """Something that is equal for equal results: every NaN alike, -0.0 as 0.0."""
    return repr(value).replace("-0.0", "0.0").replace("nan", "NaN")


def reference(rows: Sequence[tuple[Any, ...]], group: Group) -> list[list[Any]]:
    names = [name for name, _ in COLUMNS]
    groups: dict[str, list[tuple[Any, ...]]] = {} if group.keys else {"all": []}
    for row in rows:
        key = shown([row[names.index(k)] for k in group.keys]) if group.keys else "all"
        groups.setdefault(key, []).append(row)
    formulas = {a.output: formula for a, formula in REFERENCES}
    table = []
    for members in groups.values():
        keys = [members[0][names.index(k)] for k in group.keys]
        results = []
        for a in group.aggregations:
            columns = [[m[names.index(c)] for m in members] for c in a.columns] or [members]
            results.append(formulas[a.output](*columns))
        table.append(keys + results)
    return table


def merged(parts: Sequence[Partial], draw: random.Random) -> Partial:
    """Merge neighbours in a random tree."""
    left = list(parts)
    while len(left) > 1:
        place = draw.randrange(len(left) - 1)
        left[place : place + 2] = [merge(left[place], left[place + 1])]
    return left[0]


@given(
    ROWS,
    st.sampled_from([(), ("k",), ("s", "k"), ("v",)]),
    st.lists(st.integers(0, 25)),
    st.randoms(),
)
@settings(max_examples=40, deadline=None)
def test_any_tree_of_partitions_gives_what_plain_python_gives(
    rows: list[tuple[Any, ...]], keys: tuple[str, ...], cuts: list[int], draw: random.Random
) -> None:
    group = group_by(*keys, wanted=[a for a, _ in REFERENCES])
    edges = [0, *sorted(cuts), len(rows)]
    parts = [partial(frame_of(rows[i:j]), group) for i, j in itertools.pairwise(edges)]
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]
    table = final(merged(parts, draw), group)
    assert table.schema == {name: PHYSICAL[kind] for name, kind in group.schema.items()}
    assert shown([list(row) for row in table.rows()]) == shown(reference(rows, group))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1e6, 1e6) | st.none()), max_size=40),
    st.integers(0, 40),
    st.integers(0, 2),
)
@settings(max_examples=60)
def test_spread_is_that_of_the_statistics_module(
    rows: list[tuple[str, float | None]], cut: int, ddof: int
) -> None:
    group = Group(
        Memory((), (), (("k", STR), ("x", FLOAT))),
        ("k",),
        (aggregation("var", "x", FLOAT, ddof=ddof), aggregation("std", "x", FLOAT, ddof=ddof)),
    )
    schema = {"k": pl.String, "x": pl.Float64}
    parts = [pl.DataFrame(r, schema, orient="row") for r in (rows[:cut], rows[cut:])]
    table = final(merge(partial(parts[0], group), partial(parts[1], group)), group)
    for key, variance, deviation in table.rows():
        numbers = [x for k, x in rows if k == key and x is not None]
        if len(numbers) <= ddof:
            assert (variance, deviation) == (None, None)
            continue
        expected = statistics.pvariance(numbers) * len(numbers) / (len(numbers) - ddof)
        assert variance == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(map(abs, numbers)) ** 2)
        assert deviation == math.sqrt(variance)


def test_variance_of_a_small_spread_far_from_zero_keeps_its_digits() -> None:
    numbers = [1e9 + x for x in (-1.0, 0.0, 1.0)] * 1000
    group = group_by(wanted=[aggregation("var", "f", FLOAT)])
    parts = [partial(pl.DataFrame({"f": numbers[i : i + 300]}), group) for i in range(0, 3000, 300)]
    found = final(merged(parts, random.Random(1)), group)["var f"][0]
    assert found == pytest.approx(2 / 3, rel=1e-9)


@pytest.mark.parametrize("kind", ["sum", "mean"])
def test_vectors_of_unequal_lengths_have_no_sum(kind: str) -> None:
    vectors = {
        "s": ["a", "a", "b", "b", "b"],
        "v": [[1.0], [1.0, 2.0], [1.0, 4.0], None, [3.0, 0.0]],
    }
    frame = pl.DataFrame(vectors)
    grouped = group_by("s", wanted=[aggregation(kind, "v", ARRAY)])
    whole = group_by(wanted=[aggregation(kind, "v", ARRAY)])
    expected: Cells = [None, [4.0, 4.0] if kind == "sum" else [2.0, 2.0]]
    for cut in range(6):
        parts = [partial(rows, grouped) for rows in (frame[:cut], frame[cut:])]
        assert final(merge(*parts), grouped)[f"{kind} v"].to_list() == expected
        parts = [partial(rows, whole) for rows in (frame[:cut], frame[cut:])]
        with pytest.raises(UnequalVectorsError, match="'v'"):
            final(merge(*parts), whole)


def test_no_rows_give_one_row_without_keys_and_none_with_keys() -> None:
    wanted = [a for a, _ in REFERENCES]
    nothing = frame_of([])
    keyed, whole = group_by("s", wanted=wanted), group_by(wanted=wanted)
    assert final(partial(nothing, keyed), keyed).height == 0
    table = final(merge(partial(nothing, whole), partial(nothing, whole)), whole)
    assert shown([list(row) for row in table.rows()]) == shown(reference([], whole))


def test_keys_alone_give_the_distinct_keys() -> None:
    group = group_by("s", wanted=[])
    frame = pl.DataFrame({"s": ["b", None, "b", "a"]})
    assert final(partial(frame, group), group)["s"].to_list() == ["b", None, "a"]


def test_nan_spreads_through_sums_but_not_through_extremes() -> None:
    kinds = ["sum", "mean", "var", "min", "max"]
    group = group_by(wanted=[aggregation(kind, "f", FLOAT) for kind in kinds])
    parts = [partial(pl.DataFrame({"f": part}), group) for part in ([1.0, NAN], [3.0, -0.0])]
    (row,) = final(merge(*parts), group).rows()
    assert shown(row) == "(NaN, NaN, NaN, 0.0, 3.0)"
    assert math.copysign(1, row[3]) == 1


def test_dictionary_keys_must_be_hashable() -> None:
    group = group_by(wanted=[aggregation("freq_count", "v", DICT)])
    rows = partial(pl.DataFrame({"v": [[1.0]]}), group)
    with pytest.raises(TypeMismatchError, match="freq_count is not defined for array"):
        final(rows, group)


def test_lists_come_back_as_they_went_in() -> None:
    group = group_by(wanted=[aggregation("concat", "l", LIST)])
    table = final(partial(pl.DataFrame({"l": ["[1]", None, '["a",{"d":[[1,2]]}]']}), group), group)
    assert python_values(table.to_series(), LIST) == [[[1], ["a", {1: 2}]]]


def test_many_groups_cost_no_more_additions_than_rows() -> None:
    draw = np.random.default_rng(5)
    codes, values = draw.integers(0, 150_000, 300_000), draw.normal(size=300_000)
    totals = group_sums(codes, values, 150_000)
    assert totals == pytest.approx(np.bincount(codes, values, 150_000), rel=1e-12, abs=1e-12)


DIGEST = """
import sys
sys.path.insert(0, {folder!r})
import test_group
print(test_group.digest_of_many_rows())
"""


def digest_of_many_rows() -> str:
    """Hash every result over rows whose float sums are not exact, in one fixed tree."""
    draw = np.random.default_rng(7)
    n = 100_000
    keys = draw.integers(0, 700, n)
    frame = pl.DataFrame(
        {
            "k": np.where(keys % 7 == 0, NAN, keys / 4),
            "s": [f"s{key % 40}" for key in keys],
            "i": draw.integers(-(2**63), 2**63 - 1, n),
            "f": draw.normal(size=n) * 10.0 ** draw.integers(-8, 8, n),
            "v": pl.Series(draw.normal(size=(n, 2))),
            "l": ["[]"] * n,
        }
    ).with_columns(t=pl.lit(None, pl.Datetime("us")), v=pl.col("v").cast(pl.List(pl.Float64)))
    wanted = [a for a, _ in REFERENCES] + [aggregation("var", "f", FLOAT)]
    group = group_by("k", "s", wanted=wanted)
    table = final(partial(frame[:70_000], group) + partial(frame[70_000:], group), group)
    state = hashlib.sha256()
    for column in table:
        state.update(column.dtype.__repr__().encode())
        flat = column.explode() if column.dtype == pl.List else column
        values = flat.to_numpy() if flat.dtype == pl.Float64 else None
        state.update(values.tobytes() if values is not None else repr(flat.to_list()).encode())
    return state.hexdigest()


def test_threads_change_no_bit() -> None:
    other = "1" if pl.thread_pool_size() > 1 else "2"
    done = subprocess.run(
        [sys.executable, "-c", DIGEST.format(folder=str(Path(__file__).parent))],
        env=os.environ | {"POLARS_MAX_THREADS": other},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest_of_many_rows()
