r"""Vectors, lists and dictionaries as people write them in text: ``[1, 2.5]``, ``{a:1, "b":[x]}``.

The ancestor's syntax, of which JSON and what Python prints are cases: items are separated by
commas; strings may stand without quotes, with single or with double ones (``\`` escapes); ``None``
and ``null`` are missing, also where nothing stands; ``true`` and ``false``, in Python's spelling or
JSON's, are 1 and 0. Vectors may be separated by blanks or semicolons instead.
"""

from __future__ import annotations

import array
import math
import re
from typing import Any

_QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*""", re.DOTALL)
_BARE = re.compile(r"[^,\[\]{}:\"']*")
_BARE_VALUE = re.compile(r"[^,\[\]{}\"']*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)
_WORDS: dict[str, int | float | None] = {
    "": None,
    "None": None,
    "null": None,
    "True": 1,
    "true": 1,
    "False": 0,
    "false": 0,
}
_MAX_DEPTH = 200


def parse_list(text: str) -> list[Any]:
    """Return the list that a text is; raises ValueError for any other text.

    >>> parse_list("[1, 2.5, 'a', b, None, {k: [1]}]")
    [1, 2.5, 'a', 'b', None, {'k': [1]}]
    """
    found = _parse(text)
    if isinstance(found, list):
        return found
    raise _unreadable(text)


def parse_dict(text: str) -> dict[Any, Any]:
    """Return the dictionary that a text is; raises ValueError for any other text.

    >>> parse_dict('{a:1, "b c":2, 3:x}')
    {'a': 1, 'b c': 2, 3: 'x'}
    """
    found = _parse(text)
    if isinstance(found, dict):
        return found
    raise _unreadable(text)


def parse_vector(text: str) -> array.array[float]:
    """Return the vector that a text is; raises ValueError for any other text.

    >>> parse_vector("[1, 2.5]"), parse_vector("[1 2;3]")
    (array('d', [1.0, 2.5]), array('d', [1.0, 2.0, 3.0]))
    """
    stripped = text.strip()
    if stripped[:1] != "[" or stripped[-1:] != "]":
        raise _unreadable(text)
    inside = stripped[1:-1].strip()
    if not inside:
        return array.array("d")
    items = re.split(r"\s*[,;]\s*|\s+", inside)
    if not all(_FLOAT.fullmatch(item) for item in items):
        raise _unreadable(text)
    return array.array("d", map(float, items))


def parse_number(text: str) -> int | float:
    """Return the number that a text is; an int past 64 bits becomes a float.

    >>> parse_number(" 007"), parse_number("1e3")
    (7, 1000.0)
    """
    stripped = text.strip()
    if _INT.fullmatch(stripped):
        whole = int(stripped) if len(stripped) < 4000 else math.inf
        if -(1 << 63) <= whole < 1 << 63:
            return whole
    if _FLOAT.fullmatch(stripped):
        return float(stripped)
    raise _unreadable(text)


def _unreadable(text: str) -> ValueError:
    return ValueError(f"{text[:60]!r} cannot be read")


def _parse(text: str) -> Any:  # whatever is written
    value, end = _value(text, _blank(text, 0), 0)
    if _blank(text, end) != len(text):
        raise _unreadable(text)
    return value


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Read one value from a place on; return it and the place after it."""
    if depth > _MAX_DEPTH:
        raise _unreadable(text)
    at = _blank(text, at)
    opening = text[at : at + 1]
    if opening == "[":
        return _items(text, at + 1, depth)
    if opening == "{":
        return _pairs(text, at + 1, depth)
    return _word(text, at, _BARE_VALUE)


def _items(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    at = _blank(text, at)
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        value, at = _value(text, at, depth + 1)
        items.append(value)
        at = _blank(text, at)
        if text[at : at + 1] == "]":
            return items, at + 1
        at = _expect(text, at, ",")


def _pairs(text: str, at: int, depth: int) -> tuple[dict[Any, Any], int]:
    pairs: dict[Any, Any] = {}
    at = _blank(text, at)
    if text[at : at + 1] == "}":
        return pairs, at + 1
    while True:
        key, at = _word(text, _blank(text, at), _BARE)
        value, at = _value(text, _expect(text, _blank(text, at), ":"), depth + 1)
        pairs[key] = value
        at = _blank(text, at)
        if text[at : at + 1] == "}":
            return pairs, at + 1
        at = _expect(text, at, ",")


def _word(text: str, at: int, bare: re.Pattern[str]) -> tuple[Any, int]:
    """Read a string in quotes, or a number, a name or nothing without."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        inside = quoted[1] if quoted[1] is not None else quoted[2]
        return _ESCAPE.sub(_unescape, inside), quoted.end()
    found = bare.match(text, at)
    if found is None:
        raise _unreadable(text)
    word = found[0].strip()
    if word in _WORDS:
        return _WORDS[word], found.end()
    try:
        return parse_number(word), found.end()
    except ValueError:
        return word, found.end()


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise _unreadable(text)
    return at + 1
