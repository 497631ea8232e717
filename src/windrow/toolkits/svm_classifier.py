"""Support vector machine: two classes parted by a margin, with a hinge that is smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from windrow.learn.losses import Loss
from windrow.toolkits.classifier import LinearClassifier
from windrow.toolkits.fit import Method
from windrow.toolkits.options import check_ranges, check_solver, solver_options
from windrow.toolkits.resuming import Checkpointing
from windrow.toolkits.training import imputes, train
from windrow.toolkits.weights import given_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from windrow.frames.sframe import SFrame
    from windrow.toolkits.transformers import Transformer

__all__ = ["SVMClassifier", "create"]


def create(  # noqa: PLR0917  # the ancestor's signature
    dataset: SFrame,
    target: str,
    features: Sequence[str] | None = None,
    penalty: float = 1.0,
    solver: str = "auto",
    feature_rescaling: bool = True,
    convergence_threshold: float = 0.01,
    lbfgs_memory_level: int = 11,
    max_iterations: int = 10,
    class_weights: Mapping[Any, float] | str | None = None,
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
) -> SVMClassifier:
    """Fit a linear support vector machine of two classes.

    Minimises ``sum_i w_i log(1 + exp(30 (1 - s_i m_i))) / 30 + sum_j b_j^2 / (2 penalty)``, where
    m_i is the margin of row i, w_i the weight of its class, s_i is 1 for the second class and -1
    for the first, and b are the coefficients of the rescaled features, the intercept left out. The
    first term is the hinge ``max(0, 1 - s_i m_i)`` with a rounded corner, off by at most
    log(2) / 30.

    Parameters
    ----------
    dataset
        Table with the target and the features.
    target
        Int or str column of two classes. In sorted order the second has the positive margins.
    features
        Columns to learn from; all but the target by default. Numbers as they are; of a str column
        each category (None is one) gets a coefficient, but the first one met, the reference. Of a
        list column each distinct element is such a category, of a dict column each key is a column
        of numbers, of an array column each position.
    penalty
        What a row on the wrong side costs, against the size of the coefficients: the larger, the
        closer the model follows the training rows.
    solver
        ``lbfgs``, which ``auto`` is too; of more than 131,072 training rows and up to 500
        coefficients it begins on a sample of them.
    feature_rescaling
        Divide each column by the root of its mean square while fitting, so that the penalty treats
        all alike; coefficients are scaled back.
    convergence_threshold
        The fit has converged when the largest element of the gradient is below.
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
        `ClassWeightError`. Of checkpoints: `NoCheckpointError`, `CheckpointMismatchError`,
        `DamagedCheckpointError`, `DiskFullError`, `UnwritableError`.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"hours": [1, 2, 3, 4, 5, 6], "passed": [0, 0, 1, 0, 1, 1]})
    >>> model = wr.svm_classifier.create(sf, target="passed", max_iterations=100, verbose=False)
    >>> list(model.predict(sf))
    [0, 0, 0, 1, 1, 1]
    """
    options = {
        "convergence_threshold": convergence_threshold,
        "feature_rescaling": bool(feature_rescaling),
        "lbfgs_memory_level": lbfgs_memory_level,
        "max_iterations": max_iterations,
        "penalty": penalty,
    }
    check_ranges({**options, "seed": 0 if seed is None else seed})
    check_solver(solver, choices=("auto", "lbfgs"))
    method = Method(
        loss=Loss.SMOOTH_HINGE,
        l2=0.5 / float(penalty),
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
    return SVMClassifier(trained.task, trained.fitted, trained.validation)


class SVMClassifier(LinearClassifier):
    """A fitted support vector machine; made by `create`, read back by `load_model`."""

    LOSS: ClassVar[Loss] = Loss.SMOOTH_HINGE
    METRICS: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "confusion_matrix",
        "f1_score",
        "precision",
        "recall",
    )
    OUTPUTS: ClassVar[tuple[str, ...]] = ("class", "margin")
    ERRORS: ClassVar[bool] = False

    def _hyperparameters(self) -> tuple[tuple[str, Any], ...]:
        return (("Mis-classification penalty", self._task.options["penalty"]),)

    def _settings(self) -> tuple[tuple[str, Any], ...]:
        return (("Train Loss", self._fitted.loss),)

    def classify(self, dataset: object, missing_value_action: str = "auto") -> SFrame:
        """Give the class of each row.

        Parameters
        ----------
        dataset, missing_value_action
            As in `predict`.

        Returns
        -------
        SFrame
            Column class: a support vector machine knows no probabilities.
        """
        return self._predicted(dataset, self.CLASSIFIED, missing_value_action)
