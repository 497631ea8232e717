# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.support.lowering import table, values_of

from windrow.errors import CastError, UnpicklableFunctionError
from windrow.execution import lower
from windrow.execution.lower import Position, evaluate
from windrow.plan import operations
from windrow.plan.expressions import (
    Apply,
    Column,
    Expression,
    Literal,
    Operation,
    RowCount,
    Score,
)
from windrow.plan.types import DType

INT, FLOAT, STR = DType.INT, DType.FLOAT, DType.STR
X = Column("x", INT)


def test_every_operation_of_a_plan_is_there() -> None:
    assert set(lower.OPERATIONS) == operations.OPERATIONS


def test_thirty_doublings_are_thirty_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    add = lower.OPERATIONS["add"]

    def counted(step: Any) -> pl.Series:
        calls.append(step.operation.name)
        return add(step)

    monkeypatch.setitem(lower.OPERATIONS, "add", counted)
    expression: Expression = X
    for _ in range(30):
        expression = Operation("add", (expression, expression))
    frame = table(x=(INT, [1, None, 3]))
    assert values_of(frame, expression, cut=False) == [1 << 30, None, 3 << 30]
    assert len(calls) == 30


def test_a_chain_of_five_thousand_steps_runs_and_pickles() -> None:
    expression: Expression = X
    for number in range(5000):
        expression = Operation("add", (expression, Literal(number % 3, INT)))
    again = pickle.loads(pickle.dumps(expression))
    assert again == expression
    assert values_of(table(x=(INT, [1, None])), again) == [5000, None]


def test_columns_are_let_go_after_their_last_use(monkeypatch: pytest.MonkeyPatch) -> None:
    import gc
    import weakref

    alive: list[weakref.ref[pl.Series]] = []
    most = 0
    add = lower.OPERATIONS["add"]

    def watched(step: Any) -> pl.Series:
        nonlocal most
        found = add(step)
        alive.append(weakref.ref(found))
        most = max(most, sum(ref() is not None for ref in alive))
        return found

    monkeypatch.setitem(lower.OPERATIONS, "add", watched)
    expression: Expression = X
    for _ in range(50):
        expression = Operation("add", (expression, X))
    gc.collect()
    evaluate(table(x=(INT, [1])), [("y", expression)], Position())
    assert most <= 3


def test_selecting_and_renaming_columns_copies_nothing() -> None:
    frame = table(x=(INT, range(1000)), y=(STR, ["a"] * 1000))
    found = evaluate(frame, [("b", Column("y", STR)), ("a", X), ("c", X)], Position())
    assert found.columns == ["b", "a", "c"]
    for name in ("a", "c"):
        assert np.shares_memory(frame["x"].to_numpy(), found[name].to_numpy())


def test_no_columns_and_no_rows_keep_their_shape() -> None:
    frame = table(x=(INT, [1, 2]))
    assert evaluate(frame, [], Position()).shape == (2, 0)
    empty = evaluate(frame.clear(), [("k", Literal("a", STR)), ("x", X)], Position())
    assert empty.schema == {"k": pl.String, "x": pl.Int64}
    assert empty.height == 0


def test_literals_of_every_type() -> None:
    import array
    import datetime

    frame = table(x=(INT, [1, 2]))
    for value, dtype in [
        (1, INT),
        (None, FLOAT),
        ("a", STR),
        (array.array("d", [1.0]), DType.ARRAY),
        ([1, "a"], DType.LIST),
        ({"a": 1}, DType.DICT),
        (datetime.datetime(2020, 1, 1), DType.DATETIME),
    ]:
        assert values_of(frame, Literal(value, dtype)) == [value, value]


def test_an_unknown_number_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="must be counted"):
        evaluate(table(x=(INT, [1])), [("n", RowCount())], Position())


# --- users' functions ---


@pytest.mark.usefixtures("functions_run")
def test_a_function_gets_python_values() -> None:
    import array

    frame = table(
        x=(INT, [1, None]),
        v=(DType.ARRAY, [[1.0], None]),
        d=(DType.DICT, [{"a": [1]}, None]),
    )
    kinds = Apply.of(
        lambda row: " ".join(f"{k}:{type(v).__name__}" for k, v in row.items()),
        (X, Column("v", DType.ARRAY), Column("d", DType.DICT)),
        ("x", "v", "d"),
        STR,
        skip_missing=False,
    )
    name = array.array.__name__
    assert values_of(frame, kinds) == [
        f"x:int v:{name} d:dict",
        "x:NoneType v:NoneType d:NoneType",
    ]


@pytest.mark.usefixtures("functions_run")
def test_results_are_converted_to_the_type() -> None:
    frame = table(x=(INT, [1, 2, None]))
    half = Apply.of(lambda x: x / 2, (X,), None, INT, skip_missing=True)
    assert values_of(frame, half) == [0, 1, None]
    pair = Apply.of(lambda x: [x, 2], (X,), None, DType.ARRAY, skip_missing=True)
    assert [None if v is None else list(v) for v in values_of(frame, pair)] == [
        [1, 2],
        [2, 2],
        None,
    ]
    parts = Apply.of(lambda x: {"k": x}, (X,), None, DType.DICT, skip_missing=False)
    assert values_of(frame, parts) == [{"k": 1}, {"k": 2}, {"k": None}]


@pytest.mark.usefixtures("functions_run")
def test_a_result_of_the_wrong_kind_names_the_row() -> None:
    frame = table(x=(INT, [1, 2]))
    wrong = Apply.of(lambda x: "a" if x == 2 else x, (X,), None, INT, skip_missing=True)
    with pytest.raises(CastError, match="row 11 of what the function gave for column 'x' has 'a'"):
        evaluate(frame, [("y", wrong)], Position(first_row=10))


@pytest.mark.usefixtures("functions_run")
def test_an_error_in_a_function_keeps_its_type_and_names_the_row() -> None:
    frame = table(x=(INT, [1, 0, 3]))
    fails = Apply.of(lambda x: 1 // x, (X,), None, INT, skip_missing=True)
    with pytest.raises(ZeroDivisionError) as caught:
        evaluate(frame, [("y", fails)], Position(first_row=100))
    assert "in row 101 of column 'x'" in caught.value.__notes__[0]


def test_a_function_that_cannot_be_pickled_is_refused_when_built() -> None:
    import threading

    lock = threading.Lock()
    with pytest.raises(UnpicklableFunctionError, match="cannot be pickled"):
        Apply.of(lambda x: (lock, x), (X,), None, INT, skip_missing=True)


@pytest.mark.usefixtures("functions_run")
def test_a_function_without_columns_is_called_for_every_row() -> None:
    frame = table(x=(INT, [1, 2]))
    assert values_of(frame, Apply.of(len, (), (), INT, skip_missing=False)) == [0, 0]


# --- scorers ---


class Scored:
    """Two outputs of one call; `calls` counts."""

    calls = 0

    def __call__(self, columns: dict[str, Any]) -> dict[str, Any]:
        Scored.calls += 1
        x, s = columns["x"], columns["s"]
        return {"double": (x * 2.0).to_numpy(), "text": [None if v is None else v + "!" for v in s]}


def test_a_scorer_is_called_once_for_all_its_outputs() -> None:
    frame = table(x=(INT, [1, None]), s=(STR, ["a", None]))
    arguments, payload = (X, Column("s", STR)), pickle.dumps(Scored())
    outputs = [
        (name, Score(payload, arguments, ("x", "s"), name, dtype))
        for name, dtype in (("double", FLOAT), ("text", STR))
    ]
    Scored.calls = 0
    found = evaluate(frame, outputs, Position())
    assert Scored.calls == 1
    assert found["double"][0] == 2.0
    assert math.isnan(found["double"][1])
    assert found["text"].to_list() == ["a!", None]


class Matrix:
    """A scorer with a vector for each row, and with numbers as whole rows."""

    def __call__(self, columns: dict[str, Any]) -> dict[str, Any]:
        x = columns["x"].to_numpy()
        return {"both": np.stack([x, 1 - x], axis=1), "whole": (x > 0).astype(np.int32)}


def test_a_scorer_may_give_vectors_and_ints() -> None:
    frame = table(x=(FLOAT, [0.25, 1.0]))
    both, whole = (
        Score(pickle.dumps(Matrix()), (Column("x", FLOAT),), ("x",), name, dtype)
        for name, dtype in (("both", DType.ARRAY), ("whole", INT))
    )
    assert [list(v) for v in values_of(frame, both)] == [[0.25, 0.75], [1.0, 0.0]]
    assert values_of(frame, whole) == [1, 1]
    assert values_of(frame.clear(), both) == []
