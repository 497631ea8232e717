"""SArray: a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from windrow.errors import ArgumentError, ArgumentTypeError, RowIndexError, TypeMismatchError
from windrow.frames import compute, construct, printing, saving
from windrow.frames.containers import ColumnContainers
from windrow.frames.functions import applied
from windrow.frames.literals import literal, operation
from windrow.frames.operators import NAME
from windrow.frames.reductions import ORDERED, ColumnReductions
from windrow.plan.compose import aligned
from windrow.plan.tables import Aggregation, Group, Project, Sort, TopK
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import polars as pl

    from windrow.frames.sframe import SFrame
    from windrow.plan.expressions import Expression

__all__ = ["SArray"]


GIVEN = "given"
"""Name of the fact that holds a few values as they were given."""


class SArray(ColumnContainers, ColumnReductions):
    """A column: values of one type, or None, in an order; computed when it is asked for.

    Parameters
    ----------
    data
        Values (a list, tuple, range, any iterable), a NumPy array, a pandas or Polars series, an
        Arrow array, another `SArray`, or the path or URL of a saved one.
    dtype
        Type of the values; by default it follows from them: ``bool`` is int, ints with floats are
        float, lists of numbers are ``array.array``, dates are datetimes, None alone is float.
    ignore_cast_failure
        Give None for a value that cannot be converted to `dtype`.

    Raises
    ------
    TypeError
        The values have types that do not go together, or one that no table holds.

    Examples
    --------
    >>> import windrow as wr
    >>> wr.SArray([1, 2, None])
    dtype: int
    Rows: 3
    [1, 2, None]
    >>> wr.SArray([1, 2, None]) * 2 + 1
    dtype: int
    Rows: 3
    [3, 5, None]
    """

    __slots__ = ()

    def __init__(
        self,
        data: object = (),
        dtype: type | str | None = None,
        ignore_cast_failure: bool = False,
    ) -> None:
        kind = None if dtype is None else DType.of(dtype)
        self._plan = construct.column_plan(data, kind, undefined_on_failure=ignore_cast_failure)
        self._facts = {}

    @classmethod
    def from_few(cls, values: list[Any], dtype: DType) -> SArray:
        """Return a column of a few values as Python has them, which can be read at once.

        They are laid out for the engine when more is asked than to read them.

        Examples
        --------
        >>> SArray.from_few([1.5], DType.FLOAT)[0]
        1.5
        """
        made = cls.__new__(cls)
        made._facts = {GIVEN: values}  # noqa: SLF001  # of this class
        made._make = lambda: construct.few_plan(values, dtype)
        return made

    @classmethod
    def from_const(cls, value: object, size: int, dtype: type | str | None = None) -> SArray:
        """Return a column that has one value in each of `size` rows.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray.from_const("a", 3))
        ['a', 'a', 'a']
        """
        if size < 0:
            raise ArgumentError("size", size, "0 or more")
        kind = None if dtype is None else DType.of(dtype)
        return cls.from_plan(construct.constant_plan(value, size, kind))

    @classmethod
    def from_sequence(cls, *args: int) -> SArray:
        """Return the ints from ``start`` (default 0) up to, not including, ``stop``.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray.from_sequence(2, 5))
        [2, 3, 4]
        """
        if not 1 <= len(args) <= 2:
            raise ArgumentError("the number of arguments", len(args), "1 (stop) or 2 (start, stop)")
        return cls(range(*args), int)

    @staticmethod
    def where(
        condition: SArray, istrue: object, isfalse: object, dtype: type | str | None = None
    ) -> SArray:
        """Choose from two columns, or values, by a condition; None in it chooses the second.

        Examples
        --------
        >>> import windrow as wr
        >>> sa = wr.SArray([1, 5, None])
        >>> list(wr.SArray.where(sa > 2, sa, 0))
        [0, 5, 0]
        """
        choices = (istrue, isfalse)
        columns = [item for item in choices if isinstance(item, SArray)]
        base, found = aligned([condition.plan, *(item.plan for item in columns)])
        held = iter(found[1:])
        first, second = (
            next(held)[NAME] if isinstance(item, SArray) else literal(item) for item in choices
        )
        if dtype is not None:
            kind = DType.of(dtype)
        else:
            kind = second.type if istrue is None else first.type
        if not (first.type.is_number and second.type.is_number) or dtype is not None:
            first, second = _as(first, kind), _as(second, kind)
        chosen = operation("where", found[0][NAME], first, second)
        return SArray.from_plan(Project(base, ((NAME, chosen),)))

    # --- looking at it ---

    @property
    def dtype(self) -> type:
        """Type of the values, such as ``int``."""
        return self._kind.python

    @property
    def shape(self) -> tuple[int]:
        """The number of rows, in a tuple."""
        return (len(self),)

    def __str__(self) -> str:
        return self._shown()[1]

    def __repr__(self) -> str:
        count, items = self._shown()
        return f"dtype: {self.dtype.__name__}\nRows: {'?' if count is None else count}\n{items}"

    def _shown(self) -> tuple[int | None, str]:
        """Return the number of rows, as far as it is known, and the first of them as a list."""
        first = compute.values(self._plan, printing.SHOWN_ITEMS)
        count = self._shown_count(len(first), printing.SHOWN_ITEMS)
        return count, printing.items_text(count, first)

    def __iter__(self) -> Iterator[Any]:
        given = self._facts.get(GIVEN)
        return (row[0] for row in compute.iterate(self._plan)) if given is None else iter(given)

    def __contains__(self, item: object) -> bool:
        return bool((self == item).any())

    @overload
    def __getitem__(self, key: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, key: slice | SArray) -> SArray: ...
    def __getitem__(self, key: object) -> Any:
        """Return a value by its row's number, or the rows of a slice or of a mask."""
        if isinstance(key, SArray):
            return self._masked(key)
        if isinstance(key, slice):
            return self._sliced(key)
        if isinstance(key, SupportsIndex):
            given = self._facts.get(GIVEN, ())
            if -len(given) <= key.__index__() < len(given):
                return given[key.__index__()]
            row = compute.at(self._plan, key.__index__())
            if row is None:
                raise RowIndexError(key.__index__(), len(self))
            return row[0]
        raise ArgumentTypeError("the index", type(key).__name__, "an int, a slice or an SArray")

    # --- functions of a value ---

    def apply(
        self, fn: Callable[[Any], Any], dtype: type | str | None = None, skip_na: bool = True
    ) -> SArray:
        """Call a function on each value.

        It runs on the first 100 rows at once, to find the type of the results; the rest waits
        until the column is needed.

        Parameters
        ----------
        fn
            Takes a value, gives a value.
        dtype
            Type of the results, to which they are converted.
        skip_na
            Give None for None, without calling `fn`.

        Raises
        ------
        Exception
            What `fn` raised, with a note that says in which row.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["a", None]).apply(str.upper))
        ['A', None]
        """
        own = {NAME: self._values}
        return self._made(applied(self._plan, own, fn, dtype, as_row=False, skip_missing=skip_na))

    def filter(self, fn: Callable[[Any], Any], skip_na: bool = True) -> SArray:
        """Return the rows on whose value a function gives something true.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([1, 5, None]).filter(lambda x: x > 2))
        [5]
        """
        return self._masked(self.apply(_Truth(fn), dtype=int, skip_na=skip_na))

    # --- rows ---

    def dropna(self) -> SArray:
        """Return the rows whose value is neither None nor NaN."""
        return self._where(operation("not", self._absent))

    def random_split(self, fraction: float, seed: int | None = None) -> tuple[SArray, SArray]:
        """Divide the rows at random in two, each going to the first with the chance `fraction`.

        The same `seed` gives the same rows, however the data is partitioned.
        """
        return self._split(fraction, seed, exact=False)

    def sort(self, ascending: bool = True) -> SArray:
        """Return the values in order; None first when ascending, last when descending.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([2, None, 1]).sort())
        [None, 1, 2]
        """
        self._refuse_unless("sort", ORDERED | {DType.STR})
        return self.from_plan(Sort(self._plan, ((NAME, bool(ascending)),)))

    def value_counts(self) -> SFrame:
        """Return each distinct value and its count, the most frequent first.

        Examples
        --------
        >>> import windrow as wr
        >>> print(wr.SArray(["b", "a", "b"]).value_counts())
        +-------+-------+
        | value | count |
        +-------+-------+
        |   b   |   2   |
        |   a   |   1   |
        +-------+-------+
        [2 rows x 2 columns]
        <BLANKLINE>
        """
        from windrow.frames.sframe import SFrame

        named = Project(self._plan, (("value", self._values),))
        counted = Group(named, ("value",), (Aggregation("count", "count", (), DType.INT),))
        found = SFrame.from_plan(Sort(counted, (("count", False),)))
        found.materialize()
        return found

    def is_topk(self, topk: int = 10, reverse: bool = False) -> SArray:
        """Return 1 for the `topk` largest values (smallest with `reverse`), else 0.

        Of equal values at the border the earlier rows count.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([5, 9, 1, 7]).is_topk(2))
        [0, 1, 0, 1]
        """
        from windrow.frames.sframe import SFrame

        self._refuse_unless("topk", ORDERED | {DType.STR})
        rows = SFrame({"value": self}).add_row_number("row")
        best = SFrame.from_plan(TopK(rows.plan, "value", int(topk), bool(reverse)))
        return rows["row"].is_in(best["row"])

    # --- to elsewhere ---

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """Return the values as a NumPy array.

        Ints with None become floats with NaN; vectors of one length a matrix; text an object array.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, None]).to_numpy()
        array([ 1., nan])
        """
        from windrow.frames.output import numpy_column

        return numpy_column(compute.frame(self._plan).get_column(NAME), self._kind)

    def to_polars(self) -> pl.Series:
        """Return the values as a Polars series; lists and dicts as text, see `SFrame.to_polars`."""
        return compute.frame(self._plan).get_column(NAME)

    def save(self, filename: str, format: str | None = None) -> None:
        """Write the column to a folder, or (``format='text'``, or a name in .csv or .txt) as lines.

        `load_sarray` reads a folder back.
        """
        saving.save_column(self._plan, filename, format)


class _Truth:
    """A user's condition as 1 or 0; a class, so that it pickles when the condition does."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, value: Any) -> int:
        return int(bool(self.function(value)))


def _as(expression: Expression, kind: DType) -> Expression:
    """Convert one choice of `where` to the type of the result; None fits every type."""
    from windrow.plan.expressions import Literal

    if isinstance(expression, Literal) and expression.value is None:
        return Literal(None, kind)
    if expression.type is kind:
        return expression
    if not (expression.type.is_number and kind.is_number):
        raise TypeMismatchError("where", (expression.type.value,), kind.value)
    return operation("cast", expression, dtype=kind, undefined_on_failure=False)
