"""Tables whose partitions are files of the workers: what is known of them, and how to rebuild one.

`Files` is what a driver holds and tasks carry: for each partition where its file lies and how many
rows its parts have, and one recipe for all. A part is read from this worker's own scratch, else
fetched from the worker that has it, else built here from the recipe: a host that dies takes nothing
along but time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windrow.errors import DamagedScratchError, ShuffleLostRowsError
from windrow.io import memory
from windrow.plan.schema import Schema
from windrow.plan.tables import Plan

if TYPE_CHECKING:
    import polars as pl

    from windrow.execution.spool import Filed
    from windrow.execution.store import Store
    from windrow.execution.table import Table
    from windrow.plan.types import DType

__all__ = ["Exchanged", "Files", "KeepFile", "PartitionRows", "Recipe", "RecutRows", "Spooled"]

Recipe = Callable[["Store", int], Iterable["pl.DataFrame"]]
"""Gives the parts of a partition's file; must pickle, and give the same rows every time."""


class Files:
    """Files of one name, one for each partition.

    Parameters
    ----------
    name : str
        Digest of all that their content follows from.
    recipe : Recipe
        Builds any of them.
    filed : sequence of Filed
        What is known of each.
    """

    def __init__(self, name: str, recipe: Recipe, filed: Iterable[Filed]) -> None:
        self.name, self.recipe, self.filed = name, recipe, tuple(filed)

    def __repr__(self) -> str:  # stands for the content in digests of plans
        return f"Files({self.name!r})"

    def __len__(self) -> int:
        return len(self.filed)

    @property
    def nbytes(self) -> int:
        """Size of all files."""
        return sum(filed.nbytes for filed in self.filed)

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(sum(filed.rows) for filed in self.filed)

    @property
    def places(self) -> list[str | None]:
        """Where each file lies, as `Workers.map` takes it."""
        return [filed.address or None for filed in self.filed]

    def part(self, store: Store, index: int, part: int = 0) -> pl.DataFrame:
        """Read one part of one file.

        Raises
        ------
        ShuffleLostRowsError
            It does not have the rows that it had when it was made: a user's function or a source
            gave something else the second time.
        DamagedScratchError
            What was written to this worker's scratch cannot be read back.
        """
        key, filed = (self.name, index), self.filed[index]
        data = store.spool.find(filed.address, key, part)
        if data is None:
            store.spool.keep(key, lambda: self.recipe(store, index))
            data = store.spool.own(key, part)
        if data is None:
            raise DamagedScratchError(index)
        frame = memory.unpacked(data)
        if frame.height != filed.rows[part]:
            raise ShuffleLostRowsError("rebuilding a partition", filed.rows[part], frame.height)
        return frame

    def across(self, store: Store, part: int) -> pl.DataFrame:
        """Read one part of every file, one after the other."""
        import polars as pl

        some = [i for i, filed in enumerate(self.filed) if filed.rows[part]] or [0]
        return pl.concat([self.part(store, index, part) for index in some], rechunk=True)


@dataclass(frozen=True, eq=False, repr=False)
class Spooled(Plan):
    """Rows that lie in files of the workers, one part a file; made by drivers alone."""

    files: Files
    columns: tuple[tuple[str, DType], ...]

    def _schema(self) -> Schema:
        return Schema(self.columns)

    def _rows(self) -> int:
        return sum(self.counts)

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each partition."""
        return tuple(filed.rows[0] for filed in self.files.filed)


@dataclass(frozen=True, eq=False, repr=False)
class Exchanged(Plan):
    """Rows whose partition j is part j of every file of the workers, one after the other."""

    files: Files
    columns: tuple[tuple[str, DType], ...]

    def _schema(self) -> Schema:
        return Schema(self.columns)

    def _rows(self) -> int:
        return self.files.rows

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows of each partition."""
        return tuple(map(sum, zip(*(filed.rows for filed in self.files.filed), strict=True)))


@dataclass(frozen=True)
class KeepFile:
    """The task that makes a file where it runs."""

    name: str
    recipe: Recipe

    def __call__(self, store: Store, index: int) -> Filed:
        """Do it."""
        return store.spool.keep((self.name, index), lambda: self.recipe(store, index))


@dataclass(frozen=True)
class PartitionRows:
    """The recipe that computes a partition of a table, as one part."""

    table: Table

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        yield self.table.frame(index, self.table.plan.schema.names, store)


@dataclass(frozen=True)
class RecutRows:
    """The recipe that cuts a table at other rows.

    Attributes
    ----------
    before, after
        Rows of each partition of the table, and of the result.
    """

    table: Table
    before: tuple[int, ...]
    after: tuple[int, ...]

    def __call__(self, store: Store, index: int) -> Iterator[pl.DataFrame]:
        """Do it."""
        names, found = self.table.plan.schema.names, memory.empty(self.table.plan.schema)
        start = sum(self.after[:index])
        stop = start + self.after[index]
        first = 0
        for number, count in enumerate(self.before):
            last = first + count
            if max(start, first) < min(stop, last):
                rows = self.table.frame(number, names, store)
                found.vstack(rows[max(start, first) - first : stop - first], in_place=True)
            first = last
        yield found
