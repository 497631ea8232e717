"""A wide sparse problem: rows of a dictionary column with few of a million keys, by lbfgs.

    python benchmarks/sparse.py [ROWS] [ENTRIES A ROW] [KEYS] [ITERATIONS]

Prints what encoding and fitting take, the bytes of the encoded rows, and the peak of the process.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings

import polars as pl
from wide import drawn  # beside this file

import windrow as wr
from windrow.frames.construct import held
from windrow.plan.types import DType
from windrow.toolkits.columns import entries_of_dicts


def main(rows: int, entries: int, keys: int, iterations: int) -> None:
    """Encode a piece of the column alone, then fit on all of it."""
    parts = [(text, pl.Series(target)) for text, target, _, _ in drawn(rows, entries, keys)]
    texts, target = (pl.concat(column) for column in zip(*parts, strict=True))
    piece = texts[: 1 << 16]
    began = time.perf_counter()
    found = entries_of_dicts(piece)
    print(f"{texts.estimated_size() / 1e6:.0f} MB of text in {rows} rows")
    print(f"encoding {len(piece)} rows, {found.rows.places.size} entries, in one thread: ", end="")
    print(f"{time.perf_counter() - began:.2f} s")
    table = wr.SFrame.from_plan(held({"d": (texts, DType.DICT), "y": (target, DType.INT)}))
    del texts, target
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = wr.logistic_classifier.create(
            table,
            "y",
            solver="lbfgs",
            l2_penalty=1.0,
            convergence_threshold=1e-2,
            max_iterations=iterations,
            validation_set=None,
            verbose=False,
        )
    seconds = [float(row["Elapsed Time"]) for row in model.progress]
    passes = [int(row["Passes"]) for row in model.progress]
    each = (seconds[-1] - seconds[0]) / max(passes[-1] - passes[0], 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{model.num_coefficients} coefficients, {model.training_solver_status}")
    print(f"until the first pass {seconds[0]:.1f} s; {passes[-1]} passes, {each:.3f} s each")
    print(f"in all {time.perf_counter() - began:.1f} s; loss {model.training_loss:.6f}")
    print(f"peak of the process {peak:.0f} MiB")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [200_000, 30, 200_000, 30][len(given) :]))
