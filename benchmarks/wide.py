"""Contenders of a wide sparse problem: a million rows with 30 of a million keys each.

The rows are a saved table with a column of dictionaries for windrow, and the same numbers in
compressed rows for the others. liblinear and SnapML penalise the intercept too, so that each has
its own optimum.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from run import SCRATCH, TARGET  # beside this file

L2 = 0.5
ENTRIES = 30
STEP = 1 << 16
PASSES = 400


def drawn(rows: int, entries: int, keys: int) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Draw rows, some at a time: as the engine holds dictionaries, target, places and values."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(1)
    weights, slices = draw.normal(size=keys), keys // entries
    for start in range(0, rows, STEP):
        count = min(rows - start, STEP)
        # Some of a wide range without repetition: one of each of as many slices.
        at = draw.integers(0, slices, (count, entries)) + np.arange(entries) * slices
        numbers = draw.normal(size=(count, entries)).round(3)
        margin = (weights[at] * numbers).sum(axis=1) + draw.normal(size=count)
        pairs = pl.DataFrame({"row": np.repeat(np.arange(count), entries), "key": at.ravel()})
        pairs = pairs.with_columns(
            pair=pl.format('["k{}",{}]', "key", pl.lit(pl.Series(numbers.ravel())))
        )
        joined = pairs.group_by("row", maintain_order=True).agg(pl.col("pair").str.join(","))
        text = joined.select(pl.format("[{}]", "pair")).to_series()
        yield text, (margin > 0.0).astype(np.int64), at, numbers


def wide_rows(rows: int, keys: int) -> Path:
    """Draw both forms of the rows, unless they are there, and return their folder."""
    import numpy as np
    import polars as pl
    from scipy import sparse

    import windrow as wr
    from windrow.frames.construct import held
    from windrow.plan.types import DType

    folder = SCRATCH / f"wide-{rows}-{keys}"
    if (folder / "rows.npz").exists():
        return folder
    print(f"making {folder}", flush=True)
    texts, targets, places, values = [], [], [], []
    for text, target, at, numbers in drawn(rows, ENTRIES, keys):
        texts.append(text)
        targets.append(target)
        places.append(at.astype(np.int32))
        values.append(numbers)
    target = np.concatenate(targets)
    columns = {"d": (pl.concat(texts), DType.DICT), TARGET: (pl.Series(target), DType.INT)}
    wr.SFrame.from_plan(held(columns)).save(str(folder / "table"))
    starts = np.arange(0, rows * ENTRIES + 1, ENTRIES, dtype=np.int64)
    matrix = sparse.csr_matrix(
        (np.concatenate(values).ravel(), np.concatenate(places).ravel(), starts), (rows, keys)
    )
    np.save(folder / "target.npy", target)
    sparse.save_npz(folder / "rows.npz", matrix, compressed=False)
    return folder


def read(folder: str) -> tuple[Any, Any]:
    """Return the compressed rows and the target."""
    import numpy as np
    from scipy import sparse

    return sparse.load_npz(f"{folder}/rows.npz"), np.load(f"{folder}/target.npy").astype(float)


def objective(X: Any, y: Any, weights: Any, *, intercept_too: bool) -> float:
    """Compute the logistic loss and the penalty; the intercept comes first."""
    import numpy as np

    margin = X @ weights[1:] + weights[0]
    penalised = weights if intercept_too else weights[1:]
    sign = 2.0 * y - 1.0
    loss = float(np.logaddexp(0.0, -sign * margin).sum())
    return loss + L2 * float(penalised @ penalised)


def with_windrow(folder: str) -> list[dict[str, float]]:
    """Fit with windrow; the first fit reads and encodes, and is not counted."""
    import numpy as np

    import windrow as wr

    sf, fits = wr.load_sframe(f"{folder}/table"), []
    rows = sf.num_rows()
    for share in (1e-5, 1e-5, 1e-6, 1e-7):
        began, spent = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = wr.logistic_classifier.create(
                *(sf, TARGET),
                l2_penalty=L2,
                validation_set=None,
                verbose=False,
                feature_rescaling=False,
                max_iterations=PASSES,
                convergence_threshold=share * rows,
            )
        took, cpu = time.perf_counter() - began, time.process_time() - spent
        fits.append({"seconds": took, "cpu": cpu, "model": model})
    X, y = read(folder)
    for fit in fits:
        model: Any = fit.pop("model")
        weights = np.zeros(X.shape[1] + 1)
        for index, value in zip(
            model.coefficients["index"], model.coefficients["value"], strict=True
        ):
            weights[0 if index is None else 1 + int(index[1:])] = value
        fit["objective"] = objective(X, y, weights, intercept_too=False)
        fit["first"] = fits[0]["seconds"]
    return fits[1:]


def with_liblinear(folder: str) -> list[dict[str, float]]:
    """Fit by scikit-learn with liblinear, trust region Newton."""
    from sklearn.linear_model import LogisticRegression

    given = {"C": 0.5 / L2, "solver": "liblinear", "max_iter": 1000}
    return ladder(folder, partial(LogisticRegression, **given), (1e-2, 1e-3, 1e-4))


def with_snapml(folder: str) -> list[dict[str, float]]:
    """Fit with SnapML, dual coordinate descent with two threads."""
    from snapml import LogisticRegression

    given = {"regularizer": 2 * L2, "fit_intercept": True, "max_iter": 1000, "n_jobs": 2}
    return ladder(folder, partial(LogisticRegression, **given), (1e-3, 1e-5, 1e-7))


def ladder(
    folder: str, model_of: Callable[..., Any], tolerances: Sequence[float]
) -> list[dict[str, float]]:
    """Fit a model of scikit-learn's kind at each tolerance."""
    import numpy as np

    X, y = read(folder)
    fits = []
    for tolerance in tolerances:
        model = model_of(tol=tolerance)
        began, spent = time.perf_counter(), time.process_time()
        model.fit(X, y)
        took, cpu = time.perf_counter() - began, time.process_time() - spent
        weights = np.concatenate([np.ravel(model.intercept_), np.ravel(model.coef_)])
        reached = objective(X, y, weights, intercept_too=True)
        fits.append({"seconds": took, "cpu": cpu, "objective": reached})
    return fits


CONTENDERS = {"windrow": with_windrow, "liblinear": with_liblinear, "SnapML": with_snapml}
