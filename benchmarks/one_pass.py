"""What one pass of the logistic loss over dense rows reads a second, beside a plain read of them.

    python benchmarks/one_pass.py [--rows N] [--columns N] [--rounds N]

The plain read adds the same numbers up, in both threads, with nothing to multiply and no order to
keep; the pass gives loss and gradient, in the fixed order. They take turns; the best of each
counts.
The goal is half of the plain read.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import polars as pl

from windrow.config import settings
from windrow.execution.local import LocalExecutor
from windrow.io import memory
from windrow.learn.kernels import Gradient
from windrow.learn.losses import Loss
from windrow.toolkits.features import FeatureEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.learn.leaf import Leaf

GOAL = 0.5


@numba.njit(fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def added_up(numbers: NDArray[np.float64]) -> float:
    """Add numbers up in any order, as fast as they come."""
    total = 0.0
    for number in numbers:
        total += number
    return total


@dataclass(frozen=True)
class Held:
    """Keeps the leaves that it is called with."""

    leaves: list[Any]

    def __call__(self, leaf: Leaf) -> NDArray[np.float64]:
        self.leaves.append(leaf)
        return np.zeros(1)


@dataclass(frozen=True)
class Passes:
    """Times passes and plain reads of the same leaves, in turns."""

    frame: pl.DataFrame
    rounds: int

    def __call__(self, session: Session) -> tuple[int, float, float]:
        encoder = FeatureEncoder(tuple(self.frame.columns[1:]), (), "y", classes=False)
        rows = self.frame.height
        parts = [rows // 16] * 15 + [rows - 15 * (rows // 16)]
        blocks = session.place(memory.from_frame(self.frame, None, parts), encoder)
        layout = encoder.layout([])
        weights, ones = np.full(layout.size, 0.01), np.ones(2)
        held = Held([])
        session.reduce(held, blocks)
        arrays = [leaf.dense.reshape(-1) for leaf in held.leaves]
        kernel = Gradient(Loss.LOGISTIC, layout)

        def read() -> None:
            with ThreadPoolExecutor(settings().threads) as pool:
                list(pool.map(added_up, arrays))

        def own() -> None:
            session.reduce(kernel, blocks, weights, ones)

        own(), read()
        taken = [(seconds(own), seconds(read)) for _ in range(self.rounds)]
        passes, reads = zip(*taken, strict=True)
        return sum(array.nbytes for array in arrays), min(passes), min(reads)


def seconds(work: Callable[[], None]) -> float:
    """Give what it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    draw = np.random.default_rng(1)
    columns = {"y": draw.integers(0, 2, options.rows)}
    columns |= {f"x{j}": draw.normal(size=options.rows) for j in range(options.columns)}
    size, own, read = LocalExecutor().run(Passes(pl.DataFrame(columns), options.rounds))
    verdict = "holds" if read / own >= GOAL else "MISSED"
    print(f"one dense pass, {options.rows:,} x {options.columns}, {size / 1e6:.0f} MB")
    print(f"  loss and gradient {size / own / 1e9:.1f} GB/s", end="; ")
    print(f"a plain read {size / read / 1e9:.1f} GB/s")
    print(f"  {read / own:.2f} of it, at least {GOAL:g}: {verdict}")


if __name__ == "__main__":
    main()
