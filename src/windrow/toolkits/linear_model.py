"""What every fitted linear model has: fields, coefficients, a summary, a folder to be saved in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from windrow.errors import OptionChoiceError, UnknownFieldError
from windrow.execution.levels import Levels
from windrow.execution.values import series_from_values
from windrow.frames.construct import held
from windrow.frames.sframe import SFrame
from windrow.plan.types import DType
from windrow.toolkits import exporting, pictures, summary
from windrow.toolkits.feature_engineering import Transformer
from windrow.toolkits.fit import Fitted
from windrow.toolkits.inference import inference_table
from windrow.toolkits.model_store import save_model
from windrow.toolkits.one_row import OneRow
from windrow.toolkits.pictures import Sheet
from windrow.toolkits.predictor import LinearPredictor
from windrow.toolkits.scoring import impute_by
from windrow.toolkits.summary import Section
from windrow.toolkits.tables import label_type, table_of
from windrow.toolkits.unpacking import named_places, unpacked_counts, unpacked_names

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from windrow.learn.losses import Loss
    from windrow.toolkits.pictures import Draw

__all__ = ["Coefficient", "LinearModel", "Task"]

ARRAYS = ("free", "errors", "training", "validation")


@dataclass(frozen=True)
class Task:
    """What a model was asked to learn.

    Attributes
    ----------
    target
        Column that it predicts.
    features
        Columns that it predicts from, in the order of the training table.
    types
        Name and type of each of them, and of the target.
    options
        Options of ``create``, by name.
    """

    target: str
    features: tuple[str, ...]
    types: tuple[tuple[str, str], ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Coefficient:
    """One coefficient in the units of the data.

    Attributes
    ----------
    name
        Feature, or ``(intercept)``.
    index
        Category, ``""`` for None; None for a number.
    of
        Class that it speaks for; None when the target is a number.
    value, error
        Coefficient and standard error.
    """

    name: str
    index: str | None
    of: Any
    value: float
    error: float | None


class LinearModel:
    """A fitted linear model.

    Fields are attributes, ``m["field"]`` and ``m.get("field")``; setting one has no effect.

    Attributes
    ----------
    LOSS
        What is minimised.
    METRICS
        What ``evaluate`` measures, in the order in which it answers.
    OUTPUTS
        Choices of ``output_type`` in ``predict``; none where there is one kind of prediction.
    ERRORS
        Whether the table of coefficients has a column of standard errors.
    """

    LOSS: ClassVar[Loss]
    METRICS: ClassVar[tuple[str, ...]] = ()
    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    ERRORS: ClassVar[bool] = True

    def __init__(self, task: Task, fitted: Fitted, validation: SFrame | None = None) -> None:
        self._task, self._fitted = task, fitted
        self._validation = table_of({}) if validation is None else validation
        self._made: dict[str, Any] = {}
        self._row: OneRow | None = None

    # --- fields ---

    def _fields(self) -> dict[str, Callable[[], Any]]:
        """Map each field to what makes its value."""
        task, fitted = self._task, self._fitted
        options = {name: partial(_plain, value) for name, value in task.options.items()}
        return options | {
            "coefficients": self._coefficient_table,
            "disable_posttrain_evaluation": lambda: 0,
            "features": lambda: list(task.features),
            "num_coefficients": lambda: fitted.size,
            "num_examples": lambda: fitted.rows,
            "num_features": lambda: len(task.features),
            "num_unpacked_features": self._unpacked,
            "progress": self._progress_table,
            "solver": lambda: fitted.solver,
            "target": lambda: task.target,
            "training_iterations": lambda: fitted.iterations,
            "training_loss": lambda: fitted.loss,
            "training_solver_status": lambda: fitted.status,
            "training_time": lambda: fitted.seconds,
            "unpacked_features": lambda: unpacked_names(
                fitted.predictor, task.features, fitted.free
            ),
            "validation_data": lambda: self._validation,
        }

    def list_fields(self) -> list[str]:
        """Names of all fields, sorted."""
        return sorted(self._fields())

    def get(self, field: str) -> Any:
        """Return the value of a field.

        Raises
        ------
        UnknownFieldError
            There is none of this name; a KeyError too.
        """
        makers = self._fields()
        if field not in makers:
            raise UnknownFieldError(type(self).__name__, field, tuple(sorted(makers)))
        if field not in self._made:
            self._made[field] = makers[field]()
        return self._made[field]

    _list_fields = list_fields
    _get = get
    __getitem__ = get

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._fields():
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        return self.get(name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or name not in self._fields():
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields()]

    def __repr__(self) -> str:
        return summary.page(type(self).__name__, self._sections())

    # --- coefficients ---

    def _coefficients(self) -> list[Coefficient]:
        """Give those of each class but the first: the intercept, then those of the places."""
        fitted = self._fitted
        weights = np.atleast_2d(fitted.predictor.weights)
        errors: list[Any] = [None] * fitted.size
        if fitted.errors is not None:
            errors = fitted.errors.tolist()
        found, f, places = [], fitted.free.size, self._places()
        for margin, own in enumerate(weights.tolist()):
            of_own = errors[margin * f : (margin + 1) * f]
            error = dict(zip(fitted.free.tolist(), of_own, strict=True))
            label = fitted.classes[1 + margin] if fitted.classes else None
            found += [
                Coefficient(name, index, label, own[place], error[place])
                for name, index, place in places
            ]
        return found

    def _numbers(self) -> list[int]:
        """Number, in the order of the free places of all margins, of each coefficient."""
        fitted = self._fitted
        order = {place: number for number, place in enumerate(fitted.free.tolist())}
        own, f = [order[place] for _, _, place in self._places()], fitted.free.size
        return [m * f + n for m in range(fitted.predictor.margin_count) for n in own]

    def _inference(self, level: float) -> SFrame:
        coefficients, numbers = self._coefficients(), self._numbers()
        return inference_table(coefficients, numbers, self._fitted, self._task.options, level)

    def _places(self) -> list[tuple[str, str | None, int]]:
        """Name, index and place of the intercept, then of the features as the table has them."""
        fitted, predictor = self._fitted, self._fitted.predictor
        found: list[tuple[str, str | None, int]] = [("(intercept)", None, 0)]
        for name in self._task.features:
            first, levels = predictor.columns_of(name)
            if levels is None:
                found.append((name, None, first))
                continue
            low, high = np.searchsorted(fitted.free, [first, first + len(levels)])
            places = fitted.free[low:high]
            names = list(levels)
            for place in places.tolist():
                level = names[place - first]
                found.append((name, "" if level is None else level, place))
        return found

    def _strongest(self) -> list[Coefficient]:
        """Give the largest and the smallest coefficients alone: there may be millions."""
        fitted, predictor = self._fitted, self._fitted.predictor
        names, indices, places = named_places(predictor, self._task.features, fitted.free)
        values = np.atleast_2d(predictor.weights)[:, places].reshape(-1)
        ends = [
            np.argsort(order, kind="stable")[: summary.STRONGEST] for order in (values, -values)
        ]
        found = []
        for number in sorted({*ends[0].tolist(), *ends[1].tolist()}):
            margin, at = divmod(number, len(places))
            label = fitted.classes[1 + margin] if fitted.classes else None
            value = float(values[number])
            found.append(Coefficient(names[at], indices[at], label, value, None))
        return found

    def _unpacked(self) -> int:
        """Count the columns that the features stand for."""
        fitted, predictor = self._fitted, self._fitted.predictor
        reference = np.array(predictor.reference, dtype=np.int32)
        counts = unpacked_counts(
            predictor.layout, predictor, predictor.widths, reference, fitted.free
        )
        return sum(counts.values())

    def _coefficient_table(self) -> SFrame:
        import polars as pl

        fitted, predictor = self._fitted, self._fitted.predictor
        names, indices, places = named_places(predictor, self._task.features, fitted.free)
        margins, order = predictor.margin_count, np.searchsorted(fitted.free, places)
        columns = {
            "name": (pl.concat([names] * margins), DType.STR),
            "index": (pl.concat([indices] * margins), DType.STR),
        }
        if fitted.classes:
            labels, kind = series_from_values(fitted.classes[1:], label_type(fitted.classes))
            of = np.repeat(np.arange(margins), len(places))
            columns["class"] = labels.gather(pl.Series(of)), kind
        values = np.atleast_2d(predictor.weights)[:, places]
        columns["value"] = pl.Series(values.reshape(-1)), DType.FLOAT
        if self.ERRORS:
            errors = pl.Series([None] * fitted.size, dtype=pl.Float64)
            if fitted.errors is not None:
                errors = pl.Series(fitted.errors.reshape(margins, -1)[:, order].reshape(-1))
            columns["stderr"] = errors, DType.FLOAT
        return SFrame.from_plan(held(columns))

    def _progress_table(self) -> SFrame:
        names, rows = self._fitted.columns, self._fitted.progress
        return table_of({n: (DType.STR, [row[i] for row in rows]) for i, n in enumerate(names)})

    # --- one row ---

    def _one_row(self, row: object, missing_value_action: str) -> list[float] | None:
        """Give the margins of one dict that is plain, or None."""
        if type(row) is not dict or not self._fitted.predictor.is_plain:
            return None
        if self._row is None:
            self._row = OneRow(self._fitted.predictor)
        return self._row(row, impute=impute_by(missing_value_action))

    # --- summary ---

    def summary(self, output: str | None = None) -> Any:
        """Print the model on a page.

        Parameters
        ----------
        output
            None or ``stdout`` prints; ``str`` and ``dict`` return.

        Raises
        ------
        OptionChoiceError
            It is something else.
        """
        if output not in {None, "stdout", "str", "dict"}:
            raise OptionChoiceError("output", output, ("stdout", "str", "dict"))
        if output == "dict":
            return summary.record(type(self).__name__, self._sections())
        text = summary.page(type(self).__name__, self._sections())
        if output == "str":
            return text
        print(text)  # noqa: T201  # what was asked for
        return None

    def _sections(self) -> list[Section]:
        fitted, count = self._fitted, len(self._task.features)
        classes = (("Number of classes", len(fitted.classes)),) if fitted.classes else ()
        return [
            Section(
                "Schema",
                (
                    ("Number of coefficients", fitted.size),
                    ("Number of examples", fitted.rows),
                    *classes,
                    ("Number of feature columns", count),
                    ("Number of unpacked features", self._unpacked()),
                ),
            ),
            Section("Hyperparameters", self._hyperparameters()),
            Section(
                "Training Summary",
                (
                    ("Solver", fitted.solver),
                    ("Solver iterations", fitted.iterations),
                    ("Solver status", fitted.status),
                    ("Training time (sec)", fitted.seconds),
                ),
            ),
            Section("Settings", self._settings()),
            *summary.coefficient_sections(
                [(self._title(c), c.index, c.value) for c in self._strongest()]
            ),
        ]

    def _title(self, coefficient: Coefficient) -> str:
        """Name a coefficient where those of all classes stand together."""
        many = self._fitted.predictor.margin_count > 1
        return f"{coefficient.of}: {coefficient.name}" if many else coefficient.name

    def _hyperparameters(self) -> tuple[tuple[str, Any], ...]:
        options = self._task.options
        return (("L1 penalty", options["l1_penalty"]), ("L2 penalty", options["l2_penalty"]))

    def _settings(self) -> tuple[tuple[str, Any], ...]:
        return (("Loss", self._fitted.loss),)

    # --- pictures ---

    def show(self, path: str | os.PathLike[str] | None = None) -> Sheet:
        """Draw what was found, from what the model holds: a notebook shows the result.

        Panels: coefficients; of a classifier the confusion matrix; of one with probabilities the
        ROC curve and the calibration. Rows are those that validated, if there were any, else those
        that trained. It takes ``pip install 'windrow[plot]'``.

        Parameters
        ----------
        path
            File to write too, as svg, png, pdf or html by its ending.

        Raises
        ------
        ArgumentError
            The path has another ending.
        MissingPackageError, DiskFullError, UnwritableError
            It cannot be drawn, or not be written.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"x": [1, 2, 3, 4, 5], "y": [1.1, 1.9, 3.2, 3.8, 5.1]})
        >>> wr.linear_regression.create(sf, target="y", verbose=False).show("line.svg").title
        'LinearRegression of y, 5 training rows'
        """
        pictures.require_matplotlib()
        bars = [pictures.Bar(self._named(c), c.value, c.error) for c in self._coefficients()]
        panels, title = self._panels(), f"{type(self).__name__} of {self._task.target}"
        title += f", {self._fitted.rows:,} training rows"
        if panels and self._fitted.validation is not None:
            title += ", measured on validation rows"
        sheet = Sheet(title, (pictures.coefficients(bars), *panels))
        if path is not None:
            sheet.save(path)
        return sheet

    def _panels(self) -> tuple[Draw, ...]:
        """Give what is drawn beside the coefficients."""
        return ()

    def _named(self, coefficient: Coefficient) -> str:
        index = "" if coefficient.index is None else f"[{coefficient.index}]"
        return f"{self._title(coefficient)}{index}"

    # --- other tools ---

    def to_sklearn(self) -> Any:
        """Return the model as a fitted scikit-learn ``Pipeline``, which needs no windrow.

        Its step ``encoder`` is a ``ColumnTransformer`` that imputes the training means and has a
        column for each category; its step ``model`` a ``LinearRegression``, ``LogisticRegression``
        or ``LinearSVC`` with ``coef_``, ``intercept_`` and ``classes_``. It takes data frames with
        the feature columns and predicts what this model does (NaN in a number is imputed).

        Raises
        ------
        MissingPackageError
            scikit-learn is not installed: ``pip install 'windrow[sklearn]'``.

        Examples
        --------
        >>> import polars as pl, windrow as wr
        >>> sf = wr.SFrame({"x": [1, 2, 3, 4, 5], "y": [1.0, 3.0, 5.0, 7.0, 9.0]})
        >>> model = wr.linear_regression.create(sf, target="y", l2_penalty=0, verbose=False)
        >>> model.to_sklearn().predict(pl.DataFrame({"x": [10.0]})).round(6).tolist()
        [19.0]
        """
        fitted = self._fitted
        return exporting.sklearn_pipeline(fitted.predictor, fitted.classes, self.LOSS)

    def export_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the model as ONNX, in double precision.

        Each feature is an input of shape (rows, 1), a double or a string: NaN becomes the training
        mean, an unknown string the reference category, and "" stands for None. A regression has
        the output ``prediction`` (rows, 1); a classifier ``label`` (rows,) and ``probabilities``
        (rows, classes), or ``margin`` (rows, 1) of a support vector machine.

        Parameters
        ----------
        path
            The file to write.

        Raises
        ------
        MissingPackageError
            onnx is not installed: ``pip install 'windrow[onnx]'``.
        DiskFullError, UnwritableError
            It cannot be written.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"x": [1, 2, 3, 4, 5], "y": [1.0, 3.0, 5.0, 7.0, 9.0]})
        >>> wr.linear_regression.create(sf, target="y", verbose=False).export_onnx("line.onnx")
        """
        fitted = self._fitted
        made = exporting.onnx_model(fitted.predictor, fitted.classes, self.LOSS)
        exporting.write_onnx(made, path)

    # --- saving ---

    def save(self, location: str | os.PathLike[str]) -> None:
        """Write the model into a folder, which `load_model` reads.

        The coefficients and statistics are kept, never rows: ``validation_data`` of the model
        that is read back is empty.

        Raises
        ------
        DiskFullError, UnwritableError
            It cannot be written; what was there before stays.
        """
        save_model(self, location)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle what `save` keeps: coefficients and statistics, never rows."""
        return type(self).from_parts, self.to_parts()

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Take the model apart: a record that JSON can hold, and arrays."""
        fitted = self._fitted
        predictor = {f.name: getattr(fitted.predictor, f.name) for f in fields(fitted.predictor)}
        arrays = {name: getattr(fitted, name) for name in ARRAYS}
        arrays["weights"] = predictor.pop("weights")
        if (learnt := predictor.pop("transformer")) is not None:
            predictor["transformer"] = learnt.to_record()
        predictor["levels"] = [list(levels) for levels in predictor["levels"]]
        arrays["means"] = np.array(predictor.pop("means"), dtype=np.float64)
        skipped = {"predictor", *ARRAYS}
        plain = {f.name: getattr(fitted, f.name) for f in fields(fitted) if f.name not in skipped}
        record = {"task": asdict(self._task), "predictor": predictor, "fitted": plain}
        return record, {name: array for name, array in arrays.items() if array is not None}

    @classmethod
    def from_parts(cls, record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the model that `to_parts` took apart."""
        frozen = {part: _tuples(record[part]) for part in ("predictor", "fitted")}
        learnt = record["predictor"].get("transformer")
        frozen["predictor"]["transformer"] = learnt and Transformer.from_record(learnt)
        levels = tuple(Levels.of(own) for own in frozen["predictor"].pop("levels"))
        task = Task(**{**_tuples(record["task"]), "options": record["task"]["options"]})
        predictor = LinearPredictor(
            **frozen["predictor"],
            levels=levels,
            means=tuple(arrays["means"].tolist()),
            weights=arrays["weights"],
        )
        fitted = Fitted(
            **frozen["fitted"],
            **dict[str, Any]((name, arrays.get(name)) for name in ARRAYS),
            predictor=predictor,
        )
        return cls(task, fitted)


def _plain(option: Any) -> Any:
    """Give an option as a field shows it: what is on or off as 1 or 0."""
    return int(option) if isinstance(option, bool) else option


def _tuples(value: Any) -> Any:
    """Turn the lists of JSON, at any depth, into the tuples that they were."""
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
