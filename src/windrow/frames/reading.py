"""Tables from files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from windrow.errors import ArgumentError, FileFormatError
from windrow.frames import construct
from windrow.frames.lazy import Lazy
from windrow.plan.sources import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from windrow.plan.tables import Plan

RULE = "-" * 54


class FrameReading(Lazy):
    """Part of `SFrame`: ways to open files."""

    __slots__ = ()

    @classmethod
    def read_csv(  # noqa: PLR0917  # the ancestor's order
        cls,
        url: str,
        delimiter: str = ",",
        header: bool = True,
        error_bad_lines: bool = False,
        comment_char: str = "",
        escape_char: str = "\\",
        double_quote: bool = True,
        quote_char: str = '"',
        skip_initial_space: bool = True,
        column_type_hints: Any = None,
        na_values: Sequence[str] | str = ("NA",),
        line_terminator: str = "\n",
        usecols: Iterable[str] = (),
        nrows: int | None = None,
        skiprows: int = 0,
        verbose: bool = True,
        nrows_to_infer: int = 100,
        true_values: Iterable[str] = (),
        false_values: Iterable[str] = (),
    ) -> Self:
        r"""Open a CSV file, a folder of them, or those that a pattern names.

        Only the listing and at most 1 MiB of the first file are read; the rest when it is needed.
        Rows that do not parse are then left out, counted and warned about.

        Parameters
        ----------
        url
            Path or URL; may end in ``.gz``, ``.zst``, ``.bz2``, ``.xz`` or ``.zip``.
        delimiter
            Text between cells.
        header
            Whether the first line has the names; otherwise they are ``X1``, ``X2`` ...
        error_bad_lines
            Raise an error at the first row that does not parse, with file, row number and text.
        comment_char
            What follows it on a line is not read; empty for none.
        escape_char, quote_char
            One character each.
        double_quote
            Whether a quote inside a quoted cell may be written twice.
        skip_initial_space
            Leave out spaces at the start of a cell.
        column_type_hints
            One type for all columns, a list of types, or a dict from names to types.
        na_values
            Cells that mean None.
        line_terminator
            What ends a row; ``\n`` takes ``\r\n`` too.
        usecols
            Names of the columns to use; empty for all.
        nrows
            How many rows to read at most.
        skiprows
            Lines to skip at the start of a file.
        verbose
            Print the types that were found.
        nrows_to_infer
            Rows from which the types are told.
        true_values, false_values
            Cells that mean 1 and 0 in a column of ints.

        Examples
        --------
        >>> import windrow as wr
        >>> from pathlib import Path
        >>> _ = Path("t.csv").write_text("a;b\n1;x\n2;?\n")
        >>> sf = wr.SFrame.read_csv("t.csv", delimiter=";", na_values=["?"], verbose=False)
        >>> list(sf)
        [{'a': 1, 'b': 'x'}, {'a': 2, 'b': None}]
        """
        from windrow.io import sources

        form = CsvFormat(
            delimiter=delimiter,
            header=header,
            comment_char=comment_char,
            escape_char=escape_char,
            double_quote=double_quote,
            quote_char=quote_char,
            skip_initial_space=skip_initial_space,
            na_values=(na_values,) if isinstance(na_values, str) else tuple(na_values),
            line_terminator=line_terminator,
            skiprows=skiprows,
            nrows=nrows,
            true_values=tuple(true_values),
            false_values=tuple(false_values),
            error_bad_lines=error_bad_lines,
        )
        scan = sources.describe(
            url,
            form,
            column_type_hints=column_type_hints,
            usecols=tuple(usecols or ()),
            nrows_to_infer=nrows_to_infer,
        )
        made = cls.from_plan(scan)
        if verbose and column_type_hints is None:
            _tell_types(scan, nrows_to_infer)
        return made

    @classmethod
    def read_parquet(cls, url: str) -> Self:
        """Open a Parquet file, a folder of them, or those that a pattern names.

        Only the listing and the end of the first file are read; the rest when it is needed.

        Examples
        --------
        >>> import windrow as wr, polars
        >>> polars.DataFrame({"a": [1, 2]}).write_parquet("t.parquet")
        >>> wr.SFrame.read_parquet("t.parquet")["a"].sum()
        3
        """
        return cls.from_plan(open_table(url, "parquet"))

    @classmethod
    def read_json(cls, url: str, orient: str = "records") -> Self:
        """Read a JSON file into memory.

        Parameters
        ----------
        url
            Path or URL.
        orient
            ``records``: the file is one list of objects. ``lines``: each line is an object. An
            absent key is None.

        Raises
        ------
        FileFormatError
            The file is something else.

        Examples
        --------
        >>> import windrow as wr
        >>> from pathlib import Path
        >>> _ = Path("t.json").write_text('[{"a": 1}, {"a": 2, "b": "x"}]')
        >>> list(wr.SFrame.read_json("t.json"))
        [{'a': 1, 'b': None}, {'a': 2, 'b': 'x'}]
        """
        if orient not in {"records", "lines"}:
            raise ArgumentError("orient", orient, "records or lines")
        rows = _json_rows(url, orient)
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
        return cls.from_plan(construct.columns_plan(columns))


_JSON = {".json", ".jsonl", ".ndjson"}


def open_table(url: str, format: str = "auto") -> Plan:
    """Return the plan of the table at a path or URL; see `SFrame`."""
    from windrow.io import saved, sources
    from windrow.io.compression import path_of

    match format:
        case "auto" if path_of(url).suffix.lower() in _JSON:
            how = (
                "read_json('...')"
                if path_of(url).suffix == ".json"
                else "read_json('...', 'lines')"
            )
            raise FileFormatError(url, "is named as JSON", f"SFrame.{how} reads it into memory")
        case "auto" | "parquet":
            return sources.describe(url)
        case "csv":
            return sources.describe(url, CsvFormat())
        case "sframe" | "binary":
            return saved.open_saved(url)
        case _:
            raise ArgumentError("format", format, "auto, csv, parquet or sframe")


def _tell_types(plan: Plan, rows: int) -> None:
    from windrow.progress import Notice, listening

    types = ",".join(dtype.value for dtype in plan.schema.types)
    lines = [
        RULE,
        f"Inferred types from first {rows} line(s) of file as",
        f"column_type_hints=[{types}]",
        "If parsing fails due to incorrect types, you can correct",
        "the inferred type list above and pass it to read_csv in",
        "the column_type_hints argument",
        RULE,
    ]
    with listening(verbose=True) as listener:
        listener(Notice("\n".join(lines)))


def _json_rows(url: str, orient: str) -> list[dict[str, Any]]:
    from windrow.io.content import Content
    from windrow.io.registry import storage_of

    content = Content(storage_of(url).stat(url))
    text = content.read(0, content.size()).decode("utf-8-sig")
    try:
        rows: Any
        if orient == "lines":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = json.loads(text)
    except ValueError as error:
        raise FileFormatError(url, f"is not JSON: {error}", f"orient is {orient!r}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileFormatError(
            url, "holds no list of objects", "give orient='lines' if each line is one"
        )
    return list(rows)
