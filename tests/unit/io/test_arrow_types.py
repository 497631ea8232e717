from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from windrow.errors import UnsupportedTypeError
from windrow.io import arrow_types
from windrow.io.arrow_types import normalize
from windrow.io.memory import PHYSICAL
from windrow.plan.types import DType

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, 678900)  # noqa: DTZ001  # tables hold no zone
EARLY = dt.timezone(dt.timedelta(hours=2))

COMES_IN: list[tuple[pa.DataType, Any, DType, Any]] = [
    (pa.bool_(), True, DType.INT, 1),
    *[
        (getattr(pa, f"{sign}int{bits}")(), 7, DType.INT, 7)
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    ],
    (pa.float16(), 0.5, DType.FLOAT, 0.5),
    (pa.float32(), 0.5, DType.FLOAT, 0.5),
    (pa.float64(), 0.1, DType.FLOAT, 0.1),
    (pa.decimal128(10, 2), Decimal("1.25"), DType.FLOAT, 1.25),
    (pa.string(), "é", DType.STR, "é"),
    (pa.large_string(), "x", DType.STR, "x"),
    (pa.string_view(), "x", DType.STR, "x"),
    (pa.dictionary(pa.int8(), pa.string()), "x", DType.STR, "x"),
    (pa.binary(), "é".encode(), DType.STR, "é"),
    (pa.large_binary(), b"x", DType.STR, "x"),
    (pa.binary_view(), b"x", DType.STR, "x"),
    (pa.date32(), MOMENT.date(), DType.DATETIME, dt.datetime(2020, 1, 2)),  # noqa: DTZ001
    (pa.timestamp("ns"), MOMENT, DType.DATETIME, MOMENT),
    (pa.timestamp("s"), MOMENT, DType.DATETIME, MOMENT.replace(microsecond=0)),
    (
        pa.timestamp("ms", "+02:00"),
        MOMENT.replace(microsecond=0, tzinfo=EARLY),
        DType.DATETIME,
        MOMENT.replace(microsecond=0) - dt.timedelta(hours=2),
    ),
    (pa.duration("ms"), dt.timedelta(seconds=1.5), DType.FLOAT, 1.5),
    (pa.time64("us"), MOMENT.time(), DType.STR, "03:04:05.678900"),
    (pa.list_(pa.int32()), [1, 2], DType.ARRAY, [1.0, 2.0]),
    (pa.large_list(pa.bool_()), [True], DType.ARRAY, [1.0]),
    (pa.list_(pa.float32(), 2), [1, 2], DType.ARRAY, [1.0, 2.0]),
    (pa.list_(pa.string()), ["a", None], DType.LIST, '["a",null]'),
    (pa.list_(pa.list_(pa.int8())), [[1], []], DType.LIST, "[[1],[]]"),
    (pa.struct({"a": pa.int8(), "b": pa.string()}), {"a": 1}, DType.DICT, '[["a",1],["b",null]]'),
    (pa.map_(pa.string(), pa.int8()), [("k", 1)], DType.DICT, '[["k",1]]'),
    (pa.null(), None, DType.FLOAT, None),
]  # fmt: skip


@pytest.mark.parametrize("kind, value, dtype, held", COMES_IN, ids=str)
def test_every_type_comes_in_as_the_table_says(
    kind: pa.DataType, value: object, dtype: DType, held: object
) -> None:
    frame = pl.DataFrame(pl.from_arrow(pa.table({"x": pa.array([value, None], kind)})))
    plain, schema = normalize(frame)
    assert schema["x"] is dtype
    assert plain.schema["x"] == PHYSICAL[dtype]
    assert plain["x"].to_list() == [held, None]
    again, same = normalize(plain)
    if not dtype.is_nested:
        assert same == schema
        assert again.equals(plain)


def test_polars_own_types_come_in_too() -> None:
    frame = pl.DataFrame(
        {
            "enum": pl.Series(["a"], dtype=pl.Enum(["a"])),
            "category": pl.Series(["a"], dtype=pl.Categorical),
            "wide": pl.Series([2**62], dtype=pl.Int128),
            "fixed": pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2)),
            "nan": [float("nan")],
        }
    )
    plain, schema = normalize(frame)
    assert [kind.value for kind in schema.types] == ["str", "str", "int", "array", "float"]
    assert plain["wide"][0] == 2**62


@pytest.mark.parametrize(
    "series, reason",
    [
        (pl.Series("x", [2**63], dtype=pl.UInt64), "9223372036854775808.*past 64 signed bits"),
        (pl.Series("x", [b"\xff"]), "bytes that are not UTF-8"),
        (pl.Series("x", [[1, None]]), "list of numbers with a missing element"),
        (pl.Series("x", [object()], dtype=pl.Object), "Object.*convert or remove"),
    ],
    ids=["wide", "bytes", "hole", "object"],
)
def test_what_a_table_cannot_hold_is_refused_by_column(series: pl.Series, reason: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=f"'x'.*{reason}"):
        normalize(pl.DataFrame([series]))


def test_the_documented_table_is_the_one_of_the_module() -> None:
    page = (Path(__file__).parents[3] / "docs" / "types.md").read_text()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| ")]
    documented = [tuple(cell.strip().replace("`", "") for cell in row) for row in rows[2:]]
    lines = str(arrow_types.__doc__).split("=\n")[2].splitlines()
    stated = []
    for line in lines:
        if line.startswith("="):
            break
        cells = (line[:38], line[38:52], line[52:])
        stated.append(tuple(cell.strip().replace("`", "") for cell in cells))
    assert documented == stated
