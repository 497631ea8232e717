"""A user's function at work on rows, in whichever process that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from windrow.errors import CancelledError, CastError
from windrow.execution.cancel import check
from windrow.execution.lower_step import Position, repeated
from windrow.execution.values import python_values, series_from_values
from windrow.plan.expressions import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

    from windrow.plan.expressions import Apply

ROWS_UNLOOKED = 16
"""Rows on which a user's function, which may be slow, is called before `check` looks again."""

OUTSIDE = -1
"""The place of who is not in the function."""


class Place(Protocol):
    """Where it is written, at index 0, which row of the chunk the function works on."""

    def __setitem__(self, index: int, row: int, /) -> None: ...


class Caller(Protocol):
    """Calls a function on a chunk of a partition's rows."""

    def __call__(self, columns: Sequence[pl.Series], start: int, rows: int) -> pl.Series:
        """Return the results for `rows` rows, of which the first is the partition's `start`."""
        ...


@dataclass(frozen=True)
class Called:
    """A function and how it is called: an `Apply` without the plan that it belongs to.

    Attributes
    ----------
    apply
        The expression, over columns of the arguments' types.
    subject
        The columns of the plan that it reads, in words.
    """

    apply: Apply
    subject: str

    @staticmethod
    def of(node: Apply) -> Called:
        """Cut an expression loose from its plan."""
        names = sorted(node.reads)
        columns = f"column{'s'[: len(names) - 1]} {', '.join(map(repr, names))}"
        arguments = (Column(str(i), argument.type) for i, argument in enumerate(node.arguments))
        loose = replace(node, arguments=tuple(arguments))
        return Called(loose, columns if names else "no column")


class Calls:
    """Calls a function in this process.

    Parameters
    ----------
    called
        The function, which is loaded here.
    position
        Where the partition's rows stand, for messages.
    place
        Where to write which row the function works on.

    Raises
    ------
    Exception
        What the function raised, with a note that names row and column.
    CastError
        A result is not of the type that the column is to have.

    Examples
    --------
    >>> import polars as pl
    >>> from windrow.plan.expressions import Apply, Column
    >>> from windrow.plan.types import DType
    >>> x = Column("x", DType.INT)
    >>> double = Apply.of(lambda v: 2 * v, (x,), None, DType.INT, skip_missing=True)
    >>> Calls(Called.of(double), Position())([pl.Series([1, None])], 0, 2).to_list()
    [2, None]
    """

    def __init__(self, called: Called, position: Position, place: Place | None = None) -> None:
        self._called, self._position = called, position
        self._place: Place = [OUTSIDE] if place is None else place
        self._function: Callable[..., Any] = called.apply.function()

    @property
    def name(self) -> str:
        """What the user calls the function."""
        function = self._function
        return str(getattr(function, "__qualname__", type(function).__qualname__))

    def __call__(self, columns: Sequence[pl.Series], start: int, rows: int) -> pl.Series:
        """See `Caller`."""
        results = self._results(self._arguments(columns, rows), start)
        try:
            return series_from_values(results, self._called.apply.dtype, first_row=start)[0]
        except CastError as error:
            raise CastError(
                error.value,
                error.wanted,
                f"what the function gave for {self._called.subject}",
                self._position.number(error.row),
                "give another dtype=, or change what the function returns",
            ) from None

    def _arguments(self, columns: Sequence[pl.Series], rows: int) -> Iterator[Any]:
        """Yield what the function is called with: one value, or a dict of the row."""
        node = self._called.apply
        values = [
            python_values(repeated(column, rows), argument.type)
            for column, argument in zip(columns, node.arguments, strict=True)
        ]
        if node.names is None:
            return iter(values[0])
        names = node.names
        if not values:
            return ({} for _ in range(rows))
        return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))

    def _results(self, arguments: Iterator[Any], start: int) -> list[Any]:
        function, place = self._function, self._place
        skip = self._called.apply.skip_missing
        results: list[Any] = []
        row, argument = 0, None
        try:
            for row, argument in enumerate(arguments):
                if row % ROWS_UNLOOKED == 0:
                    check()
                place[0] = row
                results.append(None if skip and argument is None else function(argument))
        except CancelledError:
            raise
        except Exception as error:
            place[0] = OUTSIDE
            error.add_note(
                f"in row {self._position.number(start + row)} of {self._called.subject}, "
                f"where the function was called on {argument!r}"[:300]
            )
            raise
        finally:
            place[0] = OUTSIDE
        return results
