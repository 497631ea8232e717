"""Predicting one of more than two classes: the likeliest of each row, or that of any rank."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.execution.values import series_from_values
from windrow.learn import softmax
from windrow.plan.compose import column, project
from windrow.plan.expressions import Expression, Literal, RowNumber, Score
from windrow.plan.tables import Append, Sort
from windrow.plan.types import DType
from windrow.toolkits.tables import label_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray

    from windrow.plan.tables import Plan
    from windrow.toolkits.predictor import LinearPredictor

__all__ = ["ClassScorer", "outcomes", "outcomes_of_rows", "top_rows"]


@dataclass(frozen=True, eq=False)
class ClassScorer:
    """Scores columns by a margin for each class but the first, whose margin is 0; see `Scorer`.

    Attributes
    ----------
    predictor
        Gives the margins.
    classes
        In order.
    impute
        Whether missing values get a substitute.
    rank
        Which class to tell of: 0 is the likeliest; of equals the first in order comes first.
    vector
        Whether the probabilities of all classes are given too.
    """

    predictor: LinearPredictor
    classes: tuple[Any, ...]
    impute: bool
    rank: int = 0
    vector: bool = False

    def __call__(self, columns: Mapping[str, pl.Series]) -> dict[str, pl.Series | NDArray[Any]]:
        """Give the class, its margin and its probability, and if asked all probabilities."""
        import polars as pl

        rows = len(next(iter(columns.values())))
        margins = self.predictor.margins(columns, rows, impute=self.impute)
        probability = softmax.probabilities(margins)
        codes = self._codes(margins)
        at = np.arange(rows)
        own = np.concatenate([np.zeros((1, rows)), margins])[codes, at]
        unknown = np.isnan(probability[0])  # as all others are
        names, _ = series_from_values(list(self.classes), label_type(self.classes))
        found: dict[str, pl.Series | NDArray[Any]] = {
            "class": names.gather(pl.Series(codes)).set(pl.Series(unknown), None),
            "class_margin": np.where(unknown, np.nan, own),
            "class_probability": probability[codes, at],
        }
        if self.vector:
            found["probability_vector"] = probability.T
        return found

    def _codes(self, margins: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class of the rank, of each row."""
        if self.rank == 0:
            return softmax.leaders(margins)
        falling = np.concatenate([np.zeros((1, margins.shape[1])), -margins])
        order = np.argsort(falling, axis=0, kind="stable")
        return np.asarray(order[self.rank], dtype=np.int64)


def outcomes(plan: Plan, scorer: ClassScorer) -> dict[str, Expression]:
    """Give the expressions, over a complete table, of what is said about a row.

    ``class``, ``class_probability`` and ``class_margin`` are those of the scorer's rank, None or
    NaN where a feature is NaN.
    """
    names = scorer.predictor.features
    payload, values = pickle.dumps(scorer), tuple(column(plan, name) for name in names)
    kinds = {
        "class": label_type(scorer.classes),
        "class_probability": DType.FLOAT,
        "class_margin": DType.FLOAT,
        "probability_vector": DType.ARRAY,
    }
    return {name: Score(payload, values, names, name, kind) for name, kind in kinds.items()}


def outcomes_of_rows(scorer: ClassScorer, columns: Mapping[str, pl.Series]) -> dict[str, list[Any]]:
    """Give the same for a few rows at once."""
    return {
        name: values.tolist() if isinstance(values, np.ndarray) else values.to_list()
        for name, values in scorer(columns).items()
    }


def top_rows(plan: Plan, scorer: ClassScorer, output: str, k: int) -> Plan:
    """Give id, class and output of the k likeliest classes of each row, likeliest first.

    Parameters
    ----------
    plan
        A complete table.
    scorer
        Of any rank.
    output
        ``probability``, ``margin`` or ``rank``.
    k
        At most the number of classes.
    """
    ranked = Append(tuple(_ranked(plan, replace(scorer, rank=rank), output) for rank in range(k)))
    ordered = Sort(ranked, (("id", True), ("rank", True)))
    return project(ordered, [(name, column(ordered, name)) for name in ("id", "class", output)])


def _ranked(plan: Plan, scorer: ClassScorer, output: str) -> Plan:
    """Give for each row the class of one rank."""
    found = outcomes(plan, scorer)
    columns: list[tuple[str, Expression]] = [
        ("id", RowNumber()),
        ("class", found["class"]),
        ("rank", Literal(scorer.rank, DType.INT)),
    ]
    columns += [(output, found[f"class_{output}"])] if output != "rank" else []
    return project(plan, columns)
