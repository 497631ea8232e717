"""Single numbers of a column. Missing values are skipped, NaN spreads through sums and means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, TypeMismatchError
from windrow.frames.operators import NAME, ColumnOperators
from windrow.plan.compose import column
from windrow.plan.expressions import RowNumber
from windrow.plan.tables import Aggregation, Group, Project
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.frames.sketch import Sketch

ORDERED = frozenset({DType.INT, DType.FLOAT, DType.DATETIME})
"""Types that have a least and a largest value."""
ADDED = frozenset({DType.INT, DType.FLOAT, DType.ARRAY})
"""Types that have a sum."""


class ColumnReductions(ColumnOperators):
    """Part of `SArray`: sums, extremes and counts. Each is one pass, and remembered."""

    __slots__ = ()

    def sum(self) -> Any:
        """Return the sum; of vectors the vector of sums; of no values 0.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, None, 3]).sum()
        4
        """
        return self._reduced("sum", self._kind, ADDED)

    def mean(self) -> Any:
        """Return the mean, or None if there are no values; of vectors the vector of means.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, None, 4]).mean()
        2.5
        """
        gives = DType.ARRAY if self._kind is DType.ARRAY else DType.FLOAT
        return self._reduced("mean", gives, ADDED)

    def min(self) -> Any:
        """Return the least value, NaN left out; None if there is none.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([2.0, None, 1.0]).min()
        1.0
        """
        return self._reduced("min", self._kind, ORDERED)

    def max(self) -> Any:
        """Return the largest value, NaN left out; None if there is none.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([2.0, None, 1.0]).max()
        2.0
        """
        return self._reduced("max", self._kind, ORDERED)

    def var(self, ddof: int = 0) -> float | None:
        """Return the variance, the sum of squared deviations over ``n - ddof``.

        Raises
        ------
        ArgumentError
            `ddof` is negative or not less than the number of values.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, 2, 3]).var(ddof=1)
        1.0
        """
        return self._spread("var", ddof)

    def std(self, ddof: int = 0) -> float | None:
        """Return the standard deviation, the square root of `var`.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, 3]).std()
        1.0
        """
        return self._spread("std", ddof)

    def all(self) -> bool:
        """Whether no value is None, 0 or empty."""
        return bool(self._reduced("all", DType.INT))

    def any(self) -> bool:
        """Whether some value is neither None nor 0 nor empty."""
        return bool(self._reduced("any", DType.INT))

    def nnz(self) -> int:
        """Return how many values are neither None nor 0."""
        return int(self._reduced("nnz", DType.INT))

    def countna(self) -> int:
        """Return how many values are missing: None, or NaN.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1.0, None, float("nan")]).countna()
        2
        """
        return int(self._reduced("countna", DType.INT))

    def argmax(self) -> int | None:
        """Return the number of the row with the largest value, of equals the last.

        None if there are no values.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([3, 9, 4]).argmax()
        1
        """
        return self._place("argmax")

    def argmin(self) -> int | None:
        """Return the number of the row with the least value, of equals the last."""
        return self._place("argmin")

    def median(self, approximate: bool = False) -> Any:  # noqa: ARG002  # always exact here
        """Return the middle value of those present, the upper one of two; None if there is none.

        `approximate` is taken and does nothing: the result is exact.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([4, 1, 3, 2]).median()
        3
        """
        return self._reduced("median", self._kind, ORDERED)

    def summary(self, background: bool = False) -> Sketch:  # noqa: ARG002  # nothing to wait for
        """Return statistics of the column; they are computed when they are looked at.

        `background` is taken and does nothing.

        Examples
        --------
        >>> import windrow as wr
        >>> sketch = wr.SArray([1, 2, 2, None]).summary()
        >>> sketch.size(), sketch.num_missing(), sketch.frequent_items()
        (4, 1, {2: 2, 1: 1})
        """
        from windrow.frames.sketch import Sketch

        return Sketch(self)

    def _reduced(
        self, kind: str, gives: DType, allowed: frozenset[DType] | None = None, **options: Any
    ) -> Any:
        if allowed is not None:
            self._refuse_unless(kind, allowed)
        aggregation = Aggregation(NAME, kind, (NAME,), gives, tuple(options.items()))
        return self._fact(Group(self._plan, (), (aggregation,)))

    def _refuse_unless(self, what: str, allowed: frozenset[DType]) -> None:
        if self._kind not in allowed:
            wanted = ", ".join(kind.value for kind in DType if kind in allowed)
            raise TypeMismatchError(what, (self._kind.value,), wanted)

    def _spread(self, kind: str, ddof: int) -> float | None:
        numbers = frozenset({DType.INT, DType.FLOAT})
        if ddof < 0:
            raise ArgumentError("ddof", ddof, "0 or more")
        found: float | None = self._reduced(kind, DType.FLOAT, numbers, ddof=int(ddof))
        if found is None and ddof and (values := len(self) - self.countna()):
            raise ArgumentError("ddof", ddof, f"less than the number of values, {values}")
        return found

    def _place(self, kind: str) -> int | None:
        self._refuse_unless(kind, ORDERED)
        numbered = Project(self._plan, ((NAME, column(self._plan, NAME)), ("row", RowNumber())))
        aggregation = Aggregation(NAME, kind, (NAME, "row"), DType.INT)
        found: int | None = self._fact(Group(numbered, (), (aggregation,)))
        return found
