"""What tables are made from: values, arrays, other libraries' frames, files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, ArgumentTypeError, ColumnExistsError, LengthMismatchError
from windrow.frames.literals import is_scalar, operation
from windrow.frames.operators import NAME, ColumnOperators
from windrow.frames.saving import open_column
from windrow.plan.compose import aligned, column, project
from windrow.plan.tables import Memory, Plan, Project

if TYPE_CHECKING:
    import polars as pl

    from windrow.plan.expressions import Expression
    from windrow.plan.types import DType

EMPTY = Memory((), (), ())
"""The table without columns."""
ACCEPTED = (
    "a path or URL, a dict, a list, an SFrame or SArray, or a pandas, Polars, Arrow or NumPy table"
)


def held(series: Mapping[str, tuple[pl.Series, DType]]) -> Plan:
    """Return the table of some columns in memory.

    Raises
    ------
    LengthMismatchError
        They have different numbers of rows.
    """
    import polars as pl

    from windrow.io import memory
    from windrow.plan.schema import Schema

    if not series:
        return EMPTY
    for name in series:
        checked_name(name)
    lengths = [len(values) for values, _ in series.values()]
    for length in lengths:
        if length != lengths[0]:
            raise LengthMismatchError(lengths[0], length)
    frame = pl.DataFrame([values.alias(name) for name, (values, _) in series.items()])
    return memory.from_frame(frame, Schema((name, kind) for name, (_, kind) in series.items()))


def constant_plan(value: object, size: int, dtype: DType | None) -> Plan:
    """Return a column of `size` equal values."""
    from windrow.execution.values import series_from_values

    series, kind = series_from_values([value], dtype)
    return held({NAME: (series.new_from_index(0, size), kind)})


def few_plan(values: list[Any], dtype: DType) -> Plan:
    """Return a column of a few values."""
    from windrow.execution.values import series_from_values

    return held({NAME: (series_from_values(values, dtype)[0], dtype)})


def column_plan(data: object, dtype: DType | None, *, undefined_on_failure: bool = False) -> Plan:
    """Return the plan of a column made from what a user has."""
    if isinstance(data, (ColumnOperators, str, os.PathLike)):
        plan = data.plan if isinstance(data, ColumnOperators) else open_column(os.fspath(data))
        if dtype in {None, plan.schema[NAME]}:
            return plan
        options = {"dtype": dtype, "undefined_on_failure": undefined_on_failure}
        cast = operation("cast", column(plan, NAME), **options)
        return project(plan, [(NAME, cast)])
    series, kind = _series(data, dtype, undefined_on_failure=undefined_on_failure)
    return held({NAME: (series, kind)})


def _series(
    data: object, dtype: DType | None, name: str = "", *, undefined_on_failure: bool = False
) -> tuple[pl.Series, DType]:
    """Turn values of one column, whoever's they are, into the form of the engine."""
    import numpy as np

    from windrow.execution.values import series_from_values

    foreign = _foreign_series(data)
    if foreign is not None and (dtype is None or dtype is foreign[1]):
        return foreign
    if isinstance(data, np.ndarray):
        values: Any = data
    elif is_scalar(data) or not isinstance(data, Iterable):
        raise ArgumentTypeError("data", type(data).__name__, "values, such as a list")
    else:
        values = data if isinstance(data, (list, tuple)) else list(data)
    return series_from_values(values, dtype, name, undefined_on_failure=undefined_on_failure)


def _foreign_series(data: object) -> tuple[pl.Series, DType] | None:
    """Take a column of Polars, pandas or Arrow; None if it is none of these."""
    import polars as pl

    library = type(data).__module__.partition(".")[0]
    if library == "polars" and isinstance(data, pl.Series):
        return _normal(data.alias(NAME).to_frame())[NAME]
    if library == "pandas" and hasattr(data, "to_frame"):
        return _pandas_column(data, NAME)
    if library == "pyarrow" and hasattr(data, "type"):
        found = pl.from_arrow(data)
        return _normal(pl.DataFrame({NAME: found}))[NAME]
    return None


def table_plan(data: object) -> Plan:
    """Return the plan of a table made from what a user has (anything but a path or URL)."""
    if data is None:
        return EMPTY
    if isinstance(data, Mapping):
        return columns_plan(data)
    if isinstance(data, ColumnOperators):
        return data.plan
    columns = _foreign_columns(data)
    if columns is not None:
        return held(columns)
    if isinstance(data, Sequence) and data and all(isinstance(c, ColumnOperators) for c in data):
        return columns_plan({f"X{number}": c for number, c in enumerate(data, 1)})
    if is_scalar(data) or not isinstance(data, Iterable):
        raise ArgumentTypeError("data", type(data).__name__, ACCEPTED)
    return EMPTY if isinstance(data, list) and not data else column_plan(data, None)


def checked_name(name: object) -> None:
    """Raise unless something may be the name of a column: a text that is not empty."""
    if not isinstance(name, str):
        raise ArgumentTypeError("a column's name", type(name).__name__, "str")
    if not name:
        raise ArgumentError("a column's name", name, "a text that is not empty")


def columns_plan(columns: Mapping[str, object]) -> Plan:
    """Return the table of named columns, in their order; lists in memory, `SArray`s as they are."""
    lists: dict[str, tuple[pl.Series, DType]] = {}
    lazy: dict[str, Plan] = {}
    for name, data in columns.items():
        checked_name(name)
        if isinstance(data, ColumnOperators):
            lazy[name] = data.plan
        else:
            lists[name] = _series(data, None, name)
    if not lazy:
        return held(lists)
    parts = [*lazy.values(), *([held(lists)] if lists else [])]
    base, found = aligned(parts)
    made: dict[str, Expression] = {
        name: over[NAME] for name, over in zip(lazy, found, strict=False)
    } | (found[-1] if lists else {})
    return Project(base, tuple((name, made[name]) for name in columns))


def _foreign_columns(data: Any) -> dict[str, tuple[pl.Series, DType]] | None:
    """Take a table of Polars, pandas or Arrow; None if it is none of these."""
    import polars as pl

    library = type(data).__module__.partition(".")[0]
    if (
        library == "polars"
        and hasattr(data, "collect_schema")
        and not isinstance(data, pl.DataFrame)
    ):
        raise ArgumentTypeError("data", "LazyFrame", "a DataFrame; call collect() first")
    if isinstance(data, pl.DataFrame):
        return _normal(data)
    if library == "pandas" and hasattr(data, "iloc") and hasattr(data, "columns"):
        names = [str(name) for name in data.columns]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ColumnExistsError(name)
        return {name: _pandas_column(data.iloc[:, i], name) for i, name in enumerate(names)}
    if library == "pyarrow" and hasattr(data, "column_names"):
        return _normal(pl.DataFrame(pl.from_arrow(data)))
    return None


def _normal(frame: pl.DataFrame) -> dict[str, tuple[pl.Series, DType]]:
    """Bring the columns of a frame of any types to those that a table holds."""
    from windrow.io.arrow_types import normalize

    for name in frame.columns:
        checked_name(name)
    plain, schema = normalize(frame)
    return {name: (plain.get_column(name), kind) for name, kind in schema.items()}


def _pandas_column(values: Any, name: str) -> tuple[pl.Series, DType]:
    """Take a pandas column without its index. NaN, pandas' sign of a missing value, becomes None.

    Objects go by the rules of `SArray`.
    """
    import polars as pl

    from windrow.execution.values import series_from_values

    if values.dtype == object:
        missing = values.isna().to_list()
        plain = [None if gone else item for item, gone in zip(values, missing, strict=True)]
        return series_from_values(plain, None, name)
    return _normal(pl.DataFrame({name: pl.from_pandas(values)}))[name]
