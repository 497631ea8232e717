"""A program over blocks whose sums are not exact, so that its digest tells how they were added."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from windrow.execution.levels import Levels
from windrow.execution.protocol import Blocks, RawBlock, Session
from windrow.learn.leaf import LEAF, TRAIN, VALIDATION, Leaf
from windrow.progress import Notice

if TYPE_CHECKING:
    from windrow.plan.tables import Plan


@dataclass(frozen=True)
class Numbers:
    """Encodes number columns as they are, and one of texts by its levels."""

    numeric: tuple[str, ...]
    text: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.numeric, self.text)

    def __call__(self, frame: pl.DataFrame) -> RawBlock:
        levels = Levels.of(dict.fromkeys(frame[self.text]))
        codes = [levels.index(value) for value in frame[self.text]]
        numbers = [frame[name].fill_null(0.0).to_numpy() for name in self.numeric]
        leaves = [
            Leaf.pack(
                [column[start : start + LEAF] for column in numbers],
                [np.array(codes[start : start + LEAF], dtype=np.int32)],
                np.zeros(len(codes[start : start + LEAF])),
                np.full(len(codes[start : start + LEAF]), TRAIN, dtype=np.uint8),
            )
            for start in range(0, frame.height, LEAF)
        ]
        missing = frame.select(pl.col(self.numeric).null_count()).row(0)
        return RawBlock(tuple(leaves), (levels,), (), np.array(missing, dtype=np.float64))


@dataclass(frozen=True)
class EveryThird:
    """Holds out every third row of the table."""

    def __call__(self, raw: RawBlock, first_row: int) -> tuple[Leaf, ...]:
        leaves = []
        for number, leaf in enumerate(raw.leaves):
            start = first_row + number * LEAF
            role = leaf.role.copy().ravel()
            held_out = np.arange(start, start + leaf.rows) % 3 == 0
            role[: leaf.rows][held_out] = VALIDATION
            leaves.append(replace(leaf, role=role.reshape(leaf.role.shape)))
        return tuple(leaves)


@dataclass(frozen=True)
class Powers:
    """Sums of powers of the training rows' numbers, not exact on purpose."""

    degree: int

    def __call__(self, leaf: Leaf, scale: Any) -> Any:
        train = leaf.role == TRAIN
        sums = [
            np.add.accumulate((leaf.dense[:, j][train] * scale[j]) ** p)[-1]
            for j in range(leaf.dense.shape[1])
            for p in range(1, self.degree + 1)
        ]
        return np.array(sums)


def rows_held_out(leaves: tuple[Leaf, ...], weight: int) -> int:
    return weight * sum(int((leaf.role == VALIDATION).sum()) for leaf in leaves)


@dataclass(frozen=True)
class Report:
    """What a program of this test gives back."""

    counts: tuple[int, ...]
    levels: tuple[Any, ...]
    missing: tuple[float, ...]
    held_out: list[int]
    digest: str


@dataclass(frozen=True)
class Program:
    """Places a table, adds up over all rows and over two thirds of them, and tells of it."""

    plan: Plan
    encoder: Numbers

    def __call__(self, session: Session) -> Report:
        blocks = session.place(self.plan, self.encoder)
        every = self.sums(session, blocks)
        most = blocks.finished(EveryThird())
        sums = np.concatenate([every, self.sums(session, most)])
        session.checkpoint({"sums": sums}, {"rows": blocks.rows})
        held_out = session.gather(rows_held_out, most, 2)
        digest = hashlib.sha256(sums.tobytes()).hexdigest()
        facts = tuple(blocks.facts.tolist())
        return Report(blocks.counts, tuple(blocks.levels[0]), facts, held_out, digest)

    def sums(self, session: Session, blocks: Blocks) -> Any:
        sums = session.reduce(Powers(3), blocks, np.ones(len(self.encoder.numeric)))
        for _ in range(3):
            session.emit(Notice("a pass"))
            scale = 1 / np.sqrt(1 + np.abs(sums[::3])) + 0.1
            sums = session.reduce(Powers(3), blocks, scale)
        return sums


NUMBERS = Numbers(("a", "b"), "t")
