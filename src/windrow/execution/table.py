"""A table that is ready to be read, partition by partition, on any worker.

`Table.frame` walks the plan backwards to learn which columns of which partitions are wanted, then
forwards to compute them, so only wanted columns are ever read. It is a loop: chains may be long.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from windrow.execution import lower
from windrow.execution.join import joined
from windrow.execution.lower import Position
from windrow.execution.notes import note
from windrow.execution.spooled import Exchanged, Spooled
from windrow.io import memory, sources
from windrow.plan.node import topological
from windrow.plan.tables import Append, Filter, Join, Memory, Plan, Project, Scan, Slice, Zip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from windrow.execution.store import Store
    from windrow.plan.expressions import Expression
    from windrow.plan.node import Node
    from windrow.plan.sources import Extent, Piece

Part = tuple[str, int]
"""Key of a plan, and number of a partition of it."""
Wanted = dict[str, None]
"""Names of columns, as an ordered set."""


@dataclass(frozen=True)
class Demand:
    """What is wanted of one partition of a node.

    Attributes
    ----------
    columns
        Which columns.
    inputs
        The partitions that they are computed from.
    """

    columns: Wanted
    inputs: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A resolved plan: nothing in it needs more than one partition at a time.

    Attributes
    ----------
    plan
        Made of scans, memory, files of the workers, projections, filters, slices with known
        bounds, appends, zips of equal partitions, and joins whose right side is memory or files.
    pieces
        The partitions of each scan, by its key.
    counts
        Rows of each partition, of the plans in which positions matter.
    """

    plan: Plan
    pieces: Mapping[str, tuple[Piece, ...]]
    counts: Mapping[str, tuple[int, ...]]

    def __reduce__(self) -> tuple[type[Table], tuple[Any, ...]]:
        """Take along the facts of this plan alone: a driver's tables share all that it knows."""
        keys = [node.key for node in topological(self.plan)]
        facts = [{k: known[k] for k in keys if k in known} for known in (self.pieces, self.counts)]
        return Table, (self.plan, *facts)

    @property
    def partitions(self) -> int:
        """Number of partitions."""
        return self._partitions[self.plan.key]

    def extents(self) -> list[Extent | None]:
        """Say where the bytes are that each partition is read from; None where it is no file."""
        return self._extents(self.plan)

    def _extents(self, plan: Plan) -> list[Extent | None]:
        while not isinstance(plan, Scan | Append) and (inputs := _streamed(plan)):
            plan = inputs[0]
        match plan:
            case Scan():
                return [*sources.extents(plan, self.pieces[plan.key])]
            case Append():
                return [extent for table in plan.tables for extent in self._extents(table)]
            case _:
                return [None] * self._partitions[plan.key]

    def over(self, plan: Plan) -> Table:
        """Return the table of another plan with the same facts."""
        return Table(plan, self.pieces, self.counts)

    def frame(self, index: int, columns: Sequence[str], store: Store) -> pl.DataFrame:
        """Compute some columns (at least one) of one partition, in the asked order.

        An error says which partition it was, in a note.
        """
        with _noted(f"in partition {index} of {self.partitions}"):
            return self._frame(index, columns, store)

    def _frame(self, index: int, columns: Sequence[str], store: Store) -> pl.DataFrame:
        demands = self._demands(index, columns)
        uses = Counter(part for at in demands.values() for d in at.values() for part in d.inputs)
        frames: dict[Part, pl.DataFrame] = {}
        for node in self._order:
            for number, demand in demands.get(node.key, {}).items():
                inputs = [frames[part] for part in demand.inputs]
                wanted = tuple(demand.columns)
                frames[node.key, number] = self._compute(node, number, wanted, inputs, store)
                for part in demand.inputs:
                    uses[part] -= 1
                    if not uses[part]:
                        del frames[part]
        return frames[self.plan.key, index].select(columns)

    def rows(self, index: int, store: Store) -> int:
        """Count the rows of a partition, reading as little as possible."""
        plan = self.plan
        while isinstance(plan, Project):
            plan = plan.source
        if isinstance(plan, Memory | Spooled | Exchanged):
            return plan.counts[index]
        if isinstance(plan, Scan):
            return sources.count(plan, self.pieces[plan.key][index])
        return self.over(plan).frame(index, plan.schema.names[:1], store).height

    @cached_property
    def _order(self) -> list[Plan]:
        nodes: list[Node] = topological(self.plan)
        order = [node for node in nodes if isinstance(node, Plan)]
        reached = {self.plan.key}
        for node in reversed(order):
            if node.key in reached:
                reached.update(child.key for child in _streamed(node))
        return [node for node in order if node.key in reached]

    @cached_property
    def _partitions(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for node in self._order:
            match node:
                case Scan():
                    counts[node.key] = len(self.pieces[node.key])
                case Memory():
                    counts[node.key] = len(node.parts)
                case Spooled():
                    counts[node.key] = len(node.files)
                case Exchanged():
                    counts[node.key] = len(node.counts)
                case Append():
                    counts[node.key] = sum(counts[table.key] for table in node.tables)
                case _:
                    counts[node.key] = counts[_streamed(node)[0].key]
        return counts

    def _demands(self, index: int, columns: Sequence[str]) -> dict[str, dict[int, Demand]]:
        """Of each node, the partitions that one partition of the plan is made from."""
        demands = {self.plan.key: {index: Demand(dict.fromkeys(columns))}}
        for node in reversed(self._order):
            for number, demand in demands.get(node.key, {}).items():
                for source, at, names in self._inputs(node, number, demand.columns):
                    below = demands.setdefault(source.key, {}).setdefault(at, Demand({}))
                    below.columns.update(names or dict.fromkeys(source.schema.names[:1]))
                    demand.inputs.append((source.key, at))
        return demands

    def _inputs(
        self, node: Plan, number: int, wanted: Wanted
    ) -> Iterator[tuple[Plan, int, Wanted]]:
        """Yield the partitions, and their columns, that one partition of a node is made from."""
        match node:
            case Project():
                own = node.expressions()
                yield node.source, number, _reads(own[name] for name in wanted)
            case Filter():
                yield node.source, number, wanted | _reads([node.predicate])
            case Slice():
                rows = self._slice(node, number)
                if rows.start < rows.stop:
                    yield node.source, number, wanted
            case Append():
                yield (*self._appended(node, number), wanted)
            case Zip():
                for table in node.tables:
                    yield table, number, {name: None for name in wanted if name in table.schema}
            case Join():
                keys = dict.fromkeys(left for left, _ in node.on)
                yield node.left, number, {n: None for n in wanted if n in node.left.schema} | keys
            case _:
                return

    def _appended(self, node: Append, number: int) -> tuple[Plan, int]:
        """Return the table, and its partition, that a partition of an append is."""
        for table in node.tables:
            if number < self._partitions[table.key]:
                return table, number
            number -= self._partitions[table.key]
        raise IndexError(number)

    def _compute(
        self,
        node: Plan,
        number: int,
        wanted: tuple[str, ...],
        inputs: Sequence[pl.DataFrame],
        store: Store,
    ) -> pl.DataFrame:
        match node:
            case Scan():
                return read_piece(node, self.pieces[node.key][number], wanted)
            case Memory() | Spooled() | Exchanged():
                return _held(node, number, wanted, store)
            case Project():
                own = node.expressions()
                columns = [(name, own[name]) for name in wanted]
                position = self._position(node.source, number, store)
                return lower.evaluate(inputs[0], columns, position)
            case Filter():
                position = self._position(node.source, number, store)
                keep = lower.mask(inputs[0], node.predicate, position)
                return inputs[0].select(wanted).filter(keep)
            case Slice():
                if not inputs:
                    return memory.empty(node.schema).select(wanted)
                rows = self._slice(node, number)
                frame = inputs[0].select(wanted)[rows.start : rows.stop]
                return frame.gather_every(rows.step) if rows.step > 1 else frame
            case Append():
                return inputs[0]
            case Zip():
                return _side_by_side(inputs, wanted)
            case Join():
                right = store.broadcast(
                    ("frame", node.right.key), lambda: self._whole(node.right, store)
                )
                return joined(inputs[0], right, node, wanted)
            case _:
                raise TypeError(node)

    def _whole(self, plan: Plan, store: Store) -> pl.DataFrame:
        import polars as pl

        table = self.over(plan)
        names = plan.schema.names
        return pl.concat(
            [memory.empty(plan.schema)]
            + [table.frame(i, names, store) for i in range(table.partitions)]
        )

    def _position(self, plan: Plan, number: int, store: Store) -> Position:
        counts = self.counts.get(plan.key)
        if counts is not None:
            return Position(sum(counts[:number]), sum(counts))
        table = self.over(plan)
        return Position(before=lambda: sum(table.rows(i, store) for i in range(number)))

    def _slice(self, node: Slice, number: int) -> slice:
        """Rows of the source's partition that the slice keeps."""
        counts = self.counts[node.source.key]
        first = sum(counts[:number])
        start, stop, step = slice(node.start, node.stop, node.step).indices(sum(counts))
        begin = max(start, first)
        begin += -(begin - start) % step
        end = max(0, min(stop - first, counts[number]))
        return slice(min(begin - first, counts[number]), end, step)


@contextmanager
def _noted(where: str) -> Iterator[None]:
    """Add to an error where it happened; the innermost place says it."""
    try:
        yield
    except BaseException as error:
        notes = getattr(error, "__notes__", ())
        if not any(note.startswith("in partition ") for note in notes):
            error.add_note(where)
        raise


def _streamed(node: Plan) -> tuple[Plan, ...]:
    """Inputs that are read partition by partition (a join's right side is read whole)."""
    return (node.left,) if isinstance(node, Join) else node.inputs()


def _reads(expressions: Sequence[Expression] | Iterator[Expression]) -> Wanted:
    """Columns that expressions read, by name so that the order never depends on hashing."""
    return dict.fromkeys(sorted(frozenset[str]().union(*(e.reads for e in expressions))))


def _held(
    plan: Memory | Spooled | Exchanged, number: int, wanted: Sequence[str], store: Store
) -> pl.DataFrame:
    """Return rows that were computed before."""
    if isinstance(plan, Memory):
        return memory.part(plan, number, wanted)
    if isinstance(plan, Exchanged):
        return plan.files.across(store, number).select(wanted)
    return plan.files.part(store, number).select(wanted)


def _side_by_side(inputs: Sequence[pl.DataFrame], wanted: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    from windrow.errors import LengthMismatchError

    for frame in inputs[1:]:
        if frame.height != inputs[0].height:
            raise LengthMismatchError(inputs[0].height, frame.height)
    return pl.DataFrame({n: f.get_column(n) for f in inputs for n in f.columns}).select(wanted)


def read_piece(scan: Scan, piece: Piece, columns: Sequence[str]) -> pl.DataFrame:
    """Read a partition of files; rows that did not parse are noted."""
    read = sources.read(scan, piece, columns)
    if read.rejected.count:
        note({(scan.key, piece): read.rejected})
    return read.frame
