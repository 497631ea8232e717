"""Cross-validation: a model is measured on rows that it has not seen, for each of k parts in turn.

The parts are views: a keyed hash of a row's number says to which it belongs, wherever the row lies.
For the linear models all folds are one program over one set of placed blocks, so that nothing is
read again for a fold; along a path of penalties each fit starts where the one before it ended.
"""

from __future__ import annotations

import itertools
import numbers
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, ArgumentTypeError, OptionRangeError
from windrow.execution import environment
from windrow.frames.sframe import SFrame
from windrow.plan.compose import filtered
from windrow.plan.expressions import Literal, Operation, RowCount, RowNumber
from windrow.plan.types import DType
from windrow.progress import listening
from windrow.toolkits import linear_regression, logistic_classifier, svm_classifier
from windrow.toolkits.fit import Fit, Fitted, Method, Run
from windrow.toolkits.tables import require_table, table_of
from windrow.toolkits.training import described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.plan.tables import Plan
    from windrow.toolkits.features import FeatureEncoder
    from windrow.toolkits.linear_model import LinearModel
    from windrow.toolkits.prepare import Prepared

    Pairs = Iterable[tuple[SFrame, SFrame]]
    Evaluator = Callable[[Any, SFrame, SFrame], Mapping[str, Any]]

__all__ = ["CrossValidate", "KFold", "cross_val_score"]

PATHS = ("l1_penalty", "l2_penalty", "penalty")
"""Parameters that may be lists."""
OWN: Mapping[Callable[..., object], type[LinearModel]] = {
    linear_regression.create: linear_regression.LinearRegression,
    logistic_classifier.create: logistic_classifier.LogisticClassifier,
    svm_classifier.create: svm_classifier.SVMClassifier,
}
"""Factories whose folds are one program, and the models that they make."""
TABLES = {"confusion_matrix", "roc_curve"}
"""Measures that are no numbers."""


class KFold:
    """Pairs of tables: for each of k parts of the rows, all others and the part itself.

    Parameters
    ----------
    data
        The table; it stays where it is, and nothing of it is read.
    n_folds
        Number k of parts, at least 2; their sizes differ by one row at most.
    seed
        Chooses the rows of each part: the same seed gives the same parts of a table.

    Raises
    ------
    ArgumentTypeError, OptionRangeError
        `data` is no table, or `n_folds` is no whole number of at least 2.

    Examples
    --------
    >>> import windrow as wr
    >>> folds = wr.cross_validation.KFold(wr.SFrame({"x": range(10)}), 3)
    >>> [(len(train), len(valid)) for train, valid in folds]
    [(6, 4), (7, 3), (7, 3)]
    """

    def __init__(self, data: SFrame, n_folds: int = 10, seed: int = 0) -> None:
        given: dict[str, Any] = {"n_folds": n_folds, "seed": seed}
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, numbers.Integral):
                raise ArgumentTypeError(name, type(value).__name__, "int")
        self.data = require_table("data", data)
        rows = self.data.plan.rows
        most = 2**31 - 1 if rows is None else max(rows, 2)
        if not 2 <= n_folds <= most:
            raise OptionRangeError("n_folds", 2, most, n_folds)
        self.num_folds, self.seed = int(n_folds), int(seed)

    def __len__(self) -> int:
        return self.num_folds

    def __getitem__(self, fold: int) -> tuple[SFrame, SFrame]:
        if not -len(self) <= fold < len(self):
            raise IndexError(fold)
        place = Operation("row_permutation", (RowNumber(), RowCount()), (("seed", self.seed),))
        scaled = Operation("multiply", (place, Literal(len(self), DType.INT)))
        part = Operation("floor_divide", (scaled, RowCount()))
        number = Literal(fold % len(self), DType.INT)
        train, valid = (
            SFrame.from_plan(filtered(self.data.plan, Operation(test, (part, number))))
            for test in ("not_equal", "equal")
        )
        return train, valid

    def __iter__(self) -> Iterator[tuple[SFrame, SFrame]]:
        return (self[fold] for fold in range(len(self)))


@dataclass(frozen=True)
class CrossValidate:
    """Program: for each fold fit a linear model by each of several methods, warm from the last.

    Attributes
    ----------
    plan, encoder
        The table, and which of its columns are features, which the target.
    methods
        In the order in which they run.
    folds, seed
        As of `KFold`.
    """

    plan: Plan
    encoder: FeatureEncoder
    methods: tuple[Method, ...]
    folds: int
    seed: int

    def __call__(self, session: Session) -> tuple[tuple[Fitted, ...], ...]:
        """Give what was found, for each fold by each method."""
        return tuple(self._fold(session, number) for number in range(self.folds))

    def _fold(self, session: Session, number: int) -> tuple[Fitted, ...]:
        data: Prepared | None = None
        start: NDArray[Any] | None = None
        found = []
        for method in self.methods:
            own = replace(method, split_seed=self.seed, fold=(number, self.folds))
            run = Run(session, Fit(self.plan, self.encoder, own), data)
            found.append(run.fitted(start))
            data, start = run.data, run.coefficients
        return tuple(found)


def cross_val_score(
    datasets: KFold | Pairs,
    model_factory: Callable[..., Any],
    model_parameters: Mapping[str, Any] | None = None,
    evaluator: Evaluator | None = None,
) -> SFrame:
    """Measure a model on each fold, trained on the others.

    Parameters
    ----------
    datasets
        A `KFold`, or pairs of a table to train on and one to measure on.
    model_factory
        ``create`` of a toolkit, or any function of a table and the parameters that gives a model.
    model_parameters
        Arguments of the factory by name, the target among them. Of a linear model ``l2_penalty``,
        ``l1_penalty`` and ``penalty`` may be lists, which are paths: of each fold the strongest
        penalty is fitted first and each fit starts where the one before it ended.
    evaluator
        Called with a model, the table it was trained on and the other one, it gives numbers by
        name; by default, what ``evaluate`` of the model says of the other table.

    Returns
    -------
    SFrame
        A row for each fold and each value of a path: ``fold`` (from 0), the parameters that are
        paths, and the numbers. Of a linear model these are ``training_`` and ``validation_`` loss
        and measures, and ``training_iterations``.

    Raises
    ------
    ArgumentError
        A parameter that is a list cannot be a path here, or a path is empty.
    ToolkitError
        What the factory raises.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"x": range(20), "y": [3.0 * x + x % 3 for x in range(20)]})
    >>> folds = wr.cross_validation.KFold(sf, 4)
    >>> parameters = {"target": "y", "l2_penalty": [0.01, 100.0], "verbose": False}
    >>> scores = wr.cross_validation.cross_val_score(folds, wr.linear_regression.create, parameters)
    >>> means = scores.groupby("l2_penalty", {"rmse": wr.aggregate.MEAN("validation_rmse")})
    >>> [row["l2_penalty"] for row in means.sort("rmse")]
    [0.01, 100.0]
    """
    parameters = dict(model_parameters or {})
    kind = OWN.get(model_factory)
    # A transformer learns from the rows that train alone, so each fold has its own table.
    together = evaluator is None and parameters.get("transformer") is None
    if kind is not None and isinstance(datasets, KFold) and together:
        return _linear(datasets, model_factory, parameters, kind)
    return _any(datasets, model_factory, parameters, evaluator)


def _linear(
    folds: KFold, create: Callable[..., Any], parameters: dict[str, Any], kind: type[LinearModel]
) -> SFrame:
    """Run all folds as one program."""
    for name in ("validation_set", "checkpoint", "resume_from_checkpoint"):
        if parameters.get(name) is not None:
            raise ArgumentError(name, parameters[name], "left out: each fold has its own rows")
    paths = _paths(parameters)
    steps = [dict(zip(paths, values, strict=True)) for values in itertools.product(*paths.values())]
    fits, tasks = [], []
    for step in steps:
        found = described(create, folds.data, {**parameters, **step, "validation_set": None})
        if found is None:
            raise TypeError(create)
        fits.append(found[0])
        tasks.append(found[1])
    methods = tuple(fit.method for fit in fits)
    program = CrossValidate(fits[0].plan, fits[0].encoder, methods, len(folds), folds.seed)
    with listening(verbose=bool(parameters.get("verbose", True))) as listener:
        results = environment.current().run(program, listener)
    rows = [
        {"fold": fold, **step, **_measured(kind(task, fitted))}
        for fold, of_fold in enumerate(results)
        for step, task, fitted in zip(steps, tasks, of_fold, strict=True)
    ]
    return _table(rows)


def _paths(parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the parameters that are lists, strongest penalty first."""
    found = {}
    for name in PATHS:
        value = parameters.get(name)
        if isinstance(value, list | tuple):
            if not value:
                raise ArgumentError(name, value, "one number at least")
            found[name] = sorted(value, reverse=name != "penalty")  # which is one by its inverse
    return found


def _measured(model: LinearModel) -> dict[str, Any]:
    measures = ["loss", *(name for name in model.METRICS if name not in TABLES)]
    found = {
        f"{role}_{m}": model[f"{role}_{m}"] for role in ("training", "validation") for m in measures
    }
    return found | {"training_iterations": model["training_iterations"]}


def _any(
    pairs: Pairs | KFold,
    factory: Callable[..., Any],
    parameters: Mapping[str, Any],
    evaluator: Evaluator | None,
) -> SFrame:
    """Fit and measure one pair of tables after another."""
    given = {name: value for name, value in parameters.items() if name != "validation_set"}
    if factory in OWN:
        given["validation_set"] = None
    rows = []
    for fold, (train, valid) in enumerate(pairs):
        model = factory(train, **given)
        found = _evaluated(model, valid) if evaluator is None else evaluator(model, train, valid)
        rows.append({"fold": fold, **found})
    return _table(rows)


def _evaluated(model: Any, valid: SFrame) -> dict[str, Any]:
    return {
        f"validation_{name}": value
        for name, value in model.evaluate(valid).items()
        if value is None or isinstance(value, numbers.Real)
    }


def _table(rows: Sequence[Mapping[str, Any]]) -> SFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, tuple[DType, list[Any]]] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        whole = name in {"fold", "training_iterations"}
        columns[name] = (DType.INT, values) if whole else (DType.FLOAT, [_float(v) for v in values])
    return table_of(columns)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
