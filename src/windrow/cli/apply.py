"""``windrow evaluate`` and ``windrow predict``: what a saved model makes of a table."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from windrow.cli.documents import aligned
from windrow.cli.options import (
    Cluster,
    Debug,
    Delimiter,
    Header,
    Json,
    Model,
    Na,
    Table,
    Types,
    Url,
    environment,
    refuse_unwritable,
    table,
)
from windrow.cli.running import running

__all__ = ["EVALUATE_EXAMPLES", "PREDICT_EXAMPLES", "evaluate", "predict"]

EVALUATE_EXAMPLES = """[bold]Examples[/bold]

windrow evaluate bought.model visits.csv

windrow evaluate bought.model visits.csv --metric auc --json"""

PREDICT_EXAMPLES = """[bold]Examples[/bold]

windrow predict bought.model visits.csv --output classes.csv

windrow predict bought.model visits.csv --output chances.csv --output-type probability \
--keep country"""

Missing = Annotated[
    Literal["auto", "impute", "error"],
    typer.Option(metavar="HOW", help="With a missing number: impute, or error; auto imputes."),
]


def evaluate(
    model: Model,
    url: Url,
    *,
    metric: Annotated[str, typer.Option(help="One measure by name, or auto for all.")] = "auto",
    missing_value_action: Missing = "auto",
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure a saved model on a table that has the target."""
    with running(as_json=as_json, debug=debug) as outcome, environment(cluster):
        from windrow.toolkits.model_store import load_model

        sf = table(url, Table(delimiter, header, na, types))
        found = load_model(model).evaluate(
            sf, metric=metric, missing_value_action=missing_value_action
        )
        outcome.document.update(found)
        numbers = {k: v for k, v in found.items() if not hasattr(v, "column_names")}
        for line in aligned(numbers):
            outcome.say(line)
        for name, frame in found.items():
            if name not in numbers and (name == metric or len(frame) <= 20):
                outcome.say(f"\n{name}")
                if not as_json:
                    frame.print_rows(20)


def predict(
    model: Model,
    url: Url,
    *,
    output: Annotated[
        str,
        typer.Option(metavar="FILE", help="Ends in .csv for CSV; else a folder for load_sframe."),
    ],
    output_type: Annotated[
        Literal["class", "probability", "margin", "probability_vector"] | None,
        typer.Option(
            metavar="TYPE",
            help="Of a classifier: class if left out, or probability_vector; of two classes also"
            " probability and margin.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Copy this column along; repeat for more."),
    ] = None,
    missing_value_action: Missing = "auto",
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Predict each row of a table with a saved model.

    FILE gets a column named prediction, rows in the order of the table.
    """
    with running(as_json=as_json, debug=debug) as outcome, environment(cluster):
        from windrow.toolkits.model_store import load_model

        refuse_unwritable(output)
        sf = table(url, Table(delimiter, header, na, types))
        found = load_model(model)
        if output_type is not None and not found.OUTPUTS:
            message = f"{model} predicts a number: leave the type out"
            raise typer.BadParameter(message, param_hint="--output-type")
        kind = output_type or ("class" if found.OUTPUTS else "value")
        asked = {"output_type": kind} if found.OUTPUTS else {}
        predicted = found.predict(sf, missing_value_action=missing_value_action, **asked)
        result = sf[list(keep or [])]
        result["prediction"] = predicted
        result.save(output)
        outcome.document.update(output=output, output_type=kind, columns=result.column_names())
        outcome.say(f"{kind} of each row written to {output}")
