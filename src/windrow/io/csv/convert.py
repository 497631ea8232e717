"""Columns of text as columns of a type: what a cell means, in the sample and in every piece."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from windrow.io.memory import PHYSICAL
from windrow.plan.cells import parse_nested, parse_vector
from windrow.plan.types import DType
from windrow.plan.values import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.plan.sources import CsvFormat

_BIG = re.compile(r"[+-]?\d+")


def convert(text: pl.Series, dtype: DType, form: CsvFormat) -> tuple[pl.Series, pl.Series | None]:
    """Give a column of text its type.

    Parameters
    ----------
    text
        Cells; null where one of ``na_values`` stands.

    Returns
    -------
    values
        The column as it lies in a frame.
    wrong
        Which cells are no such value; None where all are. Their values are null.

    >>> from windrow.plan.sources import CsvFormat
    >>> values, wrong = convert(pl.Series(["7", "", "x"]), DType.INT, CsvFormat())
    >>> values.to_list(), wrong.to_list()
    ([7, None, None], [False, False, True])
    """
    if dtype is DType.STR:
        return (text.set(text == "", None) if "" in form.na_values else text), None
    trimmed = text.str.strip_chars()
    given = (trimmed != "").fill_null(value=False)
    values = _VALUES[dtype](trimmed.set(~given, None), form)
    wrong = given & values.is_null()
    return values, wrong if wrong.any() else None


def type_of_cells(cells: list[str], form: CsvFormat) -> DType:
    """Return the type of a column from its first cells: int, float, array, list, dict or str.

    An integer of more than 64 bits makes the column text; a column without any value is text.

    >>> from windrow.plan.sources import CsvFormat
    >>> type_of_cells(["1", "NA", ""], CsvFormat()), type_of_cells(["1", "2.5"], CsvFormat())
    (<DType.INT: 'int'>, <DType.FLOAT: 'float'>)
    """
    trimmed = [cell.strip() for cell in cells if cell not in form.na_values]
    given = [cell for cell in trimmed if cell]
    if not given:
        return DType.STR
    text = pl.Series(given, dtype=pl.String)
    for dtype in (DType.INT, DType.FLOAT, DType.ARRAY, DType.LIST, DType.DICT):
        if convert(text, dtype, form)[1] is None:
            overflows = dtype is DType.FLOAT and any(map(_past_64_bits, given))
            return DType.STR if overflows else dtype
    return DType.STR


def _past_64_bits(cell: str) -> bool:
    return _BIG.fullmatch(cell) is not None and not -(2**63) <= int(cell) < 2**63


def _truth_as_numbers(text: pl.Series, form: CsvFormat) -> pl.Series:
    known = dict.fromkeys(form.false_values, "0") | dict.fromkeys(form.true_values, "1")
    return text.replace(known) if known else text


def _int(text: pl.Series, form: CsvFormat) -> pl.Series:
    return _truth_as_numbers(text, form).cast(pl.Int64, strict=False)


def _float(text: pl.Series, form: CsvFormat) -> pl.Series:
    return _truth_as_numbers(text, form).cast(pl.Float64, strict=False)


def _by_cell(dtype: DType, parse: Callable[[str], Any]) -> Callable[..., pl.Series]:
    def values(text: pl.Series, _: CsvFormat) -> pl.Series:
        found = [None if cell is None else parse(cell) for cell in text.to_list()]
        return pl.Series(text.name, found, dtype=PHYSICAL[dtype])

    return values


def _nested(kind: type) -> Callable[[str], str | None]:
    def text_of(cell: str) -> str | None:
        value = parse_nested(cell)
        return encode(value) if isinstance(value, kind) else None

    return text_of


def _moment(cell: str) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(cell)
    except ValueError:
        return None
    if found.tzinfo is None:
        return found
    return found.astimezone(datetime.UTC).replace(tzinfo=None)


_VALUES: dict[DType, Callable[..., pl.Series]] = {
    DType.INT: _int,
    DType.FLOAT: _float,
    DType.ARRAY: _by_cell(DType.ARRAY, parse_vector),
    DType.LIST: _by_cell(DType.LIST, _nested(list)),
    DType.DICT: _by_cell(DType.DICT, _nested(dict)),
    DType.DATETIME: _by_cell(DType.DATETIME, _moment),
}
