"""Graphs as files: two saved tables behind one manifest, CSV, JSON, and lists of edges.

A save writes its tables under new names and then the manifest, which alone says what belongs to the
graph: a reader sees the graph before or after, never a mixture.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from windrow.errors import (
    ArgumentError,
    DamagedFolderError,
    FileFormatError,
    NewerFormatError,
    SourceNotFoundError,
    UnwritableError,
)
from windrow.frames import construct
from windrow.frames.graph_plans import DST, SRC, VID, with_ids_named
from windrow.frames.saving import save_table, write_json
from windrow.frames.sframe import SFrame

if TYPE_CHECKING:
    from windrow.frames.sgraph import SGraph
    from windrow.io.storage import Storage
    from windrow.plan.tables import Plan

__all__ = ["load_sgraph", "save_graph"]

MANIFEST = "graph.json"
FORMAT = "windrow-graph"
VERSION = 1
TABLES = ("vertices", "edges")


def save_graph(graph: SGraph, filename: str, format: str) -> None:
    """Write a graph; see `SGraph.save`."""
    url = os.fspath(filename).rstrip("/")
    by_name = {".json": "json", ".csv": "csv"}.get(PurePosixPath(url).suffix.lower(), "binary")
    plans = {"vertices": graph.vertices.plan, "edges": graph.edges.plan}
    match by_name if format == "auto" else format:
        case "binary":
            _save_binary(url, plans)
        case "csv":
            for name, plan in plans.items():
                save_table(plan, f"{url}/{name}.csv", "csv")
        case "json":
            _save_json(url, plans)
        case _:
            raise ArgumentError("format", format, "auto, binary, csv or json")


def load_sgraph(filename: str, format: str = "auto", delimiter: str = "auto") -> SGraph:
    r"""Open a graph from files; of a table nothing is read until it is needed.

    Parameters
    ----------
    filename
        What `SGraph.save` wrote, or a list of edges: a file, a folder or a glob.
    format
        ``auto``: what `SGraph.save` wrote, found out by looking; a file that is none is ``csv``,
        ``tsv`` or ``snap`` by its name. ``binary``, ``json``: the same, named. ``csv``: what save
        wrote, or a list of edges, two ids a line, without a header. ``tsv``: the same with tabs.
        ``snap``: ids between tabs or spaces, lines that begin with ``#`` left out
        (https://snap.stanford.edu/data).
    delimiter
        Between the ids of a list of edges; by default a comma, or a tab.

    Raises
    ------
    SourceNotFoundError, DamagedFolderError, NewerFormatError
        There is no graph, something of it is missing, or a newer windrow wrote it.

    Examples
    --------
    >>> import windrow as wr
    >>> from pathlib import Path
    >>> _ = Path("net.txt").write_text("# from to\n1\t2\n2\t3\n")
    >>> wr.load_sgraph("net.txt", format="snap").summary()
    {'num_vertices': 3, 'num_edges': 2}
    """
    from windrow.io.registry import storage_of

    url = os.fspath(filename).rstrip("/")
    match _format_of(url, storage_of(url)) if format == "auto" else format:
        case "binary":
            return _load_binary(url)
        case "json":
            return _load_json(url)
        case "csv" if storage_of(url).exists(f"{url}/edges.csv"):
            return _load_csv(url)
        case "csv":
            return _load_edges(url, "," if delimiter == "auto" else delimiter, "")
        case "tsv":
            return _load_edges(url, "\t" if delimiter == "auto" else delimiter, "")
        case "snap":
            return _load_snap(url, delimiter)
        case _:
            raise ArgumentError("format", format, "auto, binary, csv, tsv, json or snap")


def _format_of(url: str, storage: Storage) -> str:
    if storage.exists(f"{url}/{MANIFEST}"):
        return "binary"
    if storage.exists(f"{url}/edges.csv"):
        return "csv"
    by_name = {".json": "json", ".csv": "csv", ".tsv": "tsv", ".txt": "snap"}
    return by_name.get(PurePosixPath(url.removesuffix(".gz")).suffix.lower(), "binary")


# ------------------------------------------------------------------------------------------- binary


def _save_binary(url: str, plans: dict[str, Plan]) -> None:
    from windrow.io.registry import storage_of

    storage = storage_of(url)
    made = not storage.exists(url)
    before: tuple[str, ...] = ()
    if storage.exists(f"{url}/{MANIFEST}"):
        before = tuple(_manifest(url)[name] for name in TABLES)
    elif not made and storage.names(url):
        raise UnwritableError(url, "something else is there that is no saved graph")
    token = secrets.token_hex(4)
    record: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    record |= {name: f"{name}-{token}" for name in TABLES}
    try:
        for name, plan in plans.items():
            save_table(plan, f"{url}/{record[name]}", "binary")
        with storage.open_write(f"{url}/{MANIFEST}") as file:
            file.write(json.dumps(record, indent=1).encode())
    except BaseException:
        for name in TABLES:
            storage.remove(f"{url}/{record[name]}")
        if made:
            storage.remove(url)
        raise
    for name in before:
        storage.remove(f"{url}/{name}")


def _load_binary(url: str) -> SGraph:
    from windrow.frames.sgraph import SGraph
    from windrow.io.saved import open_saved

    record = _manifest(url)
    try:
        vertices, edges = (open_saved(f"{url}/{record[name]}") for name in TABLES)
    except SourceNotFoundError as error:
        raise DamagedFolderError(url, "one of its tables is missing") from error
    return SGraph.from_plans(vertices, edges, complete=True)


def _manifest(url: str) -> dict[str, Any]:
    from windrow.io.registry import storage_of

    storage, at = storage_of(url), f"{url}/{MANIFEST}"
    if not storage.exists(at):
        raise SourceNotFoundError(url, f"it has no {MANIFEST}, so it is no saved graph")
    try:
        found: Any = json.loads(b"".join(storage.stream(storage.stat(at))))
    except ValueError as error:
        raise DamagedFolderError(url, f"{MANIFEST} is no JSON") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DamagedFolderError(url, f"{MANIFEST} is not that of a graph")
    if not isinstance(found.get("version"), int) or not all(name in found for name in TABLES):
        raise DamagedFolderError(url, f"{MANIFEST} lacks a version or a table")
    if found["version"] > VERSION:
        raise NewerFormatError(url, found["version"], VERSION)
    return found


# ---------------------------------------------------------------------------------------- JSON, CSV


def _save_json(url: str, plans: dict[str, Plan]) -> None:
    from windrow.io.registry import storage_of

    with storage_of(url).open_write(url) as file:
        for start, name in zip(("{", ","), plans, strict=True):
            file.write(f'{start}"{name}": '.encode())
            write_json(plans[name], file, "records")
        file.write(b"}\n")


def _load_json(url: str) -> SGraph:
    from windrow.frames.sgraph import SGraph
    from windrow.io.content import Content
    from windrow.io.registry import storage_of

    content = Content(storage_of(url).stat(url))
    try:
        found: Any = json.loads(content.read(0, content.size()))
        rows = [found[name] for name in TABLES]
        plans = [_of_rows(rows[0], (VID,)), _of_rows(rows[1], (SRC, DST))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = "holds no object with lists of vertices and edges"
        raise FileFormatError(url, said, "write it with SGraph.save") from error
    graph = SGraph()
    if rows[0]:
        graph = graph.add_vertices(SFrame.from_plan(plans[0]))
    return graph.add_edges(SFrame.from_plan(plans[1])) if rows[1] else graph


def _of_rows(rows: list[dict[str, Any]], ids: tuple[str, ...]) -> Plan:
    names = dict.fromkeys([*ids, *(name for row in rows for name in row)])
    return construct.columns_plan({name: [row.get(name) for row in rows] for name in names})


def _load_csv(url: str) -> SGraph:
    from windrow.frames.sgraph import SGraph
    from windrow.io import sources
    from windrow.plan.sources import CsvFormat

    vertices, edges = (sources.describe(f"{url}/{name}.csv", CsvFormat()) for name in TABLES)
    return SGraph.from_plans(vertices, edges, complete=True)


# ---------------------------------------------------------------------------------- lists of edges


def _load_edges(url: str, delimiter: str, comment: str) -> SGraph:
    from windrow.frames.sgraph import SGraph
    from windrow.io import sources
    from windrow.plan.sources import CsvFormat

    form = CsvFormat(delimiter=delimiter, header=False, comment_char=comment)
    plan = sources.describe(url, form)
    if len(plan.schema) < 2:
        raise FileFormatError(
            url, f"has {len(plan.schema)} column a line between {delimiter!r}", "name the delimiter"
        )
    names = plan.schema.names
    edges = with_ids_named(plan, [(names[0], SRC), (names[1], DST)])
    return SGraph().add_edges(SFrame.from_plan(edges))


def _load_snap(url: str, delimiter: str) -> SGraph:
    if delimiter != "auto":
        return _load_edges(url, delimiter, "#")
    try:
        return _load_edges(url, "\t", "#")
    except FileFormatError:
        return _load_edges(url, " ", "#")
