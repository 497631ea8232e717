"""Time the linear models against their peers, each at a relative gap of 1e-6 to its optimum.

    python benchmarks/linear.py [--quick] [--rounds N] [--only WORD]

Every run is a process of its own, contenders take turns, and medians are compared. What a contender
stops at is its own affair, so each goes down a ladder of tolerances; counted is the first fit whose
objective, computed again in float64, lies within 1e-6 of the lowest that anyone reached. Fits are
timed with the rows in memory (of windrow: in its block store, where its first fit leaves them); the
line of windrow says too what the first fit took, reading Parquet included. From CSV, a time is that
of a whole process. A contender that is not installed is named and left out.

Objectives are sums over rows, for all contenders of a task the same but for the support vector
machine, where each has its own hinge, and the sparse one, where some penalise the intercept: there
each has its own optimum.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wide  # beside this file
from contenders import peak_bytes  # beside this file
from run import SCRATCH, TARGET, big_csv  # beside this file

GAP = 1e-6
OWN_OPTIMUM = {"svm", "sparse"}
"""Kinds of which each contender minimises something of its own."""
L2 = 0.5
MOST_BYTES = 1e9
"""What windrow may hold in memory from CSV to model."""


@dataclass(frozen=True)
class Task:
    """One comparison: what is fitted, on how many rows and columns, and how much faster to be."""

    name: str
    kind: str
    rows: int
    columns: int
    contenders: tuple[str, ...]
    goal: float


LOGISTIC = ("windrow", "scikit-learn lbfgs")
SVM = ("windrow", "liblinear")
LINEAR = ("windrow", "scikit-learn Ridge")
CSV = ("windrow", "H2O")
WIDE = ("windrow", "liblinear", "SnapML")
TASKS = (
    Task("dense logistic", "logistic", 1_000_000, 100, LOGISTIC, 0.1),
    Task("support vector machine", "svm", 1_000_000, 100, SVM, 0.1),
    Task("linear", "linear", 2_000_000, 50, LINEAR, 0.25),
    Task("CSV to model", "csv", 2_000_000, 22, CSV, 0.4),
    Task("sparse, 30 entries a row", "sparse", 1_000_000, 1_000_000, WIDE, 1.0),
)
NEEDS = {"H2O": "h2o", "SnapML": "snapml"}


@dataclass
class Runs:
    """What the processes of one contender said, round by round: fits of ever finer tolerance."""

    rounds: list[list[dict[str, float]]] = field(default_factory=list)

    def lowest(self) -> float:
        """Lowest objective of any fit."""
        return min(fit["objective"] for fits in self.rounds for fit in fits)

    def counted(self, best: float) -> list[dict[str, float]]:
        """Of each round the first fit that is near enough; none where there is none."""
        near = ([f for f in fits if f["objective"] <= best * (1 + GAP)] for fits in self.rounds)
        return [fits[0] for fits in near if fits]


def parquet(task: Task) -> Path:
    """Make a table of normal numbers, each pair correlated by a half, and a target of them."""
    import numpy as np
    import polars as pl

    path = SCRATCH / f"{task.kind}-{task.rows}-{task.columns}-correlated.parquet"
    if not path.exists():
        print(f"making {path}", flush=True)
        draw = np.random.default_rng(1)
        X = draw.normal(size=(task.rows, task.columns)) + draw.normal(size=(task.rows, 1))
        margin = X @ draw.normal(size=task.columns) * (1.0 / math.sqrt(task.columns))
        if task.kind == "linear":
            y = margin + draw.normal(size=task.rows)
        else:
            y = (draw.random(task.rows) < 1 / (1 + np.exp(-margin))).astype(np.int8)
        frame = pl.DataFrame({f"x{j}": X[:, j] for j in range(task.columns)})
        unfinished = path.with_suffix(".part")
        frame.with_columns(pl.Series(TARGET, y)).write_parquet(unfinished)
        unfinished.rename(path)
    return path


def objective(kind: str, X: Any, y: Any, weights: Any, *, squared_hinge: bool = False) -> float:
    """Compute what is minimised, in float64; the intercept comes first."""
    import numpy as np

    margin = X @ weights[1:] + weights[0]
    penalty = L2 * float(weights[1:] @ weights[1:])
    if kind == "linear":
        return float(((y - margin) ** 2).sum()) + penalty
    sign = 2.0 * y - 1.0
    if kind == "svm" and squared_hinge:  # liblinear penalises the intercept too
        hinge = np.maximum(1.0 - sign * margin, 0.0)
        return float((hinge * hinge).sum()) + penalty + L2 * float(weights[0] ** 2)
    if kind == "svm":
        return float(np.logaddexp(0.0, 30.0 * (1.0 - sign * margin)).sum() / 30.0) + penalty
    return float(np.logaddexp(0.0, -sign * margin).sum()) + penalty


def with_windrow(kind: str, path: str) -> list[dict[str, float]]:
    """Fit with windrow; the first fit reads, and is not counted."""
    import numpy as np
    import polars as pl

    import windrow as wr

    create, options = {
        "logistic": (wr.logistic_classifier.create, {"l2_penalty": L2}),
        "svm": (wr.svm_classifier.create, {"penalty": 0.5 / L2}),
        "linear": (wr.linear_regression.create, {"l2_penalty": L2}),
    }[kind]
    sf, fits = wr.SFrame(path), []
    rows = sf.num_rows()
    for share in (1e-3, 1e-3, 1e-4, 1e-6):
        began, spent = time.perf_counter(), time.process_time()
        model = create(
            sf,
            TARGET,
            validation_set=None,
            verbose=False,
            feature_rescaling=False,
            max_iterations=200,
            convergence_threshold=share * rows,
            **options,
        )
        took, cpu = time.perf_counter() - began, time.process_time() - spent
        fits.append({"seconds": took, "cpu": cpu, "weights": list(model.coefficients["value"])})
    frame = pl.read_parquet(path)
    X, y = frame.drop(TARGET).to_numpy(), frame[TARGET].to_numpy().astype(float)
    for fit in fits:
        fit["objective"] = objective(kind, X, y, np.array(fit.pop("weights")))
        fit["first"] = fits[0]["seconds"]
    return fits[1:]


def with_sklearn(kind: str, path: str) -> list[dict[str, float]]:
    """Fit with scikit-learn; of its SVM, liblinear does the work."""
    import numpy as np
    import polars as pl
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.svm import LinearSVC

    def model_of(tolerance: float) -> Any:
        if kind == "linear":
            return Ridge(alpha=L2)
        if kind == "svm":
            return LinearSVC(C=0.5 / L2, dual=False, tol=tolerance, max_iter=10_000)
        return LogisticRegression(C=0.5 / L2, tol=tolerance, max_iter=10_000)

    frame = pl.read_parquet(path)
    X, y = frame.drop(TARGET).to_numpy(), frame[TARGET].to_numpy().astype(float)
    fits = []
    for tolerance in {"linear": (0.0,), "svm": (1e-4, 1e-6)}.get(kind, (1e-3, 1e-4, 1e-6)):
        began, spent = time.perf_counter(), time.process_time()
        model = model_of(tolerance).fit(X, y)
        took, cpu = time.perf_counter() - began, time.process_time() - spent
        weights = np.concatenate([np.ravel(model.intercept_), np.ravel(model.coef_)])
        reached = objective(kind, X, y, weights, squared_hinge=True)
        fits.append({"seconds": took, "cpu": cpu, "objective": reached})
    return fits


def windrow_from_csv(path: str) -> list[dict[str, float]]:
    """Read and fit without a penalty, which leaves nothing to the coding of categories."""
    import windrow as wr

    model = wr.logistic_classifier.create(
        *(wr.SFrame(path), TARGET),
        l2_penalty=0.0,
        max_iterations=200,
        convergence_threshold=1.0,
        validation_set=None,
        verbose=False,
    )
    clocks = {"ended": time.time(), "cpu": time.process_time()}
    return [{**clocks, "objective": model.training_loss, "peak": peak_bytes()}]


def h2o_from_csv(path: str) -> list[dict[str, float]]:
    """Read and fit with H2O's GLM, its JVM's start included."""
    import h2o
    from h2o.estimators import H2OGeneralizedLinearEstimator

    h2o.init(nthreads=-1, max_mem_size="4g", verbose=False)
    h2o.no_progress()
    table = h2o.import_file(path)
    table[TARGET] = table[TARGET].asfactor()
    fits = []
    for epsilon in (1e-4, 1e-8):
        model = H2OGeneralizedLinearEstimator(
            family="binomial",
            solver="IRLSM",
            lambda_=0.0,
            objective_epsilon=epsilon,
            beta_epsilon=epsilon,
            max_iterations=200,
        )
        model.train(y=TARGET, training_frame=table)
        ended, reached = time.time(), model.logloss() * table.nrow
        fits.append({"ended": ended, "cpu": math.nan, "objective": reached})
    h2o.cluster().shutdown()
    return fits


def contend(contender: str, kind: str, path: str) -> list[dict[str, float]]:
    """Run one contender in this process."""
    if kind == "sparse":
        return wide.CONTENDERS[contender](path)
    if kind == "csv":
        return (windrow_from_csv if contender == "windrow" else h2o_from_csv)(path)
    return (with_windrow if contender == "windrow" else with_sklearn)(kind, path)


def run(contender: str, task: Task, path: Path) -> list[dict[str, float]]:
    """Run one contender in a process of its own."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, __file__, "--contend", contender, task.kind, str(path)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(SCRATCH / "kernels")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    fits: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return [{"seconds": fit["ended"] - began, **fit} if "ended" in fit else fit for fit in fits]


def missing(contender: str) -> str | None:
    """Say what a contender lacks."""
    module = NEEDS.get(contender)
    if module and importlib.util.find_spec(module) is None:
        return f"{module} is not installed (pip install {module})"
    return "there is no java" if module == "h2o" and shutil.which("java") is None else None


def made_for(task: Task) -> Path:
    """Return what a task reads; it is made where it is not there."""
    if task.kind == "sparse":
        return wide.wide_rows(task.rows, task.columns)
    return big_csv(task.rows) if task.kind == "csv" else parquet(task)


def compare(task: Task, rounds: int) -> list[str]:
    """Run a task's contenders in turn; say what came out."""
    lines = [f"{task.name}, {task.rows:,} x {task.columns}"]
    path = made_for(task)
    found: dict[str, Runs] = {}
    for contender in task.contenders:
        if lacking := missing(contender):
            lines.append(f"  {contender:<22} left out: {lacking}")
        else:
            found[contender] = Runs()
    for _ in range(rounds):
        for contender, runs in found.items():
            runs.rounds.append(run(contender, task, path))
    best = min(runs.lowest() for runs in found.values())
    median: dict[str, float] = {}
    for contender, runs in found.items():
        own = runs.lowest() if task.kind in OWN_OPTIMUM else best
        counted = runs.counted(own)
        if not counted:
            lines.append(f"  {contender:<22} never within {GAP:g}: {runs.lowest():.10g}")
            continue
        median[contender] = statistics.median(fit["seconds"] for fit in counted)
        cpu = statistics.median(fit["cpu"] for fit in counted)
        reached = counted[-1]["objective"]
        first = counted[-1].get("first")
        lines.append(
            f"  {contender:<22}{median[contender]:>9.3f} s {cpu:>9.2f} CPU s"
            f"   objective {reached:.10g}, over the best {reached / own - 1:.1e}"
            + (f"; first fit, reading included, {first:.2f} s" if first else "")
        )
        if peak := counted[-1].get("peak"):
            verdict = "holds" if peak <= MOST_BYTES else "MISSED"
            lines.append(
                f"  its memory {peak / 1e9:.2f} GB, at most {MOST_BYTES / 1e9:g}: {verdict}"
            )
    for other, seconds in median.items():
        if other != "windrow" and "windrow" in median:
            ratio = median["windrow"] / seconds
            verdict = "holds" if ratio <= task.goal else "MISSED"
            lines.append(f"  {ratio:.3f} times {other}, at most {task.goal:g}: {verdict}")
    return lines


def main() -> None:
    """Run every task and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rows, one round")
    parser.add_argument("--only", default="", help="tasks whose name has this word")
    parser.add_argument("--contend", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contend:
        print(json.dumps(contend(*options.contend)))
        return
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for task in TASKS:
        if options.only in task.name:
            rows = task.rows // 5 if options.quick else task.rows
            narrower = task.columns // 5 if options.quick and task.kind == "sparse" else None
            columns = narrower or task.columns
            fields = (task.name, task.kind, rows, columns, task.contenders, task.goal)
            print(*compare(Task(*fields), 1 if options.quick else options.rounds), sep="\n")


if __name__ == "__main__":
    main()
