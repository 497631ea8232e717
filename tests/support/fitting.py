"""One table that has everything a fit must take, fits of it, and their digests.

As a program it prints the digests of a table, for processes whose environment differs:
``python -m tests.support.fitting TABLE PARTITION_BYTES``.
"""

from __future__ import annotations

import array
import hashlib
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import windrow as gl
from windrow.plan.tables import Scan

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 300_000
PARTITION = 3_000_000
"""Bytes: three partitions, the first two of two leaves each."""
LOGISTIC = ("training_loss", "training_log_loss", "validation_auc")
LINEAR = ("training_loss", "training_max_error", "validation_max_error", "validation_rmse")
FITS: dict[str, tuple[str, str, tuple[str, ...], dict[str, Any]]] = {
    "newton": ("logistic_classifier", "y", LOGISTIC, {"solver": "newton"}),
    "lbfgs": (
        "logistic_classifier",
        "y",
        LOGISTIC,
        {"solver": "lbfgs", "max_iterations": 40, "convergence_threshold": 1.0},
    ),
    "fista": (
        "linear_regression",
        "k",
        LINEAR,
        {"l1_penalty": 9.0, "convergence_threshold": 0.3, "max_iterations": 40},
    ),
    "regression": ("linear_regression", "k", LINEAR, {}),
    "svm": (
        "svm_classifier",
        "y",
        ("training_loss", "validation_loss"),
        {"convergence_threshold": 5e3},
    ),
    "three classes": (
        "logistic_classifier",
        "third",
        LOGISTIC,
        {"features": ["a", "b", "s", "t"]},
    ),
    "every kind": (
        "logistic_classifier",
        "y",
        LOGISTIC,
        {"features": ["d", "l", "v"], "row_weights": "weight", "solver": "newton"},
    ),
}
"""Toolkit, target, what is measured, options: few passes each. The last two begin on a sample."""


def write_table(path: Path) -> None:
    """Numbers, two kinds of text, gaps in both, and a target of two texts."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=ROWS).round(3), draw.normal(3, 10, size=ROWS).round(2)
    k, s, t = (draw.integers(0, levels, ROWS) for levels in (50, 40, 6))
    margin = a - 0.1 * b + 0.2 * (k % 7) + 0.1 * (s % 5) - 1 + draw.normal(size=ROWS)
    row = pl.int_range(ROWS)
    frame = pl.DataFrame({"a": a, "b": b, "k": k, "s": s, "t": t, "y": margin > 0})
    frame.select(
        "a",
        pl.when(row % 17 != 3).then("b"),
        "k",
        pl.format("s{}", "s"),
        pl.when(row % 13 != 3).then(pl.format("t{}", "t")).alias("t"),
        pl.when("y").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("y"),
    ).write_csv(path)


def cut(table: gl.SFrame, partition_bytes: int) -> gl.SFrame:
    """The same table of a file in smaller partitions, so that a small file has several."""
    plan = table.plan
    assert isinstance(plan, Scan)
    return gl.SFrame.from_plan(replace(plan, partition_bytes=partition_bytes))


def kinds(table: gl.SFrame) -> gl.SFrame:
    """A tenth of the rows, with dictionaries, lists and vectors, some with gaps, and weights."""
    few = table[table["k"] < 5]
    for name in ("a", "b", "s", "t"):
        few = few.add_column(few[name], f"{name} again")
    few = few.pack_columns(["a again", "b again"], dtype=dict, new_column_name="d")
    few = few.pack_columns(["s again", "t again"], dtype=list, new_column_name="l")
    few = few.add_column(few["k"].apply(lambda k: [k / 3, float(k % 2)], dtype=array.array), "v")
    return few.add_column(few["k"] / 4, "weight")


def digests(table: gl.SFrame, only: str | None = None) -> dict[str, str]:
    """SHA-256 of all that each fit found: coefficients, errors, measures, predictions, scores.

    `only` names the toolkit whose fits are wanted; by default it is all of them.
    """
    found = {}
    third, packed = table.add_column(table["k"] // 20, "third"), kinds(table)
    for name, (toolkit, target, measures, options) in FITS.items():
        if only not in {None, toolkit}:
            continue
        rows = {"three classes": third, "every kind": packed}.get(name, table)
        create = getattr(gl, toolkit).create
        model = create(rows, target, missing_value_action="impute", verbose=False, **options)
        state = hashlib.sha256()
        coefficients = model.coefficients
        state.update(repr(list(coefficients)).encode())  # Python writes every bit of a float
        numbers = [model[field] for field in measures]
        state.update(np.array(numbers).tobytes())
        shown = "probability_vector" if target == "third" else "margin"
        kind = {"output_type": shown} if model.OUTPUTS else {}
        predicted = model.predict(rows, **kind)
        state.update(predicted.to_numpy().tobytes())
        if target == "third":
            again = gl.evaluation.auc(rows[target], predicted, average=None)
            state.update(repr((model.evaluate(rows, "auc"), again)).encode())
        if name == "regression":
            again = [
                getattr(gl.evaluation, m)(rows[target], predicted) for m in ("rmse", "max_error")
            ]
            state.update(np.array(again).tobytes())
        found[name] = state.hexdigest()
    return found | {"cross-validation": scores(table)}


def scores(table: gl.SFrame) -> str:
    """SHA-256 of what two folds and a path of two penalties say."""
    parameters: dict[str, Any] = {"target": "k", "features": ["a", "b", "t"]}
    parameters |= {"l2_penalty": [1.0, 1e4], "missing_value_action": "impute", "verbose": False}
    folds = gl.cross_validation.KFold(table, 2, seed=1)
    found = gl.cross_validation.cross_val_score(folds, gl.linear_regression.create, parameters)
    return hashlib.sha256(repr(list(found)).encode()).hexdigest()


if __name__ == "__main__":
    url, size = sys.argv[1:]
    print(json.dumps(digests(cut(gl.SFrame(url), int(size)))))
