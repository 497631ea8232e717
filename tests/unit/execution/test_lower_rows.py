from __future__ import annotations

import subprocess
import sys
from array import array
from typing import Any

import numpy as np
from hypothesis import given, strategies as st
from tests.support.lowering import operate, table, values_of

from windrow.learn.hashing import permute, uniform
from windrow.plan.expressions import Operation, RowCount, RowNumber
from windrow.plan.types import DType

INT, FLOAT, STR = DType.INT, DType.FLOAT, DType.STR


def test_row_numbers_go_through_the_whole_table() -> None:
    frame = table(x=(INT, range(7)))
    assert values_of(frame, RowNumber()) == list(range(7))
    assert values_of(frame, RowCount()) == [7] * 7


def test_random_numbers_belong_to_rows_of_the_whole_table() -> None:
    frame = table(x=(INT, range(20)))
    rows = np.arange(20, dtype=np.uint64)
    drawn = Operation("row_uniform", (RowNumber(),), (("seed", 3),))
    assert values_of(frame, drawn) == uniform(3, rows).tolist()
    placed = Operation("row_permutation", (RowNumber(), RowCount()), (("seed", 3),))
    found = values_of(frame, placed)
    assert found == permute(rows, 20, 3).tolist()
    assert sorted(found) == list(range(20))


@given(st.lists(st.one_of(st.none(), st.integers(-(1 << 53), 1 << 53)), max_size=5))
def test_an_int_and_an_equal_float_have_one_hash(values: list[Any]) -> None:
    floats = [None if v is None else float(v) for v in values]
    assert operate("hash", (INT, values), seed=1) == operate("hash", (FLOAT, floats), seed=1)


def test_hashes_differ_by_value_and_by_seed() -> None:
    columns: list[tuple[DType, list[Any]]] = [
        (INT, [None, 0, 1, -1]),
        (FLOAT, [0.5, float("nan"), float("inf")]),
        (STR, ["", "a", "b"]),
        (DType.ARRAY, [array("d", v) for v in ([], [0.0], [0.0, 0.0], [1.0, 2.0], [2.0, 1.0])]),
    ]
    for column in columns:
        found = operate("hash", column, seed=0) + operate("hash", column, seed=1)
        assert len(set(found)) == 2 * len(column[1])


def test_equal_values_have_equal_hashes() -> None:
    assert len(set(operate("hash", (FLOAT, [0.0, -0.0])))) == 1
    assert len(set(operate("hash", (DType.DICT, [{"a": 1, "b": 2}, {"b": 2, "a": 1}])))) == 1


def test_hashes_are_the_same_in_every_process_and_version() -> None:
    code = (
        "from tests.support.lowering import operate; from windrow.plan.types import DType; "
        "print(operate('hash', (DType.STR, ['a', None])), operate('hash', (DType.INT, [1])))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": "src:.", "PYTHONHASHSEED": "5"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    expected = f"{operate('hash', (STR, ['a', None]))} {operate('hash', (INT, [1]))}\n"
    assert found == expected
    assert operate("hash", (INT, [1])) == [2558736989570252433]
