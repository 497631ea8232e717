"""Statistics of a column, each computed when it is looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, TypeMismatchError
from windrow.frames.compute import values
from windrow.frames.operators import NAME
from windrow.plan.tables import Aggregation, Group
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.frames.reductions import ColumnReductions

__all__ = ["Sketch"]

FREQUENT = 1000
"""Values that `frequent_items` gives at most."""


class Sketch:
    """Statistics of a column; here they are exact.

    Examples
    --------
    >>> import windrow as wr
    >>> sketch = wr.SArray([1, 2, 2, None]).summary()
    >>> sketch.mean(), sketch.num_unique(), sketch.quantile(0.5)
    (1.6666666666666667, 2, 2.0)
    """

    def __init__(self, column: ColumnReductions) -> None:
        self._column = column

    def size(self) -> int:
        """Return the number of rows."""
        return len(self._column)

    def num_elements_processed(self) -> int:
        """Return the number of rows; all of them."""
        return self.size()

    def sketch_ready(self) -> bool:
        """Whether the statistics may be looked at; always."""
        return True

    def cancel(self) -> None:
        """Do nothing: there is no work in the background."""

    def num_missing(self) -> int:
        """Return how many values are missing."""
        return self._column.countna()

    def max(self) -> Any:
        """Return the largest value."""
        return self._column.max()

    def min(self) -> Any:
        """Return the least value."""
        return self._column.min()

    def mean(self) -> Any:
        """Return the mean."""
        return self._column.mean()

    def sum(self) -> Any:
        """Return the sum."""
        return self._column.sum()

    def std(self) -> float | None:
        """Return the population standard deviation."""
        return self._column.std()

    def var(self) -> float | None:
        """Return the population variance."""
        return self._column.var()

    def num_unique(self) -> int:
        """Return the number of distinct values, None left out."""
        if not self._column.plan.schema[NAME].is_scalar:
            return len(self._column.unique()) - (self.num_missing() > 0)
        return len([value for value in self._counts if value is not None])

    def frequency_count(self, element: object) -> int:
        """Return how often a value occurs."""
        return int(self._counts.get(element, 0))

    def frequent_items(self) -> dict[Any, int]:
        """Return the most frequent values and their counts, at most 1,000, most frequent first."""
        found = [(value, count) for value, count in self._counts.items() if value is not None]
        return dict(sorted(found, key=lambda pair: -pair[1])[:FREQUENT])

    def quantile(self, quantile_val: float) -> float | None:
        """Return the value below which a share of the values lies.

        Raises
        ------
        ArgumentError
            The share is not between 0 and 1.
        """
        if not 0 <= quantile_val <= 1:
            raise ArgumentError("quantile_val", quantile_val, "between 0 and 1")
        asked = (("quantiles", (float(quantile_val),)),)
        plan = self._column.plan
        found = values(
            Group(plan, (), (Aggregation(NAME, "quantile", (NAME,), DType.ARRAY, asked),))
        )
        return found[0][0] if found[0] else None

    @cached_property
    def _counts(self) -> dict[Any, int]:
        """How often each value occurs, in first-seen order."""
        plan = self._column.plan
        if not plan.schema[NAME].is_scalar:
            raise TypeMismatchError("a count of values", (plan.schema[NAME].value,), "plain values")
        counted = Group(plan, (), (Aggregation(NAME, "freq_count", (NAME,), DType.DICT),))
        found: dict[Any, int] = values(counted)[0] or {}
        return found

    def __repr__(self) -> str:
        lines = [f"size: {self.size()}", f"missing: {self.num_missing()}"]
        kind = self._column.plan.schema[NAME]
        if kind.is_number:
            numbers = [("min", self.min()), ("max", self.max()), ("mean", self.mean())]
            lines += [f"{name}: {value}" for name, value in [*numbers, ("std", self.std())]]
        if kind.is_scalar:
            items = list(self.frequent_items().items())[:10]
            shown = ", ".join(f"{value!r} ({count})" for value, count in items)
            lines.append(f"most frequent: {shown}")
        return "\n".join(lines)
