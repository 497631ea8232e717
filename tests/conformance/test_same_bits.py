"""Every operator gives the same rows, in the same order, to the bit, whoever computes and when."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.support.tables import COUNTED, FLOAT, STR, numbers

from windrow.execution.local import LocalExecutor
from windrow.execution.protocol import collect
from windrow.io import memory
from windrow.plan.compose import column, select
from windrow.plan.tables import Aggregation, Filter, Group, Join, Plan, Slice, Sort, TopK, Unique
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.execution.driver import Driver


@functools.cache
def many_rows() -> Plan:
    """A table whose float sums depend on the order of additions."""
    return memory.from_frame(numbers(30_000), COUNTED, [12_000, 10_000, 0, 8_000])


def operators() -> dict[str, Plan]:
    plan = many_rows()
    kinds = ("sum", "mean", "var", "min", "argmax", "select_one", "distinct")
    reads = {"argmax": ("a", "t"), "select_one": ("t",), "distinct": ("t",)}
    gives = {"argmax": STR, "select_one": STR, "distinct": DType.LIST}
    wanted = tuple(
        Aggregation(kind, kind, reads.get(kind, ("a",)), gives.get(kind, FLOAT)) for kind in kinds
    )
    few = TopK(plan, "a", 500, smallest=True)
    return {
        "group": Group(plan, ("t",), wanted),
        "reduction": Group(plan, (), wanted),
        "join": Join(plan, few, (("t", "t"), ("b", "b")), "left", (("a", "a.1"),)),
        "outer join": Join(few, plan, (("t", "t"), ("b", "b")), "outer", (("a", "a.1"),)),
        "sort": Sort(plan, (("t", False), ("b", True))),
        "unique": Unique(select(plan, ["t", "b"])),
        "topk": TopK(plan, "b", 1000, smallest=False),
        "slice": Slice(plan, 10, -10, 3),
        "filter": Filter(plan, column(plan, "b")),
    }


def digest(executor: Driver, plan: Plan) -> str:
    """Hash of all rows, in their order, to the bit."""
    state = hashlib.sha256()
    for series in collect(executor, plan):
        if series.dtype == pl.Float64:
            state.update(series.is_null().to_numpy().tobytes())
            state.update(series.fill_null(0.0).to_numpy().tobytes())
        else:
            state.update(repr(series.to_list()).encode())
    return state.hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "filter",
        "group",
        "join",
        "outer join",
        "reduction",
        "slice",
        "sort",
        "topk",
        "unique",
    ],
)
def test_an_operator_gives_the_same_bits_every_time(executor: Driver, name: str) -> None:
    plan = operators()[name]
    found = {digest(executor, plan)}
    for run in range(20 if executor.workers.parallelism == 1 else 0):
        fresh = LocalExecutor(threads=1 + run % 2)  # one that remembers no result
        found.add(digest(fresh, plan))
        fresh.close()
    assert found == {reference_digest(name)}


@functools.cache
def reference_digest(name: str) -> str:
    return digest(LocalExecutor(threads=1), operators()[name])
