from __future__ import annotations

import pickle
import threading

import pytest

from windrow.errors import TypeMismatchError, UnpicklableFunctionError
from windrow.plan.expressions import (
    Apply,
    Column,
    Expression,
    Literal,
    Operation,
    RowCount,
    RowNumber,
    substitute,
)
from windrow.plan.types import DType

INT, FLOAT, STR = DType.INT, DType.FLOAT, DType.STR
X, Y = Column("x", INT), Column("y", FLOAT)


def test_what_an_expression_reads_and_gives_is_known_when_it_is_made() -> None:
    total = Operation("add", (X, Operation("multiply", (Y, X))))
    assert total.reads == {"x", "y"}
    assert total.type is FLOAT
    assert not total.positional
    assert Operation("add", (X, RowNumber())).positional
    assert Operation("row_permutation", (RowNumber(), RowCount()), (("seed", 1),)).positional
    assert Literal(1, INT).reads == frozenset()


def test_an_operation_on_the_wrong_types_is_refused_when_it_is_made() -> None:
    with pytest.raises(TypeMismatchError, match="add is not defined for int and str"):
        Operation("add", (X, Literal("a", STR)))


def test_options_are_part_of_the_key() -> None:
    one, two = (Operation("hash", (X,), (("seed", seed),)) for seed in (1, 2))
    assert one != two


def test_substituting_columns_builds_on_what_they_are_computed_from() -> None:
    total = Operation("add", (X, X))
    made = substitute(total, {"x": Operation("negate", (Y,))})
    assert made == Operation("add", (Operation("negate", (Y,)),) * 2)
    assert made.type is FLOAT
    assert substitute(total, {}) is total


def test_substituting_into_a_deep_graph_of_shared_nodes_is_quick() -> None:
    expression: Expression = X
    for _ in range(60):
        expression = Operation("add", (expression, expression))
    assert substitute(expression, {"x": Y}).reads == {"y"}


def test_functions_travel_by_value() -> None:
    offset = 3
    node = Apply.of(lambda x: x + offset, (X,), None, INT, skip_missing=True)
    again = pickle.loads(pickle.dumps(node))
    assert again == node
    assert again.function()(4) == 7


def test_a_function_around_a_lock_cannot_travel() -> None:
    lock = threading.Lock()
    with pytest.raises(UnpicklableFunctionError) as caught:
        Apply.of(lambda x: (lock, x), (X,), None, INT, skip_missing=True)
    assert isinstance(caught.value, TypeError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
