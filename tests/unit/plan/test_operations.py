from __future__ import annotations

import pytest

from windrow.errors import TypeMismatchError
from windrow.plan.operations import CONVERSIONS, OPERATIONS, result_type
from windrow.plan.types import DType

INT, FLOAT, STR, ARRAY = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY
LIST, DICT, DATETIME = DType.LIST, DType.DICT, DType.DATETIME


@pytest.mark.parametrize(
    "name, types, expected",
    [
        ("add", (INT, INT), INT),
        ("add", (INT, FLOAT), FLOAT),
        ("add", (STR, STR), STR),
        ("add", (ARRAY, INT), ARRAY),
        ("add", (INT, STR), None),
        ("add", (LIST, LIST), None),
        ("subtract", (STR, STR), None),
        ("divide", (INT, INT), FLOAT),
        ("floor_divide", (INT, INT), INT),
        ("power", (INT, INT), FLOAT),
        ("negate", (ARRAY,), ARRAY),
        ("negate", (STR,), None),
        ("less", (INT, FLOAT), INT),
        ("less", (STR, STR), INT),
        ("less", (DATETIME, DATETIME), INT),
        ("less", (STR, INT), None),
        ("less", (ARRAY, ARRAY), None),
        ("equal", (DICT, DICT), INT),
        ("equal", (INT, STR), None),
        ("and", (STR, FLOAT), INT),
        ("where", (INT, INT, FLOAT), FLOAT),
        ("where", (STR, STR, STR), STR),
        ("where", (INT, INT, STR), None),
        ("item_length", (STR,), None),
        ("contains", (INT,), None),
        ("datetime_to_str", (DATETIME,), STR),
        ("row_permutation", (INT, INT), INT),
    ],
)
def test_types_of_results(name: str, types: tuple[DType, ...], expected: DType | None) -> None:
    if expected is None:
        with pytest.raises(TypeMismatchError):
            result_type(name, types, {})
    else:
        assert result_type(name, types, {}) is expected


def test_casts_are_allowed_where_they_are_defined() -> None:
    for source in DType:
        for target in DType:
            if source is target or target in CONVERSIONS[source]:
                assert result_type("cast", (source,), {"dtype": target}) is target
            else:
                with pytest.raises(TypeMismatchError, match=f"cast to {target.value}"):
                    result_type("cast", (source,), {"dtype": target})


def test_every_operation_says_what_it_takes() -> None:
    assert "add" in OPERATIONS
    with pytest.raises(TypeMismatchError, match="it takes numbers, vectors, or two strings"):
        result_type("add", (STR, INT), {})
