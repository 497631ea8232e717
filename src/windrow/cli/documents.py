"""What the library returns, as JSON and as lines of text."""

from __future__ import annotations

import array
import datetime
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["aligned", "columns", "jsonable"]


def jsonable(value: Any) -> Any:
    """Turn a value into what JSON can say, and every reader of JSON can read.

    A table becomes the list of its rows, a moment its ISO 8601 text, NaN and infinities null.

    Examples
    --------
    >>> jsonable({1: [float("nan"), array.array("d", [2.0])]})
    {'1': [None, [2.0]]}
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, array.array)):
        return [jsonable(item) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if hasattr(value, "column_names"):
        return [jsonable(row) for row in value]
    return str(value)


def aligned(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[str]:
    """Give a line for each pair, values under each other, floats with 6 significant digits.

    Examples
    --------
    >>> aligned({"auc": 0.91234567, "rows": 2000})
    ['auc   0.912346', 'rows  2000']
    """
    items = [(name, _text(value)) for name, value in dict(pairs).items()]
    width = max((len(name) for name, _ in items), default=0)
    return [f"{name:<{width}}  {text}" for name, text in items]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Give a line for each row, cells of a column under each other.

    Examples
    --------
    >>> columns([("Name", "Status"), ("laptop", "Running")])
    ['Name    Status', 'laptop  Running']
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)) for row in rows)
    return [line.rstrip() for line in lines]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
