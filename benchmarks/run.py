"""Time windrow against Polars + scikit-learn: fresh processes, interleaved, medians.

    ./dev bench [--rows N] [--rounds N]

Beside every time stand the objective reached and the peak memory; a faster model that fits worse
has not won. Generated data is kept in benchmarks/data.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
MUSHROOM = HERE.parent / "examples" / "mushroom.csv"
WIDTH = 20
MIB = 2**20
TARGET = "label"


@dataclass
class Entry:
    """One contender on one file, and what its runs took."""

    label: str
    contender: str
    path: Path
    cold: bool = False  # an empty kernel cache for each run
    runs: list[dict[str, float]] = field(default_factory=list)

    def run(self) -> None:
        """Run once, in a process of its own."""
        with tempfile.TemporaryDirectory() as empty:
            environment = dict(os.environ)
            if self.cold:
                environment["NUMBA_CACHE_DIR"] = empty
            done = subprocess.run(
                [sys.executable, str(HERE / "contenders.py"), self.contender, str(self.path)],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        self.runs.append(json.loads(done.stdout.splitlines()[-1]))

    def row(self) -> str:
        """Say medians, the spread of the times, and the objective."""
        seconds = sorted(run["seconds"] for run in self.runs)
        peak = statistics.median(run["peak"] for run in self.runs) / MIB
        objective = self.runs[-1]["objective"]
        spread = f"[{seconds[0]:.2f}, {seconds[-1]:.2f}]"
        return (
            f"{self.label:<54} {statistics.median(seconds):>7.2f} s  {spread:<16}"
            f"{peak:>7.0f} MiB  objective {objective:.6g}"
        )


def big_csv(rows: int) -> Path:
    """Make the first benchmark's table: 20 numbers, two str columns of 100 and 3000 categories."""
    import numpy as np
    import polars as pl

    path = HERE / "data" / f"rows-{rows}.csv"
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    draw = np.random.default_rng(1)
    numbers = draw.normal(size=(rows, WIDTH)) * np.linspace(0.5, 20.0, WIDTH)
    shop, item = draw.integers(0, 100, rows), draw.integers(0, 3000, rows)
    margin = numbers @ (draw.normal(size=WIDTH) / np.linspace(0.5, 20.0, WIDTH) / 3)
    margin += draw.normal(size=100)[shop] + 0.5 * draw.normal(size=3000)[item]
    label = draw.random(rows) < 1 / (1 + np.exp(-margin))
    frame = pl.DataFrame({f"x{j}": numbers[:, j] for j in range(WIDTH)}).with_columns(
        pl.Series("shop", shop).cast(pl.String).str.pad_start(3, "s"),
        pl.Series("item", item).cast(pl.String).str.pad_start(6, "i"),
        pl.Series(TARGET, label.astype(np.int8)),
    )
    unfinished = path.with_suffix(".part")
    frame.write_csv(unfinished)
    unfinished.rename(path)
    return path


def main() -> None:
    """Run every contender once a round, in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    big = big_csv(options.rows)
    size = f"{options.rows:,} rows, {big.stat().st_size / 1e6:.0f} MB"
    entries = [
        Entry(f"CSV to model ({size}): windrow", "windrow", big),
        Entry("  polars + scikit-learn", "polars + scikit-learn", big),
        Entry("mushroom.csv, whole process: windrow", "windrow", MUSHROOM),
        Entry("  windrow, kernels not cached", "windrow", MUSHROOM, cold=True),
        Entry("  polars + scikit-learn", "polars + scikit-learn", MUSHROOM),
        Entry("import windrow", "import", MUSHROOM),
    ]
    for _ in range(options.rounds):
        for entry in entries:
            entry.run()
            print(f"  {entry.label}: {entry.runs[-1]['seconds']:.2f} s", flush=True)
    print(f"\nmedians of {options.rounds} rounds, {os.cpu_count()} cores")
    for entry in entries:
        print(entry.row())


if __name__ == "__main__":
    main()
