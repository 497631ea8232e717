"""``windrow train``: one command a model, with the options of its ``create``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from windrow.cli.documents import aligned
from windrow.cli.options import (
    Cluster,
    Debug,
    Delimiter,
    Header,
    Json,
    Na,
    Table,
    Types,
    Url,
    environment,
    refuse_unwritable,
    table,
)
from windrow.cli.running import running

if TYPE_CHECKING:
    from windrow.frames.sframe import SFrame

__all__ = ["app"]

MEASURES = ("accuracy", "auc", "precision", "recall", "f1_score", "log_loss")

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model on a table and save it.",
    epilog="windrow train logistic_classifier --help lists the options of that model.",
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
    target: Annotated[str, typer.Option(metavar="COLUMN", help="What to predict: int or str.")],
    model: Annotated[str, typer.Option(metavar="DIR", help="Where to save the model.")],
    features: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN,...", help="What to learn from; all others if left out."),
    ] = None,
    l2_penalty: Annotated[float, typer.Option(help="On squared rescaled coefficients.")] = 0.01,
    l1_penalty: Annotated[float, typer.Option(help="Must be 0 in this version.")] = 0.0,
    solver: Annotated[
        Literal["auto", "newton", "lbfgs"],
        typer.Option(metavar="NAME", help="auto, newton or lbfgs; auto is newton up to 500."),
    ] = "auto",
    no_feature_rescaling: Annotated[
        bool,
        typer.Option("--no-feature-rescaling", help="Do not divide columns by their size first."),
    ] = False,
    convergence_threshold: Annotated[
        float, typer.Option(help="Largest gradient entry that counts as none.")
    ] = 0.01,
    step_size: Annotated[float, typer.Option(help="Of the first step.")] = 1.0,
    lbfgs_memory_level: Annotated[int, typer.Option(help="Steps that lbfgs remembers.")] = 11,
    max_iterations: Annotated[int, typer.Option(help="Steps at most.")] = 10,
    class_weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="auto|CLASS=W", help="auto: all classes count alike; or repeat for each class."
        ),
    ] = None,
    validation_set: Annotated[
        str,
        typer.Option(metavar="auto|none|URL", help="auto: 5 % of the rows, from 100 rows on."),
    ] = "auto",
    seed: Annotated[
        int | None, typer.Option(help="Chooses the rows of the automatic validation set.")
    ] = None,
    missing_value_action: Annotated[
        str, typer.Option(metavar="HOW", help="With a missing number: error, or impute the mean.")
    ] = "auto",
    checkpoint: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where to keep states to go on from.")
    ] = None,
    resume_from_checkpoint: Annotated[
        str | None, typer.Option(metavar="DIR", help="Go on from the newest state there.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress table.")] = False,
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
    with running(as_json=as_json, debug=debug) as outcome, environment(cluster):
        from windrow.toolkits import logistic_classifier as toolkit

        began = time.perf_counter()
        how = Table(delimiter, header, na, types)
        refuse_unwritable(model)
        sf = table(url, how)
        fitted = toolkit.create(
            sf,
            target=target,
            features=_named(features, sf.column_names()),
            l2_penalty=l2_penalty,
            l1_penalty=l1_penalty,
            solver=solver,
            feature_rescaling=not no_feature_rescaling,
            convergence_threshold=convergence_threshold,
            step_size=step_size,
            lbfgs_memory_level=lbfgs_memory_level,
            max_iterations=max_iterations,
            class_weights=_weights(class_weights, sf, target),
            validation_set=_validation(validation_set, how),
            verbose=not quiet,
            seed=seed,
            missing_value_action=missing_value_action,
            checkpoint=checkpoint,
            resume_from_checkpoint=resume_from_checkpoint,
        )
        fitted.save(model)
        fields = fitted.list_fields()
        seconds = time.perf_counter() - began
        measures = {
            part: {name: fitted[f"{part}_{name}"] for name in MEASURES}
            for part in ("training", "validation")
            if f"{part}_{MEASURES[0]}" in fields
        }
        outcome.document.update(
            model=model,
            toolkit="logistic_classifier",
            status=fitted["training_solver_status"],
            solver=fitted["solver"],
            iterations=fitted["training_iterations"],
            loss=fitted["training_loss"],
            num_examples=fitted["num_examples"],
            num_coefficients=fitted["num_coefficients"],
            classes=fitted["classes"],
            seconds=seconds,
            **measures,
        )
        for part, values in measures.items():
            outcome.say(f"{part}:")
            for line in aligned(values):
                outcome.say(f"  {line}")
        outcome.say(f"saved in {model} after {seconds:.1f} s")


def _named(features: list[str] | None, columns: list[str]) -> list[str] | None:
    """Split what was given at commas, except where the whole is a column's name."""
    if not features:
        return None
    return [
        name for given in features for name in ([given] if given in columns else given.split(","))
    ]


def _weights(
    given: list[str] | None, sf: SFrame, target: str
) -> dict[int | str, float] | str | None:
    """Read ``auto`` or CLASS=WEIGHT pairs; a class is written as in the target's column."""
    if not given:
        return None
    if given == ["auto"]:
        return "auto"
    numbers = target in sf.column_names() and sf[target].dtype is int
    weights: dict[int | str, float] = {}
    for pair in given:
        name, _, weight = pair.rpartition("=")
        try:
            weights[int(name) if numbers else name] = float(weight)
        except ValueError:
            message = f"{pair!r} is neither auto nor CLASS=WEIGHT"
            raise typer.BadParameter(message, param_hint="--class-weights") from None
    return weights


def _validation(given: str, how: Table) -> SFrame | str | None:
    if given == "auto":
        return "auto"
    return None if given == "none" else table(given, how)
