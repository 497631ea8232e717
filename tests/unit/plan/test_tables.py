from __future__ import annotations

import pickle

import pytest

from windrow.errors import ColumnNotFoundError, LengthMismatchError, SchemaMismatchError
from windrow.plan.expressions import Column, Literal, Operation, RowNumber
from windrow.plan.schema import Schema
from windrow.plan.sources import CsvFormat, FileStamp
from windrow.plan.tables import (
    Aggregation,
    Append,
    Filter,
    Group,
    Join,
    Memory,
    Plan,
    Project,
    Scan,
    Slice,
    Sort,
    TopK,
    Unique,
    Zip,
)
from windrow.plan.types import DType

INT, FLOAT, STR = DType.INT, DType.FLOAT, DType.STR
SCAN = Scan((FileStamp("a.csv", 10, "v1"),), CsvFormat(), (("x", INT), ("s", STR)))
X = Column("x", INT)


def memory(rows: int, *columns: tuple[str, DType]) -> Memory:
    return Memory((b"bytes",), (rows,), columns or (("x", INT),))


def test_a_scan_knows_its_columns_and_not_its_rows() -> None:
    assert SCAN.schema.items() == (("x", INT), ("s", STR))
    assert SCAN.rows is None
    assert SCAN.inputs() == ()


def test_a_changed_file_is_another_plan() -> None:
    changed = Scan((FileStamp("a.csv", 10, "v2"),), CsvFormat(), SCAN.columns)
    assert changed != SCAN
    assert Filter(changed, X) != Filter(SCAN, X)


def test_a_projection_of_an_unknown_column_names_near_ones() -> None:
    with pytest.raises(ColumnNotFoundError, match="did you mean 's'"):
        Project(SCAN, (("y", Column("ss", STR)),))


@pytest.mark.parametrize(
    "start, stop, step, rows",
    [
        (None, 3, 1, 3),
        (-3, None, 1, 3),
        (2, 9, 3, 3),
        (None, None, 4, 3),
        (8, 2, 1, 0),
        (0, 99, 1, 10),
    ],
)
def test_a_slice_counts_its_rows(start: int | None, stop: int | None, step: int, rows: int) -> None:
    assert Slice(memory(10), start, stop, step).rows == rows
    assert Slice(SCAN, start, stop, step).rows is None


def test_rows_are_known_where_no_data_need_be_read() -> None:
    ten = memory(10)
    assert Project(ten, (("y", X),)).rows == 10
    assert Filter(ten, X).rows is None
    assert Append((ten, memory(5))).rows == 15
    assert Append((ten, Filter(ten, X))).rows is None
    assert Sort(ten, (("x", True),)).rows == 10
    assert Group(ten, (), (Aggregation("n", "count", (), INT),)).rows == 1
    assert Group(ten, ("x",), ()).rows is None
    assert Unique(ten).rows is None
    assert TopK(ten, "x", 3, smallest=False).rows is None
    assert Zip((ten, Filter(memory(10, ("y", INT)), Column("y", INT)))).rows == 10


def test_tables_of_other_columns_are_not_appended() -> None:
    with pytest.raises(SchemaMismatchError):
        Append((memory(1), memory(1, ("x", FLOAT))))


def test_tables_of_other_lengths_do_not_stand_side_by_side() -> None:
    with pytest.raises(LengthMismatchError, match="3 and 4 rows"):
        Zip((memory(4), memory(3, ("y", INT))))


def test_schemas_of_groups_and_joins() -> None:
    group = Group(SCAN, ("s",), (Aggregation("m", "mean", ("x",), FLOAT),))
    assert group.schema.items() == (("s", STR), ("m", FLOAT))
    join = Join(SCAN, memory(2, ("s", STR), ("x", FLOAT)), (("s", "s"),), "left", (("x", "x.1"),))
    assert join.schema.items() == (("x", INT), ("s", STR), ("x.1", FLOAT))
    assert join.inputs() == (SCAN, memory(2, ("s", STR), ("x", FLOAT)))


def test_a_deep_plan_pickles_flat() -> None:
    plan: Plan = SCAN
    for number in range(3000):
        plan = Filter(plan, Operation("less", (X, Literal(number, INT))))
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert again.schema == SCAN.schema


def test_a_positional_column_is_not_an_input_table() -> None:
    numbered = Project(SCAN, (("n", RowNumber()),))
    assert numbered.inputs() == (SCAN,)
    assert numbered.schema == Schema([("n", INT)])
