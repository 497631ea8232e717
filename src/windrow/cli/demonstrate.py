"""``windrow demo``: the whole way from files to a model, on real data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windrow.cli.options import Debug, Json
from windrow.cli.running import running

__all__ = ["EXAMPLES", "demo"]

EXAMPLES = r"""[bold]Examples[/bold]

pip install 'windrow\[demo]'

windrow demo

windrow demo --output /tmp/flights"""


def demo(
    *,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the model and the pictures go.")
    ] = Path("windrow-demo"),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Predict whether a flight from New York will arrive more than 15 minutes late.

    Reads the flights of 2013 with weather and planes, trains, evaluates, and draws a ROC curve.
    """
    with running(as_json=as_json, debug=debug) as outcome:
        from windrow.demo import run

        outcome.document.update(run(output))
