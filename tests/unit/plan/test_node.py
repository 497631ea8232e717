# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys

from hypothesis import given, strategies as st

from windrow.plan.expressions import Column, Expression, Literal, Operation
from windrow.plan.node import digest, replace_children, topological
from windrow.plan.types import DType

INT, FLOAT = DType.INT, DType.FLOAT
X = Column("x", INT)

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.floats(),
    st.text(max_size=2),
    st.binary(max_size=2),
)
contents = st.recursive(atoms, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)


def doubled(times: int) -> Expression:
    expression: Expression = X
    for _ in range(times):
        expression = Operation("add", (expression, expression))
    return expression


@given(contents, contents)
def test_digests_are_equal_exactly_when_contents_are(a: object, b: object) -> None:
    assert (digest(a) == digest(b)) == (repr(a) == repr(b))
    assert len(digest(a)) == 32


def test_nested_contents_do_not_run_together() -> None:
    found = [
        digest(v)
        for v in [("ab",), ("a", "b"), (("a",), "b"), ("a", ("b",)), (b"ab",), ("a,b",), ()]
    ]
    assert len(set(found)) == len(found)


def test_keys_are_the_same_in_every_process() -> None:
    code = (
        "from windrow.plan.expressions import *; from windrow.plan.types import DType; "
        "print(Operation('add', (Column('x', DType.INT), Literal(1.5, DType.FLOAT))).key)"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": "src", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert keys == {Operation("add", (X, Literal(1.5, FLOAT))).key}


def test_nodes_are_equal_by_content() -> None:
    assert Column("x", INT) == X
    assert hash(Column("x", INT)) == hash(X)
    assert Column("x", FLOAT) != X
    assert Literal(1, INT) != Literal(True, INT)
    assert X != "x"
    moment = datetime.datetime(2020, 1, 1)
    assert Literal(moment, DType.DATETIME) == Literal(moment, DType.DATETIME)


def test_a_walk_meets_every_node_once_children_first() -> None:
    order = topological(doubled(30))
    assert len(order) == 31
    assert order[0] == X
    met: set[str] = set()
    for node in order:
        assert {child.key for child in node.children()} <= met
        met.add(node.key)


def test_a_walk_starts_at_several_roots() -> None:
    y = Column("y", INT)
    both = topological(Operation("add", (X, y)), Operation("add", (y, X)))
    assert [node.key for node in both[:2]] == [X.key, y.key]
    assert len(both) == 4


def test_shared_nodes_stay_shared_in_a_pickle() -> None:
    deep = doubled(30)
    data = pickle.dumps(deep)
    assert len(data) < 10_000
    again = pickle.loads(data)
    assert again == deep
    left, right = again.arguments
    assert left is right


def test_replacing_nothing_returns_the_node_itself() -> None:
    node = Operation("add", (X, X))
    assert replace_children(node, lambda child: child) is node
    y = Column("y", INT)
    assert replace_children(node, lambda _: y) == Operation("add", (y, y))
