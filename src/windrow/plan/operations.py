"""The operations that an expression may use, and the type that each gives.

One row an operation. What the operation *does* with None, NaN, zero and overflow is written once,
where expressions are lowered to the engine (`windrow.execution.lower`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.errors import TypeMismatchError
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rule = Callable[[tuple[DType, ...], Mapping[str, Any]], DType | None]

INT, FLOAT, STR, ARRAY = DType.INT, DType.FLOAT, DType.STR, DType.ARRAY


def _arithmetic(types: tuple[DType, ...], _: Mapping[str, Any]) -> DType | None:
    if all(t.is_number for t in types):
        return INT if set(types) == {INT} else FLOAT
    if ARRAY in types and all(t is ARRAY or t.is_number for t in types):
        return ARRAY
    return None


def _add(types: tuple[DType, ...], options: Mapping[str, Any]) -> DType | None:
    return STR if types == (STR, STR) else _arithmetic(types, options)


def _fraction(types: tuple[DType, ...], options: Mapping[str, Any]) -> DType | None:
    kind = _arithmetic(types, options)
    return FLOAT if kind is INT else kind


def _comparable(types: tuple[DType, ...], _: Mapping[str, Any]) -> DType | None:
    return INT if _same(types) and not types[0].is_nested and types[0] is not ARRAY else None


def _equal(types: tuple[DType, ...], _: Mapping[str, Any]) -> DType | None:
    return INT if _same(types) else None


def _same(types: tuple[DType, ...]) -> bool:
    return len(set(types)) == 1 or all(t.is_number for t in types)


def _branches(types: tuple[DType, ...], _: Mapping[str, Any]) -> DType | None:
    if not _same(types[1:]):
        return None
    return types[1] if types[1] is types[2] else FLOAT


def _of(*allowed: DType, gives: DType | None = None) -> Rule:
    """Build the rule: all arguments are of these types; give `gives`, or the first's own type."""

    def rule(types: tuple[DType, ...], _: Mapping[str, Any]) -> DType | None:
        return (gives or types[0]) if not allowed or set(types) <= set(allowed) else None

    return rule


CONVERSIONS = {
    INT: {FLOAT, STR, DType.DATETIME},
    FLOAT: {INT, STR, DType.DATETIME},
    STR: {INT, FLOAT, ARRAY, DType.LIST, DType.DICT, DType.DATETIME},
    ARRAY: {STR, DType.LIST},
    DType.LIST: {STR, ARRAY},
    DType.DICT: {STR},
    DType.DATETIME: {INT, FLOAT, STR},
}
"""What a column of each type can be cast to, besides its own."""


def _cast(types: tuple[DType, ...], options: Mapping[str, Any]) -> DType | None:
    target = DType.of(options["dtype"])
    return target if target is types[0] or target in CONVERSIONS[types[0]] else None


def _option_type(_: tuple[DType, ...], options: Mapping[str, Any]) -> DType:
    return DType.of(options["dtype"])


_RULES: dict[str, tuple[Rule, str]] = {
    "add": (_add, "numbers, vectors, or two strings"),
    "subtract": (_arithmetic, "numbers or vectors"),
    "multiply": (_arithmetic, "numbers or vectors"),
    "divide": (_fraction, "numbers or vectors"),
    "floor_divide": (_arithmetic, "numbers or vectors"),
    "modulo": (_arithmetic, "numbers or vectors"),
    "power": (_fraction, "numbers or vectors"),
    "negate": (_arithmetic, "numbers or vectors"),
    "absolute": (_arithmetic, "numbers or vectors"),
    "equal": (_equal, "two values of one type"),
    "not_equal": (_equal, "two values of one type"),
    "less": (_comparable, "two numbers, strings or datetimes"),
    "less_equal": (_comparable, "two numbers, strings or datetimes"),
    "greater": (_comparable, "two numbers, strings or datetimes"),
    "greater_equal": (_comparable, "two numbers, strings or datetimes"),
    "and": (_of(gives=INT), "any values"),
    "or": (_of(gives=INT), "any values"),
    "not": (_of(gives=INT), "any value"),
    "is_missing": (_of(gives=INT), "any value"),
    "is_true": (_of(gives=INT), "any value"),
    "coalesce": (_of(), "a value and its replacement of the same type"),
    "where": (_branches, "a condition and two values of one type"),
    "clip": (_of(INT, FLOAT, ARRAY), "numbers or vectors; options lower, upper"),
    "cast": (_cast, "types that can be converted; options dtype, undefined_on_failure"),
    "contains": (
        _of(STR, ARRAY, DType.LIST, DType.DICT, gives=INT),
        "a string, vector, list or dict; option item",
    ),
    "is_in": (_of(gives=INT), "any value; option values"),
    "element": (_option_type, "a vector, list or dict; options at, dtype"),
    "vector_slice": (_option_type, "a vector; options start, stop, dtype"),
    "item_length": (_of(ARRAY, DType.LIST, DType.DICT, gives=INT), "a vector, list or dict"),
    "datetime_to_str": (_of(DType.DATETIME, gives=STR), "a datetime; option format"),
    "str_to_datetime": (_of(STR, gives=DType.DATETIME), "a string; option format"),
    "datetime_part": (_of(DType.DATETIME, gives=INT), "a datetime; option part"),
    "hash": (_of(gives=INT), "any value; option seed"),
    "row_uniform": (_of(INT, gives=FLOAT), "row numbers; option seed"),
    "row_permutation": (_of(INT, gives=INT), "row numbers and their count; option seed"),
}


OPERATIONS = frozenset(_RULES)
"""Names of all operations."""


def result_type(name: str, types: tuple[DType, ...], options: Mapping[str, Any]) -> DType:
    """Return the type that an operation gives for arguments of these types.

    Raises
    ------
    TypeMismatchError
        The operation is not defined for them.

    >>> result_type("divide", (DType.INT, DType.INT), {})
    <DType.FLOAT: 'float'>
    """
    rule, wanted = _RULES[name]
    found = rule(types, options)
    if found is None:
        got = tuple(t.value for t in types)
        if name == "cast":
            target = DType.of(options["dtype"])
            wanted = ", ".join(t.value for t in DType if target in CONVERSIONS[t])
            raise TypeMismatchError(f"a cast to {target.value}", got, wanted)
        raise TypeMismatchError(name.replace("_", " "), got, wanted)
    return found
