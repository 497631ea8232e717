"""Small tables as leaves, and the same rows as a plain matrix for oracles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from windrow.learn.hashing import uniform
from windrow.learn.layout import Design, Layout
from windrow.learn.leaf import TRAIN, VALIDATION, Leaf
from windrow.learn.losses import Loss
from windrow.learn.moments import Moments, Statistics, first_training_row
from windrow.learn.objective import Objective, Sample
from windrow.learn.tree import Partial, tree_sum

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

P = TypeVar("P", bound=Partial)


@dataclass(frozen=True)
class Table:
    """Rows cut into leaves, as a session holds them."""

    layout: Layout
    leaves: list[Leaf]
    matrix: NDArray[np.float64]  # (rows, layout.size): ones, numbers, indicators
    target: NDArray[np.float64]
    role: NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        dense: NDArray[np.float64],
        codes: NDArray[np.int64],
        target: NDArray[np.float64],
        role: NDArray[np.uint8] | None = None,
        *,
        levels: tuple[int, ...] = (),
        leaf: int = 1000,
    ) -> Table:
        """Take numbers (rows, d) and level numbers (rows, c)."""
        rows = len(target)
        roles = np.full(rows, TRAIN, np.uint8) if role is None else role
        layout = Layout(dense.shape[1], levels)
        places = [codes[:, j] + layout.offset(j) for j in range(len(levels))]
        matrix = np.zeros((rows, layout.size))
        matrix[:, 0] = 1.0
        matrix[:, 1 : 1 + layout.numeric] = dense
        for place in places:
            matrix[np.arange(rows), place] = 1.0
        leaves = [
            Leaf.pack(
                [column[s : s + leaf] for column in dense.T],
                [place[s : s + leaf].astype(np.int32) for place in places],
                target[s : s + leaf],
                roles[s : s + leaf],
            )
            for s in range(0, rows, leaf)
        ]
        return cls(layout, leaves, matrix, target, roles)

    @classmethod
    def random(
        cls,
        seed: int,
        rows: int,
        numeric: int,
        levels: tuple[int, ...] = (),
        *,
        loss: Loss = Loss.LOGISTIC,
        classes: int = 2,
        leaf: int = 1000,
    ) -> Table:
        """Draw a table in which the features say something about the target."""
        rng = np.random.default_rng(seed)
        dense = rng.normal(size=(rows, numeric)) * rng.uniform(0.5, 2.0, numeric) + 0.3
        codes = np.stack([rng.integers(0, k, rows) for k in levels], 1) if levels else None
        empty = np.zeros((rows, 0), np.int64)
        signal = dense @ rng.normal(size=numeric) + rng.normal(size=rows)
        target = signal if loss is Loss.SQUARED else (signal > 0.2).astype(float)
        if classes > 2:
            chances = dense @ rng.normal(size=(numeric, classes)) + rng.gumbel(size=(rows, classes))
            target = chances.argmax(axis=1).astype(float)
        role = rng.choice(np.array([TRAIN, TRAIN, VALIDATION], np.uint8), rows)
        role[0] = TRAIN
        return cls.of(
            dense, empty if codes is None else codes, target, role, levels=levels, leaf=leaf
        )

    @property
    def trains(self) -> NDArray[np.bool_]:
        trains: NDArray[np.bool_] = self.role == TRAIN
        return trains

    def reduce(self, kernel: Callable[..., P], /, *args: object) -> P:
        return tree_sum(kernel(leaf, *args) for leaf in self.leaves)

    def statistics(self, classes: int = 0) -> tuple[Statistics, NDArray[np.int32]]:
        first = next(row for row in map(first_training_row, self.leaves) if row is not None)
        kernel = Moments(self.layout, classes)
        partial = self.reduce(kernel, first.dense)
        return Statistics.of(partial, kernel, first.dense), first.codes

    def objective(
        self,
        loss: Loss = Loss.LOGISTIC,
        *,
        l2: float = 0.01,
        l1: float = 0.0,
        rescale: bool = True,
        class_weights: NDArray[np.float64] | None = None,
        margins: int = 1,
        share: float = 0.0,
    ) -> Objective:
        """Give what is minimised; with a share, a sample of so many of the training rows."""
        design = Design.of(*self.statistics(), rescale=rescale, margins=margins)
        sample = self.sample(design, share) if share else None
        return Objective(
            *(self.reduce, design, loss), l2=l2, l1=l1, class_weights=class_weights, sample=sample
        )

    def sample(self, design: Design, share: float) -> Sample:
        chosen = (uniform(1, np.arange(len(self.role), dtype=np.uint64)) < share) & self.trains
        starts = np.cumsum([0, *(leaf.rows for leaf in self.leaves)])
        drawn = replace(
            self,
            leaves=[
                leaf.take(np.flatnonzero(chosen[start : start + leaf.rows]))
                for leaf, start in zip(self.leaves, starts, strict=False)
            ],
        )
        growth = int(self.trains.sum()) / int(chosen.sum())
        columns = self.matrix[:, design.free] / design.scale
        squares = (columns[self.trains] ** 2).sum(axis=0)
        seen = growth * (columns[chosen] ** 2).sum(axis=0)
        return Sample(
            drawn.reduce, growth, np.tile(squares, design.margins), np.tile(seen, design.margins)
        )
