"""Operations over all rows of large tables: rows go from worker to worker, not through the driver.

Each is a few passes over files (`windrow.execution.spooled`). A pass reads files of the one before
by partition or by part, its results are files again, and the numbers of rows are compared. What is
large, and into how much it is cut, follows from the data alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.errors import ShuffleLostRowsError
from windrow.execution.group_files import GroupBucket, GroupRows, SplitGroups
from windrow.execution.hashed import (
    DistinctRows,
    JoinBucket,
    RestoreOrder,
    SplitRows,
    UniqueBucket,
)
from windrow.execution.ranges import MergeRange, SampleKeys, SplitRanges, ends_of
from windrow.execution.spooled import Files, KeepFile, PartitionRows, RecutRows, Spooled
from windrow.plan.node import digest
from windrow.plan.sources import PARTITION_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.execution.spooled import Recipe
    from windrow.execution.table import Table
    from windrow.execution.workers import Map
    from windrow.plan.tables import Group, Join, Plan

AT_ONCE = 4
"""Partitions that a driver takes without asking how large they are."""
DRIVER_BYTES = 64 << 20
"""Bytes of a table up to which an operation over all rows is computed by the driver."""
BROADCAST_BYTES = 256 << 20
"""Bytes of the right side of a join up to which every worker takes all of it."""
BUCKET_BYTES = 64 << 20
"""Bytes of a table that meet in one bucket, about."""
RANGE_ROWS = PARTITION_ROWS
"""Rows of a range of a sorted table, about."""
MOST_PARTS = 1024
"""Parts that a file is cut into at most; beyond that they are larger."""
SAMPLES = 256
"""Rows drawn for each range: the ranges then differ by a few percent."""


def is_large(plan: Plan) -> bool:
    """Whether a table had better not pass through the driver."""
    return isinstance(plan, Spooled) and plan.files.nbytes > DRIVER_BYTES


class Shuffler:
    """Runs the passes.

    Parameters
    ----------
    run
        `Driver.map`.
    """

    def __init__(self, run: Map) -> None:
        self._run = run
        self._made: list[str] = []

    def take_names(self) -> tuple[str, ...]:
        """Return, and forget, the names of the files made since the last call."""
        names, self._made = tuple(self._made), []
        return names

    def spooled(self, table: Table) -> Spooled:
        """Compute a table once into files of the workers."""
        files = self._files(digest("rows", table.plan), PartitionRows(table), table.partitions)
        return self._spooled(files, table.plan)

    def sort(self, table: Table, by: tuple[tuple[str, bool], ...]) -> Spooled:
        """Sort a spooled table."""
        source = _files_of(table)
        ranges = _parts(source.rows, RANGE_ROWS)
        sample = SampleKeys(table, by, SAMPLES * ranges / max(1, source.rows))
        numbers, places = range(table.partitions), source.places
        begins = ends_of(list(self._run(sample, numbers, places)), by, ranges)
        name = digest("ranges", source, by, ranges, sample.rate)
        split = self._files(name, SplitRanges(table, by, begins), table.partitions, places)
        _compare("splitting a table into ranges", source.rows, split.rows)
        merged = self._files(digest("sorted", name), MergeRange(split, by), begins.height + 1)
        _compare("sorting a table", source.rows, merged.rows)
        return self._spooled(merged, table.plan)

    def recut(self, table: Table, counts: Sequence[int]) -> Spooled:
        """Cut a spooled table into partitions of other sizes."""
        source = _files_of(table)
        before = tuple(sum(filed.rows) for filed in source.filed)
        recipe = RecutRows(table, before, tuple(counts))
        cut = self._files(digest("recut", source, recipe.after), recipe, len(counts))
        _compare("cutting a table anew", source.rows, cut.rows)
        return self._spooled(cut, table.plan)

    def distinct(self, table: Table) -> Spooled:
        """Compute the distinct rows of each partition, once, into files."""
        name = digest("distinct", table.plan)
        return self._spooled(self._files(name, DistinctRows(table), table.partitions), table.plan)

    def unique(self, table: Table) -> Spooled:
        """Keep the first of each set of equal rows of a spooled table."""
        source = _files_of(table)
        buckets = _parts(source.nbytes, BUCKET_BYTES)
        split = self._split(table, table.plan.schema.names, buckets)
        name = digest("unique", split)
        found = self._files(name, UniqueBucket(split), buckets)
        return self._restored(found, len(split), table.plan)

    def join(self, left: Table, right: Table, join: Join) -> Spooled:
        """Join a table with a spooled one; the result is cut where the left table is."""
        size = _parts(_files_of(right).nbytes, BUCKET_BYTES)
        buckets = min(max(size, left.partitions), MOST_PARTS)
        ours = self._split(left, [name for name, _ in join.on], buckets)
        theirs = self._split(right, [name for _, name in join.on], buckets)
        name = digest("join", ours, theirs, join.how, join.on, join.renamed)
        found = self._files(name, JoinBucket(ours, theirs, join), buckets)
        return self._restored(found, left.partitions, join)

    def partials(self, table: Table, plan: Group) -> Files:
        """Aggregate each partition, once, into files."""
        name = digest("partials", table.plan, plan.keys, plan.aggregations)
        return self._files(name, GroupRows(table, plan), table.partitions)

    def group(self, partials: Files, plan: Group) -> Spooled:
        """Merge the aggregates of all partitions."""
        buckets = _parts(partials.nbytes, BUCKET_BYTES)
        name = digest("buckets", partials, buckets)
        recipe = SplitGroups(partials, plan, buckets)
        split = self._files(name, recipe, len(partials), partials.places)
        _compare("splitting groups by their keys", partials.rows, split.rows)
        found = self._files(digest("groups", name), GroupBucket(split, plan), buckets)
        return self._restored(found, len(partials), plan)

    def _split(self, table: Table, keys: Sequence[str], buckets: int) -> Files:
        """Cut the partitions of a table by the hash of some columns."""
        plan, places = table.plan, None
        if isinstance(plan, Spooled):
            places = plan.files.places
        name = digest("split", plan, keys, buckets)
        recipe = SplitRows(table, tuple(keys), buckets)
        split = self._files(name, recipe, table.partitions, places)
        if plan.rows is not None:
            _compare("splitting a table by its keys", plan.rows, split.rows)
        return split

    def _restored(self, found: Files, partitions: int, plan: Plan) -> Spooled:
        """Bring what was found in the buckets back into order."""
        restored = self._files(digest("order", found), RestoreOrder(found), partitions)
        _compare("bringing rows back into order", found.rows, restored.rows)
        return self._spooled(restored, plan)

    @staticmethod
    def _spooled(files: Files, plan: Plan) -> Spooled:
        return Spooled(files, plan.schema.items())

    def _files(
        self, name: str, recipe: Recipe, count: int, places: Sequence[str | None] | None = None
    ) -> Files:
        self._made.append(name)
        return Files(name, recipe, self._run(KeepFile(name, recipe), range(count), places))


def _parts(size: int, each: int) -> int:
    return min(max(1, -(-size // each)), MOST_PARTS)


def _files_of(table: Table) -> Files:
    if not isinstance(table.plan, Spooled):
        raise TypeError(table.plan)
    return table.plan.files


def _compare(operation: str, expected: int, got: int) -> None:
    if expected != got:
        raise ShuffleLostRowsError(operation, expected, got)
