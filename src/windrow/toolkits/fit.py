"""The program that fits every linear model; the models differ in their loss alone."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ConvergenceWarning, SolverSizeError
from windrow.learn.information import Information
from windrow.learn.layout import Design
from windrow.learn.losses import Loss
from windrow.learn.objective import Objective
from windrow.learn.solvers import SOLVERS, Options, Status, iterate
from windrow.progress import Finished, Header, Notice, Row, Warned
from windrow.toolkits.measures import ClassSums
from windrow.toolkits.predictor import LinearPredictor
from windrow.toolkits.prepare import Prepared, prepare
from windrow.toolkits.reports import METHODS, REPORTS
from windrow.toolkits.resuming import Checkpointing, Standing, Trail, fingerprint
from windrow.toolkits.sampling import SAMPLED_ROWS, sample_of, squares_of
from windrow.toolkits.unpacking import unpacked_counts
from windrow.toolkits.weights import ClassWeights, weights_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.execution.protocol import Session
    from windrow.learn.objective import Sample
    from windrow.learn.solvers import SolverState
    from windrow.plan.tables import Plan
    from windrow.toolkits.features import FeatureEncoder

__all__ = ["NEWTON_AUTO", "NEWTON_LIMIT", "Fit", "Fitted", "Method", "Run"]

NEWTON_AUTO = 500
"""Up to this many coefficients ``solver='auto'`` is newton, and a fit by any other ends with a pass
for the second derivatives that standard errors follow from; beyond, only newton has them."""
NEWTON_LIMIT = 10_000
"""Newton refuses more coefficients."""
MOST_CLASSES = {Loss.LOGISTIC: 1000, Loss.SMOOTH_HINGE: 2}
"""More are refused: what is counted for the measures grows with their square."""

SPLIT_NOTICE = (
    "PROGRESS: Creating a validation set from 5 percent of training data. This may take a while.\n"
    "          You can set ``validation_set=None`` to disable validation tracking.\n"
)
REGULARISE = "raise l2_penalty, or convergence_threshold"
ADVICES = {
    Loss.LOGISTIC: REGULARISE,
    Loss.SQUARED: REGULARISE,
    Loss.SMOOTH_HINGE: "lower penalty, or raise convergence_threshold",
}
ADVICE = "This model may not be optimal. To improve it, consider increasing `max_iterations`."


@dataclass(frozen=True)
class Method:
    """What is minimised, and how.

    Parameters
    ----------
    loss
        Of one row.
    l2
        Penalty on the squared rescaled coefficients.
    solver
        ``auto``, ``newton``, ``lbfgs`` or ``fista``; with an l1 penalty one of the first and last.
    rescale
        Whether columns are divided by the root of their mean square.
    options
        Bounds of the solver.
    impute
        Whether a missing number becomes its column's training mean; else it is refused.
    split_seed
        Seed of the automatic validation split; None does not split.
    class_weights
        What a row of each class weighs.
    l1
        Penalty on the absolute rescaled coefficients.
    fold
        Which part of how many validates, chosen by the split seed, in place of the split.
    """

    loss: Loss
    l2: float = 0.01
    solver: str = "auto"
    rescale: bool = True
    options: Options = field(default_factory=Options)
    impute: bool = False
    split_seed: int | None = None
    class_weights: ClassWeights = None
    l1: float = 0.0
    fold: tuple[int, int] | None = None

    def without_split(self) -> Method:
        """Return the method for a table that is not split."""
        return replace(self, split_seed=None)

    def solver_for(self, coefficients: int, rows: int = 0, margins: int = 1) -> str:
        """Choose the solver for a number of coefficients, of training rows, and of margins.

        Named ``auto`` is the one that begins on a sample: where there are many rows. A squared loss
        has nothing to gain from it, since Newton's first step is its last. ``newton-cg`` is
        Newton's method for more coefficients than a Hessian is held of.

        Raises
        ------
        SolverSizeError
            Newton was named and there are too many.

        Examples
        --------
        >>> Method(Loss.LOGISTIC).solver_for(500), Method(Loss.LOGISTIC).solver_for(501)
        ('newton', 'lbfgs')
        >>> [Method(Loss.LOGISTIC).solver_for(size, rows=200_000) for size in (500, 501)]
        ['auto', 'newton-cg']
        >>> Method(Loss.SQUARED, l1=0.1).solver_for(3)
        'fista'
        """
        if self.solver == "newton" and coefficients > NEWTON_LIMIT:
            raise SolverSizeError("newton", coefficients, NEWTON_LIMIT)
        if self.solver != "auto":
            return self.solver
        if self.l1:
            return "fista"
        if coefficients > NEWTON_AUTO:
            # A hinge bends so sharply, and elsewhere not at all, that a search must feel its way.
            smooth = self.loss is not Loss.SMOOTH_HINGE and margins == 1
            return "newton-cg" if smooth and rows > SAMPLED_ROWS else "lbfgs"
        if self.loss is not Loss.SQUARED and rows > SAMPLED_ROWS:
            return "auto"
        return "lbfgs" if self.loss is Loss.SMOOTH_HINGE else "newton"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit found: never the data.

    Attributes
    ----------
    predictor
        Weights, levels and means.
    classes
        In the order of their codes; empty when the target is a number.
    labels
        The classes, then those that only validation rows have.
    free
        int64 (f,), increasing: the places of the weights that are coefficients, of each margin.
    errors
        float64 (margins * f,): their standard errors, margin by margin, NaN where one is not
        determined; None where no second derivatives were computed or there are too few rows.
    solver, status
        Which, and how it ended.
    iterations, passes
        How long it took.
    gradient
        Largest absolute element of the last gradient, in rescaled coefficients.
    loss
        Over the training rows, the penalty left out.
    rows
        Training rows.
    class_rows, class_weights
        Training rows of each class, and what each of them weighed.
    training, validation
        Statistics from which all measures follow: see `ClassSums`; of a number the rows, the sum of
        squared errors and the largest error. `validation` is None when no row validates.
    columns, progress
        Names and rows of the progress table.
    seconds
        Elapsed time.
    collinear
        Coefficients, numbered as `errors` are, that cannot be told apart: see `Information`.
    """

    predictor: LinearPredictor
    classes: tuple[Any, ...]
    labels: tuple[Any, ...]
    free: NDArray[np.int64]
    errors: NDArray[np.float64] | None
    solver: str
    status: str
    iterations: int
    passes: int
    gradient: float
    loss: float
    rows: int
    class_rows: tuple[int, ...]
    class_weights: tuple[float, ...]
    training: NDArray[np.float64]
    validation: NDArray[np.float64] | None
    columns: tuple[str, ...]
    progress: tuple[tuple[str, ...], ...]
    seconds: float
    collinear: tuple[tuple[int, ...], ...] = ()

    @property
    def size(self) -> int:
        """Number of coefficients of all margins."""
        return self.predictor.margin_count * self.free.size


@dataclass(frozen=True)
class Fit:
    """Program: learn a linear model from a table.

    Parameters
    ----------
    plan
        The table.
    encoder
        Which of its columns are features, which the target.
    method
        What is minimised, and how.
    validation
        A validation table of its own, with the same columns.
    checkpoints
        Where checkpoints are kept, and from which it goes on.
    """

    plan: Plan
    encoder: FeatureEncoder
    method: Method
    validation: Plan | None = None
    checkpoints: Checkpointing = field(default_factory=Checkpointing)
    identity: tuple[tuple[str, Any], ...] = field(init=False, repr=False)
    """What the bits of the result follow from: names and JSON values."""

    def __post_init__(self) -> None:
        # Said here and pickled along: on its way to a cluster a table in memory may become files.
        validation = self.validation
        options, method = self.method.options, self.method
        identity = {
            "windrow": version("windrow"),
            "dataset": f"table {self.plan.key}",
            "validation_set": None if validation is None else f"table {validation.key}",
            "target": self.encoder.target,
            "features": list(self.encoder.features),
            "row_weights": self.encoder.weight,
            "rounded": self.encoder.precision == "single",
            "loss": method.loss.name,
            "l2_penalty": method.l2,
            "l1_penalty": method.l1,
            "feature_rescaling": method.rescale,
            "convergence_threshold": options.threshold,
            "lbfgs_memory_level": options.memory,
            "step_size": options.step_size,
            "class_weights": repr(method.class_weights),
            "missing_value_action": "impute" if method.impute else "error",
            "seed": method.split_seed,
        }
        object.__setattr__(self, "identity", tuple(identity.items()))

    @property
    def urls(self) -> tuple[str, ...]:
        """Folders that it reads and writes where it runs."""
        return self.checkpoints.urls

    def __call__(self, session: Session) -> Fitted:
        """Run to the end; every iteration is a progress row and a checkpoint."""
        return Run(session, self).fitted()


class Run:
    """One run of a fit: what is known after the table was placed.

    Parameters
    ----------
    session, fit
        Where, and what.
    data
        Rows that a run of the same data, split and features has prepared; None prepares them.

    Attributes
    ----------
    coefficients
        float64 (n,), rescaled: where the solver ended, once it has.
    """

    coefficients: NDArray[np.float64]

    def __init__(self, session: Session, fit: Fit, data: Prepared | None = None) -> None:
        self.began = time.perf_counter()
        self.session, self.fit, self.method = session, fit, fit.method
        self.trail = Trail(session, fit.checkpoints, dict(fit.identity))
        self.data: Prepared = data or prepare(
            session,
            fit.plan,
            fit.encoder,
            impute=fit.method.impute,
            split_seed=fit.method.split_seed,
            validation=fit.validation,
            most_classes=MOST_CLASSES.get(fit.method.loss, 2),
            fold=fit.method.fold,
        )
        statistics = self.data.statistics
        self.design = Design.of(
            statistics,
            self.data.reference,
            rescale=fit.method.rescale,
            margins=max(len(self.data.classes) - 1, 1),
        )
        self.solver = fit.method.solver_for(
            self.design.size, statistics.n_train, self.design.margins
        )
        self.weights = weights_of(
            fit.method.class_weights,
            self.data.classes,
            statistics.class_counts,
            known=self.data.labels,
        )
        self.objective = Objective(
            self.data.reduce,
            self.design,
            fit.method.loss,
            l2=fit.method.l2,
            l1=fit.method.l1,
            class_weights=self.weights if fit.encoder.classes else None,
            sample=self._sample(),
            squares=squares_of(statistics, self.design),
            rows=statistics.n_train,
        )
        self.trail.identify(self._facts())
        self.report = REPORTS[fit.method.loss]
        validating = self.data.validation_rows
        self.roles = {"train": statistics.n_train}
        self.roles |= {"validation": validating} if validating else {}
        self.rows: list[Row] = []
        if fit.method.fold is not None:
            number, of = fit.method.fold
            session.emit(Notice(f"PROGRESS: Fold {number + 1} of {of} validates.\n"))
        elif self.data.finisher.split is not None:
            session.emit(Notice(SPLIT_NOTICE))

    def fitted(self, start: NDArray[np.float64] | None = None) -> Fitted:
        """Solve, measure, report; from rescaled coefficients (n,), from 0 by default."""
        self.session.emit(self._header())
        state = self._solve(np.zeros(self.design.size) if start is None else start)
        self.coefficients = state.coefficients
        predictor = self._predictor(state)
        measured = self._counted(predictor) if self.data.classes else self._errors_of(state)
        training, validation = measured["train"], measured.get("validation")
        information = self._information(state)
        self._report_end(state)
        data, statistics = self.data, self.data.statistics
        return Fitted(
            predictor=predictor,
            classes=data.classes,
            labels=data.labels,
            free=self.design.free,
            errors=None if information is None else self._standard_errors(state, information),
            solver=self.solver,
            status=state.status.value,
            iterations=state.iteration,
            passes=state.passes,
            gradient=state.gradient_size,
            loss=state.numbers["loss"],
            rows=statistics.n_train,
            class_rows=tuple(statistics.class_counts.tolist()),
            class_weights=tuple(self.weights.tolist()),
            training=training,
            validation=validation,
            columns=self._columns,
            progress=tuple(row.values for row in self.rows),
            seconds=time.perf_counter() - self.began,
            collinear=() if information is None else information.collinear,
        )

    def _sample(self) -> Sample | None:
        """Draw a sample where the solver begins with one; a fit that goes on has begun."""
        if self.solver != "auto" or self.fit.checkpoints.resume_from is not None:
            return None
        return sample_of(self.data, self.design)

    def _solve(self, first: NDArray[np.float64]) -> SolverState:
        solver, options = SOLVERS[self.solver], self.method.options
        resumed = self.trail.resumed(options.max_iterations)
        if resumed is None:
            state = solver.start(self.objective, first, options)
            if self.solver == "fista":
                self._add(self._row(state))
            self._keep(state)
        else:
            state = resumed.state.resumed(options)
            self.began -= resumed.seconds
            for row in resumed.rows:
                self._add(row)
        for following in iterate(solver, state, self.objective, options):
            state = following
            self._add(self._row(state))
            self._keep(state)
        return state

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self.session.emit(row)

    def _keep(self, state: SolverState) -> None:
        self.trail.keep(Standing(state, tuple(self.rows), time.perf_counter() - self.began))

    def _facts(self) -> dict[str, Any]:
        """What the identity of the fit lacked before the rows were read."""
        data, statistics = self.data, self.data.statistics
        arrays = (
            *(statistics.class_counts, statistics.target_sums),
            *(data.reference, data.means, self.design.scale),
        )
        return {
            "solver": self.solver,
            "number of examples": statistics.n_train,
            "number of validation examples": data.validation_rows,
            "number of coefficients": self.design.size,
            "content of the table": fingerprint(arrays, (data.labels, data.finisher.levels)),
        }

    def _predictor(self, state: SolverState) -> LinearPredictor:
        encoder, data = self.fit.encoder, self.data
        return LinearPredictor(
            numeric=encoder.numeric,
            categorical=encoder.categorical,
            levels=data.finisher.levels,
            reference=tuple(data.reference.tolist()),
            means=tuple(data.means.tolist()),
            weights=self.design.expand(state.coefficients),
            lists=encoder.lists,
            dicts=encoder.dicts,
            vectors=encoder.vectors,
            widths=data.finisher.widths,
        )

    def _information(self, state: SolverState) -> Information | None:
        """Say how well the data determine the coefficients, with one more pass where that is cheap.

        None where the curvature says nothing of estimates (a hinge is no likelihood, an l1 penalty
        has none), where there are too few rows, or where a large Hessian was not asked for.
        """
        method, size = self.method, self.design.size
        squared = method.loss is Loss.SQUARED
        if method.loss is Loss.SMOOTH_HINGE or method.l1:
            return None
        if self.roles["train"] < size + squared:  # a variance of residuals needs one row more
            return None
        hessian = state.arrays.get("hessian")
        if hessian is None and size <= NEWTON_AUTO:
            hessian = self.objective.value_gradient_hessian(state.coefficients).hessian
        return None if hessian is None else Information.of(hessian, self.objective)

    def _standard_errors(self, state: SolverState, information: Information) -> NDArray[np.float64]:
        if self.method.loss is not Loss.SQUARED:
            return information.errors()
        free = self.roles["train"] - information.rank
        return information.errors(2.0 * state.numbers["loss"] / free)

    def _counted(self, predictor: LinearPredictor) -> dict[str, NDArray[np.float64]]:
        """Count what the measures of a classifier need, in one pass for all roles."""
        data = self.data
        kernel = ClassSums(len(data.labels), len(data.classes), self.method.loss)
        counted = kernel.split(self.data.reduce(kernel, predictor.weights))
        return dict(zip(self.roles, counted, strict=False))

    def _errors_of(self, state: SolverState) -> dict[str, NDArray[np.float64]]:
        """Give what the measures of a regression need: the last pass of the solver had it."""
        numbers = state.numbers
        return {
            role: np.array([rows, numbers[f"score_{role}"], math.sqrt(numbers[f"peak_{role}"])])
            for role, rows in self.roles.items()
        }

    # --- what is shown ---

    @property
    def _columns(self) -> tuple[str, ...]:
        step = ("Step size",) if self.solver != "newton" else ()
        measures = self.report.columns(self.roles)
        return ("Iteration", "Passes", *step, "Elapsed Time", *measures)

    def _row(self, state: SolverState) -> Row:
        number = state.iteration - (self.solver == "lbfgs")
        measured = [
            *([state.numbers["step"]] if self.solver != "newton" else []),
            time.perf_counter() - self.began,
            *self.report.values(state.numbers, self.roles),
        ]
        values = (str(number), str(state.passes), *(f"{value:.6f}" for value in measured))
        return Row(self._columns, values, number, state.iteration)

    def _header(self) -> Header:
        data, encoder = self.data, self.fit.encoder
        unpacked = unpacked_counts(
            data.layout, encoder, data.finisher.widths, data.reference, self.design.free
        )
        counts = {
            "Number of examples": self.data.statistics.n_train,
            "Number of classes": len(self.data.classes),
            self.report.features: len(encoder.features),
            "Number of unpacked features": sum(unpacked.values()),
            "Number of coefficients": self.design.size,
        }
        lines = tuple((label, str(count)) for label, count in counts.items() if count)
        return Header(self.report.title, lines, METHODS[self.solver])

    def _report_end(self, state: SolverState) -> None:
        limited = state.status is Status.LIMIT
        self.session.emit(Finished(state.status.value + (f"\n{ADVICE}" if limited else "")))
        if state.status is not Status.OPTIMAL:
            advice = "raise max_iterations" if limited else ADVICES[self.method.loss]
            fista = self.solver == "fista"
            what = "the largest move of a coefficient" if fista else "the largest gradient entry"
            self.session.emit(
                Warned(
                    f"the fit did not converge: after {state.iteration} iterations"
                    f" ({state.passes} passes) {what} is"
                    f" {state.left:.3g}, and the threshold"
                    f" {self.method.options.threshold:g}; {advice}",
                    ConvergenceWarning.__name__,
                )
            )
