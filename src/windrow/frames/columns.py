"""The columns of a table: which there are, and adding, changing, naming, removing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    ColumnExistsError,
    ColumnNotFoundError,
    LengthMismatchError,
)
from windrow.frames import construct
from windrow.frames.functions import applied
from windrow.frames.lazy import Lazy, free_name
from windrow.frames.literals import fitting, is_scalar, literal, operation
from windrow.frames.operators import NAME, ColumnOperators
from windrow.frames.sarray import SArray
from windrow.plan.compose import aligned, column, project, select
from windrow.plan.expressions import Expression, RowNumber
from windrow.plan.tables import Plan, Project
from windrow.plan.types import DType

Pairs = list[tuple[str, Expression]]


class FrameColumns(Lazy):
    """Part of `SFrame`: its columns."""

    __slots__ = ()

    def _own(self) -> Pairs:
        """Every column, as an expression over the table's own plan."""
        return [(name, column(self._plan, name)) for name in self._plan.schema]

    def _changed(self, plan: Plan, inplace: bool) -> Self:
        """Return a table of another plan, or make it the plan of this one."""
        if not inplace:
            return self.from_plan(plan)
        self._plan = plan
        return self

    def _made(self, columns: Iterable[tuple[str, Expression]], inplace: bool = False) -> Self:
        """Return the table of expressions over this one's plan."""
        pairs = list(columns)
        return self._changed(project(self._plan, pairs) if pairs else construct.EMPTY, inplace)

    # --- which ---

    def column_names(self) -> list[str]:
        """Return the names of the columns, in order."""
        return list(self._plan.schema.names)

    def column_types(self) -> list[type]:
        """Return the Python types of the columns, in order."""
        return [dtype.python for dtype in self._plan.schema.types]

    @property
    def dtype(self) -> list[type]:
        """The Python types of the columns, in order."""
        return self.column_types()

    def num_columns(self) -> int:
        """Return the number of columns."""
        return len(self._plan.schema)

    def num_rows(self) -> int:
        """Return the number of rows; after a filter this reads what the filter needs."""
        return len(self)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and number of columns."""
        return self.num_rows(), self.num_columns()

    def select_column(self, column_name: str) -> SArray:
        """Return a column.

        Raises
        ------
        ColumnNotFoundError
            There is none of this name; it says which names are near.
        """
        if not isinstance(column_name, str):
            raise ArgumentTypeError("column_name", type(column_name).__name__, "str")
        return SArray.from_plan(project(self._plan, [(NAME, column(self._plan, column_name))]))

    def select_columns(self, column_names: Iterable[str | type]) -> Self:
        """Return some columns, in the order given; a type stands for all columns of that type.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": [1], "b": ["x"], "c": [2]})
        >>> sf.select_columns(["b", int]).column_names()
        ['b', 'a', 'c']
        """
        names: list[str] = []
        for wanted in column_names:
            if isinstance(wanted, type):
                kind = DType.of(wanted)
                names += [n for n, t in self._plan.schema.items() if t is kind and n not in names]
            elif not isinstance(wanted, str):
                raise ArgumentTypeError("a column name", type(wanted).__name__, "str or a type")
            elif wanted in names:
                raise ArgumentError("column_names", wanted, "names that are given only once")
            else:
                names.append(wanted)
        return self.from_plan(select(self._plan, names) if names else construct.EMPTY)

    # --- added and changed ---

    def _with_column(self, name: str, data: object) -> Plan:
        """Return the plan with one column set: at its place, or a new one last."""
        construct.checked_name(name)
        if is_scalar(data) and len(self._plan.schema):
            return project(self._plan, _set(self._own(), name, literal(data)))
        if is_scalar(data):
            return project(construct.constant_plan(data, 0, None), [(name, literal(data))])
        plan = data.plan if isinstance(data, ColumnOperators) else construct.column_plan(data, None)
        if not len(self._plan.schema):
            return project(plan, [(name, column(plan, NAME))])
        if self._plan.rows is not None and plan.rows not in {None, self._plan.rows}:
            raise LengthMismatchError(self._plan.rows, plan.rows or 0)
        base, (own, new) = aligned([self._plan, plan])
        return Project(base, tuple(_set(list(own.items()), name, new[NAME])))

    def add_column(self, data: object, column_name: str = "", inplace: bool = False) -> Self:
        """Return the table with one more column.

        Parameters
        ----------
        data
            A column, values, or one value for every row.
        column_name
            By default ``X`` and the column's number.
        inplace
            Change this table instead of making a new one.

        Raises
        ------
        ColumnExistsError
            The name is taken.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1]}).add_column(0, "b")[0]
        {'a': 1, 'b': 0}
        """
        name = column_name or self._free_name(f"X{self.num_columns() + 1}")
        if name in self._plan.schema:
            raise ColumnExistsError(name)
        return self._changed(self._with_column(name, data), inplace)

    def add_columns(
        self, data: Any, column_names: Sequence[str] | None = None, inplace: bool = False
    ) -> Self:
        """Return the table with several more columns: an SFrame's, or a list of them with names.

        Raises
        ------
        ColumnExistsError
            A name is taken.
        """
        if isinstance(data, FrameColumns):
            pairs = {name: data.select_column(name) for name in data.column_names()}
        elif column_names is None or len(column_names) != len(data):
            raise ArgumentError("column_names", column_names, f"{len(data)} names, one a column")
        else:
            pairs = dict(zip(column_names, data, strict=True))
        made = self.from_plan(self._plan)
        for name, values in pairs.items():
            made.add_column(values, name, inplace=True)
        return self._changed(made.plan, inplace)

    def add_row_number(
        self, column_name: str = "id", start: int = 0, inplace: bool = False
    ) -> Self:
        """Return the table with the number of each row as the first column.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": ["x", "y"]}).add_row_number()[1]
        {'id': 1, 'a': 'y'}
        """
        if column_name in self._plan.schema:
            raise ColumnExistsError(column_name)
        number: Expression = RowNumber()
        if start:
            number = operation("add", number, literal(int(start)))
        return self._made([(column_name, number), *self._own()], inplace)

    def _free_name(self, name: str) -> str:
        """Return a name that no column has: with ``.1``, ``.2`` and so on behind it if need be."""
        return free_name(name, self._plan.schema.names)

    def fillna(self, column_name: str, value: object) -> Self:
        """Return the table with None (and NaN) in one column replaced by a value of its type.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SFrame({"a": [1, None]}).fillna("a", 0)["a"])
        [1, 0]
        """
        own = column(self._plan, column_name)
        filled = operation("coalesce", own, fitting(value, own.type, "fillna"))
        return self._made(_set(self._own(), column_name, filled))

    def apply(self, fn: Callable[[dict[str, Any]], Any], dtype: type | str | None = None) -> SArray:
        """Call a function on each row, given as a dict.

        It runs on the first 100 rows at once, to find the type of the results; the rest waits
        until the column is needed.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SFrame({"a": [1, 2], "b": [3, 4]}).apply(lambda row: row["a"] * row["b"]))
        [3, 8]
        """
        made = applied(self._plan, dict(self._own()), fn, dtype, as_row=True)
        return SArray.from_plan(project(self._plan, [(NAME, made)]))

    # --- named, moved, removed ---

    def rename(self, names: Mapping[str, str], inplace: bool = False) -> Self:
        """Return the table with some columns named anew.

        Raises
        ------
        ColumnNotFoundError, ColumnExistsError
            A column is absent, or a new name is taken.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1], "b": [2]}).rename({"a": "c"}).column_names()
        ['c', 'b']
        """
        if not isinstance(names, Mapping):
            raise ArgumentTypeError("names", type(names).__name__, "a dict of old and new names")
        for old in names:
            column(self._plan, old)
        pairs = [(names.get(name, name), expression) for name, expression in self._own()]
        seen: set[str] = set()
        for name, _ in pairs:
            construct.checked_name(name)
            if name in seen:
                raise ColumnExistsError(name)
            seen.add(name)
        return self._made(pairs, inplace)

    def swap_columns(self, column_name_1: str, column_name_2: str, inplace: bool = False) -> Self:
        """Return the table with two columns at each other's place."""
        swap = {column_name_1: column_name_2, column_name_2: column_name_1}
        return self._made(
            [(n, column(self._plan, n)) for n in (swap.get(n, n) for n in self._plan.schema)]
            if all(column(self._plan, name) for name in swap)
            else [],
            inplace,
        )

    def remove_column(self, column_name: str, inplace: bool = False) -> Self:
        """Return the table without a column; raises `ColumnNotFoundError`, a ``KeyError``."""
        return self.remove_columns([column_name], inplace)

    def remove_columns(self, column_names: Iterable[str], inplace: bool = False) -> Self:
        """Return the table without some columns; raises `ColumnNotFoundError`, a ``KeyError``."""
        gone = set(column_names)
        for name in sorted(gone):
            if name not in self._plan.schema:
                raise ColumnNotFoundError(str(name), self._plan.schema.names)
        return self._made([pair for pair in self._own() if pair[0] not in gone], inplace)

    def copy(self) -> Self:
        """Return another table of the same plan; changing one leaves the other."""
        made = self.from_plan(self._plan)
        made._facts.update(self._facts)  # noqa: SLF001  # of the same class
        return made

    __copy__ = copy


def _set(pairs: Pairs, name: str, expression: Expression) -> Pairs:
    """Exchange a column, or put it last."""
    if any(own == name for own, _ in pairs):
        return [(own, expression if own == name else old) for own, old in pairs]
    return [*pairs, (name, expression)]
