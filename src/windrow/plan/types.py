"""The types that a column can have, and the Python type that users know each by."""

from __future__ import annotations

import array
import datetime
from enum import Enum

from windrow.errors import UnsupportedTypeError


class DType(Enum):
    """Type of a column; None may stand in any of them.

    >>> DType.INT.python
    <class 'int'>
    """

    INT = "int"
    """64-bit integer; ``bool`` comes in as 0 and 1."""
    FLOAT = "float"
    """64-bit float; NaN is a value that `dropna` and `fillna` treat as missing."""
    STR = "str"
    ARRAY = "array"
    """A vector of 64-bit floats, ``array.array('d')``."""
    LIST = "list"
    """A list of any values (see `windrow.plan.values` for how it is held)."""
    DICT = "dict"
    """A dictionary of any values."""
    DATETIME = "datetime"
    """Microseconds since 1970, without a time zone (aware values are converted to UTC)."""

    @property
    def python(self) -> type:
        """The Python type that `column_types()` shows."""
        return _PYTHON[self]

    @property
    def is_number(self) -> bool:
        """Whether arithmetic is defined."""
        return self in {DType.INT, DType.FLOAT}

    @property
    def is_scalar(self) -> bool:
        """Whether a cell is one value: no vector, list or dictionary."""
        return self not in {DType.ARRAY, DType.LIST, DType.DICT}

    @property
    def is_nested(self) -> bool:
        """Whether values are held as encoded text (lists and dictionaries)."""
        return self in {DType.LIST, DType.DICT}

    @staticmethod
    def of(kind: object) -> DType:
        """Return the type that a user names by a Python type, by its name, or by a `DType`.

        Raises
        ------
        UnsupportedTypeError
            A table cannot hold this type.

        >>> DType.of(bool), DType.of("str")
        (<DType.INT: 'int'>, <DType.STR: 'str'>)
        """
        if isinstance(kind, DType):
            return kind
        if isinstance(kind, str) and kind in DType._value2member_map_:
            return DType(kind)
        if isinstance(kind, type) and kind in _DTYPES:
            return _DTYPES[kind]
        name = kind.__name__ if isinstance(kind, type) else repr(kind)
        raise UnsupportedTypeError(
            "the type asked for", name, "use int, float, str, array.array, list, dict or datetime"
        )


_PYTHON: dict[DType, type] = {
    DType.INT: int,
    DType.FLOAT: float,
    DType.STR: str,
    DType.ARRAY: array.array,
    DType.LIST: list,
    DType.DICT: dict,
    DType.DATETIME: datetime.datetime,
}
_DTYPES: dict[type, DType] = {python: dtype for dtype, python in _PYTHON.items()} | {
    bool: DType.INT,
    datetime.date: DType.DATETIME,
    tuple: DType.LIST,
}
