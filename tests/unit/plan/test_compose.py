from __future__ import annotations

import pytest

from windrow.errors import ColumnNotFoundError, LengthMismatchError
from windrow.plan.compose import aligned, column, filtered, project, select
from windrow.plan.expressions import Column, Literal, Operation, RowNumber
from windrow.plan.tables import Filter, Memory, Plan, Project, Zip
from windrow.plan.types import DType

INT = DType.INT
BASE = Memory((b"bytes",), (10,), (("x", INT), ("y", INT)))
X, Y = Column("x", INT), Column("y", INT)


def test_a_chain_of_projections_stays_one_over_its_base() -> None:
    plan: Plan = BASE
    for _ in range(50):
        doubled = Operation("add", (column(plan, "x"), column(plan, "x")))
        plan = project(plan, [("x", doubled), ("y", column(plan, "y"))])
    assert isinstance(plan, Project)
    assert plan.source is BASE
    assert plan.expressions()["y"] == Y


def test_selecting_takes_names_in_their_order() -> None:
    assert select(BASE, ["y", "x"]).schema.names == ("y", "x")
    with pytest.raises(ColumnNotFoundError, match="'z'"):
        select(BASE, ["z"])


def test_a_filter_goes_below_columns_that_are_row_wise() -> None:
    doubled = project(BASE, [("d", Operation("add", (X, X)))])
    found = filtered(doubled, Column("d", INT))
    assert isinstance(found, Project)
    assert found.source == Filter(BASE, Operation("add", (X, X)))
    assert found.expressions() == {"d": Operation("add", (X, X))}


def test_a_filter_stays_above_columns_that_know_their_row() -> None:
    numbered = project(BASE, [("n", RowNumber())])
    found = filtered(numbered, Column("n", INT))
    assert found == Filter(numbered, Column("n", INT))
    assert filtered(BASE, X) == Filter(BASE, X)


def test_tables_over_one_base_are_put_on_it() -> None:
    left, right = project(BASE, [("a", X)]), project(BASE, [("b", Operation("negate", (Y,)))])
    base, (first, second, own) = aligned([left, right, BASE])
    assert base is BASE
    assert (first, second) == ({"a": X}, {"b": Operation("negate", (Y,))})
    assert own == {"x": X, "y": Y}


def test_tables_over_several_bases_are_laid_side_by_side() -> None:
    other = Memory((b"other",), (10,), (("x", INT),))
    base, (first, second) = aligned([BASE, project(other, [("n", Operation("negate", (X,)))])])
    assert isinstance(base, Zip)
    assert base.schema.names == ("0.x", "0.y", "1.x")
    assert first["y"] == Column("0.y", INT)
    assert second["n"] == Operation("negate", (Column("1.x", INT),))
    assert project(base, [("s", Operation("add", (first["x"], second["n"])))]).rows == 10


def test_tables_of_known_unequal_lengths_are_refused() -> None:
    with pytest.raises(LengthMismatchError):
        aligned([BASE, Memory((b"other",), (9,), (("x", INT),))])


def test_a_constant_column_has_the_rows_of_its_base() -> None:
    assert project(BASE, [("one", Literal(1, INT))]).rows == 10
