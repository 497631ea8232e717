"""The driver: every plan and program, over whatever workers it was given.

There is one: in this process over threads, in tests over bare processes, on a cluster beside the
scheduler over hosts. It holds no rows, only names, counts, and sums.
"""

from __future__ import annotations

import warnings
from collections import deque
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from windrow.errors import BadRowsWarning
from windrow.execution.cuts import Leaves, loads
from windrow.execution.excerpts import Excerpts
from windrow.execution.levels import Levels
from windrow.execution.locality import near
from windrow.execution.protocol import Blocks
from windrow.execution.resolve import Resolver
from windrow.execution.spooled import Exchanged, Files, KeepFile
from windrow.execution.tasks import (
    BlockRecipe,
    EncodePartition,
    FoldPartitions,
    GatherPartitions,
    Part,
    ReadPartition,
    ReduceLeaves,
    Reporting,
    SplitBlock,
    WritePartition,
    by_partition,
)
from windrow.execution.workers import evenly
from windrow.io import memory
from windrow.learn.tree import Partial, TreeSum, tree_sum
from windrow.plan.compose import select
from windrow.plan.node import digest
from windrow.plan.sources import LEAF_ROWS
from windrow.plan.tables import Memory
from windrow.progress.table import first_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import polars as pl

    from windrow.execution.cuts import Subtree
    from windrow.execution.excerpts import LookedAt
    from windrow.execution.protocol import Encoder, Kernel, Program, Splitter, Vector, Writer
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.execution.workers import Share, Workers
    from windrow.io.sources import Rejected
    from windrow.plan.sources import Extent, Piece
    from windrow.plan.tables import Plan
    from windrow.progress import Event, Listener

    Loads = tuple[list[tuple[Subtree, ...]], list[str | None]]
    """Subtrees to add up in one task, and for each such load its place."""

T = TypeVar("T")
P = TypeVar("P", bound=Partial)
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
        self.resolver = Resolver(self.map, workers.forget, self.places)
        self._told: set[tuple[str, Piece]] = set()

    def map(
        self,
        task: Callable[[Store, T], R],
        items: Sequence[T],
        places: Sequence[str | None] | None = None,
    ) -> Iterator[R]:
        """Run a task for each item; results in order. Warns of rows that did not parse."""
        rejected: dict[tuple[str, Piece], Rejected] = {}
        try:
            for result, notes in self.workers.map(Reporting(task), items, places):
                rejected |= notes
                yield result
        finally:
            self._tell(rejected)

    def places(
        self, name: str, count: int, extents: Callable[[], Sequence[Extent | None]]
    ) -> list[str | None]:
        """Say where each of some parts that are read from files had better be read."""
        shares = self.workers.shares(name, count, lambda: near(extents()))
        places = {number: share.place for share in shares for number in share.partitions}
        return [places[number] for number in range(count)]

    def stream(self, plan: Plan, *, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the table's partitions in order; with `limit`, no more rows than that."""
        if limit is not None:
            found = self.resolver.peek(plan, limit)
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
        if isinstance(plan, Memory):
            return plan
        return memory.from_frame(self.resolver.frame(plan), plan.schema)

    def run(
        self,
        program: Program[R],
        listener: Listener | None = None,
        keep: Callable[[dict[str, Vector], dict[str, Any]], None] | None = None,
    ) -> R:
        """Run a program in this process; see `Executor`. `keep` stores its checkpoints."""
        session = DriverSession(self, listener, keep)
        try:
            return program(session)
        finally:
            session.close()

    def close(self) -> None:
        """Give back what the workers hold."""
        self.resolver.close()
        self.workers.close()

    def _tell(self, rejected: dict[tuple[str, Piece], Rejected]) -> None:
        """Warn once of each piece with rows that did not parse, one warning a file table."""
        new = {key: found for key, found in rejected.items() if key not in self._told}
        self._told.update(new)
        ordered = sorted(new, key=lambda key: (key[0], key[1].file, key[1].start))
        for _, keys in groupby(ordered, key=lambda key: key[0]):
            found = [new[key] for key in keys]
            count = sum(one.count for one in found)
            first = next((row for one in found for row in one.first), None)
            warnings.warn(BadRowsWarning(count, first), stacklevel=first_outside())


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
        self._cuts: dict[str, tuple[list[Share], Loads]] = {}
        self._exchanged: list[str] = []
        self._excerpts = Excerpts(driver.map)

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
        count = table.partitions
        places = self._driver.places(blocks.raw_key, count, table.extents)
        parts = list(self._driver.map(task, range(count), places))
        if not parts:
            empty = encoder(memory.empty(table.plan.schema))
            return Blocks(plan, encoder, (), empty.levels, empty.classes, empty.facts)
        merged = (
            Levels.merged([part.levels[j] for part in parts]) for j in range(len(parts[0].levels))
        )
        return Blocks(
            plan,
            encoder,
            tuple(part.rows for part in parts),
            tuple(merged),
            tuple(dict.fromkeys(label for part in parts for label in part.classes)),
            tree_sum([part.facts for part in parts]),
        )

    def reduce(self, kernel: Kernel[P], blocks: Blocks, *arguments: object) -> P:
        """See `Session`."""
        from windrow.learn.scattered import whole  # it compiles; tables alone need no compiler

        task = ReduceLeaves(self._recipe(blocks), kernel, arguments)
        found: P = whole(self._summed(task, *self._loads(blocks)))
        return found

    def fold(self, function: Callable[..., P], blocks: Blocks, *arguments: object) -> P:
        """See `Session`."""
        task = FoldPartitions(self._recipe(blocks), function, arguments)
        shares = self._driver.workers.shares(blocks.raw_key, len(blocks.counts))
        return self._summed(task, *_cut(by_partition(blocks), shares))

    def gather(
        self,
        function: Callable[..., R],
        blocks: Blocks,
        *arguments: object,
        vectors: Sequence[LookedAt] = (),
    ) -> list[R]:
        """See `Session`."""
        recipe = self._recipe(blocks)
        shares = self._driver.workers.shares(blocks.raw_key, len(blocks.counts))
        pieces = [(part, share.place) for share in shares for part in evenly(share)]
        numbers, places = [part for part, _ in pieces], [place for _, place in pieces]
        cut = [self._excerpts.cut(recipe, vector, numbers, places) for vector in vectors]
        whole = [v.values if own is None else None for v, own in zip(vectors, cut, strict=True)]
        parts = [
            Part(part, tuple(None if own is None else own[i] for own in cut))
            for i, part in enumerate(numbers)
        ]
        task = GatherPartitions(recipe, function, tuple(whole), arguments)
        found: dict[int, R] = {}
        for part, those in zip(numbers, self._driver.map(task, parts, places), strict=True):
            found.update(zip(part, those, strict=True))
        return [found[number] for number in range(len(blocks.counts))]

    def exchange(self, blocks: Blocks, splitter: Splitter) -> Plan:
        """See `Session`."""
        name = digest("exchange", blocks.key, repr(splitter))
        recipe = SplitBlock(self._recipe(blocks), splitter)
        self._exchanged.append(name)
        parts = len(blocks.counts)
        places = self._driver.places(blocks.raw_key, parts, self._tables[blocks.raw_key].extents)
        filed = list(self._driver.map(KeepFile(name, recipe), range(parts), places))
        return Exchanged(Files(name, recipe, filed), splitter.schema)

    def release(self, blocks: Blocks) -> None:
        """See `Session`."""
        self._driver.workers.forget([blocks.raw_key, blocks.key])

    def close(self) -> None:
        """Let go of what was made for this program alone."""
        if self._exchanged:
            self._driver.workers.forget(self._exchanged)

    def emit(self, event: Event) -> None:
        """See `Session`."""
        if self._listener is not None:
            self._listener(event)

    def checkpoint(self, arrays: dict[str, Vector], record: dict[str, Any]) -> None:
        """See `Session`: in a user's process driver and program end together, nothing is kept."""
        if self._keep is not None:
            self._keep(arrays, record)

    def _loads(self, blocks: Blocks) -> Loads:
        """Cut a pass over the blocks into loads, each for where its blocks lie."""
        shares = self._driver.workers.shares(blocks.raw_key, len(blocks.counts))
        known = self._cuts.get(blocks.raw_key)
        if known is None or known[0] != shares:
            found = _cut(Leaves(blocks.counts, LEAF_ROWS), shares)
            known = self._cuts[blocks.raw_key] = shares, found
        return known[1]

    def _summed(
        self,
        task: Callable[[Store, tuple[Subtree, ...]], tuple[P, ...]],
        items: list[tuple[Subtree, ...]],
        places: list[str | None],
    ) -> P:
        """Add up in the tree what a task gives for the subtrees of each load."""
        waiting = deque(sorted((s for load in items for s in load), key=attrgetter("start")))
        total: TreeSum[P] = TreeSum()
        arrived: dict[Subtree, P] = {}
        for load, sums in zip(items, self._driver.map(task, items, places), strict=True):
            arrived.update(zip(load, sums, strict=True))
            while waiting and waiting[0] in arrived:
                subtree = waiting.popleft()
                total.add(subtree.index, arrived.pop(subtree), subtree.level)
        return total.result()

    def _recipe(self, blocks: Blocks) -> BlockRecipe:
        raw_key = blocks.raw_key
        return BlockRecipe(self._tables[raw_key], blocks, raw_key, blocks.key)


def _cut(leaves: Leaves, shares: Sequence[Share]) -> Loads:
    """Cut the leaves of each share into loads."""
    cut = [(loads(leaves, share.partitions, share.pieces), share.place) for share in shares]
    return (
        [load for of_share, _ in cut for load in of_share],
        [place for of_share, place in cut for _ in of_share],
    )


def _zeros(size: int) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.zeros(size)
