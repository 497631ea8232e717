"""What columns do row by row: arithmetic, comparison, conversion, replacement, lookup."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

from windrow.errors import AmbiguousTruthError, ArgumentTypeError, TypeMismatchError
from windrow.frames import compute
from windrow.frames.lazy import Lazy
from windrow.frames.literals import fitting, is_scalar, literal, operation
from windrow.plan.compose import aligned, column, project
from windrow.plan.expressions import Expression, Literal
from windrow.plan.tables import Project, Unique
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.frames.sarray import SArray

NAME = "X1"
"""Name of the only column of a column's plan."""


class ColumnOperators(Lazy):
    """Base of `SArray`: operators, and methods that give one value a row."""

    __slots__ = ()
    __hash__: ClassVar[None]  # type: ignore[assignment]  # == gives a column

    @property
    def _kind(self) -> DType:
        return self._plan.schema[NAME]

    @property
    def _values(self) -> Expression:
        """The column as an expression over its own plan."""
        return column(self._plan, NAME)

    def _made(self, expression: Expression) -> Self:
        """Return the column of an expression over this one's plan."""
        return self.from_plan(project(self._plan, [(NAME, expression)]))

    def _with(self, name: str, other: object, *, swapped: bool = False) -> Self:
        """Return an operation between this column and another, or a value."""
        if isinstance(other, ColumnOperators):
            base, (own, others) = aligned([self._plan, other.plan])
            left, right = own[NAME], others[NAME]
            return self.from_plan(Project(base, ((NAME, operation(name, left, right)),)))
        if not is_scalar(other) and not self._kind.is_nested and self._kind is not DType.ARRAY:
            vector = literal(other)
            if vector.type is not DType.ARRAY or not self._kind.is_number:
                raise TypeMismatchError(name, (self._kind.value, vector.type.value), "two columns")
            return self._made(_in_order(name, self._values, vector, swapped=swapped))
        return self._made(_in_order(name, self._values, literal(other), swapped=swapped))

    # --- arithmetic: / and ** give floats; // and % by the int 0 give None ---

    def __add__(self, other: object) -> Self:
        return self._with("add", other)

    def __radd__(self, other: object) -> Self:
        return self._with("add", other, swapped=True)

    def __sub__(self, other: object) -> Self:
        return self._with("subtract", other)

    def __rsub__(self, other: object) -> Self:
        return self._with("subtract", other, swapped=True)

    def __mul__(self, other: object) -> Self:
        return self._with("multiply", other)

    def __rmul__(self, other: object) -> Self:
        return self._with("multiply", other, swapped=True)

    def __truediv__(self, other: object) -> Self:
        return self._with("divide", other)

    def __rtruediv__(self, other: object) -> Self:
        return self._with("divide", other, swapped=True)

    def __floordiv__(self, other: object) -> Self:
        return self._with("floor_divide", other)

    def __rfloordiv__(self, other: object) -> Self:
        return self._with("floor_divide", other, swapped=True)

    def __mod__(self, other: object) -> Self:
        return self._with("modulo", other)

    def __rmod__(self, other: object) -> Self:
        return self._with("modulo", other, swapped=True)

    def __pow__(self, other: object) -> Self:
        return self._with("power", other)

    def __rpow__(self, other: object) -> Self:
        return self._with("power", other, swapped=True)

    def __neg__(self) -> Self:
        return self._made(operation("negate", self._values))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._made(operation("absolute", self._values))

    # --- comparison: 1, 0, or None where a value is missing; `== None` asks for just that ---

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return self._compared("equal", other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self._compared("not_equal", other)

    def __lt__(self, other: object) -> Self:
        return self._compared("less", other)

    def __le__(self, other: object) -> Self:
        return self._compared("less_equal", other)

    def __gt__(self, other: object) -> Self:
        return self._compared("greater", other)

    def __ge__(self, other: object) -> Self:
        return self._compared("greater_equal", other)

    def _compared(self, name: str, other: object) -> Self:
        if other is None:
            return self._made(operation(name, self._values, Literal(None, self._kind)))
        return self._with(name, other)

    def __and__(self, other: object) -> Self:
        return self._with("and", other)

    def __rand__(self, other: object) -> Self:
        return self._with("and", other, swapped=True)

    def __or__(self, other: object) -> Self:
        return self._with("or", other)

    def __ror__(self, other: object) -> Self:
        return self._with("or", other, swapped=True)

    def __invert__(self) -> Self:
        return self._made(operation("not", self._values))

    def __bool__(self) -> bool:
        raise AmbiguousTruthError

    def abs(self) -> Self:
        """Return absolute values, of vectors item by item.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([-1, 2, None]).abs())
        [1, 2, None]
        """
        return self.__abs__()

    def clip(self, lower: float = math.nan, upper: float = math.nan) -> Self:
        """Bring values below `lower` or above `upper` to that bound; NaN means no bound.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([1, 5, 9]).clip(2, 6))
        [2, 5, 6]
        """
        bounds = {"lower": _bound("lower", lower), "upper": _bound("upper", upper)}
        return self._made(operation("clip", self._values, **bounds))

    def clip_lower(self, threshold: float) -> Self:
        """Bring values below `threshold` to it."""
        return self.clip(lower=threshold)

    def clip_upper(self, threshold: float) -> Self:
        """Bring values above `threshold` to it."""
        return self.clip(upper=threshold)

    # --- missing values ---

    @property
    def _absent(self) -> Expression:
        """1 where the value is None or NaN, else 0, as an expression over the column's plan."""
        return operation("is_missing", self._values)

    def fillna(self, value: object) -> Self:
        """Replace None (and NaN) by a value of the column's type; 1.7 is 1 in a column of int.

        Raises
        ------
        TypeMismatchError
            The value is of another type than the column.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([1, None, 3]).fillna(0))
        [1, 0, 3]
        """
        return self._made(operation("coalesce", self._values, fitting(value, self._kind, "fillna")))

    # --- conversion ---

    def astype(self, dtype: type | str, undefined_on_failure: bool = False) -> Self:
        """Convert the values to another type; a float loses its fraction to become an int.

        Parameters
        ----------
        dtype
            ``int``, ``float``, ``str``, ``array.array``, ``list``, ``dict`` or ``datetime``.
        undefined_on_failure
            Give None for a value that cannot be converted, instead of an error when it is met.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["1", "x"]).astype(int, undefined_on_failure=True))
        [1, None]
        """
        kind = DType.of(dtype)
        if kind is self._kind:
            return self
        options = {"dtype": kind, "undefined_on_failure": bool(undefined_on_failure)}
        return self._made(operation("cast", self._values, **options))

    # --- lookup ---

    def contains(self, item: object) -> Self:
        """Return 1 where a string has a part, a list or vector an item, a dict a key; else 0.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["abc", "xyz"]).contains("b"))
        [1, 0]
        """
        if self._kind is DType.STR and not isinstance(item, str):
            raise ArgumentTypeError("item", type(item).__name__, "str, as the column is")
        return self._made(operation("contains", self._values, item=literal(item).value))

    def is_in(self, other: SArray | Iterable[object] | object) -> Self:
        """Return 1 where the value is one of some others, else 0.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["a", "b"]).is_in(["b", "c"]))
        [0, 1]
        """
        values, kind = _known_values(other)
        same = kind is self._kind or (kind.is_number and self._kind.is_number)
        if not same and any(value is not None for value in values):
            raise TypeMismatchError("looking up values", (kind.value,), self._kind.value)
        return self._made(operation("is_in", self._values, values=values))

    def filter_by(self, values: SArray | Iterable[object] | object, exclude: bool = False) -> Self:
        """Return the rows whose value is one of some others (or, with `exclude`, none of them).

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["a", "b", "a"]).filter_by("a"))
        ['a', 'a']
        """
        chosen = self.is_in(values)
        return self._masked(~chosen if exclude else chosen)

    def hash(self, seed: int = 0) -> Self:
        """Return a 64-bit number that depends on the value and `seed` alone."""
        return self._made(operation("hash", self._values, seed=int(seed)))


def _in_order(name: str, own: Expression, other: Expression, *, swapped: bool) -> Expression:
    return operation(name, other, own) if swapped else operation(name, own, other)


def _bound(name: str, value: float | None) -> float | None:
    if value is not None and not isinstance(literal(value).value, (int, float)):
        raise ArgumentTypeError(name, type(value).__name__, "a number")
    return None if value is None or math.isnan(value) else value


def _known_values(other: object) -> tuple[tuple[Any, ...], DType]:
    """Return given values, or the distinct ones of a column, and their type."""
    from windrow.execution.values import python_values, series_from_values

    if isinstance(other, ColumnOperators):
        return tuple(compute.values(Unique(other.plan))), other._kind  # noqa: SLF001  # same class
    given = [other] if is_scalar(other) or not isinstance(other, Iterable) else list(other)
    series, kind = series_from_values(given)
    return tuple(python_values(series, kind)), kind
