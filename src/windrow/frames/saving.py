"""Tables and columns as files: written where the executor runs, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from windrow.errors import ArgumentError
from windrow.execution import environment
from windrow.frames import compute
from windrow.frames.operators import NAME
from windrow.plan.compose import column, project

if TYPE_CHECKING:
    from windrow.frames.sarray import SArray
    from windrow.frames.sframe import SFrame
    from windrow.io.csv.writing import CsvLayout
    from windrow.plan.tables import Plan

__all__ = ["load_sarray", "load_sframe"]


def load_sframe(filename: str) -> SFrame:
    """Open a table that `SFrame.save` wrote.

    Raises
    ------
    SourceNotFoundError
        There is none.
    NewerFormatError, DamagedFolderError
        A newer windrow wrote it, or something in it is missing.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.SFrame({"a": [1, 2]}).save("table")
    >>> list(wr.load_sframe("table")["a"])
    [1, 2]
    """
    from windrow.frames.sframe import SFrame
    from windrow.io.saved import open_saved

    return SFrame.from_plan(open_saved(os.fspath(filename)))


def load_sarray(filename: str) -> SArray:
    """Open a column that `SArray.save` wrote; raises what `load_sframe` does.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.SArray([1, 2]).save("column")
    >>> wr.load_sarray("column").sum()
    3
    """
    from windrow.frames.sarray import SArray
    from windrow.io.saved import open_saved

    return SArray.from_plan(_only_column(open_saved(os.fspath(filename)), filename))


def open_column(url: str) -> Plan:
    """Open a saved column, or a text file with one value a line."""
    from windrow.io import saved, sources
    from windrow.plan.sources import CsvFormat

    if saved.is_saved(url):
        return _only_column(saved.open_saved(url), url)
    return _only_column(sources.describe(url, CsvFormat(header=False)), url)


def _only_column(plan: Plan, url: str) -> Plan:
    if len(plan.schema) != 1:
        raise ArgumentError("the file", url, f"one column, not {len(plan.schema)}; open an SFrame")
    return project(plan, [(NAME, column(plan, plan.schema.names[0]))])


def save_table(plan: Plan, filename: str, format: str | None) -> None:
    """Write a table; see `SFrame.save`."""
    url = os.fspath(filename)
    kind = format or {".csv": "csv", ".json": "json"}.get(_suffix(url), "binary")
    match kind:
        case "binary":
            from windrow.io.writing import SavedTableWriter

            writer = SavedTableWriter.at(url, plan.schema)
            environment.current().write(plan, url, writer)
        case "csv":
            from windrow.io.csv.writing import CsvLayout

            export_csv(plan, url, CsvLayout())
        case "json":
            export_json(plan, url, "records")
        case _:
            raise ArgumentError("format", format, "binary, csv or json")


def save_column(plan: Plan, filename: str, format: str | None) -> None:
    """Write a column; see `SArray.save`."""
    from windrow.io.csv.writing import CsvLayout

    url = os.fspath(filename)
    text = _suffix(url) in {".csv", ".txt"}
    match format or ("text" if text else "binary"):
        case "binary":
            save_table(plan, url, "binary")
        case "text" | "csv":
            export_csv(plan, url, CsvLayout(header=False))
        case _:
            raise ArgumentError("format", format, "binary or text")


def export_csv(plan: Plan, url: str, layout: CsvLayout) -> None:
    """Write a table as one CSV file."""
    from windrow.io.writing import CsvWriter

    environment.current().write(plan, url, CsvWriter(plan.schema, layout))


def export_json(plan: Plan, url: str, orient: str) -> None:
    """Write a table as JSON, a row an object without its missing values.

    Rows pass through this process, a partition at a time.
    """
    from windrow.io.registry import storage_of

    if orient not in {"records", "lines"}:
        raise ArgumentError("orient", orient, "records or lines")
    with storage_of(url).open_write(url) as file:
        write_json(plan, file, orient)


def write_json(plan: Plan, file: BinaryIO, orient: str) -> None:
    """Write the rows of a table into an open file, as `export_json` does."""
    names = plan.schema.names
    start, between, end = ("[", ",\n", "]\n") if orient == "records" else ("", "\n", "\n")
    file.write(start.encode())
    for number, row in enumerate(compute.iterate(plan)):
        held = {n: v for n, v in zip(names, row, strict=True) if v is not None}
        text = json.dumps(held, default=_as_json, ensure_ascii=False)
        file.write(((between if number else "") + text).encode())
    file.write(end.encode())


def _suffix(url: str) -> str:
    return PurePosixPath(url).suffix.lower()


def _as_json(value: Any) -> Any:
    """Write vectors as lists and times in ISO form."""
    return value.tolist() if hasattr(value, "tolist") else value.isoformat()
