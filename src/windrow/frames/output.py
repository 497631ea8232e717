"""Tables handed over: printed, as other libraries' tables, as files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from windrow.errors import MissingPackageError
from windrow.frames import compute, printing, saving
from windrow.frames.lazy import Lazy
from windrow.plan.types import DType

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

HEAD = 10
"""Rows that printing a table shows."""


class FrameOutput(Lazy):
    """Part of `SFrame`: methods that hand rows over."""

    __slots__ = ()

    # --- printed ---

    def _view(self, rows: int) -> printing.View:
        """Return the first rows as values."""
        if not len(self._plan.schema):
            return printing.View((), (), 0)
        columns = tuple(compute.columns(self._plan, rows))
        count = self._shown_count(len(columns[0]), rows)
        return printing.View(self._plan.schema.names, columns, count)

    def __str__(self) -> str:
        view = self._view(HEAD)
        return f"{printing.tables(view, 20, 30, 80)}\n{printing.footer(view)}"

    def __repr__(self) -> str:
        types = [dtype.python for dtype in self._plan.schema.types]
        return printing.described(self._view(HEAD), types)

    def _repr_html_(self) -> str:
        return printing.html(self._view(HEAD))

    def print_rows(
        self,
        num_rows: int = 10,
        num_columns: int = 40,
        max_column_width: int = 30,
        max_row_width: int = 80,
        output_file: TextIO | None = None,
    ) -> None:
        """Print the first rows.

        Parameters
        ----------
        num_rows, num_columns
            How many at most.
        max_column_width
            Longer cells are cut; in characters.
        max_row_width
            A wider table is printed as several, with some columns each; in characters.
        output_file
            By default the standard output.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, 2], "b": ["x", None]}).print_rows(num_rows=1)
        +-----+-----+
        |  a  |  b  |
        +-----+-----+
        |  1  |  x  |
        | ... | ... |
        +-----+-----+
        [2 rows x 2 columns]
        <BLANKLINE>
        """
        view = self._view(num_rows)
        table = printing.tables(view, num_columns, max_column_width, max_row_width)
        out = sys.stdout if output_file is None else output_file
        out.write(f"{table}\n{printing.size_line(view)}\n\n")

    # --- to other libraries ---

    def to_dataframe(self) -> Any:
        """Return the rows as a pandas table; ints with None become floats with NaN.

        Raises
        ------
        MissingPackageError
            pandas is not installed.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, None]}).to_dataframe()["a"].tolist()
        [1.0, nan]
        """
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise MissingPackageError("pandas", "to_dataframe()") from None
        rows = compute.frame(self._plan)
        arrays = {
            name: _array(rows.get_column(name), dtype) for name, dtype in self._plan.schema.items()
        }
        return pd.DataFrame({name: pd.Series(a, dtype=a.dtype) for name, a in arrays.items()})

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """Return the rows as a NumPy array of one row each.

        Numbers only: a matrix of ints, or of floats if there is a float or a None. Otherwise an
        array of objects.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, 2], "b": [0.5, None]}).to_numpy()
        array([[1. , 0.5],
               [2. , nan]])
        """
        import numpy as np

        from windrow.execution.values import python_values

        rows = compute.frame(self._plan)
        if all(dtype.is_number for dtype in self._plan.schema.types):
            columns = [numpy_column(rows.get_column(n), t) for n, t in self._plan.schema.items()]
            return np.column_stack(columns) if columns else np.empty((0, 0))
        objects = [
            _objects(python_values(rows.get_column(name), dtype))
            for name, dtype in self._plan.schema.items()
        ]
        return np.column_stack(objects)

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a Polars table.

        Vectors are lists of floats. Lists and dicts may hold anything, which Polars has no type
        for: they are the text of `windrow.plan.values`.
        """
        return compute.frame(self._plan)

    def to_arrow(self) -> Any:
        """Return the rows as an Arrow table, of the types that `to_polars` gives."""
        return compute.frame(self._plan).to_arrow()

    # --- to files ---

    def save(self, filename: str, format: str | None = None) -> None:
        """Write the table.

        Parameters
        ----------
        filename
            A folder (Parquet files and a manifest, which `load_sframe` reads), or a file: a name
            in ``.csv`` is written as CSV, one in ``.json`` as JSON.
        format
            ``binary``, ``csv`` or ``json``, whatever the name is.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, 2]}).save("table")
        >>> list(wr.load_sframe("table")["a"])
        [1, 2]
        """
        saving.save_table(self._plan, filename, format)

    def export_csv(  # noqa: PLR0917  # the ancestor's order
        self,
        filename: str,
        delimiter: str = ",",
        line_terminator: str = "\n",
        header: bool = True,
        quote_level: int = 2,
        double_quote: bool = True,
        escape_char: str = "\\",
        quote_char: str = '"',
        na_rep: str = "",
        file_header: str = "",
        file_footer: str = "",
        line_prefix: str = "",
    ) -> None:
        r"""Write the table as one CSV file.

        Parameters
        ----------
        filename
            Path or URL.
        delimiter, line_terminator
            Between cells, and between rows.
        header
            Whether the first line has the names of the columns.
        quote_level
            As in Python's `csv`. 0: quote where it is needed; 1: every cell; 2: all but numbers;
            3: none.
        double_quote
            Write a quote inside a quoted cell twice, instead of after `escape_char`.
        escape_char, quote_char
            One character each.
        na_rep
            What stands for None.
        file_header, file_footer, line_prefix
            Lines before and after everything, and text before every line.
        """
        from windrow.io.csv.writing import CsvLayout

        layout = CsvLayout(
            delimiter=delimiter,
            line_terminator=line_terminator,
            header=header,
            quote_level=quote_level,
            double_quote=double_quote,
            escape_char=escape_char,
            quote_char=quote_char,
            na_rep=na_rep,
            file_header=file_header,
            file_footer=file_footer,
            line_prefix=line_prefix,
        )
        saving.export_csv(self._plan, os.fspath(filename), layout)

    def export_json(self, filename: str, orient: str = "records") -> None:
        """Write the table as one JSON file, each row an object without its missing values.

        Parameters
        ----------
        filename
            Path or URL.
        orient
            ``records``: one list of objects. ``lines``: an object a line.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, None], "b": ["x", "y"]}).export_json("t.json")
        >>> from pathlib import Path
        >>> print(Path("t.json").read_text())
        [{"a": 1, "b": "x"},
        {"b": "y"}]
        <BLANKLINE>
        """
        saving.export_json(self._plan, os.fspath(filename), orient)


def numpy_column(values: pl.Series, dtype: DType) -> np.ndarray[Any, Any]:
    """Return a column as an array; vectors of one length as a matrix."""
    import numpy as np

    if dtype is DType.ARRAY and values.list.len().n_unique() == 1 and not values.null_count():
        return np.array(values.to_list())
    return _array(values, dtype)


def _array(values: pl.Series, dtype: DType) -> np.ndarray[Any, Any]:
    """Return a column as a one-dimensional array: numbers and times as such, else objects."""
    from windrow.execution.values import python_values

    if dtype.is_number or dtype is DType.DATETIME:
        return values.to_numpy(writable=True)
    return _objects(python_values(values, dtype))


def _objects(values: list[Any]) -> np.ndarray[Any, Any]:
    """Return an array of Python objects; NumPy would make a matrix of vectors."""
    import numpy as np

    made = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        made[row] = value
    return made
