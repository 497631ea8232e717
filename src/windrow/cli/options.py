"""Arguments that commands share, and the table that they describe."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windrow.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from windrow.frames.sframe import SFrame

__all__ = [
    "Cluster",
    "Debug",
    "Delimiter",
    "Header",
    "Json",
    "Model",
    "Na",
    "Table",
    "Types",
    "Url",
    "environment",
    "refuse_unwritable",
    "table",
]

READING = "Reading CSV"

Url = Annotated[
    str,
    typer.Argument(metavar="URL", help="Path, folder, glob or http(s) address; CSV or Parquet."),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="Folder that `train` wrote.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; all else goes to stderr.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH", help="Work on this cluster (windrow cluster create) instead of here."
    ),
]
Delimiter = Annotated[
    str | None, typer.Option(help="Between cells; a comma if left out.", rich_help_panel=READING)
]
Header = Annotated[
    bool,
    typer.Option(
        "--header/--no-header", help="Whether the first row names them.", rich_help_panel=READING
    ),
]
Na = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT", help="A missing cell; repeat for more. NA if none.", rich_help_panel=READING
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="COLUMN=TYPE",
        help="int, float, str, list, dict or array; repeat for more. Else from the first rows.",
        rich_help_panel=READING,
    ),
]


@dataclass(frozen=True)
class Table:
    """How the cells of a text file are to be read; all defaults leave it to the file."""

    delimiter: str | None = None
    header: bool = True
    na: Sequence[str] | None = None
    types: Sequence[str] | None = None

    def keywords(self) -> dict[str, Any]:
        """Give the arguments of `SFrame.read_csv` that were asked for."""
        asked: dict[str, Any] = {}
        if self.delimiter is not None:
            asked["delimiter"] = self.delimiter.replace("\\t", "\t")
        if not self.header:
            asked["header"] = False
        if self.na:
            asked["na_values"] = list(self.na)
        if self.types:
            asked["column_type_hints"] = dict(map(_hint, self.types))
        return asked


@contextmanager
def environment(cluster: str | None) -> Iterator[None]:
    """Let a cluster do the work of a ``with`` block; without one this process does it."""
    if cluster is None:
        yield
        return
    from windrow.deploy.environment import distributed
    from windrow.deploy.local_cluster import load

    found = load(cluster)
    try:
        with distributed(found):
            yield
    finally:
        found.disconnect()


def table(url: str, how: Table) -> SFrame:
    """Describe the table at a URL; nothing but a sample is read."""
    from windrow.frames.sframe import SFrame

    keywords = how.keywords()
    return SFrame.read_csv(url, verbose=False, **keywords) if keywords else SFrame(url)


def refuse_unwritable(path: str) -> None:
    """Fail now rather than after hours: a result could not be written here.

    Raises
    ------
    UnwritableError
        The nearest folder that exists may not be written to, or is none.
    """
    if "://" in path:
        return
    place = Path(path).absolute()
    if place.is_file() and place.suffix.lower() in {".csv", ".json"}:
        place = place.parent  # an earlier result, to be replaced
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise UnwritableError(path, f"{place} is a file")
    if not os.access(place, os.W_OK):
        raise UnwritableError(path, f"{place} does not let you write")


def _hint(text: str) -> tuple[str, type]:
    import array

    kinds: dict[str, type] = {kind.__name__: kind for kind in (int, float, str, list, dict)}
    kinds["array"] = array.array
    column, _, kind = text.rpartition("=")
    if not column or kind not in kinds:
        message = f"{text!r} is no COLUMN=TYPE with a TYPE of {', '.join(kinds)}"
        raise typer.BadParameter(message, param_hint="--type")
    return column, kinds[kind]
