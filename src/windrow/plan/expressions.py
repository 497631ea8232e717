"""Expressions: what one column of a table is computed from, row by row."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import cloudpickle

from windrow.errors import UnpicklableFunctionError
from windrow.plan.node import Node, replace_children, topological
from windrow.plan.operations import result_type
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_UNPICKLABLE = (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError)


@dataclass(frozen=True, eq=False, repr=False)
class Expression(Node):
    """Base of all expressions; what follows from its parts is known as soon as one is made."""

    reads: frozenset[str] = field(init=False)
    """Names of the columns that it is computed from."""
    positional: bool = field(init=False)
    """Whether a value depends on where its row stands in the whole table."""

    def __post_init__(self) -> None:
        parts = [child for child in self.children() if isinstance(child, Expression)]
        reads, positional = self._own()
        for part in parts:
            reads = part.reads if reads <= part.reads else reads | part.reads
            positional = positional or part.positional
        object.__setattr__(self, "reads", reads)
        object.__setattr__(self, "positional", positional)
        super().__post_init__()

    def _own(self) -> tuple[frozenset[str], bool]:
        return frozenset(), False

    @property
    def type(self) -> DType:
        """Type of the column that the expression gives."""
        kind: DType = self.dtype  # type: ignore[attr-defined]  # a field of every subclass
        return kind


@dataclass(frozen=True, eq=False, repr=False)
class Column(Expression):
    """A column of the table that the expression stands on."""

    name: str
    dtype: DType

    def _own(self) -> tuple[frozenset[str], bool]:
        return frozenset((self.name,)), False


@dataclass(frozen=True, eq=False, repr=False)
class Literal(Expression):
    """One value for every row: a number, text, datetime, None, list or dict."""

    value: Any
    dtype: DType


@dataclass(frozen=True, eq=False, repr=False)
class RowNumber(Expression):
    """Global number of the row in the table that the expression stands on, from 0."""

    dtype: DType = field(default=DType.INT, init=False)

    def _own(self) -> tuple[frozenset[str], bool]:
        return frozenset(), True


@dataclass(frozen=True, eq=False, repr=False)
class RowCount(Expression):
    """Number of rows of the table that the expression stands on."""

    dtype: DType = field(default=DType.INT, init=False)

    def _own(self) -> tuple[frozenset[str], bool]:
        return frozenset(), True


@dataclass(frozen=True, eq=False, repr=False)
class Operation(Expression):
    """An operation of `windrow.plan.operations` on other expressions of the same rows."""

    name: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Any], ...] = ()
    dtype: DType = field(init=False)

    def __post_init__(self) -> None:
        types = tuple(argument.type for argument in self.arguments)
        object.__setattr__(self, "dtype", result_type(self.name, types, dict(self.options)))
        super().__post_init__()


@dataclass(frozen=True, eq=False, repr=False)
class Apply(Expression):
    """A user's function, called with one Python value a row, or with a dict of the row.

    `payload` is the function as cloudpickle bytes; `names` is None for one value a call, else the
    keys of the dict. With `skip_missing` the function is not called on None and gives None.
    """

    payload: bytes
    arguments: tuple[Expression, ...]
    names: tuple[str, ...] | None
    dtype: DType
    skip_missing: bool

    @staticmethod
    def of(
        function: Callable[..., Any],
        arguments: tuple[Expression, ...],
        names: tuple[str, ...] | None,
        dtype: DType,
        *,
        skip_missing: bool,
    ) -> Apply:
        """Make the expression from a function.

        Raises
        ------
        UnpicklableFunctionError
            The function holds something that cannot be sent to where the rows are.
        """
        try:
            payload = cloudpickle.dumps(function)
        except _UNPICKLABLE as error:
            name = getattr(function, "__qualname__", repr(function))
            raise UnpicklableFunctionError(name, str(error)[:200]) from error
        return Apply(payload, arguments, names, dtype, skip_missing)

    def function(self) -> Callable[..., Any]:
        """Load the function."""
        loaded: Callable[..., Any] = pickle.loads(self.payload)  # noqa: S301  # the user's own
        return loaded


class Scorer(Protocol):
    """A library function on whole columns, such as a model's margin; it must pickle.

    Called with the columns as the engine holds them, all of the partition's rows; gives a dict of
    output columns, each an array, a column of the engine or a list.
    """

    def __call__(self, columns: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the output columns, each of as many rows as came in."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Score(Expression):
    """One output column of a `Scorer`; several outputs of one scorer cost one call."""

    payload: bytes
    arguments: tuple[Expression, ...]
    names: tuple[str, ...]
    output: str
    dtype: DType

    def scorer(self) -> Scorer:
        """Load the scorer."""
        loaded: Scorer = pickle.loads(self.payload)  # noqa: S301  # made by this library
        return loaded


def substitute(expression: Expression, columns: Mapping[str, Expression]) -> Expression:
    """Return the expression with each column exchanged for what it is computed from.

    Shared nodes stay shared; the cost is the number of distinct nodes of `expression`.
    """
    made: dict[str, Node] = {}
    for node in topological(expression):
        if isinstance(node, Column):
            made[node.key] = columns.get(node.name, node)
        else:
            made[node.key] = replace_children(node, lambda child: made[child.key])
    found = made[expression.key]
    if not isinstance(found, Expression):
        raise TypeError(found)
    return found
