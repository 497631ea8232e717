"""What the linear classifiers share: predicting, evaluating, and the fields that measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from windrow.errors import BinaryOutputError, FeatureTypeError, OptionChoiceError
from windrow.execution import environment
from windrow.frames.operators import NAME
from windrow.frames.sarray import SArray
from windrow.frames.sframe import SFrame
from windrow.learn import metrics
from windrow.plan.compose import project
from windrow.plan.types import DType
from windrow.toolkits import many_classes, pictures
from windrow.toolkits.evaluation import confusion_table, roc_table
from windrow.toolkits.linear_model import LinearModel
from windrow.toolkits.many_classes import ClassScorer
from windrow.toolkits.measures import ClassCounts, ClassSums
from windrow.toolkits.one_row import of_many, of_two
from windrow.toolkits.prepare import place_checked, with_unseen
from windrow.toolkits.scores import Confusion, defined
from windrow.toolkits.scoring import (
    MarginScorer,
    complete,
    impute_by,
    outcomes,
    outcomes_of_rows,
    rows_of,
)
from windrow.toolkits.tables import label_type, require_table, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.plan.tables import Plan
    from windrow.toolkits.features import FeatureEncoder
    from windrow.toolkits.pictures import Draw
    from windrow.toolkits.predictor import LinearPredictor

__all__ = ["Evaluate", "LinearClassifier", "Measures"]


@dataclass(frozen=True, eq=False)
class Measures:
    """Every measure of a classifier, from what was counted.

    Attributes
    ----------
    counts
        Of some rows.
    confusion
        Their labels against the predicted classes.

    Notes
    -----
    Of two classes precision, recall, f1 and the ROC curve are those of the second; of more they are
    means over the classes for which they are defined, and there is a curve for each class.
    """

    counts: ClassCounts
    confusion: Confusion

    @classmethod
    def of(cls, counts: ClassCounts, labels: tuple[Any, ...], classes: tuple[Any, ...]) -> Measures:
        """Name what was counted: labels are the classes and then unknown ones."""
        return cls(counts, Confusion(labels, classes, counts.confusion[: len(labels)]))

    def accuracy(self) -> float:
        """Share of rows that are right."""
        return float(self.confusion.accuracy())

    def precision(self) -> float | None:
        """Share of right ones among the rows predicted as a class."""
        return self._scored(metrics.precision)

    def recall(self) -> float | None:
        """Share of the rows of a class that are right."""
        return self._scored(metrics.recall)

    def f1_score(self) -> float | None:
        """Harmonic mean of both."""
        return self._scored(lambda counts, average: metrics.fbeta(counts, 1.0, average))

    def log_loss(self) -> float:
        """Mean of -log of the probability of each row's class."""
        return self.counts.log_loss / self.confusion.rows

    def auc(self) -> float | None:
        """Area under the ROC curve; of several their mean."""
        return defined(metrics.mean_auc(self.counts.bins))

    def roc_curve(self) -> SFrame:
        """Return the ROC curve; of more than two classes one for each."""
        classes = self.confusion.predictions
        return roc_table(self.counts.bins, classes if len(classes) > 2 else None)

    def _scored(self, score: Callable[..., Any]) -> float | None:
        counts = self.confusion.among(self.confusion.labels)
        if len(self.confusion.predictions) > 2:
            return defined(score(counts, "macro"))
        return defined(score(counts, None)[1])

    def report_by_class(self) -> SFrame:
        """Return a row for each label with what was predicted right and wrong."""
        confusion, labels = self.confusion, self.confusion.labels
        counts = confusion.among(labels)
        actual, predicted = counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist()
        right = np.diag(counts).tolist()
        precision, recall = (
            score(average=None) for score in (confusion.precision, confusion.recall)
        )
        return table_of(
            {
                "actual_count": (DType.INT, actual),
                "class": (label_type(labels), list(labels)),
                "missed_predicting_this": (DType.INT, _less(actual, right)),
                "precision": (DType.FLOAT, [precision.get(label) for label in labels]),
                "predicted_correctly": (DType.INT, right),
                "predicted_this_incorrectly": (DType.INT, _less(predicted, right)),
                "recall": (DType.FLOAT, [recall.get(label) for label in labels]),
            }
        )


def _less(counts: list[int], others: list[int]) -> list[int]:
    return [count - other for count, other in zip(counts, others, strict=True)]


@dataclass(frozen=True, eq=False)
class Evaluate:
    """Program: count how a classifier does on a table.

    Attributes
    ----------
    plan, encoder
        The table, and how its columns are read.
    predictor, classes
        The model.
    impute
        Whether missing numbers become training means; else they are refused.
    """

    plan: Plan
    encoder: FeatureEncoder
    predictor: LinearPredictor
    classes: tuple[Any, ...]
    impute: bool

    def __call__(self, session: Session) -> Measures:
        """Count over all rows, in one pass after they are placed."""
        what = "the table to evaluate"
        blocks = place_checked(
            session,
            self.plan,
            self.encoder,
            what,
            impute=self.impute,
            widths=self.predictor.widths,
        )
        labels = with_unseen(self.classes, blocks.classes)
        finisher = self.predictor.finisher(labels)
        kernel = ClassSums(len(labels), len(self.classes))
        sums = session.reduce(kernel, blocks.finished(finisher), self.predictor.weights)
        _, counted = kernel.split(sums)
        return Measures.of(kernel.counts(counted), labels, self.classes)


class LinearClassifier(LinearModel):
    """A fitted linear classifier."""

    CLASSIFIED: ClassVar[Mapping[str, str]] = {"class": "class"}
    """Columns that ``classify`` gives, and what they say of a row."""
    OUTPUTS_OF_MANY: ClassVar[tuple[str, ...]] = ()
    """Of more than two classes: what there is one of in each row."""

    # --- fields ---

    def _fields(self) -> dict[str, Callable[[], Any]]:
        classes, fitted = self._fitted.classes, self._fitted
        found = super()._fields() | {
            "class_weights": lambda: dict(zip(classes, fitted.class_weights, strict=True)),
            "classes": lambda: list(classes),
            "num_classes": lambda: len(classes),
            "num_examples_per_class": lambda: dict(zip(classes, fitted.class_rows, strict=True)),
        }
        found |= self._measured("training", fitted.training, classes)
        if fitted.validation is not None:
            found |= self._measured("validation", fitted.validation, fitted.labels)
            loss = float(fitted.validation[0])
            found["validation_loss"] = lambda: loss
        return found

    def _measured(
        self, role: str, sums: NDArray[Any], labels: tuple[Any, ...]
    ) -> dict[str, Callable[[], Any]]:
        """Give the fields that say how well it did on the rows of one role."""
        fitted = self._fitted
        kernel = ClassSums(len(fitted.labels), len(fitted.classes))
        measures = Measures.of(kernel.counts(sums), labels, fitted.classes)
        found: dict[str, Callable[[], Any]] = {
            f"{role}_report_by_class": measures.report_by_class,
        }
        for metric in self.METRICS:
            found[f"{role}_{metric}"] = _result(measures, metric, ("class", "predicted_class"))
        return found

    def _shown(self) -> Measures:
        """Measure the rows that validated, if there were any, else those that trained."""
        fitted = self._fitted
        kernel = ClassSums(len(fitted.labels), len(fitted.classes))
        if fitted.validation is None:
            return Measures.of(kernel.counts(fitted.training), fitted.classes, fitted.classes)
        return Measures.of(kernel.counts(fitted.validation), fitted.labels, fitted.classes)

    def _panels(self) -> tuple[Draw, ...]:
        found = self._shown().confusion
        return (pictures.confusion(found.counts, found.labels, found.predictions),)

    # --- predicting ---

    def predict(
        self, dataset: object, output_type: str = "class", missing_value_action: str = "auto"
    ) -> SArray:
        """Predict for each row; for a table, when the result is asked for.

        Parameters
        ----------
        dataset
            An SFrame with the features, one dict, or a list of dicts.
        output_type
            ``class``; ``margin``: the linear predictor, whose sign decides; and for models of
            probabilities ``probability`` of the second class and ``probability_vector`` of all
            classes, in their order. Of more than two classes: ``class``, the likeliest (of equals
            the first), and ``probability_vector``; for margins see ``predict_topk``.
        missing_value_action
            ``auto`` and ``impute``: a missing number counts as its training mean, an absent column
            as missing, a category that training did not have as the reference; ``error`` raises.

        Returns
        -------
        SArray
            A row with NaN in a feature has the margin and probability NaN, and the class None.
        """
        if output_type not in self.OUTPUTS:
            outputs = self.OUTPUTS_OF_MANY if self._many else self.OUTPUTS
            raise OptionChoiceError("output_type", output_type, outputs)
        if self._many and output_type not in self.OUTPUTS_OF_MANY:
            raise BinaryOutputError(output_type, len(self._fitted.classes))
        alone = self._one_row(dataset, missing_value_action)
        if alone is not None:
            classes = self._fitted.classes
            if self._many:
                value = of_many(alone, output_type, classes)
            else:
                value = of_two(alone[0], output_type, classes)
            return SArray.from_few([value], self._kind(output_type))
        found = self._predicted(dataset, {NAME: output_type}, missing_value_action)
        return SArray.from_plan(found.plan)

    def _predicted(
        self, dataset: object, outputs: Mapping[str, str], missing_value_action: str
    ) -> SFrame:
        """Return a table of some outcomes (see `outcomes`) under new names."""
        if self._many:
            return self._predicted_of_many(dataset, outputs, missing_value_action)
        fitted, vector = self._fitted, "probability_vector" in outputs.values()
        scorer = MarginScorer(fitted.predictor, impute_by(missing_value_action), vector)
        kind = label_type(fitted.classes)
        if isinstance(dataset, SFrame):
            plan = complete(dataset.plan, scorer.predictor, impute=scorer.impute)
            found = outcomes(plan, scorer, fitted.classes, kind)
            columns = [(name, found[outcome]) for name, outcome in outputs.items()]
            return SFrame.from_plan(project(plan, columns))
        values = outcomes_of_rows(scorer, rows_of(dataset, scorer.predictor), fitted.classes)
        return table_of({n: (self._kind(o), values[o]) for n, o in outputs.items()})

    def _kind(self, output: str) -> DType:
        """Type of an outcome."""
        if output == "class":
            return label_type(self._fitted.classes)
        return DType.ARRAY if output == "probability_vector" else DType.FLOAT

    @property
    def _many(self) -> bool:
        """Whether there are more than two classes."""
        return len(self._fitted.classes) > 2

    def _predicted_of_many(
        self, dataset: object, outputs: Mapping[str, str], missing_value_action: str
    ) -> SFrame:
        fitted, vector = self._fitted, "probability_vector" in outputs.values()
        impute = impute_by(missing_value_action)
        scorer = ClassScorer(fitted.predictor, fitted.classes, impute, vector=vector)
        if isinstance(dataset, SFrame):
            plan = complete(dataset.plan, fitted.predictor, impute=impute)
            found = many_classes.outcomes(plan, scorer)
            return SFrame.from_plan(project(plan, [(n, found[o]) for n, o in outputs.items()]))
        values = many_classes.outcomes_of_rows(scorer, rows_of(dataset, fitted.predictor))
        return table_of({n: (self._kind(o), values[o]) for n, o in outputs.items()})

    # --- evaluating ---

    def evaluate(
        self,
        dataset: SFrame,
        metric: str = "auto",
        missing_value_action: str = "auto",
        with_predictions: bool = False,
    ) -> dict[str, Any]:
        """Measure the predictions for a table whose target is known.

        Parameters
        ----------
        dataset
            With the features and the target; a class that training did not have counts as wrong.
        metric
            One metric's name, or ``auto`` for all.
        missing_value_action
            As in `predict`.
        with_predictions
            Add the table that `classify` gives, as ``predictions``.

        Returns
        -------
        dict
            Each metric by its name.

        Raises
        ------
        OptionChoiceError
            There is no such metric; the message lists those there are.
        MissingTargetError, NonFiniteFeatureError, NoRowsError
            The table cannot be evaluated.
        """
        if metric not in ("auto", *self.METRICS):
            raise OptionChoiceError("metric", metric, ("auto", *self.METRICS))
        names = self.METRICS if metric == "auto" else (metric,)
        measures = self._measures(dataset, impute=impute_by(missing_value_action))
        titles = ("target_label", "predicted_label")
        found = {name: _result(measures, name, titles)() for name in names}
        if with_predictions:
            found["predictions"] = self._predicted(dataset, self.CLASSIFIED, missing_value_action)
        return found

    def _measures(self, dataset: SFrame, *, impute: bool) -> Measures:
        fitted, target = self._fitted, self._task.target
        table = require_table("dataset", dataset)
        plan = complete(table.plan, fitted.predictor, impute=impute)
        kind, wanted = plan.schema[target], label_type(fitted.classes)
        if kind is not wanted:
            raise FeatureTypeError(target, kind.value, wanted.value)
        predictor = fitted.predictor
        encoder = predictor.encoder(target, classes=True)
        program = Evaluate(plan, encoder, predictor, fitted.classes, impute)
        return environment.current().run(program)


def _result(measures: Measures, metric: str, titles: tuple[str, str]) -> Callable[[], Any]:
    """Give what computes a metric as users get it."""
    if metric == "confusion_matrix":
        return lambda: confusion_table(measures.confusion, *titles)
    found: Callable[[], Any] = getattr(measures, metric)
    return found
