"""The tasks that drivers give to workers: picklable, and each about a few partitions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from windrow.execution import group, order
from windrow.execution.cuts import LEVELS, Leaves
from windrow.execution.notes import noting
from windrow.learn.tree import Partial, TreeSum
from windrow.plan.sources import LEAF_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.cuts import Subtree
    from windrow.execution.excerpts import Excerpt
    from windrow.execution.levels import Levels
    from windrow.execution.notes import Notes
    from windrow.execution.protocol import Blocks, Kernel, RawBlock, Splitter, Vector, Writer
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.learn.tree import Partial
    from windrow.plan.tables import Group, TopK

T = TypeVar("T")
P = TypeVar("P", bound="Partial")
R = TypeVar("R")


@dataclass(frozen=True)
class Reporting(Generic[T, R]):
    """A task whose result brings along what the worker has to say of rows that did not parse."""

    task: Callable[[Store, T], R]

    def __call__(self, store: Store, item: T) -> tuple[R, Notes]:
        """Do it."""
        with noting() as notes:
            result = self.task(store, item)
        return result, notes


@dataclass(frozen=True)
class Call(Generic[T, R]):
    """A plain function of the item."""

    function: Callable[[T], R]

    def __call__(self, store: Store, item: T) -> R:
        """Do it."""
        del store
        return self.function(item)


@dataclass(frozen=True)
class ReadPartition:
    """The rows of a partition."""

    table: Table

    def __call__(self, store: Store, index: int) -> pl.DataFrame:
        """Do it."""
        return self.table.frame(index, self.table.plan.schema.names, store)


@dataclass(frozen=True)
class CountPartition:
    """The number of rows of a partition, reading as little as possible."""

    table: Table

    def __call__(self, store: Store, index: int) -> int:
        """Do it."""
        return self.table.rows(index, store)


@dataclass(frozen=True)
class GroupPartition:
    """The partial aggregates of a partition."""

    table: Table
    plan: Group

    def __call__(self, store: Store, index: int) -> group.Partial:
        """Do it."""
        wanted = dict.fromkeys(self.plan.keys)
        wanted.update((name, None) for a in self.plan.aggregations for name in a.columns)
        names = tuple(wanted) or self.table.plan.schema.names[:1]
        return group.partial(self.table.frame(index, names, store), self.plan)


@dataclass(frozen=True)
class UniquePartition:
    """The first of each set of equal rows of a partition."""

    table: Table

    def __call__(self, store: Store, index: int) -> pl.DataFrame:
        """Do it."""
        return order.unique(self.table.frame(index, self.table.plan.schema.names, store))


@dataclass(frozen=True)
class TopKPartition:
    """The extreme rows of a partition."""

    table: Table
    plan: TopK

    def __call__(self, store: Store, index: int) -> pl.DataFrame:
        """Do it."""
        frame = self.table.frame(index, self.table.plan.schema.names, store)
        return order.topk(frame, self.plan.column, self.plan.count, smallest=self.plan.smallest)


@dataclass(frozen=True)
class WritePartition:
    """Writes a partition and gives the writer's record of it."""

    table: Table
    url: str
    writer: Writer

    def __call__(self, store: Store, index: int) -> Any:  # the writer's own record
        """Do it."""
        frame = self.table.frame(index, self.table.plan.schema.names, store)
        return self.writer.part(self.url, index, frame)


@dataclass(frozen=True)
class EncodedFacts:
    """What the driver needs to know of an encoded partition."""

    rows: int
    levels: tuple[Levels, ...]
    classes: tuple[Any, ...]
    facts: Vector


@dataclass(frozen=True)
class BlockRecipe:
    """How a worker finds or rebuilds the blocks of a plan."""

    table: Table
    blocks: Blocks
    raw_key: str
    key: str

    def raw(self, store: Store, index: int) -> RawBlock:
        """Return the partition encoded with its own dictionaries."""
        encoder = self.blocks.encoder

        def build() -> RawBlock:
            return encoder(self.table.frame(index, encoder.columns, store))

        return store.block((self.raw_key, index), build)

    def leaves(self, store: Store, index: int) -> tuple[Any, ...]:
        """Return the partition in its final form."""
        finisher = self.blocks.finisher
        if finisher is None:
            return self.raw(store, index).leaves
        first_row = self.blocks.first_row(index)

        def build() -> RawBlock:
            return self.raw(store, index).with_leaves(finisher(self.raw(store, index), first_row))

        return store.block((self.key, index), build).leaves


@dataclass(frozen=True)
class SplitBlock:
    """The recipe of the file of the parts of a block."""

    recipe: BlockRecipe
    splitter: Splitter

    def __call__(self, store: Store, index: int) -> Iterable[pl.DataFrame]:
        """Do it."""
        return self.splitter(self.recipe.leaves(store, index))


@dataclass(frozen=True)
class EncodePartition:
    """Encodes a partition into the store."""

    recipe: BlockRecipe

    def __call__(self, store: Store, index: int) -> EncodedFacts:
        """Do it."""
        block = self.recipe.raw(store, index)
        return EncodedFacts(block.rows, block.levels, block.classes, block.facts)


@dataclass(frozen=True)
class ReduceLeaves(Generic[P]):
    """Adds up a kernel over the leaves below each of some subtrees."""

    recipe: BlockRecipe
    kernel: Kernel[P]
    arguments: tuple[object, ...]

    def __call__(self, store: Store, load: tuple[Subtree, ...]) -> tuple[P, ...]:
        """Do it."""
        leaves = Leaves(self.recipe.blocks.counts, LEAF_ROWS)
        return tuple(self._sum(store, leaves, subtree) for subtree in load)

    def _sum(self, store: Store, leaves: Leaves, subtree: Subtree) -> P:
        from windrow.learn.scattered import compact  # it compiles; tables alone need no compiler

        total: TreeSum[P] = TreeSum()
        for partition, places in groupby(leaves.within(subtree), key=itemgetter(0)):
            block = self.recipe.leaves(store, partition)
            for _, place in places:
                partial = self.kernel(block[place], *self.arguments)
                total.add((partition << LEVELS) + place, compact(partial))
        return total.result()


@dataclass(frozen=True)
class FoldPartitions(Generic[P]):
    """Adds up a function over the partitions below each of some subtrees."""

    recipe: BlockRecipe
    function: Callable[..., P]
    arguments: tuple[object, ...]

    def __call__(self, store: Store, load: tuple[Subtree, ...]) -> tuple[P, ...]:
        """Do it."""
        return tuple(self._sum(store, subtree) for subtree in load)

    def _sum(self, store: Store, subtree: Subtree) -> P:
        total: TreeSum[P] = TreeSum()
        for partition, _ in by_partition(self.recipe.blocks).within(subtree):
            leaves = self.recipe.leaves(store, partition)
            total.add(partition << LEVELS, self.function(leaves, *self.arguments))
        return total.result()


def by_partition(blocks: Blocks) -> Leaves:
    """Return the tree in which each partition is a leaf, with rows or without."""
    return Leaves([1] * len(blocks.counts), 1)


@dataclass(frozen=True)
class Part:
    """Some partitions, and what of vectors was cut out for them.

    Attributes
    ----------
    partitions
        Their numbers.
    excerpts
        In the order of the vectors; None where one comes whole with the task.
    """

    partitions: Sequence[int]
    excerpts: tuple[Excerpt | None, ...] = ()


@dataclass(frozen=True)
class GatherPartitions(Generic[R]):
    """Calls a function on the leaves of each of some partitions.

    Attributes
    ----------
    recipe
        Of the blocks.
    function
        Called as ``function(leaves, *vectors, *arguments)``.
    vectors
        Those that come whole; None where a part has an excerpt.
    arguments
        All else.
    """

    recipe: BlockRecipe
    function: Callable[..., R]
    vectors: tuple[NDArray[Any] | None, ...]
    arguments: tuple[object, ...]

    def __call__(self, store: Store, part: Part) -> list[R]:
        """Do it."""
        pairs = zip(self.vectors, part.excerpts, strict=True)
        given = [whole if cut is None else cut.put_back() for whole, cut in pairs]
        leaves = self.recipe.leaves
        return [
            self.function(leaves(store, index), *given, *self.arguments)
            for index in part.partitions
        ]
