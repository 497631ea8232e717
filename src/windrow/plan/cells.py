r"""Vectors, lists and dictionaries as people write them in text: ``[1, 2.5]``, ``{a:1, "b":[x]}``.

JSON is read as such. Besides it the ancestor's syntax and what Python prints are: strings without
quotes, with single or with double ones (``\`` escapes); semicolons for commas, and between numbers
blanks; a comma at the end; ``None``, ``null``, ``NA`` or nothing for a missing value; ``true`` and
``True`` for 1, ``false`` and ``False`` for 0.
"""

from __future__ import annotations

import json
import re
from typing import Any

_QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*""", re.DOTALL)
_KEY = re.compile(r"[^,;\[\]{}:\"']*")
_ITEM = re.compile(r"[^,;\[\]{}\"']*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_INT = re.compile(r"[+-]?[0-9]{1,400}")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)
_LAST_SEPARATOR = re.compile(r"\s*[,;]$")
_WORDS: dict[str, int | None] = {
    **dict.fromkeys(("", "None", "null", "NA")),
    **dict.fromkeys(("True", "true"), 1),
    **dict.fromkeys(("False", "false"), 0),
}
_MAX_DEPTH = 200


def parse_nested(text: str) -> list[Any] | dict[Any, Any] | None:
    """Return the list or the dictionary that a text is, None when it is neither.

    >>> parse_nested("[1, 2.5, 'a', b, None]"), parse_nested("{a:1, 3:[x]}"), parse_nested("[1")
    ([1, 2.5, 'a', 'b', None], {'a': 1, 3: ['x']}, None)
    """
    stripped = text.strip()
    if stripped[:1] not in {"[", "{"}:
        return None
    try:
        value = json.loads(stripped)
    except RecursionError:
        return None
    except ValueError:
        value = _written_freely(stripped)
    return value if isinstance(value, (list, dict)) else None


def parse_vector(text: str) -> list[float] | None:
    """Return the numbers of the vector that a text is, None when it is none.

    >>> parse_vector("[1, 2.5]"), parse_vector("[1 2;3]"), parse_vector("[a]")
    ([1.0, 2.5], [1.0, 2.0, 3.0], None)
    """
    stripped = text.strip()
    if stripped[:1] != "[" or stripped[-1:] != "]":
        return None
    inside = _LAST_SEPARATOR.sub("", stripped[1:-1].strip())
    items = re.split(r"\s*[,;]\s*|\s+", inside) if inside else []
    if not all(_FLOAT.fullmatch(item) for item in items):
        return None
    return [float(item) for item in items]


class _UnreadableError(ValueError):
    """The text is no value; the caller says so for the whole of it."""


def _written_freely(text: str) -> Any:
    try:
        value, end = _value(text, 0, 0)
    except _UnreadableError:
        return None
    return value if _blank(text, end) == len(text) else None


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Read one value from a place on; return it and the place after it."""
    if depth > _MAX_DEPTH:
        raise _UnreadableError
    at = _blank(text, at)
    opening = text[at : at + 1]
    if opening == "[":
        return _items(text, at + 1, depth)
    if opening == "{":
        return _pairs(text, at + 1, depth)
    return _word(text, at, _ITEM)


def _items(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    while not _closes(text, at, "]"):
        found = _ITEM.match(text, _blank(text, at))
        words = found[0].split() if found else []
        if found and len(words) > 1 and all(_FLOAT.fullmatch(word) for word in words):
            items += [_meaning(word) for word in words]
            at = found.end()
        else:
            value, at = _value(text, at, depth + 1)
            items.append(value)
        at = _separated(text, at, "]")
    return items, _blank(text, at) + 1


def _pairs(text: str, at: int, depth: int) -> tuple[dict[Any, Any], int]:
    pairs: dict[Any, Any] = {}
    while not _closes(text, at, "}"):
        key, at = _word(text, _blank(text, at), _KEY)
        at = _blank(text, at)
        if text[at : at + 1] != ":":
            raise _UnreadableError
        pairs[key], at = _value(text, at + 1, depth + 1)
        at = _separated(text, at, "}")
    return pairs, _blank(text, at) + 1


def _word(text: str, at: int, bare: re.Pattern[str]) -> tuple[Any, int]:
    """Read a string in quotes, or a number, a name or nothing without."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        inside = quoted[1] if quoted[1] is not None else quoted[2]
        return _ESCAPE.sub(_unescaped, inside), quoted.end()
    found = bare.match(text, at)
    if found is None:
        raise _UnreadableError
    return _meaning(found[0].strip()), found.end()


def _meaning(word: str) -> int | float | str | None:
    """Return what a word without quotes stands for."""
    if word in _WORDS:
        return _WORDS[word]
    if _INT.fullmatch(word):
        return int(word)
    return float(word) if _FLOAT.fullmatch(word) else word


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)


def _closes(text: str, at: int, closing: str) -> bool:
    at = _blank(text, at)
    if at == len(text):
        raise _UnreadableError
    return text[at] == closing


def _separated(text: str, at: int, closing: str) -> int:
    """Return the place after a separator, or that of the closing bracket."""
    at = _blank(text, at)
    if text[at : at + 1] in {",", ";"}:
        return at + 1
    if text[at : at + 1] != closing:
        raise _UnreadableError
    return at


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
