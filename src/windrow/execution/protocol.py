"""The two seams: an executor runs plans and programs, a session is what a program talks to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from windrow.learn.tree import Partial
from windrow.plan.node import digest

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from windrow.execution.excerpts import LookedAt
    from windrow.execution.levels import Levels
    from windrow.learn.tree import Partial
    from windrow.plan.tables import Plan
    from windrow.plan.types import DType
    from windrow.progress import Event, Listener

    Vector = NDArray[np.float64]

P = TypeVar("P", bound="Partial")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


class Stored(Protocol):
    """What a block is made of: a few arrays, which may lie on scratch. `Leaf`, for one."""

    @property
    def rows(self) -> int:
        """Rows that it holds."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Stored:
        """Build what `to_arrays` took apart."""
        ...


@dataclass(frozen=True)
class RawBlock:
    """One partition, encoded with its own dictionaries.

    Attributes
    ----------
    leaves
        Its rows. Where a kernel is to be added up over leaves, 65,536 a `Leaf`; codes (and a class
        target) number the partition's own `levels`. Any other `Stored` (edges of a graph) may be
        gathered from and exchanged.
    levels
        For each code column the levels that occur, in first-seen order.
    classes
        The same for a target of classes, else empty.
    facts
        Counts that are added up over partitions, such as missing values a column.
    """

    leaves: tuple[Any, ...]  # of one class of `Stored`, which who asks for the block knows
    levels: tuple[Levels, ...]
    classes: tuple[Any, ...]
    facts: Vector

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(leaf.rows for leaf in self.leaves)

    @property
    def nbytes(self) -> int:
        """Bytes of the leaves."""
        return sum(leaf.nbytes for leaf in self.leaves)

    def with_leaves(self, leaves: tuple[Any, ...]) -> RawBlock:
        """Return the block with other leaves and without dictionaries: its final form."""
        return RawBlock(leaves, (), (), self.facts)


class Encoder(Protocol):
    """Turns the frame of one partition into the kernels' form; must pickle."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads."""
        ...

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        """Encode a partition; the frame has exactly `columns`, in that order."""
        ...


class Finisher(Protocol):
    """Brings a raw block to its final form once all partitions are known; must pickle."""

    def __call__(self, raw: RawBlock, first_row: int) -> tuple[Any, ...]:
        """Remap codes, set roles, fill gaps; `first_row` is the global number of its first row."""
        ...


class Splitter(Protocol):
    """Cuts a block into parts that go different ways; must pickle, and its `repr` is its identity.

    Attributes
    ----------
    schema
        Names and types of the columns of a part.
    """

    @property
    def schema(self) -> tuple[tuple[str, DType], ...]:
        """Names and types of the columns of a part."""
        ...

    def __call__(self, leaves: tuple[Any, ...]) -> Iterable[pl.DataFrame]:
        """Give every part of a partition, as many for each; some may have no rows."""
        ...


@dataclass(frozen=True)
class Blocks:
    """A plan in the kernels' form: names of blocks that are found or rebuilt where they are used.

    Attributes
    ----------
    plan, encoder, finisher
        All that it takes to build any of the blocks again.
    counts
        Rows of each partition.
    levels, classes
        Dictionaries merged in partition order: first-seen order over all rows.
    facts
        Sum of the partitions' facts.
    """

    plan: Plan
    encoder: Encoder
    counts: tuple[int, ...]
    levels: tuple[Levels, ...]
    classes: tuple[Any, ...]
    facts: Vector
    finisher: Finisher | None = None

    @cached_property
    def raw_key(self) -> str:
        """Names the raw blocks."""
        return digest("raw", self.plan, repr(self.encoder))

    @cached_property
    def key(self) -> str:
        """Names the finished blocks."""
        return digest("block", self.raw_key, repr(self.finisher))

    @property
    def rows(self) -> int:
        """Number of rows of the plan."""
        return sum(self.counts)

    def first_row(self, partition: int) -> int:
        """Global number of a partition's first row."""
        return sum(self.counts[:partition])

    def finished(self, finisher: Finisher) -> Blocks:
        """Return the same blocks brought to another final form; nothing is read again."""
        return replace(self, finisher=finisher)


Kernel = Callable[..., P]
"""``kernel(leaf, *arguments)`` -> what is added up over leaves; both must pickle."""


class Session(Protocol):
    """What a program may use, wherever it runs."""

    @property
    def executor(self) -> Executor:
        """The executor of plans where the program runs."""
        ...

    def place(self, plan: Plan, encoder: Encoder) -> Blocks:
        """Read the plan once and build its raw blocks."""
        ...

    def reduce(self, kernel: Kernel[P], blocks: Blocks, *arguments: object) -> P:
        """Add up ``kernel(leaf, *arguments)`` over all leaves in the fixed tree."""
        ...

    def fold(self, function: Callable[..., P], blocks: Blocks, *arguments: object) -> P:
        """Add up ``function(leaves, *arguments)`` over all partitions (at least one) in the tree.

        What it gives has a ``+`` that writes to neither; it is added where it is made, as far as
        neighbours are, so that what all partitions have in common travels a few times only.
        """
        ...

    def gather(
        self,
        function: Callable[..., R],
        blocks: Blocks,
        *arguments: object,
        vectors: Sequence[LookedAt] = (),
    ) -> list[R]:
        """Return what a function gives for each partition, in order; small results.

        Parameters
        ----------
        function
            Called as ``function(leaves, *vectors, *arguments)``.
        blocks
            Whose leaves it is given.
        arguments
            What every partition is given whole.
        vectors
            Of which it looks at some rows: no more needs to travel. Of one row is what is the same
            for all.
        """
        ...

    def exchange(self, blocks: Blocks, splitter: Splitter) -> Plan:
        """Cut each block into parts, and return the table whose partition j is all their parts j.

        In a partition the parts stand in the order of the blocks that they come from. They lie in
        files of the workers, and are cut again if a file is gone; with the program they end.
        """
        ...

    def release(self, blocks: Blocks) -> None:
        """Give back what blocks hold; whoever asks for one again has it built again."""
        ...

    def emit(self, event: Event) -> None:
        """Tell whoever listens."""
        ...

    def checkpoint(self, arrays: dict[str, Vector], record: dict[str, Any]) -> None:
        """Keep a state from which the program can go on (a no-op where nothing can die alone)."""
        ...


class Program(Protocol[T_co]):
    """An algorithm: a picklable value that runs against a session."""

    def __call__(self, session: Session) -> T_co:
        """Run to the end and return the (small) result."""
        ...


class Executor(Protocol):
    """Runs plans and programs somewhere."""

    def stream(self, plan: Plan, *, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the table's partitions in order; with `limit`, no more rows than that."""
        ...

    def write(self, plan: Plan, url: str, writer: Writer) -> None:
        """Write the table where the executor runs."""
        ...

    def persist(self, plan: Plan) -> Plan:
        """Compute the table once and return a plan that reads the kept result."""
        ...

    def run(self, program: Program[R], listener: Listener | None = None) -> R:
        """Run a program to its end; its events reach the listener as they are emitted."""
        ...


class Writer(Protocol):
    """Writes partitions under a URL; must pickle."""

    def part(self, url: str, index: int, frame: pl.DataFrame) -> Any:  # JSON record of the part
        """Write one partition and return its (small) record."""
        ...

    def finish(self, url: str, records: Sequence[Any]) -> None:
        """Make the whole visible under its final name."""
        ...

    def abandon(self, url: str) -> None:
        """Remove whatever was written so far."""
        ...


def collect(executor: Executor, plan: Plan, limit: int | None = None) -> pl.DataFrame:
    """Return the rows of a table as one frame."""
    import polars as pl

    return pl.concat(list(executor.stream(plan, limit=limit)))
