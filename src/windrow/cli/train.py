"""``windrow train``: one command a model, with the options of its ``create``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from windrow.cli.fits import (
    L1,
    L2,
    Checkpoint,
    Features,
    Folder,
    Iterations,
    Label,
    Memory,
    Missing,
    NoRescaling,
    Number,
    Precision,
    Quiet,
    Resume,
    RowWeights,
    Seed,
    Solver,
    StepSize,
    Threshold,
    Validation,
    Weights,
    fit,
)
from windrow.cli.options import Cluster, Debug, Delimiter, Header, Json, Na, Table, Types, Url

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model on a table and save it.",
    epilog="windrow train logistic_classifier --help lists the options of that model.",
)


@app.command(
    "linear_regression",
    epilog="""[bold]Examples[/bold]

windrow train linear_regression flats.csv --target rent --model rent.model

windrow train linear_regression flats.csv --target rent --model rent.model \
--l1-penalty 10 --max-iterations 500

windrow train linear_regression http://host/flats.csv --target rent --model rent.model \
--quiet --json""",
)
def linear_regression(
    url: Url,
    *,
    target: Number,
    model: Folder,
    features: Features = None,
    l2_penalty: L2 = 0.01,
    l1_penalty: L1 = 0.0,
    solver: Solver = "auto",
    no_feature_rescaling: NoRescaling = False,
    convergence_threshold: Threshold = 0.01,
    step_size: StepSize = 1.0,
    lbfgs_memory_level: Memory = 11,
    max_iterations: Iterations = 10,
    validation_set: Validation = "auto",
    seed: Seed = None,
    missing_value_action: Missing = "auto",
    row_weights: RowWeights = None,
    precision: Precision = "auto",
    checkpoint: Checkpoint = None,
    resume_from_checkpoint: Resume = None,
    quiet: Quiet = False,
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a model of a number that is linear in the features.

    Prints the progress, then the measures of the fitted model, and saves it in DIR.
    """
    fit(
        "linear_regression",
        ("max_error", "rmse"),
        url,
        Table(delimiter, header, na, types),
        target=target,
        model=model,
        features=features,
        validation_set=validation_set,
        quiet=quiet,
        cluster=cluster,
        as_json=as_json,
        debug=debug,
        l2_penalty=l2_penalty,
        l1_penalty=l1_penalty,
        solver=solver,
        feature_rescaling=not no_feature_rescaling,
        convergence_threshold=convergence_threshold,
        step_size=step_size,
        lbfgs_memory_level=lbfgs_memory_level,
        max_iterations=max_iterations,
        seed=seed,
        missing_value_action=missing_value_action,
        row_weights=row_weights,
        precision=precision,
        checkpoint=checkpoint,
        resume_from_checkpoint=resume_from_checkpoint,
    )


@app.command(
    "logistic_classifier",
    epilog="""[bold]Examples[/bold]

windrow train logistic_classifier visits.csv --target bought --model bought.model

windrow train logistic_classifier visits.csv --target bought --model bought.model \
--features country,pages --validation-set none

windrow train logistic_classifier http://host/visits.csv --target bought --model bought.model \
--quiet --json

windrow train logistic_classifier visits.csv --target bought --model bought.model \
--cluster laptop""",
)
def logistic_classifier(
    url: Url,
    *,
    target: Label,
    model: Folder,
    features: Features = None,
    l2_penalty: L2 = 0.01,
    l1_penalty: L1 = 0.0,
    solver: Solver = "auto",
    no_feature_rescaling: NoRescaling = False,
    convergence_threshold: Threshold = 0.01,
    step_size: StepSize = 1.0,
    lbfgs_memory_level: Memory = 11,
    max_iterations: Iterations = 10,
    class_weights: Weights = None,
    validation_set: Validation = "auto",
    seed: Seed = None,
    missing_value_action: Missing = "auto",
    row_weights: RowWeights = None,
    precision: Precision = "auto",
    checkpoint: Checkpoint = None,
    resume_from_checkpoint: Resume = None,
    quiet: Quiet = False,
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a classifier whose log odds are linear in the features.

    Prints the progress, then the measures of the fitted model, and saves it in DIR.
    """
    fit(
        "logistic_classifier",
        ("accuracy", "auc", "precision", "recall", "f1_score", "log_loss"),
        url,
        Table(delimiter, header, na, types),
        target=target,
        model=model,
        features=features,
        validation_set=validation_set,
        quiet=quiet,
        cluster=cluster,
        as_json=as_json,
        debug=debug,
        class_weights=class_weights,
        l2_penalty=l2_penalty,
        l1_penalty=l1_penalty,
        solver=solver,
        feature_rescaling=not no_feature_rescaling,
        convergence_threshold=convergence_threshold,
        step_size=step_size,
        lbfgs_memory_level=lbfgs_memory_level,
        max_iterations=max_iterations,
        seed=seed,
        missing_value_action=missing_value_action,
        row_weights=row_weights,
        precision=precision,
        checkpoint=checkpoint,
        resume_from_checkpoint=resume_from_checkpoint,
    )


@app.command(
    "svm_classifier",
    epilog="""[bold]Examples[/bold]

windrow train svm_classifier visits.csv --target bought --model bought.model

windrow train svm_classifier visits.csv --target bought --model bought.model \
--penalty 0.1 --class-weights auto""",
)
def svm_classifier(
    url: Url,
    *,
    target: Label,
    model: Folder,
    features: Features = None,
    penalty: Annotated[float, typer.Option(help="What a row on the wrong side costs.")] = 1.0,
    solver: Annotated[
        Literal["auto", "lbfgs"], typer.Option(metavar="NAME", help="lbfgs, which auto is too.")
    ] = "auto",
    no_feature_rescaling: NoRescaling = False,
    convergence_threshold: Threshold = 0.01,
    lbfgs_memory_level: Memory = 11,
    max_iterations: Iterations = 10,
    class_weights: Weights = None,
    validation_set: Validation = "auto",
    seed: Seed = None,
    missing_value_action: Missing = "auto",
    row_weights: RowWeights = None,
    precision: Precision = "auto",
    checkpoint: Checkpoint = None,
    resume_from_checkpoint: Resume = None,
    quiet: Quiet = False,
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a classifier that parts two classes by a margin.

    Prints the progress, then the measures of the fitted model, and saves it in DIR.
    """
    fit(
        "svm_classifier",
        ("accuracy", "precision", "recall", "f1_score"),
        url,
        Table(delimiter, header, na, types),
        target=target,
        model=model,
        features=features,
        validation_set=validation_set,
        quiet=quiet,
        cluster=cluster,
        as_json=as_json,
        debug=debug,
        class_weights=class_weights,
        penalty=penalty,
        solver=solver,
        feature_rescaling=not no_feature_rescaling,
        convergence_threshold=convergence_threshold,
        lbfgs_memory_level=lbfgs_memory_level,
        max_iterations=max_iterations,
        seed=seed,
        missing_value_action=missing_value_action,
        row_weights=row_weights,
        precision=precision,
        checkpoint=checkpoint,
        resume_from_checkpoint=resume_from_checkpoint,
    )
