"""SFrame: a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from windrow.errors import ArgumentTypeError, NotComparableError, RowIndexError
from windrow.frames import compute, construct
from windrow.frames.literals import is_scalar
from windrow.frames.output import FrameOutput
from windrow.frames.reading import FrameReading, open_table
from windrow.frames.reshape import FrameShapes
from windrow.frames.sarray import SArray

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SFrame"]


class SFrame(FrameReading, FrameOutput, FrameShapes):
    """A table: named columns of one length; computed when it is asked for.

    Columns are set and deleted in place; every method returns a new table. Rows have an order,
    which follows from the data and what was done to it, and from nothing else.

    Parameters
    ----------
    data
        A path or URL (file, folder, glob; CSV, Parquet, or a saved table), a dict from names to
        values, values of one column (named ``X1``), `SArray`s (``X1``, ``X2`` ...), a pandas,
        Polars, Arrow or NumPy table, or another `SFrame`. Of a dict the columns keep their order.
    format
        ``auto``, or for a path or URL: ``csv``, ``parquet``, ``sframe``.

    Raises
    ------
    TypeError
        A column's values have types that do not go together.
    LengthMismatchError
        Columns have different numbers of rows.
    OSError
        There is no such file.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"name": ["a", "b"], "x": [1, None]})
    >>> sf["y"] = sf["x"] * 2
    >>> print(sf)
    +------+------+------+
    | name |  x   |  y   |
    +------+------+------+
    |  a   |  1   |  2   |
    |  b   | None | None |
    +------+------+------+
    [2 rows x 3 columns]
    <BLANKLINE>
    """

    __slots__ = ()

    def __init__(self, data: object = None, format: str = "auto") -> None:
        self._facts = {}
        if isinstance(data, (str, os.PathLike)):
            self._plan = open_table(os.fspath(data), format)
        elif isinstance(data, SFrame):
            self._plan = data.plan
        else:
            self._plan = construct.table_plan(data)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise NotComparableError

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = self._plan.schema.names
        return (dict(zip(names, row, strict=True)) for row in compute.iterate(self._plan))

    @overload
    def __getitem__(self, key: str) -> SArray: ...
    @overload
    def __getitem__(self, key: slice | SArray | type | list[Any] | tuple[Any, ...]) -> SFrame: ...
    @overload
    def __getitem__(self, key: SupportsIndex) -> dict[str, Any]: ...
    def __getitem__(self, key: Any) -> Any:
        """Return a column, some columns, a row, or some rows.

        Parameters
        ----------
        key
            A name: that column. A type: the columns of it. A list of names and types: those
            columns. An int: the row as a dict. A slice, or a column of the same length: those
            rows; where the column is 0 or None the row is left out.
        """
        if isinstance(key, str):
            return self.select_column(key)
        if isinstance(key, SArray):
            return self._masked(key)
        if isinstance(key, slice):
            return self._sliced(key)
        if isinstance(key, type):
            return self.select_columns([key])
        if isinstance(key, SupportsIndex):
            row = compute.at(self._plan, key.__index__())
            if row is None:
                raise RowIndexError(key.__index__(), len(self))
            return dict(zip(self._plan.schema.names, row, strict=True))
        if is_scalar(key):
            raise ArgumentTypeError(
                "the key", type(key).__name__, "a name, names, a type, an int, a slice or an SArray"
            )
        return self.select_columns(key)

    @overload
    def __setitem__(self, key: str, value: object) -> None: ...
    @overload
    def __setitem__(self, key: list[str], value: SFrame) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None:
        """Set a column, or several from a table: at their places, or as new ones last.

        Parameters
        ----------
        key
            A name, or a list of names.
        value
            A column, values, or one value for every row; for several names a table.
        """
        if isinstance(key, str):
            self._plan = self._with_column(key, value)
            return
        if not isinstance(value, SFrame) or len(key) != value.num_columns():
            raise ArgumentTypeError(
                "the value", type(value).__name__, f"an SFrame of {len(key)} columns"
            )
        for name, own in zip(key, value.column_names(), strict=True):
            self._plan = self._with_column(name, value[own])

    def __delitem__(self, key: str) -> None:
        self.remove_column(key, inplace=True)
