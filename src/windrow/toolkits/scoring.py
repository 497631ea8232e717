"""Predicting: what a fitted classifier says about each row, lazily or at once."""

from __future__ import annotations

import array
import numbers
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import (
    ArgumentTypeError,
    ColumnNotFoundError,
    FeatureTypeError,
    NoRowsError,
    OptionChoiceError,
)
from windrow.execution import environment
from windrow.execution.protocol import collect
from windrow.execution.values import series_from_values
from windrow.frames.construct import held
from windrow.frames.sframe import SFrame
from windrow.learn.elementary import sigmoid_array
from windrow.plan.compose import column, project
from windrow.plan.expressions import Expression, Literal, Operation, Score
from windrow.plan.types import DType

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from windrow.plan.tables import Plan
    from windrow.toolkits.predictor import LinearPredictor

__all__ = [
    "ACTIONS",
    "MarginScorer",
    "complete",
    "impute_by",
    "margin_of",
    "outcomes",
    "outcomes_of_rows",
    "plan_of",
    "rows_of",
]

ACTIONS = ("auto", "impute", "error")


def impute_by(action: str) -> bool:
    """Whether an action for missing values fills them; raises `OptionChoiceError`.

    >>> impute_by("auto"), impute_by("error")
    (True, False)
    """
    if action not in ACTIONS:
        raise OptionChoiceError("missing_value_action", action, ACTIONS)
    return action != "error"


@dataclass(frozen=True, eq=False)
class MarginScorer:
    """Scores columns by a linear predictor; see `Scorer`.

    Attributes
    ----------
    predictor
        Gives the margins.
    impute
        Whether missing values get a substitute.
    vector
        Whether the probabilities of both classes are given too.
    """

    predictor: LinearPredictor
    impute: bool
    vector: bool = False

    def __call__(self, columns: Mapping[str, pl.Series]) -> dict[str, NDArray[np.float64]]:
        """Give margin and probability of the second class, and if asked both probabilities."""
        rows = len(next(iter(columns.values())))
        margin = self.predictor.margins(columns, rows, impute=self.impute)
        probability = sigmoid_array(margin)
        found = {"margin": margin, "probability": probability}
        if self.vector:
            found["probability_vector"] = np.stack([1.0 - probability, probability], axis=1)
        return found


def margin_of(plan: Plan, scorer: MarginScorer) -> Expression:
    """Give the expression, over a complete table, of each row's margin."""
    return _scored(plan, scorer)["margin"]


def _scored(plan: Plan, scorer: MarginScorer) -> dict[str, Expression]:
    """Give an expression for each output of a scorer."""
    names = scorer.predictor.features
    payload, values = pickle.dumps(scorer), tuple(column(plan, name) for name in names)
    kinds = {
        "margin": DType.FLOAT,
        "probability": DType.FLOAT,
        "probability_vector": DType.ARRAY,
    }
    return {name: Score(payload, values, names, name, kind) for name, kind in kinds.items()}


def outcomes(
    plan: Plan, scorer: MarginScorer, classes: tuple[Any, ...], kind: DType
) -> dict[str, Expression]:
    """Give the expressions, over a complete table, of all that a classifier says about a row.

    ``margin``, ``probability`` and ``probability_vector`` are the scorer's; ``class`` is the second
    from the margin 0 on, and None where it is NaN; ``class_probability`` is that of the class.
    """
    scores = _scored(plan, scorer)
    margin, probability = scores["margin"], scores["probability"]
    first, second, unknown = (Literal(label, kind) for label in (*classes, None))
    leads = Operation("greater_equal", (margin, Literal(0.0, DType.FLOAT)))
    known = Operation("equal", (margin, margin))
    either = Operation("where", (leads, second, first))
    other = Operation("subtract", (Literal(1.0, DType.FLOAT), probability))
    return scores | {
        "class": Operation("where", (known, either, unknown)),
        "class_probability": Operation("where", (leads, probability, other)),
    }


def outcomes_of_rows(
    scorer: MarginScorer, columns: Mapping[str, pl.Series], classes: tuple[Any, ...]
) -> dict[str, list[Any]]:
    """Give the same for a few rows at once."""
    found = scorer(columns)
    margin, probability = found["margin"], found["probability"]
    leads = margin >= 0.0
    labels = [None if m != m else classes[int(m >= 0.0)] for m in margin.tolist()]  # noqa: PLR0124
    own = np.where(leads, probability, 1.0 - probability)
    outcome = {name: values.tolist() for name, values in found.items()}
    return outcome | {"class": labels, "class_probability": own.tolist()}


def complete(plan: Plan, predictor: LinearPredictor, *, impute: bool) -> Plan:
    """Check the features of a table, add those that are absent as missing, and transform them.

    Raises
    ------
    FeatureTypeError
        A column is a number where training had text, or the other way round.
    ColumnNotFoundError
        A feature is absent and missing values are refused.
    NoRowsError
        The table is known to have no rows.
    """
    if plan.rows == 0:
        raise NoRowsError("the table to predict for")
    absent = {}
    for name, kind in predictor.inputs.items():
        if name not in plan.schema:
            if not impute:
                raise ColumnNotFoundError(name, plan.schema.names)
            absent[name] = Literal(None, kind)
        elif plan.schema[name] is not kind and not (kind.is_number and plan.schema[name].is_number):
            raise FeatureTypeError(name, plan.schema[name].value, _wanted(kind))
    if absent:
        own = [(name, column(plan, name)) for name in plan.schema]
        plan = project(plan, [*own, *absent.items()])
    return _transformed(plan, predictor)


def _transformed(plan: Plan, predictor: LinearPredictor) -> Plan:
    learnt = predictor.transformer
    return plan if learnt is None else learnt.transform(SFrame.from_plan(plan)).plan


def _wanted(kind: DType) -> str:
    return "int or float" if kind.is_number else kind.value


def plan_of(dataset: object, predictor: LinearPredictor, *, impute: bool) -> Plan:
    """Return a complete table of a table, one dict or a list of dicts; see both for errors."""
    if isinstance(dataset, SFrame):
        return complete(dataset.plan, predictor, impute=impute)
    return held({n: (s, predictor.kind(n)) for n, s in rows_of(dataset, predictor).items()})


def rows_of(dataset: object, predictor: LinearPredictor) -> dict[str, pl.Series]:
    """Turn one dict or a list of dicts into columns.

    Raises
    ------
    ArgumentTypeError
        It is something else.
    FeatureTypeError
        A value is not of the type that training had.
    NoRowsError
        The list is empty.
    """
    rows = [dataset] if isinstance(dataset, Mapping) else dataset
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        wanted = "an SFrame, a dict, or a list of dicts"
        raise ArgumentTypeError("dataset", type(dataset).__name__, wanted)
    if not rows:
        raise NoRowsError("the list to predict for")
    columns = {}
    for name, kind in predictor.inputs.items():
        values = [row.get(name) for row in rows]
        for value in values:
            if value is not None and not isinstance(value, _OWN[kind]):
                raise FeatureTypeError(name, type(value).__name__, _wanted(kind))
        columns[name] = series_from_values(values, kind, name)[0]
    if predictor.transformer is None:
        return columns
    given = held({name: (own, predictor.inputs[name]) for name, own in columns.items()})
    found = collect(environment.local(), _transformed(given, predictor))
    return {name: found.get_column(name) for name in predictor.features}


_OWN: dict[DType, tuple[type, ...]] = {
    DType.FLOAT: (numbers.Real,),
    DType.STR: (str,),
    DType.LIST: (list, tuple),
    DType.DICT: (Mapping,),
    DType.ARRAY: (array.array, np.ndarray, list, tuple),
}
"""What a value of each type of feature may be."""
