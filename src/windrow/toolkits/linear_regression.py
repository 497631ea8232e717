"""Linear regression: a number that is linear in the features, but for an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from windrow.errors import FeatureTypeError, OptionChoiceError
from windrow.execution import environment
from windrow.frames.operators import NAME
from windrow.frames.sarray import SArray
from windrow.frames.sframe import SFrame
from windrow.learn.losses import Loss
from windrow.plan.compose import project
from windrow.plan.types import DType
from windrow.toolkits.fit import Method
from windrow.toolkits.linear_model import LinearModel
from windrow.toolkits.measures import Errors, error_sums
from windrow.toolkits.options import check_ranges, check_solver, solver_options
from windrow.toolkits.prepare import place_checked
from windrow.toolkits.resuming import Checkpointing
from windrow.toolkits.scoring import MarginScorer, complete, impute_by, margin_of, rows_of
from windrow.toolkits.tables import require_table
from windrow.toolkits.training import imputes, train

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from windrow.execution.protocol import Session
    from windrow.plan.tables import Plan
    from windrow.toolkits.features import FeatureEncoder
    from windrow.toolkits.predictor import LinearPredictor
    from windrow.toolkits.transformers import Transformer

__all__ = ["Evaluate", "LinearRegression", "create"]


def create(  # noqa: PLR0917  # the ancestor's signature
    dataset: SFrame,
    target: str,
    features: Sequence[str] | None = None,
    l2_penalty: float = 0.01,
    l1_penalty: float = 0.0,
    solver: str = "auto",
    feature_rescaling: bool = True,
    convergence_threshold: float = 0.01,
    step_size: float = 1.0,
    lbfgs_memory_level: int = 11,
    max_iterations: int = 10,
    validation_set: SFrame | str | None = "auto",
    verbose: bool = True,
    *,
    seed: int | None = None,
    missing_value_action: str = "auto",
    row_weights: str | None = None,
    precision: str = "auto",
    transformer: Transformer | Sequence[Transformer] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume_from_checkpoint: str | os.PathLike[str] | None = None,
) -> LinearRegression:
    """Fit a linear regression.

    Minimises ``sum_i (y_i - m_i)^2 + l2_penalty * sum_j b_j^2 + l1_penalty * sum_j |b_j|``, where
    m_i is the prediction for row i and b are the coefficients of the rescaled features, the
    intercept left out.

    Parameters
    ----------
    dataset
        Table with the target and the features.
    target
        Int or float column to predict.
    features
        Columns to learn from; all but the target by default. Numbers as they are; of a str column
        each category (None is one) gets a coefficient, but the first one met, the reference. Of a
        list column each distinct element is such a category, of a dict column each key is a column
        of numbers, of an array column each position.
    l2_penalty
        Of the squared coefficients.
    l1_penalty
        Of the absolute coefficients; it makes small ones 0. Only fista takes it.
    solver
        ``newton`` (up to 10,000 coefficients; here one step is exact), ``lbfgs``, ``fista``, or
        ``auto``: fista with an l1_penalty, else newton up to 500, else lbfgs.
    feature_rescaling
        Divide each column by the root of its mean square while fitting, so that the penalty treats
        all alike; coefficients are scaled back.
    convergence_threshold
        The fit has converged when the largest element of the gradient is below; with fista, when
        the largest move of a coefficient is.
    step_size
        First trial step of fista; scales that of lbfgs.
    lbfgs_memory_level
        Steps that lbfgs remembers.
    max_iterations
        The fit ends here at the latest, with a `ConvergenceWarning` if it has not converged.
    validation_set
        ``auto``: 5 % of the rows where there are at least 100; None; or a table with the columns
        and types of `dataset`.
    verbose
        Show progress.
    seed
        Chooses the rows of the automatic validation set; 0 by default, so that the same table
        gives the same model.
    missing_value_action
        ``auto`` and ``error`` refuse None in a number; ``impute`` takes the training mean.
    row_weights
        Column of what each row weighs in the loss: numbers from 0 on. It is no feature then. A row
        of weight 2 counts in the loss like two rows; measures, means and scales take rows as one
        each.
    precision
        How numbers are stored while training; computing is in float64. ``auto`` and ``double``
        round nothing: ``auto`` takes half the memory where float32 holds all numbers of 65,536 rows
        exactly, such as whole ones. ``single`` rounds all to float32.
    transformer
        Of `feature_engineering`, or a list of such: it learns from all other columns of the table
        and changes it first, and what the model predicts for; it is saved with the model. Then
        `features` name columns of the changed table.
    checkpoint
        Folder in which states to go on from are kept: the first, at most one every
        ``checkpoint_seconds`` (a setting, 30 by default; 0: each iteration), and the last one. The
        two newest stay. On a cluster the hosts write them.
    resume_from_checkpoint
        Folder of such states, often the same. The fit goes on from the newest that is whole and
        gives the bits and the progress table of a fit that ran through. Data and options must be
        the same, but `max_iterations` may be larger.

    Raises
    ------
    ToolkitError
        Of the table: `NoRowsError`, `MissingTargetError`, `UnsupportedTargetError`,
        `MissingFeatureError`, `NonFiniteFeatureError`, `UnsupportedFeatureError`,
        `ArrayLengthError`, `DictValueError`, `RowWeightError`, `SchemaMismatchError`. Of the
        options: `OptionRangeError`, `OptionChoiceError`,
        `SolverSizeError`, `PenaltySolverError`. Of checkpoints: `NoCheckpointError`,
        `CheckpointMismatchError`, `DamagedCheckpointError`, `DiskFullError`, `UnwritableError`.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"rooms": [1, 2, 3, 4, 5], "rent": [410.0, 590.0, 810.0, 990.0, 1210.0]})
    >>> model = wr.linear_regression.create(sf, target="rent", l2_penalty=0, verbose=False)
    >>> [round(value, 6) for value in model.coefficients["value"]]
    [202.0, 200.0]
    >>> round(model.training_max_error, 6)
    12.0
    """
    options = {
        "convergence_threshold": convergence_threshold,
        "feature_rescaling": bool(feature_rescaling),
        "l1_penalty": l1_penalty,
        "l2_penalty": l2_penalty,
        "lbfgs_memory_level": lbfgs_memory_level,
        "max_iterations": max_iterations,
        "step_size": step_size,
    }
    check_ranges({**options, "seed": 0 if seed is None else seed})
    check_solver(solver, l1_penalty)
    method = Method(
        loss=Loss.SQUARED,
        l2=float(l2_penalty),
        l1=float(l1_penalty),
        solver=solver,
        rescale=bool(feature_rescaling),
        options=solver_options(options),
        impute=imputes(missing_value_action),
        split_seed=int(seed or 0),
    )
    trained = train(
        dataset,
        target,
        features,
        method=method,
        options=options,
        validation_set=validation_set,
        row_weights=row_weights,
        precision=precision,
        transformer=transformer,
        verbose=verbose,
        target_types=(DType.INT, DType.FLOAT),
        checkpoints=Checkpointing.given(checkpoint, resume_from_checkpoint),
    )
    return LinearRegression(trained.task, trained.fitted, trained.validation)


@dataclass(frozen=True, eq=False)
class Evaluate:
    """Program: how far a model is off on a table.

    Attributes
    ----------
    plan, encoder
        The table, and how its columns are read.
    predictor
        The model.
    impute
        Whether missing numbers become training means; else they are refused.
    """

    plan: Plan
    encoder: FeatureEncoder
    predictor: LinearPredictor
    impute: bool

    def __call__(self, session: Session) -> Errors:
        """Go over all rows, in one pass after they are placed."""
        what = "the table to evaluate"
        blocks = place_checked(
            session,
            self.plan,
            self.encoder,
            what,
            impute=self.impute,
            widths=self.predictor.widths,
        )
        finisher = self.predictor.finisher()
        weights = self.predictor.weights
        return Errors.of(session.reduce(error_sums, blocks.finished(finisher), weights))


class LinearRegression(LinearModel):
    """A fitted linear regression; made by `create`, read back by `load_model`."""

    LOSS: ClassVar[Loss] = Loss.SQUARED
    METRICS: ClassVar[tuple[str, ...]] = ("max_error", "rmse")

    def _fields(self) -> dict[str, Callable[[], Any]]:
        found, validation = super()._fields(), self._fitted.validation
        training = self._errors("training")
        found |= {
            "training_max_error": lambda: training.max_error,
            "training_rmse": lambda: training.rmse,
        }
        if validation is not None:
            errors = self._errors("validation")
            found |= {
                "validation_loss": lambda: errors.squares,
                "validation_max_error": lambda: errors.max_error,
                "validation_rmse": lambda: errors.rmse,
            }
        return found

    def _errors(self, role: str) -> Errors:
        rows, squares, largest = getattr(self._fitted, role).tolist()
        return Errors(int(rows), squares, largest)

    def _settings(self) -> tuple[tuple[str, Any], ...]:
        training = self._errors("training")
        return (("Residual sum of squares", self._fitted.loss), ("Training RMSE", training.rmse))

    def inference(self, level: float = 0.95) -> SFrame:
        """Say how sure each coefficient is.

        The statistic is t = value / stderr, with stderr^2 the diagonal of s^2 (X'X)^-1 and s^2 the
        residual sum of squares by the degrees of freedom, rows less the rank of X (Hastie and
        others, The Elements of Statistical Learning, 3.2).
        With a penalty the estimates are pulled towards 0, and the statistics say nothing of that:
        set ``l2_penalty=0`` to test hypotheses.

        Parameters
        ----------
        level
            Share of intervals that hold the true coefficient in the long run.

        Returns
        -------
        SFrame
            Columns name, index, value, stderr, statistic (t), p_value (two-sided), lower
            and upper (the interval) and note. Where a coefficient has no standard error they are
            None and the note says why: an l1_penalty, too few rows, no second derivatives (other
            solvers than newton beyond 500 coefficients), or columns that are collinear, which are
            named. The note of a fit that did not converge says so too.

        Raises
        ------
        OptionRangeError
            The level is not between 0 and 1.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"x": [1, 2, 3, 4, 5], "y": [1.1, 1.9, 3.2, 3.8, 5.1]})
        >>> model = wr.linear_regression.create(sf, target="y", l2_penalty=0, verbose=False)
        >>> slope = model.inference()[1]
        >>> round(slope["statistic"], 3), round(slope["lower"], 3), round(slope["upper"], 3)
        (16.577, 0.8, 1.18)
        """
        return self._inference(level)

    def predict(self, dataset: object, missing_value_action: str = "auto") -> SArray:
        """Predict for each row; for a table, when the result is asked for.

        Parameters
        ----------
        dataset
            An SFrame with the features, one dict, or a list of dicts.
        missing_value_action
            ``auto`` and ``impute``: a missing number counts as its training mean, an absent column
            as missing, a category that training did not have as the reference; ``error`` raises.

        Returns
        -------
        SArray
            Of floats; NaN for a row with NaN in a feature.
        """
        alone = self._one_row(dataset, missing_value_action)
        if alone is not None:
            return SArray.from_few(alone, DType.FLOAT)
        scorer = MarginScorer(self._fitted.predictor, impute_by(missing_value_action))
        if isinstance(dataset, SFrame):
            plan = complete(dataset.plan, scorer.predictor, impute=scorer.impute)
            return SArray.from_plan(project(plan, [(NAME, margin_of(plan, scorer))]))
        found = scorer(rows_of(dataset, scorer.predictor))
        return SArray(found["margin"].tolist(), dtype=float)

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
            With the features and the target.
        metric
            ``max_error``, the largest absolute error; ``rmse``, the root of the mean squared one;
            or ``auto`` for both.
        missing_value_action
            As in `predict`.
        with_predictions
            Add the column that `predict` gives, as ``predictions``.

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
        if metric not in {"auto", *self.METRICS}:
            raise OptionChoiceError("metric", metric, ("auto", *self.METRICS))
        fitted, target = self._fitted, self._task.target
        predictor, impute = fitted.predictor, impute_by(missing_value_action)
        plan = complete(require_table("dataset", dataset).plan, predictor, impute=impute)
        kind = plan.schema[target]
        if not kind.is_number:
            raise FeatureTypeError(target, kind.value, "int or float")
        encoder = predictor.encoder(target, classes=False)
        errors = environment.current().run(Evaluate(plan, encoder, predictor, impute))
        names = self.METRICS if metric == "auto" else (metric,)
        found = {name: getattr(errors, name) for name in names}
        if with_predictions:
            found["predictions"] = self.predict(dataset, missing_value_action)
        return found
