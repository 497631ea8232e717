"""Names and types of a table's columns, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.errors import ColumnNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from windrow.plan.types import DType


class Schema:
    """An ordered, immutable mapping of column names to types.

    >>> from windrow.plan.types import DType
    >>> schema = Schema([("a", DType.INT), ("b", DType.STR)])
    >>> schema.names, schema["b"]
    (('a', 'b'), <DType.STR: 'str'>)
    """

    __slots__ = ("_types",)

    def __init__(self, columns: Iterable[tuple[str, DType]]) -> None:
        self._types = dict(columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self._types)

    @property
    def types(self) -> tuple[DType, ...]:
        """Column types in order."""
        return tuple(self._types.values())

    def items(self) -> tuple[tuple[str, DType], ...]:
        """Pairs of name and type in order."""
        return tuple(self._types.items())

    def __getitem__(self, name: str) -> DType:
        """Type of a column; raises `ColumnNotFoundError`, which names near columns."""
        try:
            return self._types[name]
        except KeyError:
            raise ColumnNotFoundError(name, self.names) from None

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.items() == other.items()

    def __hash__(self) -> int:
        return hash(self.items())

    def __repr__(self) -> str:
        return f"Schema({', '.join(f'{name}: {dtype.value}' for name, dtype in self.items())})"

    def __reduce__(self) -> tuple[type[Schema], tuple[tuple[tuple[str, DType], ...]]]:
        return Schema, (self.items(),)
