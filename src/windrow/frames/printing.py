"""How tables and columns look: as text of a given width, and as HTML in notebooks."""

from __future__ import annotations

import array
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD_NOTES = (
    "Note: Only the head of the SFrame is printed.\n"
    "You can use print_rows(num_rows=m, num_columns=n) to print more rows and columns."
)
LAZY_NOTES = (
    "Note: Only the head of the SFrame is printed. This SFrame is lazily evaluated.\n"
    "You can use sf.materialize() to force materialization."
)
SHOWN_ITEMS = 100
"""Values of a column that its `repr` shows."""


@dataclass(frozen=True)
class View:
    """The first rows of a table as values.

    Attributes
    ----------
    names
        Names of all columns.
    columns
        The values of each, `rows` or fewer.
    rows
        Number of rows of the whole table; None while it is unknown.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]
    rows: int | None

    @property
    def shown(self) -> int:
        """Number of rows that the view has."""
        return len(self.columns[0]) if self.columns else 0


def text_of(value: object) -> str:
    """Return a value as a cell shows it: vectors as lists, line ends and tabs written out.

    >>> text_of(array.array("d", [1, 2])), text_of(["a b", None])
    ('[1.0, 2.0]', '[a b, None]')
    """
    if isinstance(value, array.array):
        return str(value.tolist())
    if isinstance(value, list):
        return "[" + ", ".join(text_of(item) for item in value) + "]"
    return "".join(
        c.encode("unicode_escape").decode() if c in "\t\n\r\v\f" else c for c in str(value)
    )


def cut(text: str, width: int) -> str:
    """Shorten a text to a width, its end replaced by three dots.

    >>> cut("abcdefghij", 8)
    'abcde...'
    """
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."


def tables(view: View, num_columns: int, column_width: int, row_width: int) -> str:
    """Return the rows as one table, or several if they would be wider than `row_width`."""
    more = view.rows is not None and view.rows > view.shown
    columns = [
        [cut(text_of(name), column_width), *(cut(text_of(v), column_width) for v in values)]
        for name, values in list(zip(view.names, view.columns, strict=True))[:num_columns]
    ]
    if len(view.names) > num_columns:
        columns.append(["..."] * (view.shown + 1))
    if more:
        columns = [[*column, "..."] for column in columns]
    return "\n".join(_drawn(group) for group in _grouped(columns, row_width))


def _grouped(columns: list[list[str]], row_width: int) -> list[list[list[str]]]:
    """Divide columns into tables that are not wider than asked, one column at least in each."""
    groups: list[list[list[str]]] = [[]]
    used = 1
    for column in columns:
        width = max(map(len, column)) + 3
        if groups[-1] and used + width > row_width:
            groups.append([])
            used = 1
        groups[-1].append(column)
        used += width
    return groups


def _drawn(columns: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in columns]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "|"
        + "|".join(f" {_centred(cell, width)} " for cell, width in zip(row, widths, strict=True))
        + "|"
        for row in zip(*columns, strict=True)
    ]
    return "\n".join(
        [rule, lines[0], rule, *lines[1:], rule] if columns else ["++", "||", "++", "++"]
    )


def _centred(text: str, width: int) -> str:
    """Centre a text; an odd space goes to the right of a text of odd length, else to the left."""
    space = width - len(text)
    left = (space + (space % 2 and len(text) % 2 == 0)) // 2
    return " " * left + text + " " * (space - left)


def size_line(view: View) -> str:
    """Return the size of a table: numbers of rows (if known) and columns."""
    count = "?" if view.rows is None else str(view.rows)
    return f"[{count} rows x {len(view.names)} columns]"


def footer(view: View) -> str:
    """Return the size of a table, and what else there is to see."""
    size = size_line(view)
    if view.rows is None:
        return f"{size}\n{LAZY_NOTES}"
    return f"{size}\n{HEAD_NOTES}" if view.rows > view.shown else f"{size}\n"


def described(view: View, types: Sequence[type]) -> str:
    """Return the columns with their types, the number of rows, and the first of them."""
    named = "".join(f"\t{n}\t{t.__name__}\n" for n, t in zip(view.names, types, strict=True))
    rows = "Unknown" if view.rows is None else str(view.rows)
    data = f"{tables(view, 20, 30, 80)}\n{footer(view)}" if view.shown else "\t[]"
    return f"Columns:\n{named or chr(9) + 'None' + chr(10)}\nRows: {rows}\n\nData:\n{data}"


def items_text(rows: int | None, values: Sequence[Any]) -> str:
    """Return the first values of a column of `rows` rows (None: unknown) as a list.

    >>> items_text(2, [1, "a"]), items_text(None, [1.5])
    ("[1, 'a']", '[1.5, ... ]')
    """
    text = str(list(values[:SHOWN_ITEMS]))
    whole = rows is not None and rows <= min(len(values), SHOWN_ITEMS)
    return text if whole or not values else f"{text[:-1]}, ... ]"


def html(view: View, num_columns: int = 40, column_width: int = 60) -> str:
    """Return the rows as an HTML table; every text in it is escaped."""
    names = [*view.names[:num_columns], *(["..."] if len(view.names) > num_columns else [])]
    rows = [
        [text_of(column[row]) for column in view.columns[:num_columns]] for row in range(view.shown)
    ]
    if len(names) > num_columns:
        rows = [[*row, "..."] for row in rows]
    if view.rows is not None and view.rows > view.shown:
        rows.append(["..."] * len(names))
    return (
        '<div style="max-height:1000px;max-width:1500px;overflow:auto;">'
        '<table frame="box" rules="cols">\n'
        + _html_row("th", [cut(name, column_width) for name in names])
        + "".join(_html_row("td", [cut(cell, column_width) for cell in row]) for row in rows)
        + "</table>\n"
        + "<br/>\n".join(escape(line) for line in footer(view).rstrip().split("\n"))
        + "</div>"
    )


def _html_row(tag: str, cells: Sequence[str]) -> str:
    style = "padding-left:1em;padding-right:1em;text-align:center;vertical-align:top"
    return (
        "<tr>" + "".join(f'<{tag} style="{style}">{escape(c)}</{tag}>' for c in cells) + "</tr>\n"
    )
