"""Columns of vectors, lists, dicts and datetimes: their items, keys and parts."""

from __future__ import annotations

import array
import datetime
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

from windrow.errors import ArgumentError, TypeMismatchError
from windrow.frames.functions import library
from windrow.frames.literals import operation
from windrow.frames.operators import NAME, ColumnOperators
from windrow.plan.types import DType

if TYPE_CHECKING:
    from windrow.frames.sframe import SFrame

ISO = "%Y-%m-%dT%H:%M:%S%ZP"
PARTS = ("year", "month", "day", "hour", "minute", "second")


class ColumnContainers(ColumnOperators):
    """Part of `SArray`: methods for values that have parts."""

    __slots__ = ()

    def item_length(self) -> Self:
        """Return the number of items of each vector, list or dict.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([[1, 2], None]).item_length())
        [2, None]
        """
        return self._made(operation("item_length", self._values))

    def vector_slice(self, start: int, end: int | None = None) -> Self:
        """Return one item of each vector, or with `end` those from `start` up to it.

        None where the vector is too short.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([[1, 2, 3], [4, 5]]).vector_slice(2))
        [3.0, None]
        """
        self._refuse_other("vector_slice", DType.ARRAY)
        gives = DType.FLOAT if end is None else DType.ARRAY
        stop = start + 1 if end is None else end
        if stop <= start:
            raise ArgumentError("end", end, f"greater than start, {start}")
        return self._made(
            operation("vector_slice", self._values, start=start, stop=end, dtype=gives)
        )

    def element_slice(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> Self:
        """Return a slice of each string, vector or list, as Python slices it.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["abc", "de"]).element_slice(stop=2))
        ['ab', 'de']
        """
        self._refuse_other("element_slice", DType.STR, DType.ARRAY, DType.LIST)
        return self._made(library(_Slice(start, stop, step), self._values, self._kind))

    def dict_keys(self) -> Self:
        """Return the keys of each dict as a list.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([{"a": 1, "b": 2}]).dict_keys())
        [['a', 'b']]
        """
        self._refuse_other("dict_keys", DType.DICT)
        return self._made(library(keys_of, self._values, DType.LIST))

    def dict_values(self) -> Self:
        """Return the values of each dict as a list."""
        self._refuse_other("dict_values", DType.DICT)
        return self._made(library(values_of, self._values, DType.LIST))

    def dict_has_any_keys(self, keys: object) -> Self:
        """Return 1 where a dict has at least one of some keys, else 0."""
        self._refuse_other("dict_has_any_keys", DType.DICT)
        return self._made(library(_HasAny(_keys_of(keys)), self._values, DType.INT))

    def dict_has_all_keys(self, keys: object) -> Self:
        """Return 1 where a dict has all of some keys, else 0."""
        self._refuse_other("dict_has_all_keys", DType.DICT)
        return self._made(library(_HasAll(_keys_of(keys)), self._values, DType.INT))

    def dict_trim_by_keys(self, keys: object, exclude: bool = True) -> Self:
        """Remove some keys from each dict, or with ``exclude=False`` all others.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([{"a": 1, "b": 2}]).dict_trim_by_keys(["a"]))
        [{'b': 2}]
        """
        self._refuse_other("dict_trim_by_keys", DType.DICT)
        trim = _TrimKeys(_keys_of(keys), exclude=exclude)
        return self._made(library(trim, self._values, DType.DICT))

    def dict_trim_by_values(self, lower: Any = None, upper: Any = None) -> Self:
        """Keep of each dict the items whose value is not below `lower` nor above `upper`.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([{"a": 1, "b": 5}]).dict_trim_by_values(lower=2))
        [{'b': 5}]
        """
        self._refuse_other("dict_trim_by_values", DType.DICT)
        return self._made(library(_TrimValues(lower, upper), self._values, DType.DICT))

    # --- datetimes ---

    def datetime_to_str(self, format: str = ISO) -> Self:
        """Write each datetime as text.

        Examples
        --------
        >>> import windrow as wr, datetime
        >>> list(wr.SArray([datetime.datetime(2024, 5, 6)]).datetime_to_str("%Y/%m/%d"))
        ['2024/05/06']
        """
        return self._made(operation("datetime_to_str", self._values, format=format))

    def str_to_datetime(self, format: str = ISO) -> Self:
        """Read each text as a datetime; by default in ISO form.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray(["06.05.2024"]).str_to_datetime("%d.%m.%Y"))
        [datetime.datetime(2024, 5, 6, 0, 0)]
        """
        return self._made(operation("str_to_datetime", self._values, format=format))

    def split_datetime(
        self, column_name_prefix: str = "X", limit: str | Sequence[str] | None = None
    ) -> SFrame:
        """Return the parts of each datetime as columns.

        Parameters
        ----------
        column_name_prefix
            Put before each name with a dot; may be empty.
        limit
            Some of year, month, day, hour, minute, second, weekday (Monday is 0), isoweekday
            (Monday is 1), tmweekday (Sunday is 0), us; by default the first six.

        Examples
        --------
        >>> import windrow as wr, datetime
        >>> times = wr.SArray([datetime.datetime(2024, 5, 6)])
        >>> times.split_datetime(limit=["year", "month"])[0]
        {'X.year': 2024, 'X.month': 5}
        """
        from windrow.frames.sframe import SFrame
        from windrow.plan.compose import project

        self._refuse_other("split_datetime", DType.DATETIME)
        wanted = PARTS if limit is None else [limit] if isinstance(limit, str) else limit
        columns = [
            (_dotted(column_name_prefix, part), operation("datetime_part", self._values, part=part))
            for part in wanted
        ]
        return SFrame.from_plan(project(self._plan, columns))

    # --- into columns and rows ---

    def unpack(
        self,
        column_name_prefix: str = "X",
        column_types: Sequence[type] | None = None,
        na_value: object = None,
        limit: Sequence[Any] | None = None,
    ) -> SFrame:
        """Return each key of the dicts, or each place of the vectors or lists, as a column.

        Parameters
        ----------
        column_name_prefix
            Put before each name with a dot; may be empty.
        column_types
            Types of the columns; by default, and of unknown keys, found from the first 100 rows.
        na_value
            Counts as missing.
        limit
            Keys or places to take; by default those of the first 100 rows.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([{"a": 1}, {"b": "x"}]).unpack("d")[1]
        {'d.a': None, 'd.b': 'x'}
        """
        from windrow.frames.reshape import unpacked
        from windrow.frames.sframe import SFrame

        return SFrame.from_plan(
            unpacked(self._plan, column_name_prefix, column_types, na_value, limit)
        )

    def stack(
        self,
        new_column_name: str | Sequence[str] | None = None,
        drop_na: bool = False,
        new_column_type: type | Sequence[type] | None = None,
    ) -> SFrame:
        """Return one row for each item of the values; see `SFrame.stack`.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([{"a": 1}, {"b": 2, "c": 3}]).stack(["key", "value"])["key"])
        ['a', 'b', 'c']
        """
        from windrow.frames.sframe import SFrame

        single = SFrame.from_plan(self._plan)
        return single.stack(NAME, new_column_name, drop_na, new_column_type)

    def _refuse_other(self, what: str, *kinds: DType) -> None:
        if self._kind not in kinds:
            wanted = " or ".join(kind.value for kind in kinds)
            raise TypeMismatchError(what, (self._kind.value,), wanted)


def _dotted(prefix: str, name: object) -> str:
    return f"{prefix}.{name}" if prefix else str(name)


def _keys_of(keys: object) -> tuple[Any, ...]:
    return tuple(keys) if isinstance(keys, Iterable) and not isinstance(keys, str) else (keys,)


def keys_of(value: dict[Any, Any]) -> list[Any]:
    """Return the keys of a dict."""
    return list(value)


def values_of(value: dict[Any, Any]) -> list[Any]:
    """Return the values of a dict."""
    return list(value.values())


class _Slice:
    """A slice of one value; classes here, so that they pickle by name."""

    def __init__(self, start: int | None, stop: int | None, step: int | None) -> None:
        self.slice = slice(start, stop, step)

    def __call__(self, value: Any) -> Any:
        return value[self.slice]


class _HasAny:
    def __init__(self, keys: tuple[Any, ...]) -> None:
        self.keys = keys

    def __call__(self, value: dict[Any, Any]) -> int:
        return int(any(key in value for key in self.keys))


class _HasAll(_HasAny):
    def __call__(self, value: dict[Any, Any]) -> int:
        return int(all(key in value for key in self.keys))


class _TrimKeys:
    def __init__(self, keys: tuple[Any, ...], *, exclude: bool) -> None:
        self.keys, self.exclude = keys, exclude

    def __call__(self, value: dict[Any, Any]) -> dict[Any, Any]:
        return {k: v for k, v in value.items() if (k in self.keys) is not self.exclude}


class _TrimValues:
    def __init__(self, lower: Any, upper: Any) -> None:
        self.lower, self.upper = lower, upper

    def __call__(self, value: dict[Any, Any]) -> dict[Any, Any]:
        return {k: v for k, v in value.items() if self._keeps(v)}

    def _keeps(self, value: Any) -> bool:
        if value is None or isinstance(value, (str, list, dict, array.array, datetime.date)):
            return value is not None
        if isinstance(value, float) and math.isnan(value):
            return False
        low = self.lower is None or value >= self.lower
        return bool(low and (self.upper is None or value <= self.upper))
