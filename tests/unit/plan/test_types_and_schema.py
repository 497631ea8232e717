from __future__ import annotations

import array
import datetime
import pickle

import pytest

from windrow.errors import ColumnNotFoundError, UnsupportedTypeError
from windrow.plan.schema import Schema
from windrow.plan.types import DType


@pytest.mark.parametrize(
    "kind, expected",
    [
        (int, DType.INT),
        (bool, DType.INT),
        (float, DType.FLOAT),
        (str, DType.STR),
        ("array", DType.ARRAY),
        (array.array, DType.ARRAY),
        (list, DType.LIST),
        (tuple, DType.LIST),
        (dict, DType.DICT),
        (datetime.date, DType.DATETIME),
        (DType.STR, DType.STR),
    ],
)
def test_types_are_named_as_users_do(kind: object, expected: DType) -> None:
    assert DType.of(kind) is expected


@pytest.mark.parametrize("kind", [bytes, "text", 3, None, [int]])
def test_other_types_are_refused_with_advice(kind: object) -> None:
    with pytest.raises(UnsupportedTypeError, match="use int, float, str"):
        DType.of(kind)


def test_every_type_has_a_python_type() -> None:
    assert {DType.of(dtype.python) for dtype in DType} == set(DType)
    assert [d for d in DType if d.is_number] == [DType.INT, DType.FLOAT]
    assert [d for d in DType if d.is_nested] == [DType.LIST, DType.DICT]


def test_a_schema_is_an_ordered_mapping() -> None:
    schema = Schema([("b", DType.INT), ("a", DType.STR)])
    assert list(schema) == ["b", "a"]
    assert schema.types == (DType.INT, DType.STR)
    assert "a" in schema
    assert "c" not in schema
    assert len(schema) == 2
    assert schema != Schema([("a", DType.STR), ("b", DType.INT)])
    assert pickle.loads(pickle.dumps(schema)) == schema
    assert hash(pickle.loads(pickle.dumps(schema))) == hash(schema)
    assert repr(schema) == "Schema(b: int, a: str)"


def test_an_absent_column_is_both_kinds_of_error() -> None:
    schema = Schema([("habitat", DType.STR)])
    for kind in (KeyError, RuntimeError, ColumnNotFoundError):
        with pytest.raises(kind, match="did you mean 'habitat'"):
            schema["habitt"]
