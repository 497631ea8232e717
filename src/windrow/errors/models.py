"""Errors of toolkits: options, features, targets, models."""

from __future__ import annotations

from windrow.errors.base import ToolkitError


class ConvergenceWarning(UserWarning):
    """A fit ended before its gradient was below the threshold."""


class UnsupportedFeatureError(ToolkitError, TypeError):
    """A column has a type that a model cannot take as a feature."""

    def __init__(self, column: str, kind: str) -> None:
        super().__init__(column, kind)
        self.column, self.kind = column, kind

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} has the type {self.kind}, which is no number and no category;"
            f" take its parts, as in sf.split_datetime({self.column!r}), or leave it out by"
            " features=[...]"
        )


class ArrayLengthError(ToolkitError, ValueError):
    """The vectors of a feature do not have one length."""

    def __init__(self, column: str, row: int, length: int, wanted: int) -> None:
        super().__init__(column, row, length, wanted)
        self.column, self.row, self.length, self.wanted = column, row, length, wanted

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} has a vector of {self.length} numbers in row {self.row}, and"
            f" {self.wanted} in others: each position is a column, so all need one length; make"
            " them so, or turn the column into dictionaries"
        )


class DictValueError(ToolkitError, TypeError):
    """A dictionary of a feature has a value that is no number."""

    def __init__(self, column: str, key: str, kind: str) -> None:
        super().__init__(column, key, kind)
        self.column, self.key, self.kind = column, key, kind

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} has a value of type {self.kind} under the key {self.key!r};"
            " a key is a column of numbers: make a category of it, as in {'key=value': 1}, or a"
            " list of such texts"
        )


class NotFittedError(ToolkitError, ValueError):
    """A transformer was used before it learnt from a table."""

    def __init__(self, transformer: str) -> None:
        super().__init__(transformer)
        self.transformer = transformer

    def __str__(self) -> str:
        return (
            f"{self.transformer} has not learnt from a table yet; call fit(sf), or"
            " feature_engineering.create(sf, transformer)"
        )


class RowWeightError(ToolkitError, ValueError):
    """Rows have a weight that is no number from 0 on."""

    def __init__(self, column: str, rows: int, total: int) -> None:
        super().__init__(column, rows, total)
        self.column, self.rows, self.total = column, rows, total

    def __str__(self) -> str:
        if self.rows:
            return (
                f"row_weights: column {self.column!r} is missing, negative, NaN or infinite in"
                f" {self.rows} of {self.total} rows; replace them (0 leaves a row out of the loss)"
            )
        return (
            f"row_weights: column {self.column!r} adds up to 0 over the {self.total} training rows,"
            " so there is nothing to learn from; give some row a weight above 0"
        )


class FeatureTypeError(ToolkitError, TypeError):
    """A feature has another type than in training."""

    def __init__(self, column: str, got: str, wanted: str) -> None:
        super().__init__(column, got, wanted)
        self.column, self.got, self.wanted = column, got, wanted

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} is of type {self.got}, and the model was trained on"
            f" {self.wanted}; convert it first, as with astype"
        )


class UnsupportedTargetError(ToolkitError, TypeError):
    """The target column has a type that the model cannot learn."""

    def __init__(self, column: str, kind: str, wanted: str) -> None:
        super().__init__(column, kind, wanted)
        self.column, self.kind, self.wanted = column, kind, wanted

    def __str__(self) -> str:
        return f"target {self.column!r} has the type {self.kind}; it must be {self.wanted}"


class NoFeaturesError(ToolkitError, ValueError):
    """No column is left to learn from."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return f"there is no feature besides the target {self.target!r}; give at least one"


class NoRowsError(ToolkitError, ValueError):
    """A table that must have rows has none."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} has 0 rows; give a table with at least one"


class MissingTargetError(ToolkitError, ValueError):
    """Rows have no target, or one that is not a finite number."""

    def __init__(self, column: str, rows: int, total: int) -> None:
        super().__init__(column, rows, total)
        self.column, self.rows, self.total = column, rows, total

    def __str__(self) -> str:
        return (
            f"target {self.column!r} is missing (None, NaN or infinite) in {self.rows} of"
            f" {self.total} rows; drop them with dropna({self.column!r})"
        )


class BinaryOutputError(ToolkitError, ValueError):
    """One number a row was asked for, and a model of more than two classes has one a class."""

    def __init__(self, output: str, classes: int) -> None:
        super().__init__(output, classes)
        self.output, self.classes = output, classes

    def __str__(self) -> str:
        return (
            f"Output type {self.output!r} is only supported for binary classification, and this"
            f" model has {self.classes} classes; use predict_topk(), or output_type="
            "'probability_vector', instead."
        )


class ClassCountError(ToolkitError, ValueError):
    """The target does not have the number of classes that the model needs."""

    def __init__(self, column: str, classes: int, rows: int, most: int = 2) -> None:
        super().__init__(column, classes, rows, most)
        self.column, self.classes, self.rows, self.most = column, classes, rows, most

    def __str__(self) -> str:
        values = "distinct value" if self.classes == 1 else "distinct values"
        found = f"target {self.column!r} has {self.classes} {values} in {self.rows} rows"
        if self.classes < 2:
            return f"{found}; a classifier needs at least two classes to tell apart"
        if self.most == 2:
            return f"{found}; only two can be told apart here: keep the rows of two"
        return (
            f"{found}; this model tells at most {self.most} classes apart: a column of that many"
            " values may be no class at all, or classes that can be put together"
        )


class VectorLengthError(ToolkitError, ValueError):
    """Vectors of probabilities do not have one for each class."""

    def __init__(self, column: str, rows: int, total: int, classes: int) -> None:
        super().__init__(column, rows, total, classes)
        self.column, self.rows, self.total, self.classes = column, rows, total, classes

    def __str__(self) -> str:
        return (
            f"{self.column!r} must hold vectors of {self.classes} probabilities, one for each"
            f" class, and {self.rows} of {self.total} rows have another length; if some classes"
            " do not occur in the targets, give index_map, a dict of each label and its place"
        )


class ClassWeightError(ToolkitError, ValueError):
    """Class weights do not fit the classes of the target."""

    def __init__(self, problem: str, classes: tuple[object, ...]) -> None:
        super().__init__(problem, classes)
        self.problem, self.classes = problem, classes

    def __str__(self) -> str:
        named = ", ".join(map(repr, self.classes))
        return (
            f"class_weights {self.problem}; give None, 'auto', or a dict with one positive number"
            f" for each of the classes {named}"
        )


class MissingFeatureError(ToolkitError, ValueError):
    """Features have missing values where that is not allowed.

    `columns` are pairs of column name and number of missing values.
    """

    def __init__(self, columns: tuple[tuple[str, int], ...], total: int) -> None:
        super().__init__(columns, total)
        self.columns, self.total = columns, total

    def __str__(self) -> str:
        found = ", ".join(
            f"{name!r} ({count} of {self.total} rows)" for name, count in self.columns
        )
        first = self.columns[0][0]
        empty = [name for name, count in self.columns if count == self.total]
        advice = (
            f"leave out {', '.join(map(repr, empty))}, which has no value at all"
            if empty
            else f"fill them, as in sf[{first!r}] = sf[{first!r}].fillna(0), drop their rows with"
            " dropna(), or pass missing_value_action='impute'"
        )
        return f"missing values (None) in feature(s) {found}; {advice}"


class NonFiniteFeatureError(ToolkitError, ValueError):
    """Numeric features hold NaN or infinities."""

    def __init__(self, columns: tuple[tuple[str, int], ...]) -> None:
        super().__init__(columns)
        self.columns = columns

    def __str__(self) -> str:
        names = ", ".join(repr(name) for name, _ in self.columns)
        count = sum(count for _, count in self.columns)
        return (
            f"Detected inf/nan values in feature(s) {names}: {count} in all;"
            " replace them or drop their rows first"
        )


class OptionRangeError(ToolkitError, ValueError):
    """A numeric option lies outside its range."""

    def __init__(self, option: str, low: float, high: float, got: object) -> None:
        super().__init__(option, low, high, got)
        self.option, self.low, self.high, self.got = option, low, high, got

    def __str__(self) -> str:
        return (
            f"Option '{self.option}' must be in the range [{self.low:.10g}, {self.high:.10g}]."
            f" It is {self.got!r}."
        )


class OptionChoiceError(ToolkitError, ValueError):
    """An option is none of its choices."""

    def __init__(self, option: str, got: object, choices: tuple[str, ...]) -> None:
        super().__init__(option, got, choices)
        self.option, self.got, self.choices = option, got, choices

    def __str__(self) -> str:
        allowed = ", ".join(map(repr, self.choices))
        return f"Option '{self.option}' must be one of {allowed}. It is {self.got!r}."


class SolverSizeError(ToolkitError, ValueError):
    """A solver was named that cannot handle this many coefficients."""

    def __init__(self, solver: str, coefficients: int, limit: int) -> None:
        super().__init__(solver, coefficients, limit)
        self.solver, self.coefficients, self.limit = solver, coefficients, limit

    def __str__(self) -> str:
        gigabytes = self.coefficients**2 * 8 / 1e9
        return (
            f"solver '{self.solver}' takes at most {self.limit} coefficients and this model has"
            f" {self.coefficients}, whose second derivatives would fill {gigabytes:.1f} GB for each"
            " partial sum; use solver='lbfgs'"
        )


class PenaltySolverError(ToolkitError, ValueError):
    """An l1 penalty was given to a solver that cannot take it."""

    def __init__(self, l1_penalty: float, solver: str) -> None:
        super().__init__(l1_penalty, solver)
        self.l1_penalty, self.solver = l1_penalty, solver

    def __str__(self) -> str:
        return (
            f"solver '{self.solver}' needs a derivative everywhere, and l1_penalty="
            f"{self.l1_penalty:g} has none at 0; use solver='fista' (or 'auto'), or l1_penalty=0"
        )


class NotExportableError(ToolkitError, TypeError):
    """A model has features that another tool cannot be told of."""

    def __init__(self, call: str, name: str, kind: str) -> None:
        super().__init__(call, name, kind)
        self.call, self.name, self.kind = call, name, kind

    def __str__(self) -> str:
        if not self.kind:
            return (
                f"{self.call} cannot take the transformer {self.name} along; fit the model on its "
                "result, transform(sf), and transform what is predicted for"
            )
        return (
            f"{self.call} takes features that are numbers or texts, and {self.name!r} is "
            f"{self.kind}; make columns of it first, with unpack or stack"
        )


class UnknownFieldError(ToolkitError, KeyError):
    """A model has no field of this name."""

    def __init__(self, model: str, field: str, available: tuple[str, ...]) -> None:
        super().__init__(model, field, available)
        self.model, self.field, self.available = model, field, available

    def __str__(self) -> str:
        return f"{self.model} has no field {self.field!r}; it has {', '.join(self.available)}"
