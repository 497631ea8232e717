# ruff: noqa: N802  # their names are those that users know
"""Aggregates for `SFrame.groupby`: what to compute of each group.

Missing values are skipped; of a group without values `MEAN`, `MIN` and so on give None, `SUM` 0.

Examples
--------
>>> import windrow as wr
>>> sf = wr.SFrame({"k": ["a", "b", "a"], "v": [1, 2, 4]})
>>> print(sf.groupby("k", {"total": wr.aggregate.SUM("v"), "rows": wr.aggregate.COUNT()}))
+---+-------+------+
| k | total | rows |
+---+-------+------+
| a |   5   |  2   |
| b |   2   |  1   |
+---+-------+------+
[2 rows x 3 columns]
<BLANKLINE>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, TypeMismatchError
from windrow.plan.tables import Aggregation
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.schema import Schema

__all__ = [
    "ARGMAX", "ARGMIN", "AVG", "CONCAT", "COUNT", "COUNT_DISTINCT", "DISTINCT", "FREQ_COUNT",
    "MAX", "MEAN", "MIN", "QUANTILE", "SELECT_ONE", "STD", "STDV", "SUM", "VAR", "VARIANCE",
]  # fmt: skip

_NUMBERS = frozenset({DType.INT, DType.FLOAT})
_VECTORS = _NUMBERS | {DType.ARRAY}
_ORDERED = _NUMBERS | {DType.DATETIME}
_ANY = frozenset(DType)
_KEYS = frozenset(kind for kind in DType if kind.is_scalar)


@dataclass(frozen=True)
class Aggregate:
    """One aggregate, before it is known what table it is of.

    Attributes
    ----------
    kind
        See `windrow.plan.tables.Aggregation`.
    columns
        Names of the columns it reads.
    title
        Default name of the result, such as ``Sum of v``.
    allowed
        Types of the first column.
    gives
        Type of the result; None means that of the last column.
    options
        Pairs of name and value.
    """

    kind: str
    columns: tuple[str, ...]
    title: str
    allowed: frozenset[DType] = _ANY
    gives: DType | None = None
    options: tuple[tuple[str, Any], ...] = ()

    def of(self, schema: Schema, output: str) -> Aggregation:
        """Return what the plan of a table with these columns holds.

        Raises
        ------
        ColumnNotFoundError
            The table has no such column.
        TypeMismatchError
            The aggregate is not defined for the column's type.
        """
        types = tuple(schema[name] for name in self.columns)
        if types and types[0] not in self.allowed:
            wanted = ", ".join(kind.value for kind in DType if kind in self.allowed)
            raise TypeMismatchError(self.title, (types[0].value,), wanted)
        gives = self.gives
        if gives is None or (self.kind == "mean" and types[0] is DType.ARRAY):
            gives = types[-1]
        return Aggregation(output, self.kind, self.columns, gives, self.options)


def SUM(src_column: str) -> Aggregate:
    """Sum of numbers or of vectors; NaN spreads."""
    return Aggregate("sum", (src_column,), f"Sum of {src_column}", _VECTORS)


def MEAN(src_column: str) -> Aggregate:
    """Mean of numbers or of vectors."""
    return Aggregate("mean", (src_column,), f"Avg of {src_column}", _VECTORS, DType.FLOAT)


def COUNT() -> Aggregate:
    """Count the rows."""
    return Aggregate("count", (), "Count", gives=DType.INT)


def MIN(src_column: str) -> Aggregate:
    """Least value."""
    return Aggregate("min", (src_column,), f"Min of {src_column}", _ORDERED)


def MAX(src_column: str) -> Aggregate:
    """Largest value."""
    return Aggregate("max", (src_column,), f"Max of {src_column}", _ORDERED)


def VAR(src_column: str) -> Aggregate:
    """Population variance, the sum of squared deviations over n."""
    title = f"Var of {src_column}"
    return Aggregate("var", (src_column,), title, _NUMBERS, DType.FLOAT, (("ddof", 0),))


def STD(src_column: str) -> Aggregate:
    """Population standard deviation, the square root of `VAR`."""
    title = f"Stdv of {src_column}"
    return Aggregate("std", (src_column,), title, _NUMBERS, DType.FLOAT, (("ddof", 0),))


def SELECT_ONE(src_column: str) -> Aggregate:
    """Value of the group's first row."""
    return Aggregate("select_one", (src_column,), f"Select One of {src_column}")


def COUNT_DISTINCT(src_column: str) -> Aggregate:
    """Count the distinct values, None among them."""
    title = f"Count Distinct of {src_column}"
    return Aggregate("count_distinct", (src_column,), title, gives=DType.INT)


def DISTINCT(src_column: str) -> Aggregate:
    """List the distinct values in first-seen order."""
    return Aggregate("distinct", (src_column,), f"Distinct of {src_column}", gives=DType.LIST)


def FREQ_COUNT(src_column: str) -> Aggregate:
    """Count each value: a dict from value to count, None among the keys."""
    title = f"Frequency Count of {src_column}"
    return Aggregate("freq_count", (src_column,), title, _KEYS, DType.DICT)


def CONCAT(src_column: str, dict_value_column: str | None = None) -> Aggregate:
    """List the values without None; with two columns, a dict from the first to the second."""
    if dict_value_column is None:
        return Aggregate("concat", (src_column,), f"List of {src_column}", gives=DType.LIST)
    title = f"Dict of {src_column}_{dict_value_column}"
    return Aggregate("concat", (src_column, dict_value_column), title, _KEYS, DType.DICT)


def ARGMAX(agg_column: str, out_column: str) -> Aggregate:
    """Value of `out_column` in the row where `agg_column` is largest."""
    title = f"Argmax of {agg_column}_{out_column}"
    return Aggregate("argmax", (agg_column, out_column), title, _ORDERED)


def ARGMIN(agg_column: str, out_column: str) -> Aggregate:
    """Value of `out_column` in the row where `agg_column` is least."""
    title = f"Argmin of {agg_column}_{out_column}"
    return Aggregate("argmin", (agg_column, out_column), title, _ORDERED)


def QUANTILE(src_column: str, *args: float | Sequence[float]) -> Aggregate:
    """Vector of the quantiles asked for, such as ``QUANTILE('v', 0.1, 0.5)``.

    Raises
    ------
    ArgumentError
        A quantile is not between 0 and 1.
    """
    wanted: list[float] = []
    for given in args:
        wanted.extend([float(given)] if isinstance(given, (int, float)) else map(float, given))
    for quantile in wanted:
        if not 0 <= quantile <= 1:
            raise ArgumentError("a quantile", quantile, "between 0 and 1")
    title = f"Quantiles of {src_column}"
    options = (("quantiles", tuple(wanted)),)
    return Aggregate("quantile", (src_column,), title, _NUMBERS, DType.ARRAY, options)


AVG = MEAN
VARIANCE = VAR
STDV = STD
