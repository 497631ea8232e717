"""Datetimes: text to moments and back, and their parts. Moments carry no zone: they are UTC."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

import polars as pl

from windrow.errors import DateFormatError
from windrow.execution.lower_casts import by_distinct, checked
from windrow.execution.lower_step import Function, Step, nulled
from windrow.plan.types import DType

DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%S%ZP"
"""The ancestor's default; it stands for ISO 8601, with or without time, fraction and zone."""

_UTC = datetime.UTC
_PLAIN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\d$"
_ZONE = r"(?:Z|UTC|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?|GMT)"
_ISO = re.compile(
    r"\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?"
    rf"\s*({_ZONE})?\s*",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?$", re.ASCII)
_DIRECTIVE = re.compile(r"%(ZP|.)", re.DOTALL)
_READ = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "D": "%m/%d/%y", "R": "%H:%M", "e": "%d", "s": "%S"}
_WRITTEN = {"ZP": "GMT+00", "z": "", "Z": "", "f": "%6f", "s": "%S"}
_SAFE = frozenset("aAbBdDeFHIjmMpRSTuUVwWyYG%")


def iso(column: pl.Series) -> pl.Series:
    """Write moments as ISO 8601, with a fraction where there is one."""
    whole = column.dt.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = column.dt.microsecond() != 0
    if not fraction.any():
        return whole
    return column.dt.strftime("%Y-%m-%dT%H:%M:%S.%6f").zip_with(fraction, whole)


def moments_from_iso(column: pl.Series) -> pl.Series:
    """Read ISO 8601; None for any other text."""
    plain = column.str.contains(_PLAIN)
    quick = nulled(column, ~plain).str.strptime(
        pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S", strict=False
    )
    rest = nulled(column, plain)
    if rest.null_count() == len(rest):
        return quick
    return quick.zip_with(quick.is_not_null(), by_distinct(rest, _from_iso, DType.DATETIME))


def _from_iso(text: str) -> datetime.datetime:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(text)
    *fields, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(field or 0) for field in fields)
    micro = int((fraction or "0").ljust(6, "0"))
    moment = datetime.datetime(year, month, day, hour, minute, second, micro, tzinfo=_UTC)
    return moment - _offset(zone or "")


def _offset(zone: str) -> datetime.timedelta:
    found = _OFFSET.search(zone)
    if found is None:
        return datetime.timedelta(0)
    size = datetime.timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return size if found[1] == "+" else -size


def _str_to_datetime(step: Step) -> pl.Series:
    (column,), layout = step.columns, step.option("format", DEFAULT_FORMAT)
    if layout == DEFAULT_FORMAT:
        return checked(step, moments_from_iso(column), DType.DATETIME)
    zoned = "%ZP" in layout
    python = _DIRECTIVE.sub(lambda m: "" if m[1] == "ZP" else _READ.get(m[1], m[0]), layout).strip()

    def parse(text: str) -> datetime.datetime:
        zone = re.search(rf"\s*({_ZONE})\s*$", text, re.ASCII) if zoned else None
        body = text[: zone.start()] if zone else text
        moment = datetime.datetime.strptime(body.strip(), python)  # noqa: DTZ007  # UTC unless it says
        return moment - _offset(zone[1]) if zone else moment

    return checked(step, by_distinct(column, parse, DType.DATETIME), DType.DATETIME)


def _datetime_to_str(step: Step) -> pl.Series:
    (column,), layout = step.columns, step.option("format", DEFAULT_FORMAT)
    if layout == DEFAULT_FORMAT:
        return iso(column)

    def directive(found: re.Match[str]) -> str:
        if found[1] not in _WRITTEN and found[1] not in _SAFE:
            raise DateFormatError(layout, found[0])
        return _WRITTEN.get(found[1], found[0])

    return column.dt.strftime(_DIRECTIVE.sub(directive, layout))


def _datetime_part(step: Step) -> pl.Series:
    """Take one number out of moments, as the ancestor's `split_datetime` names them."""
    (column,), part = step.columns, step.option("part")
    parts: dict[str, Callable[[], pl.Series]] = {
        "year": column.dt.year,
        "month": column.dt.month,
        "day": column.dt.day,
        "hour": column.dt.hour,
        "minute": column.dt.minute,
        "second": column.dt.second,
        "us": column.dt.microsecond,
        "weekday": lambda: column.dt.weekday() - 1,  # Monday is 0
        "isoweekday": column.dt.weekday,  # Monday is 1
        "tmweekday": lambda: column.dt.weekday() % 7,  # Sunday is 0, as in C
    }
    numbers = parts[part]()
    return numbers.cast(pl.Int64)


OPERATIONS: dict[str, Function] = {
    "str_to_datetime": _str_to_datetime,
    "datetime_to_str": _datetime_to_str,
    "datetime_part": _datetime_part,
}
