"""Cells that hold a vector, a list or a dictionary: ``[1,2,3]``, ``["a", 2]``, ``{a:1, "b":2}``."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<sign>[\[\]{}:,;])
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | '(?P<single>(?:[^'\\]|\\.)*)'
      | (?P<bare>[^\[\]{}:,;"'\s](?:[^\[\]{}:,;"']*[^\[\]{}:,;"'\s])?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(
    r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan)", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MISSING = {"", "NA", "None", "null"}


def parse_nested(text: str) -> list[Any] | dict[Any, Any] | None:
    """Return what the text of a bracketed cell means, None when it is malformed.

    JSON is read as such; besides it the ancestor's spelling is: keys and text without quotes,
    spaces or semicolons between the numbers of a vector, ``None`` or nothing for a missing value.

    >>> parse_nested("[1, 2.5]"), parse_nested("{a:1, 'b':[x]}"), parse_nested("[1,")
    ([1, 2.5], {'a': 1, 'b': ['x']}, None)
    """
    text = text.strip()
    if text[:1] not in {"[", "{"}:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = _Reader(text).whole()
        except _MalformedError:
            return None
    except RecursionError:
        return None
    return value if isinstance(value, (list, dict)) else None


def parse_vector(text: str) -> list[float] | None:
    """Return the numbers of a vector's cell, None when it is malformed or holds something else.

    >>> parse_vector("[1 2 3]"), parse_vector("[1;2]"), parse_vector("[a]")
    ([1.0, 2.0, 3.0], [1.0, 2.0], None)
    """
    value = parse_nested(text)
    if not isinstance(value, list) or not all(isinstance(item, (int, float)) for item in value):
        return None
    try:
        return [float(item) for item in value]
    except OverflowError:
        return None


class _MalformedError(ValueError):
    """The text is no value; the caller says so for the whole cell."""


class _Reader:
    """Reads one value by going down, token by token."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def whole(self) -> Any:
        value = self._value()
        if self._text[self._at :].strip():
            raise _MalformedError
        return value

    def _token(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if not found or not found.lastgroup:
            raise _MalformedError
        self._at = found.end()
        return found.lastgroup, found[found.lastgroup]

    def _peek(self) -> str:
        at = self._at
        kind, text = self._token()
        self._at = at
        return text if kind == "sign" else ""

    def _value(self) -> Any:
        kind, text = self._token()
        if kind == "double":
            return _unescaped(text)
        if kind == "single":
            return _ESCAPED.sub(r"\1", text)
        if kind == "bare":
            return _scalar(text)
        self._depth += 1
        if self._depth > 200 or text not in {"[", "{"}:
            raise _MalformedError
        value = self._list() if text == "[" else self._dict()
        self._depth -= 1
        return value

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while self._peek() != "]":
            if self._peek() in {",", ";"}:
                items.append(None)
            else:
                at = self._at
                kind, text = self._token()
                numbers = text.split() if kind == "bare" else []
                if len(numbers) > 1 and all(_NUMBER.fullmatch(number) for number in numbers):
                    items += [_scalar(number) for number in numbers]
                else:
                    self._at = at
                    items.append(self._value())
            if self._peek() in {",", ";"}:
                self._token()
            elif self._peek() != "]":
                raise _MalformedError
        self._token()
        return items

    def _dict(self) -> dict[Any, Any]:
        items: dict[Any, Any] = {}
        while self._peek() != "}":
            key = self._value()
            if isinstance(key, (list, dict)) or self._token() != ("sign", ":"):
                raise _MalformedError
            items[key] = None if self._peek() in {",", "}"} else self._value()
            if self._peek() == ",":
                self._token()
            elif self._peek() != "}":
                raise _MalformedError
        self._token()
        return items


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:  # an escape that JSON does not know
        return _ESCAPED.sub(r"\1", text)


def _scalar(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return None if text in _MISSING else text
