"""Columns packed into one and unpacked again, rows gathered into lists."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any, Self

from windrow.errors import ArgumentError, ColumnExistsError, TypeMismatchError
from windrow.frames import aggregate, compute
from windrow.frames.functions import SAMPLE
from windrow.frames.literals import literal, operation
from windrow.frames.operators import NAME
from windrow.frames.relations import FrameRelations
from windrow.frames.stacking import stacked, titles_of
from windrow.plan.compose import column, project
from windrow.plan.expressions import Apply, Expression, Literal
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from windrow.plan.tables import Plan


class FrameShapes(FrameRelations):
    """Part of `SFrame`: methods that trade columns for values with parts, and back."""

    __slots__ = ()

    def pack_columns(  # noqa: PLR0917  # the ancestor's order
        self,
        column_names: Sequence[str] | None = None,
        column_name_prefix: str | None = None,
        dtype: type = list,
        fill_na: object = None,
        remove_prefix: bool = True,
        new_column_name: str | None = None,
    ) -> Self:
        """Return the table with some columns packed into one, which comes last.

        Parameters
        ----------
        column_names
            Which; None means all, or all whose name begins with the prefix and a dot.
        column_name_prefix
            Instead of `column_names`.
        dtype
            ``dict`` (missing values are left out), ``list`` or ``array.array`` (None is NaN).
        fill_na
            Stands for missing values.
        remove_prefix
            Leave the prefix out of the keys of a dict.
        new_column_name
            By default the prefix, or ``X`` and a number.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": [1, None], "b": [2, 3]})
        >>> list(sf.pack_columns(["a", "b"], dtype=dict, new_column_name="d")["d"])
        [{'a': 1, 'b': 2}, {'b': 3}]
        """
        kind = DType.of(dtype)
        if kind not in {DType.DICT, DType.LIST, DType.ARRAY}:
            raise ArgumentError("dtype", dtype, "dict, list or array.array")
        if column_names is not None and column_name_prefix is not None:
            raise ArgumentError(
                "column_name_prefix", column_name_prefix, "None beside column_names"
            )
        prefix = f"{column_name_prefix}." if column_name_prefix else ""
        given = self.column_names() if column_names is None else list(column_names)
        names = [name for name in given if name.startswith(prefix)]
        if not names:
            raise ArgumentError("column_names", column_names, "at least one column")
        keep = [pair for pair in self._own() if pair[0] not in names]
        default = column_name_prefix or self._free_name(f"X{len(keep) + 1}")
        new = new_column_name or default
        if any(name == new for name, _ in keep):
            raise ColumnExistsError(new)
        keys = tuple(n.removeprefix(prefix) if remove_prefix else n for n in names)
        pack = _Pack(kind, fill_na)
        parts = tuple(column(self._plan, name) for name in names)
        return self._made([*keep, (new, Apply.of(pack, parts, keys, kind, skip_missing=False))])

    def unpack(
        self,
        column_name: str | None = None,
        column_name_prefix: str | None = None,
        column_types: Sequence[type] | None = None,
        na_value: object = None,
        limit: Sequence[Any] | None = None,
    ) -> Self:
        """Return the table with a column of dicts, vectors or lists exchanged for its parts.

        Parameters
        ----------
        column_name
            May be left out when there is only one such column.
        column_name_prefix
            Put before each key with a dot; by default the column's name; may be empty.
        column_types, na_value, limit
            See `SArray.unpack`.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"id": [7], "d": [{"a": 1, "b": 2}]}).unpack("d")[0]
        {'id': 7, 'd.a': 1, 'd.b': 2}
        """
        name = self._packed() if column_name is None else column_name
        own = column(self._plan, name)
        single = project(self._plan, [(NAME, own)])
        prefix = name if column_name_prefix is None else column_name_prefix
        parts = parts_of(
            single, own, prefix=prefix, types=column_types, na_value=na_value, limit=limit
        )
        keep = [pair for pair in self._own() if pair[0] != name]
        for new, _ in parts:
            if any(new == old for old, _ in keep):
                raise ColumnExistsError(new)
        return self._made([*keep, *parts])

    def _packed(self) -> str:
        packed = [n for n, t in self._plan.schema.items() if t.is_nested or t is DType.ARRAY]
        if len(packed) != 1:
            raise ArgumentError("column_name", None, f"one of {packed}" if packed else "given")
        return packed[0]

    def stack(
        self,
        column_name: str,
        new_column_name: str | Sequence[str] | None = None,
        drop_na: bool = False,
        new_column_type: type | Sequence[type] | None = None,
    ) -> Self:
        """Return one row for each item of a column of lists or vectors, or each pair of dicts.

        The other columns come first and are repeated. The longest value is looked for at once; the
        plan has one pass for each place in it, so this suits short values.

        Parameters
        ----------
        column_name
            Column of lists, vectors or dicts.
        new_column_name
            Of the items; of dicts two names, for keys and values. By default ``X`` and a number.
        drop_na
            Leave out a value that is missing or empty; otherwise it is a row with None.
        new_column_type
            Of the items; of dicts two types. By default found from the first 100 rows.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"k": ["a", "b"], "v": [["x", "y"], []]})
        >>> list(sf.stack("v", "item"))
        [{'k': 'a', 'item': 'x'}, {'k': 'a', 'item': 'y'}, {'k': 'b', 'item': None}]
        """
        titles = titles_of(self._plan, column_name, new_column_name)
        types = new_column_type
        given = [types] if isinstance(types, type) else types
        if given is not None and len(given) != len(titles):
            raise ArgumentError("new_column_type", types, f"{len(titles)} types, one a column")
        kinds = None if given is None else [DType.of(kind) for kind in given]
        return self.from_plan(stacked(self._plan, column_name, titles, kinds, drop_na=drop_na))

    def split_datetime(
        self,
        column_name: str,
        column_name_prefix: str | None = None,
        limit: str | Sequence[str] | None = None,
    ) -> Self:
        """Return the table with a column of datetimes exchanged for its parts.

        See `SArray.split_datetime`; the prefix is by default the column's name.
        """
        prefix = column_name if column_name_prefix is None else column_name_prefix
        parts = self.select_column(column_name).split_datetime(prefix, limit)
        return self.remove_column(column_name).add_columns(parts)

    def unstack(
        self, column_names: str | Sequence[str], new_column_name: str | None = None
    ) -> Self:
        """Gather a column into lists, or two into dicts: one row for each set of other values.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
        >>> list(sf.unstack("v", "all"))
        [{'k': 'a', 'all': [1, 3]}, {'k': 'b', 'all': [2]}]
        """
        names = [column_names] if isinstance(column_names, str) else list(column_names)
        if not 1 <= len(names) <= 2:
            raise ArgumentError("column_names", column_names, "one column, or two (key and value)")
        for name in names:
            column(self._plan, name)
        gathered = aggregate.CONCAT(*names)
        keys = [name for name in self.column_names() if name not in names]
        return self.groupby(keys, {new_column_name: gathered} if new_column_name else gathered)


class _Pack:
    """A row as one value; a class, so that it pickles by name."""

    def __init__(self, kind: DType, fill: object) -> None:
        self.kind, self.fill = kind, fill

    def __call__(self, row: dict[str, Any]) -> Any:
        values = {k: self.fill if v is None else v for k, v in row.items()}
        if self.kind is DType.DICT:
            return {k: v for k, v in values.items() if v is not None}
        if self.kind is DType.LIST:
            return list(values.values())
        return array.array("d", [float("nan") if v is None else v for v in values.values()])


def unpacked(
    plan: Plan,
    prefix: str,
    types: Sequence[type] | None,
    na_value: object,
    limit: Sequence[Any] | None,
) -> Plan:
    """Return the table of the parts of a column; see `SArray.unpack`."""
    return project(
        plan,
        parts_of(
            plan, column(plan, NAME), prefix=prefix, types=types, na_value=na_value, limit=limit
        ),
    )


def parts_of(
    plan: Plan,
    value: Expression,
    *,
    prefix: str,
    types: Sequence[type] | None,
    na_value: object,
    limit: Sequence[Any] | None,
) -> list[tuple[str, Expression]]:
    """Return the parts of a value as named expressions; `plan` is the column it is in."""
    if value.type not in {DType.DICT, DType.LIST, DType.ARRAY}:
        raise TypeMismatchError("unpack", (value.type.value,), "dict, list or array")
    rows = [row for row in compute.values(plan, SAMPLE) if row is not None]
    places = list(limit) if limit is not None else _places(rows, value.type)
    if types is not None and len(types) != len(places):
        raise ArgumentError("column_types", types, f"{len(places)} types, one a column")
    found = []
    for index, place in enumerate(places):
        kind = DType.of(types[index]) if types else _kind(rows, place, na_value, value.type)
        part: Expression = operation("element", value, at=place, dtype=kind)
        if na_value is not None and literal(na_value).type is kind:
            same = operation("equal", part, literal(na_value))
            part = operation("where", same, Literal(None, kind), part)
        found.append((f"{prefix}.{place}" if prefix else str(place), part))
    return found


def _places(rows: Iterable[Any], kind: DType) -> list[Any]:
    """Keys of dicts in first-seen order, or the places that the longest list has."""
    if kind is DType.DICT:
        return list(dict.fromkeys(key for row in rows for key in row))
    return list(range(max((len(row) for row in rows), default=0)))


def _kind(rows: Iterable[Any], place: Any, na_value: object, kind: DType) -> DType:
    from windrow.execution.values import infer

    if kind is DType.ARRAY:
        return DType.FLOAT
    read: Callable[[Any], Any] = _key_of(place) if kind is DType.DICT else _place_of(place)
    values = [read(row) for row in rows]
    return infer([v for v in values if na_value is None or v != na_value], str(place))


def _key_of(key: Any) -> Callable[[dict[Any, Any]], Any]:
    return lambda row: row.get(key)


def _place_of(place: int) -> Callable[[Sequence[Any]], Any]:
    return lambda row: row[place] if place < len(row) else None
