"""Frames as CSV text that this package reads back as what it was."""

from __future__ import annotations

import csv
import json
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.plan.types import DType
from windrow.plan.values import decode_dict, decode_list

if TYPE_CHECKING:
    from windrow.plan.schema import Schema

_MOMENT = "%Y-%m-%d %H:%M:%S%.f"


@dataclass(frozen=True)
class CsvLayout:
    """How CSV is written; the options of `SFrame.export_csv`.

    Attributes
    ----------
    quote_level
        ``csv.QUOTE_MINIMAL`` (0: where it is needed), ``QUOTE_ALL`` (1), ``QUOTE_NONNUMERIC``
        (2: all but numbers) or ``QUOTE_NONE`` (3).
    """

    delimiter: str = ","
    line_terminator: str = "\n"
    header: bool = True
    quote_level: int = csv.QUOTE_NONNUMERIC
    double_quote: bool = True
    escape_char: str = "\\"
    quote_char: str = '"'
    na_rep: str = ""
    file_header: str = ""
    file_footer: str = ""
    line_prefix: str = ""


def head_text(schema: Schema, layout: CsvLayout) -> str:
    r"""Return what stands before the rows.

    >>> from windrow.plan.schema import Schema
    >>> head_text(Schema([("a", DType.INT), ("b", DType.STR)]), CsvLayout())
    '"a","b"\n'
    """
    lines = [layout.file_header] if layout.file_header else []
    if layout.header:
        names = _quoted(pl.Series(schema.names, dtype=pl.String), layout)
        lines.append(layout.line_prefix + layout.delimiter.join(names))
    return "".join(line + layout.line_terminator for line in lines)


def tail_text(layout: CsvLayout) -> str:
    """Return what stands behind the rows."""
    return layout.file_footer + layout.line_terminator if layout.file_footer else ""


def rows_text(frame: pl.DataFrame, schema: Schema, layout: CsvLayout) -> bytes:
    r"""Return the rows of a frame in physical form.

    >>> from windrow.plan.schema import Schema
    >>> schema = Schema([("a", DType.INT), ("b", DType.STR)])
    >>> rows_text(pl.DataFrame({"a": [1, None], "b": ['x" y', ""]}), schema, CsvLayout())
    b'1,"x"" y"\n,""\n'
    """
    if not frame.width or not frame.height:
        return b""
    columns = [_cells(frame[name], kind, layout) for name, kind in schema.items()]
    lines = columns[0] if not layout.line_prefix else layout.line_prefix + columns[0]
    for column in columns[1:]:
        lines = lines + layout.delimiter + column
    ended = lines + layout.line_terminator
    return "".join(ended.to_list()).encode()


def _cells(values: pl.Series, kind: DType, layout: CsvLayout) -> pl.Series:
    text = _quoted(_TEXTS[kind](values), layout, number=kind.is_number)
    return text.fill_null(layout.na_rep)


def _quoted(text: pl.Series, layout: CsvLayout, *, number: bool = False) -> pl.Series:
    """Escape texts and put quotes around those that want them."""
    quote, escape, level = layout.quote_char, layout.escape_char, layout.quote_level
    if number:
        return quote + text + quote if level == csv.QUOTE_ALL and quote else text
    safe = text.str.replace_all(escape, escape * 2, literal=True) if escape else text
    if not quote or level == csv.QUOTE_NONE:
        for sign in (layout.delimiter, quote):
            if escape and sign:
                safe = safe.str.replace_all(sign, escape + sign, literal=True)
        return safe
    doubled = quote * 2 if layout.double_quote or not escape else escape + quote
    within = quote + safe.str.replace_all(quote, doubled, literal=True) + quote
    if level != csv.QUOTE_MINIMAL:
        return within
    signs = [layout.delimiter, quote, "\n", "\r", "[", "{"]
    needed = text.str.contains_any(signs) | text.str.starts_with(" ") | (text == "")
    return within.zip_with(needed.fill_null(value=False), safe)


def _as_text(values: pl.Series) -> pl.Series:
    return values.cast(pl.String)


def _moments(values: pl.Series) -> pl.Series:
    return values.dt.to_string(_MOMENT)


def _vectors(values: pl.Series) -> pl.Series:
    return _spelled(values, list)


def _lists(values: pl.Series) -> pl.Series:
    return _spelled(values, decode_list)


def _dicts(values: pl.Series) -> pl.Series:
    return _spelled(values, decode_dict)


def _spelled(values: pl.Series, decode: Any) -> pl.Series:
    texts = [None if value is None else spell(decode(value)) for value in values.to_list()]
    return pl.Series(values.name, texts, dtype=pl.String)


def spell(value: Any) -> str:
    """Return a list or dictionary in the spelling that `parse_nested` reads.

    >>> spell({1: ["a", None], "b": 2.5})
    '{1:["a",null],"b":2.5}'
    """
    if isinstance(value, dict):
        return "{" + ",".join(f"{spell(key)}:{spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple, array)):
        return "[" + ",".join(map(spell, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    if value is None or isinstance(value, (int, str)):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(str(value))


_TEXTS = {
    DType.INT: _as_text,
    DType.FLOAT: _as_text,
    DType.STR: _as_text,
    DType.DATETIME: _moments,
    DType.ARRAY: _vectors,
    DType.LIST: _lists,
    DType.DICT: _dicts,
}
