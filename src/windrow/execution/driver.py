"""The driver: every plan and program, over whatever workers it was given.

There is one: in this process over threads, in tests over bare processes, on a cluster beside the
scheduler over hosts. It holds no rows, only names, counts, and sums.
"""

from __future__ import annotations

import warnings
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from windrow.errors import BadRowsWarning
from windrow.execution.protocol import Blocks
from windrow.execution.resolve import Resolver
from windrow.execution.tasks import (
    BlockRecipe,
    EncodePartition,
    GatherPartition,
    ReadPartition,
    ReduceLeaves,
    Reporting,
    WritePartition,
    runs,
)
from windrow.io import memory, sources
from windrow.learn.tree import tree_sum
from windrow.plan.compose import select
from windrow.plan.node import replace_children
from windrow.plan.sources import LEAF_ROWS
from windrow.plan.tables import Plan, Project, Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import polars as pl

    from windrow.execution.protocol import Encoder, Kernel, Program, Vector, Writer
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.execution.workers import Workers
    from windrow.io.sources import Rejected
    from windrow.plan.sources import Piece
    from windrow.progress import Event, Listener

T = TypeVar("T")
R = TypeVar("R")


class Driver:
    """An executor over some workers.

    Parameters
    ----------
    workers
        Who computes.
    """

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.resolver = Resolver(self.map)
        self._told: set[tuple[str, Piece]] = set()

    def map(self, task: Callable[[Store, T], R], items: Sequence[T]) -> Iterator[R]:
        """Run a task for each item; results in order. Warns of rows that did not parse."""
        rejected: dict[tuple[str, Piece], Rejected] = {}
        try:
            for result, notes in self.workers.map(Reporting(task), items):
                rejected |= notes
                yield result
        finally:
            self._tell(rejected)

    def stream(self, plan: Plan, *, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the table's partitions in order; with `limit`, no more rows than that."""
        if limit is not None:
            found = self._peek(plan, limit)
            yield self.resolver.prefix(self.resolver.table(plan), limit) if found is None else found
            return
        table = self.resolver.table(plan)
        if not table.partitions:
            yield memory.empty(plan.schema)
        yield from self.map(ReadPartition(table), range(table.partitions))

    def write(self, plan: Plan, url: str, writer: Writer) -> None:
        """Write every partition, then make the whole visible; nothing stays when that fails."""
        table = self.resolver.table(plan)
        try:
            parts = range(table.partitions)
            writer.finish(url, list(self.map(WritePartition(table, url, writer), parts)))
        except BaseException:
            writer.abandon(url)
            raise

    def persist(self, plan: Plan) -> Plan:
        """Compute the table once and return a plan of the result."""
        return memory.from_frame(self.resolver.frame(plan), plan.schema)

    def run(
        self,
        program: Program[R],
        listener: Listener | None = None,
        keep: Callable[[dict[str, Vector], dict[str, Any]], None] | None = None,
    ) -> R:
        """Run a program in this process; see `Executor`. `keep` stores its checkpoints."""
        return program(DriverSession(self, listener, keep))

    def close(self) -> None:
        """Give back what the workers hold."""
        self.workers.close()

    def _peek(self, plan: Plan, limit: int) -> pl.DataFrame | None:
        """Take the first rows of a file from its first bytes alone, where that is enough."""
        scan = plan.source if isinstance(plan, Project) else plan
        if not isinstance(scan, Scan):
            return None
        if isinstance(plan, Project) and any(e.positional for _, e in plan.columns):
            return None
        rows = sources.peek(scan, limit)
        if rows is None:
            return None
        held = memory.from_frame(rows, scan.schema)
        short = replace_children(plan, lambda child: held if child == scan else child)
        return self.resolver.frame(held if plan is scan else short)

    def _tell(self, rejected: dict[tuple[str, Piece], Rejected]) -> None:
        """Warn once of each piece with rows that did not parse, one warning a file table."""
        new = {key: found for key, found in rejected.items() if key not in self._told}
        self._told.update(new)
        ordered = sorted(new, key=lambda key: (key[0], key[1].file, key[1].start))
        for _, keys in groupby(ordered, key=lambda key: key[0]):
            found = [new[key] for key in keys]
            count = sum(one.count for one in found)
            first = next((row for one in found for row in one.first), None)
            warnings.warn(BadRowsWarning(count, first), stacklevel=2)


class DriverSession:
    """What a program that runs beside the driver talks to."""

    def __init__(
        self,
        driver: Driver,
        listener: Listener | None,
        keep: Callable[[dict[str, Vector], dict[str, Any]], None] | None = None,
    ) -> None:
        self._driver = driver
        self._listener = listener
        self._keep = keep
        self._tables: dict[str, Table] = {}

    @property
    def executor(self) -> Driver:
        """The executor that the program runs beside."""
        return self._driver

    def place(self, plan: Plan, encoder: Encoder) -> Blocks:
        """See `Session`."""
        table = self._driver.resolver.table(select(plan, encoder.columns))
        blocks = Blocks(plan, encoder, (), (), (), _zeros(0))
        self._tables[blocks.raw_key] = table
        task = EncodePartition(self._recipe(blocks))
        parts = list(self._driver.map(task, range(table.partitions)))
        if not parts:
            empty = encoder(memory.empty(table.plan.schema))
            return Blocks(plan, encoder, (), empty.levels, empty.classes, empty.facts)
        merged = (
            tuple(dict.fromkeys(level for part in parts for level in part.levels[j]))
            for j in range(len(parts[0].levels))
        )
        return Blocks(
            plan,
            encoder,
            tuple(part.rows for part in parts),
            tuple(merged),
            tuple(dict.fromkeys(label for part in parts for label in part.classes)),
            tree_sum([part.facts for part in parts]),
        )

    def reduce(self, kernel: Kernel, blocks: Blocks, *arguments: object) -> Vector:
        """See `Session`."""
        items = runs(blocks.counts, self._driver.workers.parallelism, LEAF_ROWS)
        task = ReduceLeaves(self._recipe(blocks), kernel, arguments)
        sums = self._driver.map(task, items)
        partitions: list[Vector | None] = []
        for _, run in groupby(zip(items, sums, strict=True), key=lambda pair: pair[0][0]):
            parts = [part for _, part in run]
            partitions.append(None if all(p is None for p in parts) else tree_sum(parts))
        return tree_sum(partitions)

    def gather(self, function: Callable[..., R], blocks: Blocks, *arguments: object) -> list[R]:
        """See `Session`."""
        task = GatherPartition(self._recipe(blocks), function, arguments)
        return list(self._driver.map(task, range(len(blocks.counts))))

    def emit(self, event: Event) -> None:
        """See `Session`."""
        if self._listener is not None:
            self._listener(event)

    def checkpoint(self, arrays: dict[str, Vector], record: dict[str, Any]) -> None:
        """See `Session`: in a user's process driver and program end together, nothing is kept."""
        if self._keep is not None:
            self._keep(arrays, record)

    def _recipe(self, blocks: Blocks) -> BlockRecipe:
        raw_key = blocks.raw_key
        return BlockRecipe(self._tables[raw_key], blocks, raw_key, blocks.key)


def _zeros(size: int) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.zeros(size)
