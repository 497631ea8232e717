"""A session without an executor: frames in a list, one thread, the tree added up as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.execution.levels import Levels
from windrow.execution.protocol import Blocks, RawBlock
from windrow.learn.tree import tree_sum
from windrow.plan.expressions import Column
from windrow.plan.node import digest
from windrow.plan.tables import Memory, Plan, Project
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.execution.excerpts import LookedAt
    from windrow.learn.leaf import Leaf
    from windrow.progress import Event

_DTYPES = {pl.Int64: DType.INT, pl.Float64: DType.FLOAT, pl.String: DType.STR}


@dataclass
class PlainSession:
    """Places tables made by `table`; keeps the events and checkpoints of its program."""

    events: list[Event] = field(default_factory=list)
    checkpoints: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    raw: dict[str, list[RawBlock]] = field(default_factory=dict)
    finished: dict[str, list[tuple[Leaf, ...]]] = field(default_factory=dict)

    def place(self, plan: Plan, encoder: Any) -> Blocks:
        parts = [encoder(frame.select(encoder.columns)) for frame in frames_of(plan)]
        self.raw[digest("raw", plan, repr(encoder))] = parts
        return Blocks(
            plan,
            encoder,
            tuple(part.rows for part in parts),
            tuple(
                Levels.merged([part.levels[j] for part in parts])
                for j in range(len(parts[0].levels))
            ),
            _merged([part.classes for part in parts]),
            tree_sum([part.facts for part in parts]),
        )

    def leaves(self, blocks: Blocks) -> list[tuple[Leaf, ...]]:
        raw = self.raw[blocks.raw_key]
        if blocks.finisher is None:
            return [part.leaves for part in raw]
        if blocks.key not in self.finished:
            self.finished[blocks.key] = [
                blocks.finisher(part, blocks.first_row(index)) for index, part in enumerate(raw)
            ]
        return self.finished[blocks.key]

    def reduce(self, kernel: Any, blocks: Blocks, *arguments: object) -> Any:
        return tree_sum(
            tree_sum([kernel(leaf, *arguments) for leaf in leaves]) if leaves else None
            for leaves in self.leaves(blocks)
        )

    def gather(
        self,
        function: Any,
        blocks: Blocks,
        *arguments: object,
        vectors: Sequence[LookedAt] = (),
    ) -> list[Any]:
        values = [vector.values for vector in vectors]
        return [function(leaves, *values, *arguments) for leaves in self.leaves(blocks)]

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def checkpoint(self, arrays: dict[str, Any], record: dict[str, Any]) -> None:
        self.checkpoints.append((arrays, record))


def table(*parts: pl.DataFrame) -> Memory:
    """A plan of frames of int, float and str columns, a partition each."""
    columns = tuple((n, _DTYPES[type(t)]) for n, t in parts[0].schema.items())
    streams = tuple(part.write_ipc_stream(None).getvalue() for part in parts)
    return Memory(streams, tuple(part.height for part in parts), columns)


def frames_of(plan: Plan) -> list[pl.DataFrame]:
    """The partitions of a `table`, or of some of its columns."""
    if isinstance(plan, Project) and all(isinstance(e, Column) for _, e in plan.columns):
        names = {name: e.name for name, e in plan.columns if isinstance(e, Column)}
        return [
            frame.select(pl.col(old).alias(new) for new, old in names.items())
            for frame in frames_of(plan.source)
        ]
    assert isinstance(plan, Memory)
    return [pl.read_ipc_stream(part) for part in plan.parts]


def _merged(parts: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(level for part in parts for level in part))
