from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from tests.support.lowering import bits, operate, table, values_of

from windrow.execution.lower import Position, mask
from windrow.plan.expressions import Column, Literal, Operation
from windrow.plan.types import DType

INT, FLOAT, STR, ARRAY = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY
NAN, INF = math.nan, math.inf

whole = st.one_of(
    st.none(), st.integers(-5, 5), st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from([0])
)
real = st.one_of(st.none(), st.floats(), st.integers(-4, 4).map(float))
text = st.one_of(st.none(), st.text(alphabet="aβb", max_size=2))


def rows(*values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*values), max_size=6)


def columns(pairs: list[tuple[Any, ...]], *types: DType) -> list[tuple[DType, list[Any]]]:
    return [(t, [pair[i] for pair in pairs]) for i, t in enumerate(types)]


def wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def spread(function: Any) -> Any:
    return lambda *values: None if None in values else function(*values)


def numpy_float(function: Any) -> Any:
    def compute(a: float, b: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(np.float64(a), np.float64(b)))

    return compute


def python_remainder(a: float, b: float) -> float:
    return NAN if b == 0 or math.isinf(a) else a % b


def python_floor(a: float, b: float) -> float:
    if b == 0:
        quotient: float = numpy_float(np.divide)(a, b)
        return quotient
    return NAN if math.isinf(a) else a // b


INTS = {
    "add": lambda a, b: wrapped(a + b),
    "subtract": lambda a, b: wrapped(a - b),
    "multiply": lambda a, b: wrapped(a * b),
    "floor_divide": lambda a, b: wrapped(a // b) if b else None,
    "modulo": lambda a, b: a % b if b else None,
    "divide": lambda a, b: numpy_float(np.divide)(float(a), float(b)),
}
FLOATS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": numpy_float(np.divide),
    "floor_divide": python_floor,
    "modulo": python_remainder,
}


@pytest.mark.parametrize("name", INTS)
@given(pairs=rows(whole, whole))
def test_ints_wrap_and_divide_by_zero_to_none(name: str, pairs: list[tuple[Any, ...]]) -> None:
    expected = [spread(INTS[name])(a, b) for a, b in pairs]
    assert bits(operate(name, *columns(pairs, INT, INT))) == bits(expected)


@pytest.mark.parametrize("name", FLOATS)
@given(pairs=rows(real, real))
def test_floats_compute_as_ieee_and_python_say(name: str, pairs: list[tuple[Any, ...]]) -> None:
    expected = [spread(FLOATS[name])(a, b) for a, b in pairs]
    assert bits(operate(name, *columns(pairs, FLOAT, FLOAT))) == bits(expected)


@pytest.mark.parametrize("name", FLOATS)
@given(pairs=rows(real, whole))
def test_a_float_with_an_int_is_a_float(name: str, pairs: list[tuple[Any, ...]]) -> None:
    zero_is_none = name in {"floor_divide", "modulo"}

    def one(a: float, b: int) -> float | None:
        return None if zero_is_none and b == 0 else FLOATS[name](a, float(b))

    expected = [spread(one)(a, b) for a, b in pairs]
    assert bits(operate(name, *columns(pairs, FLOAT, INT))) == bits(expected)


@given(pairs=rows(real, real))
@example(pairs=[(sys.float_info.max, 1.0)])
def test_power_is_within_one_ulp_of_numpy(pairs: list[tuple[Any, ...]]) -> None:
    found = operate("power", *columns(pairs, FLOAT, FLOAT))
    for (a, b), value in zip(pairs, found, strict=True):
        if a is None or b is None:
            assert value is None
            continue
        expected = numpy_float(np.power)(a, b)
        if math.isfinite(expected) and math.isfinite(value):
            assert abs(value - expected) <= math.ulp(expected)
        else:
            assert bits(value) == bits(expected)


def test_power_of_ints_is_an_exact_float() -> None:
    assert operate("power", (INT, [3, 2, -2, 10]), (INT, [2, 10, 3, 15])) == [
        9.0,
        1024.0,
        -8.0,
        1e15,
    ]


@given(value=real)
def test_a_square_is_the_same_bits_beside_any_other_power(value: float | None) -> None:
    alone = operate("power", (FLOAT, [value]), (FLOAT, [2.0]))
    among = operate("power", (FLOAT, [value, 3.0]), (FLOAT, [2.0, 3.0]))
    assert bits(alone[0]) == bits(among[0])


@given(pairs=rows(text, text))
def test_strings_are_joined(pairs: list[tuple[Any, ...]]) -> None:
    expected = [spread(lambda a, b: a + b)(a, b) for a, b in pairs]
    assert operate("add", *columns(pairs, STR, STR)) == expected


ORDER = {
    "less": lambda a, b: int(a < b),
    "less_equal": lambda a, b: int(a <= b),
    "greater": lambda a, b: int(a > b),
    "greater_equal": lambda a, b: int(a >= b),
}


@pytest.mark.parametrize("name", ORDER)
@pytest.mark.parametrize("values", [(INT, whole), (FLOAT, real), (STR, text)], ids=str)
@given(data=st.data())
def test_order_of_none_is_none_and_of_nan_false(name: str, values: Any, data: Any) -> None:
    kind, strategy = values
    pairs = data.draw(rows(strategy, strategy))
    expected = [spread(ORDER[name])(a, b) for a, b in pairs]
    assert operate(name, *columns(pairs, kind, kind)) == expected


@pytest.mark.parametrize("values", [(INT, whole), (FLOAT, real), (STR, text)], ids=str)
@given(data=st.data())
def test_equality_is_zero_or_one_and_none_equals_none(values: Any, data: Any) -> None:
    kind, strategy = values
    pairs = data.draw(rows(strategy, strategy))
    expected = [int(a == b) for a, b in pairs]
    assert operate("equal", *columns(pairs, kind, kind)) == expected
    assert operate("not_equal", *columns(pairs, kind, kind)) == [1 - e for e in expected]


def test_equal_to_none_asks_what_is_missing() -> None:
    frame = table(x=(FLOAT, [1.0, None, NAN]))
    asks = Operation("equal", (Column("x", FLOAT), Literal(None, FLOAT)))
    assert values_of(frame, asks) == [0, 1, 0]


def truthy(value: Any) -> int:
    return int(bool(value) or (isinstance(value, float) and math.isnan(value)))


@pytest.mark.parametrize("values", [(INT, whole), (FLOAT, real), (STR, text)], ids=str)
@given(data=st.data())
def test_logic_takes_truth_of_any_type_and_none_spreads(values: Any, data: Any) -> None:
    kind, strategy = values
    pairs = data.draw(rows(strategy, whole))
    both = columns(pairs, kind, INT)
    assert operate("and", *both) == [
        spread(lambda a, b: truthy(a) & truthy(b))(a, b) for a, b in pairs
    ]
    assert operate("or", *both) == [
        spread(lambda a, b: truthy(a) | truthy(b))(a, b) for a, b in pairs
    ]
    assert operate("not", both[0]) == [spread(lambda a: 1 - truthy(a))(a) for a, _ in pairs]
    assert operate("is_true", both[0]) == [truthy(a) for a, _ in pairs]


def test_empty_containers_are_false() -> None:
    assert operate("is_true", (ARRAY, [[], [0.0], None])) == [0, 1, 0]
    assert operate("is_true", (DType.LIST, [[], ["a"], None])) == [0, 1, 0]
    assert operate("is_true", (DType.DICT, [{}, {"a": 0}, None])) == [0, 1, 0]


def test_a_mask_drops_none_and_zero_and_keeps_nan() -> None:
    frame = table(x=(FLOAT, [0.0, None, NAN, 2.0]))
    assert mask(frame, Column("x", FLOAT), Position()).to_list() == [False, False, True, True]
    assert mask(frame, Literal(1, INT), Position()).to_list() == [True] * 4


def test_nan_is_missing_to_is_missing_and_coalesce() -> None:
    values = (FLOAT, [1.0, None, NAN])
    assert operate("is_missing", values) == [0, 1, 1]
    assert operate("coalesce", values, (FLOAT, [7.0, 8.0, None])) == [1.0, 8.0, None]
    assert operate("coalesce", (INT, [1, None]), (INT, [5, 6])) == [1, 6]
    assert operate("coalesce", (ARRAY, [[1.0], None]), (ARRAY, [[5.0], []]))[1].tolist() == []


@given(st.lists(st.tuples(whole, real, real), max_size=5))
def test_where_chooses_the_second_when_the_condition_is_missing(triples: list[Any]) -> None:
    expected = [yes if c else no for c, yes, no in triples]
    assert bits(operate("where", *columns(triples, INT, FLOAT, FLOAT))) == bits(expected)


def test_where_of_an_int_and_a_float_is_float() -> None:
    assert bits(operate("where", (INT, [1, 0]), (INT, [1, 2]), (FLOAT, [0.5, 1.5]))) == bits(
        [1.0, 1.5]
    )
    assert operate("where", (INT, [1, None]), (STR, ["a", "b"]), (STR, ["c", None])) == ["a", None]


def test_clip_keeps_none_and_nan_and_moves_the_rest() -> None:
    assert bits(operate("clip", (FLOAT, [-1.0, None, NAN, 9.0]), lower=0.0, upper=NAN)) == bits(
        [0.0, None, NAN, 9.0]
    )
    assert operate("clip", (INT, [-5, 0, 9, None]), lower=-1.5, upper=2.5) == [-1, 0, 2, None]
    assert operate("clip", (INT, [-5, 9]), lower=-INF, upper=None) == [-5, 9]
    assert [list(v) for v in operate("clip", (ARRAY, [[-3.0, 3.0]]), lower=-1, upper=1)] == [
        [-1.0, 1.0]
    ]


@given(pairs=rows(whole, real))
def test_absolute_and_negated(pairs: list[tuple[Any, ...]]) -> None:
    ints, floats = columns(pairs, INT, FLOAT)
    assert operate("negate", ints) == [spread(lambda a: wrapped(-a))(a) for a, _ in pairs]
    assert operate("absolute", ints) == [spread(lambda a: wrapped(abs(a)))(a) for a, _ in pairs]
    assert bits(operate("absolute", floats)) == bits([spread(abs)(b) for _, b in pairs])


def test_constants_on_either_side_stand_for_every_row() -> None:
    frame = table(x=(INT, [1, 2, None, 4]))
    x, two = Column("x", INT), Literal(2, INT)
    assert values_of(frame, Operation("subtract", (two, x))) == [1, 0, None, -2]
    assert values_of(frame, Operation("less", (x, two))) == [1, 0, None, 0]
    assert values_of(frame, Operation("power", (two, x))) == [2.0, 4.0, None, 16.0]
    assert values_of(frame, Operation("modulo", (x, Literal(0, INT)))) == [None] * 4
    assert values_of(frame, Operation("add", (two, two))) == [4] * 4
    assert values_of(frame.clear(), Operation("add", (x, two))) == []
