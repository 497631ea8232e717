"""From a plan to a table that can be read partition by partition.

What needs more than one partition at a time (group, sort, unique, top k, the right side of a join,
the number of rows before a row) is computed here, first, and stands in the table as memory, or
where it is large as files of the workers.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from windrow.errors import LengthMismatchError
from windrow.execution import group, order, shuffle
from windrow.execution.group_files import ReadPartial
from windrow.execution.shuffle import Shuffler
from windrow.execution.spooled import Exchanged, Spooled
from windrow.execution.table import Table
from windrow.execution.tasks import (
    Call,
    CountPartition,
    GroupPartition,
    ReadPartition,
    TopKPartition,
    UniquePartition,
)
from windrow.io import memory, sources
from windrow.learn.tree import tree_sum
from windrow.plan.compose import column, project, select
from windrow.plan.expressions import Expression, Literal
from windrow.plan.node import replace_children, topological
from windrow.plan.schema import Schema
from windrow.plan.sources import LEAF_ROWS, PARTITION_ROWS
from windrow.plan.tables import (
    Append,
    Filter,
    Group,
    Join,
    Memory,
    Plan,
    Project,
    Scan,
    Slice,
    Sort,
    TopK,
    Unique,
    Zip,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from windrow.execution.workers import Map
    from windrow.plan.node import Node
    from windrow.plan.sources import Extent, Piece

T = TypeVar("T")
R = TypeVar("R")
Run = "Callable[[Callable[[Store, T], R], Sequence[T]], Iterator[R]]"

KEPT = 32
"""Results of operations that are remembered."""


class Resolver:
    """Resolves plans by running tasks; remembers pieces, counts and recent results.

    Parameters
    ----------
    run
        Runs a task for each item on the workers and yields the results in order.
    forget
        Lets the workers remove files of some names.
    places
        Says where each of so many parts, read from these files, had better be read.
    """

    def __init__(
        self,
        run: Map,
        forget: Callable[[Sequence[str]], None],
        places: Callable[[str, int, Callable[[], list[Extent]]], Sequence[str | None]],
    ) -> None:
        self._run, self._forget, self._places = run, forget, places
        self._shuffler = Shuffler(run)
        self._pieces: dict[str, tuple[Piece, ...]] = {}
        self._counts: dict[str, tuple[int, ...]] = {}
        self._kept: OrderedDict[str, tuple[Plan, Sequence[str]]] = OrderedDict()

    def table(self, plan: Plan) -> Table:
        """Return the plan as a table, having computed what had to be."""
        made: dict[str, Plan] = {}
        for node in self._unresolved(plan, made):
            if isinstance(node, Plan) and node.key not in made:
                inputs = replace_children(node, lambda child: made.get(child.key, child))
                made[node.key] = self._resolve(inputs)
                recut = isinstance(node, Zip) and made[node.key] is not inputs
                if recut or isinstance(node, (Group, Sort, Unique, TopK, Join)):
                    self._remember(node.key, made[node.key])
        return self._table(made[plan.key])

    def rows(self, plan: Plan) -> int:
        """Return the number of rows of a plan."""
        return plan.rows if plan.rows is not None else sum(self.counts(self.table(plan)))

    def counts(self, table: Table) -> tuple[int, ...]:
        """Return the number of rows of each partition."""
        key = table.plan.key
        if key not in self._counts:
            self._counts[key] = self._count(table)
        return self._counts[key]

    def frames(self, table: Table) -> list[pl.DataFrame]:
        """Compute every partition."""
        return list(self._run(ReadPartition(table), range(table.partitions)))

    def frame(self, plan: Plan) -> pl.DataFrame:
        """Compute a whole plan."""
        return self._together(self.table(plan))

    def _together(self, table: Table) -> pl.DataFrame:
        import polars as pl

        return pl.concat([memory.empty(table.plan.schema), *self.frames(table)])

    def peek(self, plan: Plan, rows: int) -> pl.DataFrame | None:
        """Take the first rows of a file from its first bytes alone, where that is enough."""
        scan = plan.source if isinstance(plan, Project) else plan
        if not isinstance(scan, Scan) or rows > LEAF_ROWS:
            return None
        if not isinstance(plan, Project):
            return sources.peek(scan, rows)
        if any(expression.positional for _, expression in plan.columns):
            return None
        reads = {name for _, expression in plan.columns for name in expression.reads}
        wanted = [name for name in scan.schema if name in reads] or scan.schema.names[:1]
        found = sources.peek(scan, rows, wanted)
        if found is None:
            return None
        schema = Schema((name, scan.schema[name]) for name in found.columns)
        held = memory.from_frame(found, schema)
        return self.frame(replace_children(plan, lambda child: held if child is scan else child))

    def close(self) -> None:
        """Forget all results, and let the workers remove their files."""
        names = [name for _, made in self._kept.values() for name in made]
        self._kept.clear()
        if names := [*names, *self._shuffler.take_names()]:
            self._forget(names)

    def _unresolved(self, plan: Plan, made: dict[str, Plan]) -> list[Node]:
        """Nodes in order, those below a result that is at hand left out; such results are made."""
        order_ = topological(plan)
        needed = {plan.key}
        for node in reversed(order_):
            if node.key in needed:
                result = self._at_hand(node)
                if result is None:
                    needed.update(child.key for child in node.children())
                else:
                    made[node.key] = result
        return [node for node in order_ if node.key in needed]

    def _at_hand(self, node: Node) -> Plan | None:
        """Return a remembered result, or the head of a file."""
        if node.key in self._kept:
            self._kept.move_to_end(node.key)
            return self._kept[node.key][0]
        if isinstance(node, Slice) and (stop := _head(node)) is not None:
            found = self.peek(node.source, stop)
            if found is not None:
                held = memory.from_frame(found[node.start or 0 :: node.step], node.schema)
                self._remember(node.key, held)
                return held
        return None

    def _remember(self, key: str, plan: Plan) -> None:
        self._kept[key] = plan, self._shuffler.take_names()
        while len(self._kept) > KEPT:
            _, (_, names) = self._kept.popitem(last=False)
            if names:
                self._forget(names)

    def _table(self, plan: Plan) -> Table:
        return Table(plan, self._pieces, self._counts)

    def _resolve(self, node: Plan) -> Plan:
        """Return a plan of the kinds that `Table` reads; the inputs are such already."""
        match node:
            case Scan():
                if node.key not in self._pieces:
                    self._pieces[node.key] = tuple(self._cut(node))
            case Project() if any(expression.positional for _, expression in node.columns):
                self.counts(self._table(node.source))
            case Filter() if node.predicate.positional:
                self.counts(self._table(node.source))
            case Slice():
                return self._sliced(node)
            case Zip():
                return self._aligned(node)
            case Join():
                return self._joined(node)
            case Group() | Sort() | Unique() | TopK():
                return self._over_all_rows(node)
            case _:
                pass
        return node

    def _cut(self, scan: Scan) -> list[Piece]:
        """Cut files into pieces, looked at by those who have them."""

        def run(look: Callable[[T], R], parts: Sequence[T]) -> list[R]:
            where = self._places(scan.key, len(parts), lambda: sources.extents(scan, parts))
            return list(self._run(Call(look), parts, where))

        return sources.pieces(scan, run)

    def _over_all_rows(self, node: Group | Sort | Unique | TopK) -> Plan:
        """Compute an operation that sees all rows."""
        match node:
            case Group():
                return self._grouped(node)
            case Sort():
                return self._sorted(node)
            case Unique():
                return self._unique(node)
            case TopK():
                return self._extremes(node)

    def _filed(self, plan: Plan) -> Table:
        """Return a table that can be read twice: of a few partitions, or of files."""
        table = self._table(plan)
        few = table.partitions <= shuffle.AT_ONCE
        return table if few else self._table(self._shuffler.spooled(table))

    def _sorted(self, node: Sort) -> Plan:
        table = self._filed(node.source)
        if shuffle.is_large(table.plan):
            return self._shuffler.sort(table, node.by)
        return memory.from_frame(order.sort(self._together(table), node.by), node.schema)

    def _unique(self, node: Unique) -> Plan:
        import polars as pl

        table = self._table(node.source)
        nothing = memory.empty(node.schema)
        if table.partitions <= shuffle.AT_ONCE:
            parts = list(self._run(UniquePartition(table), range(table.partitions)))
        else:
            table = self._table(self._shuffler.distinct(table))
            if shuffle.is_large(table.plan):
                return self._shuffler.unique(table)
            parts = self.frames(table)
        return memory.from_frame(order.unique(pl.concat([nothing, *parts])), node.schema)

    def _grouped(self, node: Group) -> Plan:
        import polars as pl

        table = self._table(node.source)
        if not node.keys and {a.kind for a in node.aggregations} == {"count"}:
            rows = sum(self.counts(table))
            found = pl.DataFrame({a.output: [rows] for a in node.aggregations})
            return memory.from_frame(found, node.schema)
        if table.partitions <= shuffle.AT_ONCE or not node.keys:
            partials = self._partials(table, node)
        else:
            files = self._shuffler.partials(table, node)
            if files.nbytes > shuffle.DRIVER_BYTES:
                return self._shuffler.group(files, node)
            numbers = range(table.partitions)
            partials = list(self._run(ReadPartial(files, node), numbers, files.places))
        return memory.from_frame(group.final(tree_sum(partials), node), node.schema)

    def _partials(self, table: Table, node: Group) -> list[group.Partial]:
        if not table.partitions:
            return [group.partial(memory.empty(table.plan.schema), node)]
        return list(self._run(GroupPartition(table, node), range(table.partitions)))

    def _extremes(self, node: TopK) -> Plan:
        import polars as pl

        table = self._table(node.source)
        parts = list(self._run(TopKPartition(table, node), range(table.partitions)))
        together = pl.concat([memory.empty(node.schema), *parts])
        found = order.topk(together, node.column, node.count, smallest=node.smallest)
        return memory.from_frame(found, node.schema)

    def _count(self, table: Table) -> tuple[int, ...]:
        plan = table.plan
        match plan:
            case Memory() | Spooled() | Exchanged():
                return plan.counts
            case Project():
                return self.counts(self._table(plan.source))
            case Append():
                return sum((self.counts(self._table(t)) for t in plan.tables), ())
            case Zip():
                return self.counts(self._table(plan.tables[0]))
            case _:
                return tuple(self._run(CountPartition(table), range(table.partitions)))

    def _sliced(self, node: Slice) -> Plan:
        """A short prefix is taken at once, without counting what lies behind it."""
        stop = _head(node)
        if stop is not None and node.source.rows is None:
            head = self.prefix(self._table(node.source), stop)
            return memory.from_frame(head[node.start or 0 :: node.step], node.schema)
        self.counts(self._table(node.source))
        return node

    def prefix(self, table: Table, rows: int) -> pl.DataFrame:
        """Return the first rows of a table, computing no more partitions than it takes."""
        import polars as pl

        frames, found, at, ahead = [memory.empty(table.plan.schema)], 0, 0, 1
        while found < rows and at < table.partitions:
            numbers = range(at, min(at + ahead, table.partitions))
            for frame in self._run(ReadPartition(table), numbers):
                frames.append(frame)
                found += frame.height
            at, ahead = numbers.stop, 2 * ahead
        return pl.concat(frames).head(rows)

    def _aligned(self, node: Zip) -> Plan:
        """Cut every table of a zip where the first is cut."""
        counts = [self.counts(self._table(table)) for table in node.tables]
        for other in counts[1:]:
            if sum(other) != sum(counts[0]):
                raise LengthMismatchError(sum(counts[0]), sum(other))
        tables = [
            table if cut == counts[0] else self._recut(table, counts[0])
            for table, cut in zip(node.tables, counts, strict=True)
        ]
        return replace(node, tables=tuple(tables))

    def _recut(self, plan: Plan, counts: Sequence[int]) -> Plan:
        table = self._filed(plan)
        if shuffle.is_large(table.plan):
            return self._shuffler.recut(table, counts)
        return memory.from_frame(self._together(table), plan.schema, counts)

    def _joined(self, node: Join) -> Plan:
        """Bring the right side into memory; `right` and `outer` append what the left lacks."""
        keys = [right for _, right in node.on]
        needed = dict.fromkeys([*keys, *(old for old, _ in node.renamed)])
        right = self._shared(select(node.right, needed))
        kept = {"right": "inner", "outer": "left"}.get(node.how, node.how)
        main = self._matched(replace(node, right=right, how=kept))
        if kept == node.how:
            return main
        left_keys = self._resolve(Unique(select(node.left, [left for left, _ in node.on])))
        swapped = tuple((r, left) for left, r in node.on)
        rest = self._matched(Join(right, left_keys, swapped, "anti", ()))
        own: dict[str, Expression] = {left: column(rest, r) for left, r in node.on}
        own |= {new: column(rest, old) for old, new in node.renamed}
        columns = [(n, own.get(n) or Literal(None, dtype)) for n, dtype in node.schema.items()]
        return Append((main, project(rest, columns)))

    def _shared(self, plan: Plan) -> Memory | Spooled:
        """Compute a table that every worker may have to read whole."""
        table = self._filed(plan)
        if isinstance(table.plan, Spooled):
            return table.plan
        return memory.from_frame(self._together(table), plan.schema)

    def _matched(self, node: Join) -> Plan:
        """Leave a join to whoever reads it, unless its right side is too large to be had whole."""
        left, right = self._table(node.left), node.right
        if not isinstance(right, Spooled) or right.files.nbytes <= shuffle.BROADCAST_BYTES:
            return node
        return self._shuffler.join(left, self._table(right), node) if left.partitions else node


def _head(node: Slice) -> int | None:
    """Return how many first rows a slice is taken from, or None where that is no small number."""
    if (node.start or 0) < 0 or node.stop is None or not 0 <= node.stop <= PARTITION_ROWS:
        return None
    return node.stop
