"""Time windrow against Polars + scikit-learn: fresh processes, interleaved, medians.

    ./dev bench [--quick] [--rows N] [--rounds N]

A time is that of a whole process, interpreter start included, until the model is there; for the
import it is that of the statement. Beside every time stand the objective reached and the peak
memory; a faster model that fits worse has not won. Tables and compiled kernels are kept in a
scratch folder (BENCH_SCRATCH, by default windrow-bench in the temporary folder), never here.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
SCRATCH = Path(os.environ.get("BENCH_SCRATCH") or Path(tempfile.gettempdir()) / "windrow-bench")
MUSHROOM = HERE.parent / "examples" / "mushroom.csv"
TARGET = "label"
WIDTH = 20
SHOPS, ITEMS = 100, 3000
MIB = 2**20
WINDROW, SKLEARN, IMPORT = "windrow", "polars + scikit-learn", "import"


@dataclass
class Entry:
    """One contender on one file, and what its runs took."""

    task: str
    contender: str
    path: Path
    note: str = ""
    cold: bool = False  # an empty kernel cache for each run
    runs: list[dict[str, float]] = field(default_factory=list)

    def run(self) -> dict[str, float]:
        """Run once, in a process of its own, and give what it took."""
        with tempfile.TemporaryDirectory() as empty:
            environment = {**os.environ, "NUMBA_CACHE_DIR": str(SCRATCH / "kernels")}
            if self.cold:  # kernels that lie beside their sources would be used
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(HERE.parent / "src", Path(empty) / "src", ignore=ignored)
                environment |= {"NUMBA_CACHE_DIR": empty, "PYTHONPATH": str(Path(empty) / "src")}
            began = time.time()
            done = subprocess.run(
                [sys.executable, str(HERE / "contenders.py"), self.contender, str(self.path)],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        whole = result["ended"] - began
        return {**result, "seconds": result["inside"] if self.contender == IMPORT else whole}

    def cells(self, best: float) -> list[str]:
        """Say medians, the spread of the times, and how far the objective is from the best."""
        seconds = sorted(run["seconds"] for run in self.runs)
        objective = self.runs[-1]["objective"]
        fits = [] if math.isnan(objective) else [f"{objective:.8g}", f"{objective / best - 1:.1e}"]
        return [
            self.task,
            self.contender + (f", {self.note}" if self.note else ""),
            f"{statistics.median(seconds):.2f}",
            f"{seconds[0]:.2f}-{seconds[-1]:.2f}",
            f"{statistics.median(run['cpu'] for run in self.runs):.2f}",
            f"{statistics.median(run['peak'] for run in self.runs) / MIB:.0f}",
            *(fits or ["", ""]),
        ]


HEAD = ["task", "contender", "s", "min-max", "CPU s", "MiB", "objective", "over the best"]


def big_csv(rows: int) -> Path:
    """Make the first benchmark's table: 20 numbers, two str columns of 100 and 3000 categories."""
    import numpy as np
    import polars as pl

    path = SCRATCH / f"rows-{rows}-6.csv"
    if path.exists():
        return path
    print(f"making {path}", flush=True)
    draw = np.random.default_rng(1)
    numbers = draw.normal(size=(rows, WIDTH)) * np.linspace(0.5, 20.0, WIDTH)
    shop, item = draw.integers(0, SHOPS, rows), draw.integers(0, ITEMS, rows)
    margin = numbers @ (draw.normal(size=WIDTH) / np.linspace(0.5, 20.0, WIDTH) / 3)
    margin += draw.normal(size=SHOPS)[shop] + 0.5 * draw.normal(size=ITEMS)[item]
    label = draw.random(rows) < 1 / (1 + np.exp(-margin))
    frame = pl.DataFrame({f"x{j}": numbers[:, j] for j in range(WIDTH)}).with_columns(
        pl.Series("shop", shop).cast(pl.String).str.pad_start(3, "s"),
        pl.Series("item", item).cast(pl.String).str.pad_start(6, "i"),
        pl.Series(TARGET, label.astype(np.int8)),
    )
    unfinished = path.with_suffix(".part")
    frame.write_csv(unfinished, float_precision=6)
    unfinished.rename(path)
    return path


def table(entries: list[Entry]) -> list[str]:
    """Give the lines of the result, columns under each other."""
    best: dict[str, float] = {}
    for entry in entries:
        reached = min(run["objective"] for run in entry.runs)
        best[entry.task] = min(reached, best.get(entry.task, math.inf))
    rows = [HEAD, *(entry.cells(best[entry.task]) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if j < 2 else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def main() -> None:
    """Run every contender once a round, in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="200,000 rows, one round")
    options = parser.parse_args()
    rows, rounds = (200_000, 1) if options.quick else (options.rows, options.rounds)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    big = big_csv(rows)
    csv = f"CSV to model, {rows:,} rows, {big.stat().st_size / 1e6:.0f} MB"
    mushroom = "mushroom.csv to model"
    entries = [
        Entry(csv, WINDROW, big),
        Entry(csv, SKLEARN, big),
        Entry(mushroom, WINDROW, MUSHROOM),
        Entry(mushroom, WINDROW, MUSHROOM, "kernels compiled anew", cold=True),
        Entry(mushroom, SKLEARN, MUSHROOM),
        Entry("import windrow", IMPORT, MUSHROOM),
    ]
    Entry("warm up", WINDROW, MUSHROOM).run()  # fills the kernel cache of the others
    for _ in range(rounds):
        for entry in entries:
            entry.runs.append(entry.run())
            seconds = entry.runs[-1]["seconds"]
            print(f"  {entry.task}: {entry.contender} {entry.note}: {seconds:.2f} s", flush=True)
    print(f"\nmedians of {rounds} rounds of whole processes, {os.cpu_count()} cores")
    print("\n".join(table(entries)))


if __name__ == "__main__":
    main()
