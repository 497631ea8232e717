"""Tables as relations: groups, joins, order, and rows chosen by their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from windrow.errors import ArgumentError, ArgumentTypeError, ColumnExistsError, TypeMismatchError
from windrow.frames.aggregate import Aggregate
from windrow.frames.columns import FrameColumns
from windrow.frames.functions import library
from windrow.frames.lazy import free_name
from windrow.frames.literals import literal, operation
from windrow.frames.operators import NAME
from windrow.frames.reductions import ORDERED
from windrow.frames.sarray import SArray
from windrow.plan.compose import column, filtered, project, select
from windrow.plan.tables import Aggregation, Append, Group, Join, Sort, TopK, Unique
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.plan.expressions import Expression

SORTABLE = ORDERED | {DType.STR}
FOUND = "__found"


class FrameRelations(FrameColumns):
    """Part of `SFrame`: methods whose rows follow from the values in several rows."""

    __slots__ = ()

    def groupby(
        self,
        key_column_names: str | Sequence[str],
        operations: Any = None,
        *args: Any,
    ) -> Self:
        """Return one row for each distinct key, in the order in which keys are first seen.

        Parameters
        ----------
        key_column_names
            One name or several. None is a key of its own.
        operations
            Aggregates of `windrow.aggregate`: one, a list of them, or a dict from the name of the
            result to the aggregate. Without names: ``Sum of v``, ``Avg of v``, ``Count``.
        *args
            More of the same.

        Raises
        ------
        ColumnNotFoundError, TypeMismatchError
            A column is absent, or an aggregate is not defined for its type.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"k": ["a", "b", "a"], "v": [1, 2, 4]})
        >>> print(sf.groupby("k", wr.aggregate.MEAN("v")))
        +---+----------+
        | k | Avg of v |
        +---+----------+
        | a |   2.5    |
        | b |   2.0    |
        +---+----------+
        [2 rows x 2 columns]
        <BLANKLINE>
        """
        keys = tuple(_names(key_column_names))
        for key in keys:
            if self._plan.schema[key].is_nested:
                raise TypeMismatchError("groupby", (self._plan.schema[key].value,), "plain columns")
        used = list(keys)
        aggregations: list[Aggregation] = []
        for name, aggregate in _operations((operations, *args)):
            if name in used:
                raise ColumnExistsError(name)
            output = name or free_name(aggregate.title, used)
            aggregations.append(aggregate.of(self._plan.schema, output))
            used.append(output)
        return self.from_plan(Group(self._plan, keys, tuple(aggregations)))

    def join(
        self,
        right: Self,
        on: str | Sequence[str] | Mapping[str, str] | None = None,
        how: str = "inner",
        alter_name: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the pairs of rows of two tables that have equal keys; the left order is kept.

        Parameters
        ----------
        right
            The other table. Its columns follow; a name that is taken gets ``.1`` behind it.
        on
            A name or several, or a dict from left to right name; None means all common names. The
            result has the left names. None equals None.
        how
            ``inner``; ``left`` or ``right`` keeps all rows of that table; ``outer`` those of both.
            Right rows without a partner come last, in their order.
        alter_name
            New names of right columns.

        Raises
        ------
        ColumnNotFoundError, TypeMismatchError, ArgumentError
            A key is absent, keys have different types, or there are none.

        Examples
        --------
        >>> import windrow as wr
        >>> left = wr.SFrame({"k": [1, 2], "a": ["x", "y"]})
        >>> list(left.join(wr.SFrame({"k": [2, 3], "b": [5, 6]}), on="k", how="left"))
        [{'k': 1, 'a': 'x', 'b': None}, {'k': 2, 'a': 'y', 'b': 5}]
        """
        if not isinstance(right, FrameRelations):
            raise ArgumentTypeError("right", type(right).__name__, "an SFrame")
        if how not in {"inner", "left", "right", "outer"}:
            raise ArgumentError("how", how, "inner, left, right or outer")
        pairs = self._keys(right, on)
        keys = {name for _, name in pairs}
        altered = dict(alter_name or {})
        used = self.column_names()
        renamed: list[tuple[str, str]] = []
        for old in right.column_names():
            if old not in keys:
                if old in altered and altered[old] in used:
                    raise ColumnExistsError(altered[old])
                new = altered.get(old) or free_name(old, used)
                used.append(new)
                renamed.append((old, new))
        return self.from_plan(Join(self._plan, right.plan, pairs, how, tuple(renamed)))

    def _keys(self, right: FrameRelations, on: Any) -> tuple[tuple[str, str], ...]:
        if on is None:
            pairs = [(n, n) for n in self.column_names() if n in right.plan.schema]
        elif isinstance(on, Mapping):
            pairs = list(on.items())
        else:
            pairs = [(name, name) for name in _names(on)]
        if not pairs:
            raise ArgumentError("on", on, "at least one column that both tables have")
        for name, other in pairs:
            kinds = self._plan.schema[name], right.plan.schema[other]
            if kinds[0] is not kinds[1]:
                wanted = f"equal types ({name!r} and {other!r}); convert one with astype"
                raise TypeMismatchError("join", (kinds[0].value, kinds[1].value), wanted)
        return tuple(pairs)

    def append(self, other: Self) -> Self:
        """Return the rows of this table and then those of another.

        Columns are matched by name, in any order, and must have the same types.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SFrame({"a": [1]}).append(wr.SFrame({"a": [2]}))["a"])
        [1, 2]
        """
        if not isinstance(other, FrameRelations):
            raise ArgumentTypeError("other", type(other).__name__, "an SFrame")
        if not self.num_columns() or not other.num_columns():
            return self.from_plan(self._plan if self.num_columns() else other.plan)
        plan, names = other.plan, self.column_names()
        if other.column_names() != names and set(other.column_names()) == set(names):
            plan = select(plan, names)
        return self.from_plan(Append((self._plan, plan)))

    # --- order ---

    def sort(self, key_column_names: Any, ascending: bool = True) -> Self:
        """Return the rows in order of some columns; rows with equal keys keep their order.

        Parameters
        ----------
        key_column_names
            A name, several, or pairs of name and whether ascending.
        ascending
            For names that are given alone. None comes first when ascending, else last.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": [1, 2, 1], "b": ["x", "y", "z"]})
        >>> list(sf.sort([("a", False), ("b", False)])["b"])
        ['y', 'z', 'x']
        """
        if isinstance(key_column_names, str):
            given: list[Any] = [key_column_names]
        else:
            given = list(key_column_names)
        by = [(key, ascending) if isinstance(key, str) else (key[0], key[1]) for key in given]
        if not by:
            raise ArgumentError("key_column_names", given, "at least one column")
        for name, _ in by:
            self._refuse_unless("sort", name)
        return self.from_plan(Sort(self._plan, tuple((name, bool(up)) for name, up in by)))

    def topk(self, column_name: str, k: int = 10, reverse: bool = False) -> Self:
        """Return the `k` rows with the largest values of a column, largest first.

        Parameters
        ----------
        column_name
            Rows in which it is None or NaN are left out.
        k
            Number of rows.
        reverse
            Take the smallest instead, smallest first.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SFrame({"a": [1, 5, None, 3]}).topk("a", k=2)["a"])
        [5, 3]
        """
        if k < 1:
            raise ArgumentError("k", k, "at least 1")
        self._refuse_unless("topk", column_name)
        return self.from_plan(TopK(self._plan, column_name, int(k), bool(reverse)))

    def _refuse_unless(self, what: str, name: str) -> None:
        kind = self._plan.schema[name]
        if kind not in SORTABLE:
            raise TypeMismatchError(what, (kind.value,), "int, float, str or datetime")

    # --- rows by value ---

    def filter_by(self, values: Any, column_name: str, exclude: bool = False) -> Self:
        """Return the rows whose value in a column is one of some values; their order is kept.

        Parameters
        ----------
        values
            An SArray, a list, or one value; of the column's type.
        column_name
            Where to look.
        exclude
            Return the other rows.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": ["x", "y", "z"]})
        >>> list(sf.filter_by(["z", "x"], "a")["a"])
        ['x', 'z']
        """
        own = column(self._plan, column_name)
        if not isinstance(values, SArray):
            chosen = self.select_column(column_name).is_in(values)
            return self._masked(~chosen if exclude else chosen)
        if values.dtype is not own.type.python:
            raise TypeMismatchError("filter_by", (values.dtype.__name__,), own.type.value)
        known = project(
            Unique(values.plan), [(NAME, column(values.plan, NAME)), (FOUND, literal(1))]
        )
        found = free_name(FOUND, self._plan.schema)
        joined = Join(self._plan, known, ((column_name, NAME),), "left", ((FOUND, found),))
        absent = operation("is_missing", column(joined, found))
        kept = filtered(joined, absent if exclude else operation("not", absent))
        return self.from_plan(select(kept, self._plan.schema))

    def drop_duplicates(self, subset: str | Sequence[str]) -> Self:
        """Return the first row of each set of rows that are equal in some columns.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": [1, 1, 2], "b": ["x", "y", "z"]})
        >>> list(sf.drop_duplicates("a")["b"])
        ['x', 'z']
        """
        keys = tuple(_names(subset))
        firsts = tuple(
            Aggregation(name, "select_one", (name,), kind)
            for name, kind in self._plan.schema.items()
            if name not in keys
        )
        return self.from_plan(select(Group(self._plan, keys, firsts), self._plan.schema))

    def dropna(
        self,
        columns: str | Sequence[str] | None = None,
        how: str = "any",
        recursive: bool = False,
    ) -> Self:
        """Return the rows without missing values (None, or NaN in a float).

        Parameters
        ----------
        columns
            Where to look; None means everywhere.
        how
            ``any``: drop a row in which one is missing; ``all``: in which all are.
        recursive
            Count a vector, list or dict as missing when something in it is.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SFrame({"a": [1, None], "b": [None, None]}).dropna(how="all")["a"])
        [1]
        """
        return self.dropna_split(columns, how, recursive)[0]

    def dropna_split(
        self,
        columns: str | Sequence[str] | None = None,
        how: str = "any",
        recursive: bool = False,
    ) -> tuple[Self, Self]:
        """Return the rows that `dropna` keeps, and those that it drops."""
        if how not in {"any", "all"}:
            raise ArgumentError("how", how, "any or all")
        names = self.column_names() if columns is None else _names(columns)
        if not names:
            return self.copy(), self.head(0)
        tests = [_absent(column(self._plan, name), recursive=recursive) for name in names]
        dropped = tests[0]
        for test in tests[1:]:
            dropped = operation("or" if how == "any" else "and", dropped, test)
        return self._where(operation("not", dropped)), self._where(dropped)

    def random_split(
        self, fraction: float, seed: int | None = None, exact: bool = False
    ) -> tuple[Self, Self]:
        """Divide the rows at random in two tables, each of which keeps their order.

        Parameters
        ----------
        fraction
            Share of the first, between 0 and 1.
        seed
            The same seed gives the same rows, however the data is partitioned; None draws one.
        exact
            Give exactly ``floor(fraction * n)`` of n rows to the first, instead of each row with
            this chance.

        Examples
        --------
        >>> import windrow as wr
        >>> first, second = wr.SFrame({"a": range(10)}).random_split(0.7, seed=1, exact=True)
        >>> len(first), len(second)
        (7, 3)
        """
        return self._split(fraction, seed, exact=exact)


def _names(given: str | Iterable[str]) -> list[str]:
    names = [given] if isinstance(given, str) else list(dict.fromkeys(given))
    for name in names:
        if not isinstance(name, str):
            raise ArgumentTypeError("a column name", type(name).__name__, "str")
    return names


def _operations(given: Sequence[Any]) -> list[tuple[str, Aggregate]]:
    """Flatten what users pass to `groupby` into pairs of name (may be empty) and aggregate."""
    found: list[tuple[str, Aggregate]] = []
    for item in given:
        if item is None:
            continue
        if isinstance(item, Mapping):
            found += [(name, _aggregate(value)) for name, value in item.items()]
        elif isinstance(item, (list, tuple)):
            found += _operations(item)
        else:
            found.append(("", _aggregate(item)))
    return found


def _aggregate(given: Aggregate | Callable[[], Aggregate]) -> Aggregate:
    made = given() if callable(given) else given
    if not isinstance(made, Aggregate):
        raise ArgumentTypeError(
            "an operation", type(made).__name__, "an aggregate, such as aggregate.SUM('v')"
        )
    return made


def _absent(value: Expression, *, recursive: bool) -> Expression:
    absent = operation("is_missing", value)
    if not recursive or not (value.type.is_nested or value.type is DType.ARRAY):
        return absent
    return operation("or", absent, library(_has_missing, value, DType.INT))


def _has_missing(value: Any) -> int:
    """Return 1 if something inside a container is None or NaN."""
    if value is None or value != value:  # noqa: PLR0124  # NaN
        return 1
    if isinstance(value, (str, int, float)) or not isinstance(value, Iterable):
        return 0
    items = value.values() if isinstance(value, dict) else value
    return int(any(_has_missing(item) for item in items))
