"""Tables of several partitions, among them an empty one and one of a single row."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.io import memory
from windrow.plan.schema import Schema
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.plan.tables import Plan

INT, FLOAT, STR = DType.INT, DType.FLOAT, DType.STR
SCHEMA = Schema([("id", INT), ("key", STR), ("x", FLOAT)])
CUTS = (40, 1, 0, 100, 59)
ROWS: list[tuple[Any, ...]] = [
    (i, None if i % 11 == 0 else f"k{i * i % 13}", None if i % 7 == 0 else i * 37 % 50 / 10)
    for i in range(sum(CUTS))
]


def frame_of(rows: Sequence[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    kinds = {name: memory.PHYSICAL[kind] for name, kind in schema.items()}
    return pl.DataFrame(list(rows), schema=kinds, orient="row")


def table(
    rows: Sequence[tuple[Any, ...]] = ROWS,
    schema: Schema = SCHEMA,
    cuts: Sequence[int] | None = CUTS,
) -> Plan:
    return memory.from_frame(frame_of(rows, schema), schema, cuts)


COUNTED = Schema([("a", FLOAT), ("b", FLOAT), ("t", STR)])
"""Columns of `numbers`."""


@functools.cache
def numbers(rows: int = 190_000) -> pl.DataFrame:
    draw = np.random.default_rng(11)
    frame = pl.DataFrame(
        {
            "a": draw.normal(size=rows) * 10.0 ** draw.integers(-6, 6, rows),
            "b": draw.normal(size=rows),
            "t": [f"t{(i // 1000 * 7) % 19}" for i in range(rows)],
        }
    )
    return frame.with_columns(pl.when(pl.int_range(rows) % 1000 != 3).then("b").alias("b"))


def cut_numbers() -> Plan:
    return memory.from_frame(numbers(), COUNTED, [140_000, 0, 30_000, 20_000])
