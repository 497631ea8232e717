"""Blocks cut into parts come together again in order, wherever they went and whatever is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from tests.support.programs import NUMBERS
from tests.support.tables import COUNTED, numbers

from windrow.errors import LengthMismatchError
from windrow.execution.protocol import Blocks, RawBlock, Session, collect
from windrow.io import memory
from windrow.learn.leaf import LEAF, TRAIN, Leaf
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.execution.driver import Driver
    from windrow.plan.tables import Plan

PARTS = 3
ROWS = [900, 0, 700, 400]


@dataclass(frozen=True)
class ByRest:
    """Sends rows to the part that the integer part of their first number leaves modulo `PARTS`."""

    schema: tuple[tuple[str, DType], ...] = (("a", DType.FLOAT),)

    def __call__(self, leaves: tuple[Leaf, ...]) -> Iterator[pl.DataFrame]:
        values = np.array(listed(leaves))
        for part in range(PARTS):
            chosen = values[np.floor(values).astype(np.int64) % PARTS == part]
            yield pl.DataFrame({"a": chosen})


@dataclass(frozen=True)
class Floats:
    """Encodes the numbers of a part."""

    columns: tuple[str, ...] = ("a",)

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        rows = [frame["a"].to_numpy()[i : i + LEAF] for i in range(0, frame.height, LEAF)]
        leaves = tuple(
            Leaf.pack([r], [], np.zeros(len(r)), np.full(len(r), TRAIN, np.uint8)) for r in rows
        )
        return RawBlock(leaves, (), (), np.zeros(1))


def listed(leaves: tuple[Leaf, ...]) -> list[float]:
    return [x for leaf in leaves for x in leaf.dense[:, 0].ravel()[: leaf.rows].tolist()]


@dataclass(frozen=True)
class Exchanging:
    """Exchanges a table; if wanted, everything is lost between any two steps."""

    plan: Plan
    lossy: bool = False

    def __call__(self, session: Session) -> tuple[list[list[float]], pl.DataFrame, tuple[int, ...]]:
        raw = session.place(self.plan, NUMBERS)
        table = session.exchange(raw, ByRest())
        session.release(raw)
        blocks = session.place(table, Floats())
        if self.lossy:
            self.lose(session, raw, blocks, table)
        found = session.gather(listed, blocks)
        if self.lossy:
            self.lose(session, raw, blocks, table)
        return found, collect(session.executor, table), blocks.counts

    @staticmethod
    def lose(session: Session, raw: Blocks, blocks: Blocks, table: Any) -> None:
        session.release(raw)
        session.release(blocks)
        executor: Any = session.executor
        executor.workers.forget([table.files.name])


def plan() -> Plan:
    return memory.from_frame(numbers(sum(ROWS)), COUNTED, ROWS)


def expected() -> list[list[float]]:
    values = numbers(sum(ROWS))["a"].fill_null(0.0).to_list()
    return [[x for x in values if int(np.floor(x)) % PARTS == part] for part in range(PARTS)]


@pytest.mark.parametrize("lossy", [False, True])
def test_parts_come_together_in_the_order_of_the_table(executor: Driver, lossy: bool) -> None:
    found, rows, counts = executor.run(Exchanging(plan(), lossy))
    assert found == expected()
    assert rows["a"].to_list() == [x for part in expected() for x in part]
    assert counts == tuple(map(len, expected()))


def test_a_table_without_partitions_has_none_after_an_exchange(executor: Driver) -> None:
    def program(session: Session) -> tuple[int, int]:
        empty = memory.from_frame(numbers(0), COUNTED, [])
        table = session.exchange(session.place(empty, NUMBERS), ByRest())
        return collect(session.executor, table).height, table.rows or 0

    assert executor.run(program) == (0, 0)


def test_a_splitter_that_fails_says_so(executor: Driver) -> None:
    @dataclass(frozen=True)
    class Failing(ByRest):
        def __call__(self, leaves: tuple[Leaf, ...]) -> Iterator[pl.DataFrame]:
            raise LengthMismatchError(len(leaves), 7)

    with pytest.raises(LengthMismatchError, match="7"):
        executor.run(lambda session: session.exchange(session.place(plan(), NUMBERS), Failing()))


def shown(leaves: tuple[Leaf, ...], mark: str) -> str:
    return f"{mark}{sum(leaf.rows for leaf in leaves)}"


def test_partitions_are_added_up_in_order_empty_ones_too(executor: Driver) -> None:
    def program(session: Session) -> str:
        return session.fold(shown, session.place(plan(), NUMBERS), ",")

    assert executor.run(program) == ",900,0,700,400"
