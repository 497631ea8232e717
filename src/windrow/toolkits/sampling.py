"""A sample of a table's training rows: drawn once, kept as blocks of its own, equal everywhere.

Which rows are drawn follows from their numbers alone (a keyed hash), never from where they lie, so
that sorted tables are sampled as shuffled ones; and how many from the numbers of training rows and
coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from windrow.learn.hashing import uniform
from windrow.learn.leaf import TRAIN, Leaf
from windrow.learn.moments import Moments, Statistics
from windrow.learn.objective import Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from windrow.execution.protocol import RawBlock
    from windrow.learn.layout import Design
    from windrow.toolkits.features import FeatureFinisher
    from windrow.toolkits.prepare import Prepared

__all__ = ["SAMPLED_ROWS", "SampleFinisher", "sample_of", "share_of", "squares_of"]

SAMPLED_ROWS = 2**17
"""Fits of more training rows than this may begin on a sample."""
_LEAST_SHARE = 1 / 16
_PER_COEFFICIENT = 32
_MOST_ROWS = 2**20
_KEY = 0x77696E64  # any number: the sample has nothing to do with the split


def share_of(rows: int, coefficients: int) -> float:
    """Share of the training rows to draw: a sixteenth, or 32 rows a coefficient; 2^20 at most.

    Examples
    --------
    >>> share_of(1_600_000, 100), share_of(160_000, 500), share_of(2**30, 100)
    (0.0625, 0.1, 0.0009765625)
    """
    wanted = max(rows * _LEAST_SHARE, float(_PER_COEFFICIENT * coefficients))
    return min(wanted, float(_MOST_ROWS), float(rows)) / rows


@dataclass(frozen=True)
class SampleFinisher:
    """Brings a partition to its final form and keeps some of its training rows.

    Parameters
    ----------
    whole
        What finishes all rows.
    share
        Chance of a training row to be kept.
    """

    whole: FeatureFinisher
    share: float

    def __call__(self, raw: RawBlock, first_row: int) -> tuple[Leaf, ...]:
        """Finish one partition whose first row has this global number; a leaf each, some empty."""
        kept = []
        for leaf in self.whole(raw, first_row):
            kept.append(_chosen(leaf, first_row, self.share))
            first_row += leaf.rows
        return tuple(kept)


def _chosen(leaf: Leaf, first_row: int, share: float) -> Leaf:
    numbers = np.arange(first_row, first_row + leaf.rows, dtype=np.uint64)
    trains = leaf.role.reshape(-1)[: leaf.rows] == TRAIN
    return leaf.take(np.flatnonzero(trains & (uniform(_KEY, numbers) < share)))


def sample_of(data: Prepared, design: Design) -> Sample | None:
    """Draw a sample; None when it came out empty."""
    statistics = data.statistics
    share = share_of(statistics.n_train, design.size)
    blocks = data.parts[0].finished(SampleFinisher(data.finisher, share))

    def reduce(kernel: Callable[..., Any], /, *arguments: object) -> Any:
        return data.session.reduce(kernel, blocks, *arguments)

    moments = Moments(data.layout)
    drawn = Statistics.of(reduce(moments, data.means), moments, data.means)
    if not drawn.n_train:
        return None
    growth = statistics.n_train / drawn.n_train
    return Sample(
        reduce, growth, squares_of(statistics, design), growth * squares_of(drawn, design)
    )


def squares_of(statistics: Statistics, design: Design) -> NDArray[np.float64]:
    """Sum of squares (n,) of each rescaled column, of every margin."""
    rows, mean, variance = statistics.n_train, statistics.mean, statistics.variance
    whole = rows * mean * mean + (rows - 1) * variance
    return np.tile(whole[design.free] / (design.scale * design.scale), design.margins)
