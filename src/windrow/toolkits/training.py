"""From the arguments of ``create`` to a fitted model: what every linear model checks and runs."""

from __future__ import annotations

from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    NoFeaturesError,
    OptionChoiceError,
    SchemaMismatchError,
    UnsupportedTargetError,
)
from windrow.execution import environment
from windrow.frames.sframe import SFrame
from windrow.learn.narrow import PRECISIONS
from windrow.plan.compose import filtered
from windrow.plan.expressions import Literal, Operation, RowCount, RowNumber
from windrow.plan.types import DType
from windrow.progress import listening
from windrow.toolkits.feature_engineering import create as fit_transformer
from windrow.toolkits.features import FeatureEncoder
from windrow.toolkits.fit import Fit, Fitted, Method
from windrow.toolkits.linear_model import Task
from windrow.toolkits.resuming import Checkpointing
from windrow.toolkits.scoring import impute_by
from windrow.toolkits.tables import require_table, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from windrow.plan.schema import Schema
    from windrow.toolkits.transformers import Transformer

__all__ = ["Trained", "described", "imputes", "train"]


@dataclass(frozen=True, eq=False)
class Trained:
    """The parts of a new model: the task, what was found, the validation rows."""

    task: Task
    fitted: Fitted
    validation: SFrame


def imputes(missing_value_action: str) -> bool:
    """Whether a missing number becomes its training mean while training: only when asked for.

    Raises
    ------
    OptionChoiceError
        It is no action.

    Examples
    --------
    >>> imputes("auto"), imputes("impute")
    (False, True)
    """
    return impute_by(missing_value_action) and missing_value_action != "auto"


def train(
    dataset: object,
    target: str,
    features: Sequence[str] | None,
    *,
    method: Method,
    options: Mapping[str, Any],
    validation_set: object,
    row_weights: object,
    precision: str,
    transformer: Transformer | Sequence[Transformer] | None,
    verbose: bool,
    target_types: tuple[DType, ...] = (DType.INT, DType.STR),
    checkpoints: Checkpointing | None = None,
) -> Trained:
    """Check what a user gave, then run the fit where the current executor runs.

    Parameters
    ----------
    dataset, target, features, validation_set, row_weights, precision, transformer, verbose
        As the user gave them to ``create``.
    method
        What to minimise, and how; its split seed is used when `validation_set` is ``auto``.
    options
        The options as the model's fields will show them.
    target_types
        Types that the target may have.
    checkpoints
        Where they are kept, and from which the fit goes on.
    """
    table = require_table("dataset", dataset)
    schema = table.plan.schema
    if schema[target] not in target_types:
        wanted = " or ".join(kind.value for kind in target_types)
        raise UnsupportedTargetError(target, schema[target].value, wanted)
    weight = _weight(schema, target, row_weights)
    if precision not in PRECISIONS:
        raise OptionChoiceError("precision", precision, PRECISIONS)
    validation = _validation(validation_set, schema)
    whole, learnt = table, None
    if transformer is not None:
        others = [name for name in schema if name not in {target, weight}]
        learnt = fit_transformer(table[others], deepcopy(transformer))
        table = learnt.transform(table)
        schema = table.plan.schema
    chosen = _features(schema, target, features, weight)
    classes = DType.FLOAT not in target_types
    encoder = FeatureEncoder.of(
        schema, chosen, target, classes=classes, weight=weight, precision=precision
    )
    if validation_set is None or validation is not None:
        method = method.without_split()
    checking = None
    if validation is not None:
        checking = (validation if learnt is None else learnt.transform(validation)).plan
    fit = Fit(table.plan, encoder, method, checking, checkpoints or Checkpointing())
    types = tuple((name, schema[name].value) for name in (*chosen, target))
    task = Task(target, chosen, types, dict(options))
    if _only_described.get():
        raise _DescribedError(fit, task)
    with listening(verbose=verbose) as listener:
        fitted = environment.current().run(fit, listener)
    if learnt is not None:
        predictor = replace(fitted.predictor, transformer=learnt)
        fitted = replace(fitted, predictor=predictor)
    if validation is None:
        validation = _split_off(whole, method, fitted)
    return Trained(task, fitted, validation)


_only_described: ContextVar[bool] = ContextVar("only_described", default=False)


class _DescribedError(Exception):
    """Ends a ``create`` whose fit was asked for, and not its model."""

    def __init__(self, fit: Fit, task: Task) -> None:
        super().__init__(fit, task)
        self.fit, self.task = fit, task


def described(
    create: Callable[..., object], dataset: object, parameters: Mapping[str, Any]
) -> tuple[Fit, Task] | None:
    """Give what a ``create`` would run, its arguments checked by itself; nothing is run.

    Returns
    -------
    tuple of Fit and Task, or None
        None when the function is none that comes here: it has then been called.
    """
    token = _only_described.set(True)
    try:
        create(dataset, **parameters)
    except _DescribedError as found:
        return found.fit, found.task
    finally:
        _only_described.reset(token)
    return None


def _weight(schema: Schema, target: str, row_weights: object) -> str | None:
    """Check the column of row weights."""
    if row_weights is None:
        return None
    if not isinstance(row_weights, str):
        raise ArgumentTypeError("row_weights", type(row_weights).__name__, "the name of a column")
    if row_weights == target:
        raise ArgumentError("row_weights", target, "a column other than the target")
    if not schema[row_weights].is_number:
        kind = schema[row_weights].value
        raise ArgumentError("row_weights", row_weights, f"an int or float column, not {kind}")
    return row_weights


def _features(
    schema: Schema, target: str, features: Sequence[str] | None, weight: str | None
) -> tuple[str, ...]:
    """Give the features in the order of the table."""
    if isinstance(features, str):
        raise ArgumentTypeError("features", "str", "a list of column names")
    others = [name for name in schema if name not in {target, weight}]
    wanted = others if features is None else list(features)
    for name in wanted:
        schema[name]
    if target in wanted:
        raise ArgumentError("features", target, "columns other than the target")
    if weight in wanted:
        raise ArgumentError("features", str(weight), "columns other than that of row_weights")
    if not wanted:
        raise NoFeaturesError(target)
    return tuple(name for name in schema if name in set(wanted))


def _validation(validation_set: object, schema: Schema) -> SFrame | None:
    """Check a validation table: it has every column of the training table, with its type."""
    if validation_set is None:
        return None
    if isinstance(validation_set, str):
        if validation_set != "auto":
            raise OptionChoiceError("validation_set", validation_set, ("auto", "None", "an SFrame"))
        return None
    table = require_table("validation_set", validation_set)
    other = table.plan.schema
    for name, kind in schema.items():
        if name not in other:
            raise SchemaMismatchError(
                "the validation set must have the columns of the training table",
                f"column {name!r} is missing",
            )
        if other[name] is not kind:
            raise SchemaMismatchError(
                "the validation set must have the types of the training table",
                f"column {name!r} is {other[name].value} and not {kind.value}",
            )
    return table


def _split_off(table: SFrame, method: Method, fitted: Fitted) -> SFrame:
    """Return the rows that an automatic split kept for validation."""
    if fitted.validation is None:
        return table_of({})
    seed = (("seed", method.split_seed),)
    place = Operation("row_permutation", (RowNumber(), RowCount()), seed)
    kept = Operation("greater_equal", (place, Literal(fitted.rows, DType.INT)))
    return SFrame.from_plan(filtered(table.plan, kept))
