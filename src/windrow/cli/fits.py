"""What the commands of ``windrow train`` share: options, and one fit from a URL to a folder."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from windrow.cli.documents import aligned
from windrow.cli.options import Table, environment, refuse_unwritable, table
from windrow.cli.running import running

if TYPE_CHECKING:
    from windrow.frames.sframe import SFrame

__all__ = [
    "L1",
    "L2",
    "Checkpoint",
    "Features",
    "Folder",
    "Iterations",
    "Label",
    "Memory",
    "Missing",
    "NoRescaling",
    "Number",
    "Precision",
    "Quiet",
    "Resume",
    "RowWeights",
    "Seed",
    "Solver",
    "StepSize",
    "Threshold",
    "Validation",
    "Weights",
    "fit",
]

Label = Annotated[str, typer.Option(metavar="COLUMN", help="What to predict: int or str.")]
Number = Annotated[str, typer.Option(metavar="COLUMN", help="What to predict: int or float.")]
Folder = Annotated[str, typer.Option(metavar="DIR", help="Where to save the model.")]
Features = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN,...", help="What to learn from; all others if left out."),
]
L2 = Annotated[float, typer.Option(help="On squared rescaled coefficients.")]
L1 = Annotated[float, typer.Option(help="On absolute rescaled coefficients; makes some 0.")]
Solver = Annotated[
    Literal["auto", "newton", "lbfgs", "fista"],
    typer.Option(
        metavar="NAME",
        help="auto, newton, lbfgs or fista; auto is fista with l1, else newton up to 500.",
    ),
]
NoRescaling = Annotated[
    bool,
    typer.Option("--no-feature-rescaling", help="Do not divide columns by their size first."),
]
Threshold = Annotated[float, typer.Option(help="Largest gradient entry that counts as none.")]
StepSize = Annotated[float, typer.Option(help="Of the first step.")]
Memory = Annotated[int, typer.Option(help="Steps that lbfgs remembers.")]
Iterations = Annotated[int, typer.Option(help="Steps at most.")]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        metavar="auto|CLASS=W", help="auto: all classes count alike; or repeat for each class."
    ),
]
Validation = Annotated[
    str,
    typer.Option(metavar="auto|none|URL", help="auto: 5 % of the rows, from 100 rows on."),
]
Seed = Annotated[int | None, typer.Option(help="Chooses the rows of the automatic validation set.")]
Missing = Annotated[
    str, typer.Option(metavar="HOW", help="With a missing number: error, or impute the mean.")
]
RowWeights = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="What each row weighs in the loss; no feature then."),
]
Precision = Annotated[
    str,
    typer.Option(metavar="WORD", help="How numbers are stored: auto, double or single."),
]
Checkpoint = Annotated[
    str | None, typer.Option(metavar="DIR", help="Where to keep states to go on from.")
]
Resume = Annotated[
    str | None, typer.Option(metavar="DIR", help="Go on from the newest state there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress table.")]


def fit(
    toolkit: str,
    measures: tuple[str, ...],
    url: str,
    how: Table,
    *,
    target: str,
    model: str,
    features: list[str] | None,
    validation_set: str,
    quiet: bool,
    cluster: str | None,
    as_json: bool,
    debug: bool,
    class_weights: list[str] | None = None,
    **options: Any,
) -> None:
    """Train on the table at a URL, save the model and say how good it is.

    Parameters
    ----------
    toolkit
        Name of the module whose ``create`` is called.
    measures
        What is said of the training and the validation rows.
    url, how
        The table.
    target, model, features, validation_set, class_weights
        As the command line has them.
    quiet, cluster, as_json, debug
        How it runs, and what is shown.
    options
        Further arguments of ``create``.
    """
    with running(as_json=as_json, debug=debug) as outcome, environment(cluster):
        began = time.perf_counter()
        refuse_unwritable(model)
        sf = table(url, how)
        if class_weights:
            options["class_weights"] = _weights(class_weights, sf, target)
        fitted = import_module(f"windrow.toolkits.{toolkit}").create(
            sf,
            target=target,
            features=_named(features, sf.column_names()),
            validation_set=_validation(validation_set, how),
            verbose=not quiet,
            **options,
        )
        fitted.save(model)
        fields = fitted.list_fields()
        seconds = time.perf_counter() - began
        measured = {
            part: {name: fitted[f"{part}_{name}"] for name in measures}
            for part in ("training", "validation")
            if f"{part}_{measures[0]}" in fields
        }
        outcome.document.update(
            model=model,
            toolkit=toolkit,
            status=fitted["training_solver_status"],
            solver=fitted["solver"],
            iterations=fitted["training_iterations"],
            loss=fitted["training_loss"],
            num_examples=fitted["num_examples"],
            num_coefficients=fitted["num_coefficients"],
            **({"classes": fitted["classes"]} if "classes" in fields else {}),
            seconds=seconds,
            **measured,
        )
        for part, values in measured.items():
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


def _weights(given: list[str], sf: SFrame, target: str) -> dict[int | str, float] | str:
    """Read ``auto`` or CLASS=WEIGHT pairs; a class is written as in the target's column."""
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
