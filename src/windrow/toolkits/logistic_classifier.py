"""Logistic regression: classes whose log odds are linear in the features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from windrow.errors import OptionChoiceError, OptionRangeError
from windrow.frames.sframe import SFrame
from windrow.learn.losses import Loss
from windrow.toolkits import many_classes, pictures
from windrow.toolkits.classifier import LinearClassifier
from windrow.toolkits.fit import Method
from windrow.toolkits.many_classes import ClassScorer
from windrow.toolkits.options import check_ranges, check_solver, solver_options
from windrow.toolkits.resuming import Checkpointing
from windrow.toolkits.scoring import impute_by, plan_of
from windrow.toolkits.topk import top_rows
from windrow.toolkits.training import imputes, train
from windrow.toolkits.weights import given_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from windrow.toolkits.pictures import Draw
    from windrow.toolkits.transformers import Transformer

__all__ = ["LogisticClassifier", "create"]


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
    class_weights: Mapping[Any, float] | str | None = None,
    validation_set: SFrame | str | None = "auto",
    verbose: bool = True,
    seed: int | None = None,
    *,
    missing_value_action: str = "auto",
    row_weights: str | None = None,
    precision: str = "auto",
    transformer: Transformer | Sequence[Transformer] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume_from_checkpoint: str | os.PathLike[str] | None = None,
) -> LogisticClassifier:
    """Fit a logistic regression of two or more classes.

    Minimises ``sum_i w_i (log sum_k exp(m_ik) - m_iy) + l2_penalty * sum_j b_j^2 + l1_penalty *
    sum_j |b_j|``, where m_ik is the margin of class k for row i, 0 for the first class, y its
    class, w_i the weight of that, and b are the coefficients of the rescaled features, the
    intercepts left out. Each class but the first has a set of them; of two classes the loss is
    ``log(1 + exp(-s_i m_i))`` for the margin m_i of the second, s_i being 1 for its rows and -1 for
    others.

    Parameters
    ----------
    dataset
        Table with the target and the features.
    target
        Int or str column of 2 to 1,000 classes, taken in sorted order.
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
        ``newton`` (up to 10,000 coefficients, those of all classes counted), ``lbfgs``, ``fista``,
        or ``auto``: fista with an l1_penalty, else newton up to 500, else lbfgs; of more than
        131,072 training rows not newton but L-BFGS that a sample preconditions.
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
    class_weights
        What a row of each class weighs in the loss: None, 1; a dict with every class; or ``auto``,
        ``(1 / n_c) / sum_k (1 / n_k)`` for n_c training rows, which add up to 1.
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
        Of the table: `NoRowsError`, `MissingTargetError`, `ClassCountError`,
        `MissingFeatureError`, `NonFiniteFeatureError`, `UnsupportedFeatureError`,
        `ArrayLengthError`, `DictValueError`, `RowWeightError`, `SchemaMismatchError`. Of the
        options: `OptionRangeError`, `OptionChoiceError`,
        `ClassWeightError`, `SolverSizeError`, `PenaltySolverError`. Of checkpoints:
        `NoCheckpointError`, `CheckpointMismatchError`, `DamagedCheckpointError`, `DiskFullError`,
        `UnwritableError`.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"hours": [1, 2, 3, 4, 5, 6], "passed": [0, 0, 1, 0, 1, 1]})
    >>> model = wr.logistic_classifier.create(sf, target="passed", verbose=False)
    >>> list(model.predict(sf))
    [0, 0, 0, 1, 1, 1]
    >>> model.training_solver_status
    'SUCCESS: Optimal solution found.'

    Of more than two classes the likeliest is predicted:

    >>> sf["grade"] = ["c", "b", "c", "a", "b", "a"]
    >>> graded = wr.logistic_classifier.create(sf, "grade", ["hours"], verbose=False)
    >>> graded.predict({"hours": 6})[0], graded.num_coefficients
    ('a', 4)
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
        loss=Loss.LOGISTIC,
        l2=float(l2_penalty),
        l1=float(l1_penalty),
        solver=solver,
        rescale=bool(feature_rescaling),
        options=solver_options(options),
        impute=imputes(missing_value_action),
        split_seed=int(seed or 0),
        class_weights=given_weights(class_weights),
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
        checkpoints=Checkpointing.given(checkpoint, resume_from_checkpoint),
    )
    return LogisticClassifier(trained.task, trained.fitted, trained.validation)


class LogisticClassifier(LinearClassifier):
    """A fitted logistic regression; made by `create`, read back by `load_model`."""

    LOSS: ClassVar[Loss] = Loss.LOGISTIC
    METRICS: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "auc",
        "confusion_matrix",
        "f1_score",
        "log_loss",
        "precision",
        "recall",
        "roc_curve",
    )
    CLASSIFIED: ClassVar[Mapping[str, str]] = {
        "class": "class",
        "probability": "class_probability",
    }
    OUTPUTS: ClassVar[tuple[str, ...]] = ("class", "probability", "margin", "probability_vector")
    OUTPUTS_OF_MANY: ClassVar[tuple[str, ...]] = ("class", "probability_vector")

    def _fields(self) -> dict[str, Callable[[], Any]]:
        return super()._fields() | {"simple_mode": lambda: 0}

    def _settings(self) -> tuple[tuple[str, Any], ...]:
        return (("Log-likelihood", self._fitted.loss),)

    def _panels(self) -> tuple[Draw, ...]:
        bins = self._shown().counts.bins
        roc = pictures.roc(bins, self._fitted.classes)
        return (roc, pictures.calibration(bins), *super()._panels())

    def inference(self, level: float = 0.95) -> SFrame:
        """Say how sure each coefficient is, each class's against the first.

        The statistic is z = value / stderr (Wald), with stderr^2 the diagonal of the inverse
        information matrix, the Hessian of the loss without penalty, at the coefficients.
        With a penalty the estimates are pulled towards 0, and the statistics say nothing of that:
        set ``l2_penalty=0`` to test hypotheses.
        Class weights count as numbers of rows.

        Parameters
        ----------
        level
            Share of intervals that hold the true coefficient in the long run.

        Returns
        -------
        SFrame
            Columns name, index, class, value, stderr, statistic (z), p_value (two-sided), lower
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
        >>> sf = wr.SFrame({"hours": [1, 2, 3, 4, 5, 6], "passed": [0, 0, 1, 0, 1, 1]})
        >>> model = wr.logistic_classifier.create(sf, "passed", l2_penalty=0, verbose=False)
        >>> slope = model.inference()[1]
        >>> round(slope["statistic"], 3), round(slope["p_value"], 3)
        (1.33, 0.184)
        """
        return self._inference(level)

    def classify(self, dataset: object, missing_value_action: str = "auto") -> SFrame:
        """Give the class of each row, and its probability.

        Parameters
        ----------
        dataset, missing_value_action
            As in `predict`.

        Returns
        -------
        SFrame
            Columns class and probability.
        """
        return self._predicted(dataset, self.CLASSIFIED, missing_value_action)

    def predict_topk(
        self,
        dataset: object,
        output_type: str = "probability",
        k: int = 3,
        missing_value_action: str = "auto",
    ) -> SFrame:
        """Give the k likeliest classes of each row, likeliest first.

        Parameters
        ----------
        dataset, missing_value_action
            As in `predict`.
        output_type
            ``probability``, ``margin`` (that of the first class is 0) or ``rank`` (from 0).
        k
            At most the number of classes.

        Returns
        -------
        SFrame
            Columns id (number of the row), class, and the output.
        """
        choices = ("probability", "margin", "rank")
        if output_type not in choices:
            raise OptionChoiceError("output_type", output_type, choices)
        classes = self._fitted.classes
        if not 1 <= k <= len(classes):
            raise OptionRangeError("k", 1, len(classes), k)
        if len(classes) > 2:
            impute, predictor = impute_by(missing_value_action), self._fitted.predictor
            plan = plan_of(dataset, predictor, impute=impute)
            scorer = ClassScorer(predictor, classes, impute)
            return SFrame.from_plan(many_classes.top_rows(plan, scorer, output_type, k))
        outputs = {"margin": "margin", "probability": "probability"}
        found = self._predicted(dataset, outputs, missing_value_action)
        return SFrame.from_plan(top_rows(found.plan, classes, output_type, k))
