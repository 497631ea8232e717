"""``windrow show``: the columns of a table and its first rows."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

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
    table,
)
from windrow.cli.running import running
from windrow.errors import redacted

__all__ = ["EXAMPLES", "show"]

EXAMPLES = """[bold]Examples[/bold]

windrow show visits.csv

windrow show 'logs/2026-*.csv.gz' --rows 3 --count

windrow show http://host/data.csv --delimiter ';' --type code=str --json"""


def show(
    url: Url,
    *,
    rows: Annotated[int, typer.Option(min=0, help="How many rows to show.")] = 10,
    count: Annotated[bool, typer.Option("--count", help="Count the rows: reads all.")] = False,
    delimiter: Delimiter = None,
    header: Header = True,
    na: Na = None,
    types: Types = None,
    cluster: Cluster = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the columns of a table, their types and the first rows."""
    with running(as_json=as_json, debug=debug) as outcome, environment(cluster):
        sf = table(url, Table(delimiter, header, na, types))
        kinds = {
            name: kind.__name__
            for name, kind in zip(sf.column_names(), sf.column_types(), strict=True)
        }
        head = sf.head(rows)
        for line in aligned(kinds):
            outcome.say(line)
        outcome.say()
        if not as_json and rows:
            head.print_rows(rows)
        outcome.document["url"] = redacted(url)
        outcome.document["columns"] = [{"name": n, "type": k} for n, k in kinds.items()]
        outcome.document["rows"] = list(islice(head, rows)) if as_json else []
        if count:
            outcome.document["num_rows"] = sf.num_rows()
            outcome.say(f"{sf.num_rows()} rows in all")
