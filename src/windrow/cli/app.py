"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from windrow import __version__
from windrow.cli import apply, cluster, demonstrate, hadoop, show, train

__all__ = ["app"]

app = typer.Typer(
    name="windrow",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # an error that we did not mean keeps Python's own traceback
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windrow {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Settings: WINDROW_THREADS, WINDROW_MEMORY_BUDGET (bytes), WINDROW_SCRATCH, "
    "WINDROW_IO_TIMEOUT (seconds), WINDROW_PROGRESS (auto, plain, off). None changes a result."
)
def windrow(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it, exit."),
    ] = False,
) -> None:
    """Train models on tables that need not fit in memory.

    URL is a path, folder, glob or http(s) address of CSV (also compressed) or Parquet.
    """


app.command(epilog=show.EXAMPLES)(show.show)
app.add_typer(train.app, name="train")
app.command(epilog=apply.EVALUATE_EXAMPLES)(apply.evaluate)
app.command(epilog=apply.PREDICT_EXAMPLES)(apply.predict)
app.add_typer(cluster.app, name="cluster")
app.add_typer(hadoop.app, name="hadoop")
app.command(epilog=demonstrate.EXAMPLES)(demonstrate.demo)
