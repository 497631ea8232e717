"""How lists and dictionaries of any values are held: as one line of text with their types kept.

JSON alone would turn the keys of a dictionary into text and forget vectors and dates, so those
are tagged: ``{"d": [[key, value], ...]}``, ``{"a": [numbers]}``, ``{"t": microseconds}``.
The outermost dictionary drops its tag. Dictionaries are in the order of their keys' text, so that
equal ones have equal texts, whatever order they were made in.
"""

from __future__ import annotations

import array
import datetime
import json
from operator import itemgetter
from typing import Any

from windrow.errors import UnsupportedTypeError

_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_FIRST = itemgetter(0)
EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  # tables hold times without a zone


def encode(value: object) -> str:
    """Return the text that holds a list or a dictionary.

    >>> encode([1, "a", None]), encode({1: 2.5})
    ('[1,"a",null]', '[[1,2.5]]')
    """
    tagged = _tag(value)
    return _write(tagged["d"] if isinstance(tagged, dict) and "d" in tagged else tagged)


def decode_list(text: str) -> list[Any]:
    """Return the list that `encode` made the text of.

    >>> decode_list(encode([1, [2.5, {"k": None}]]))
    [1, [2.5, {'k': None}]]
    """
    return [_untag(item) for item in json.loads(text)]


def decode_dict(text: str) -> dict[Any, Any]:
    """Return the dictionary that `encode` made the text of.

    >>> decode_dict(encode({1: "one", "b": array.array("d", [1.0])}))
    {'b': array('d', [1.0]), 1: 'one'}
    """
    return {_untag(key): _untag(value) for key, value in json.loads(text)}


def microseconds(moment: datetime.date) -> int:
    """Microseconds since 1970 of a date or a time; an aware time is converted to UTC."""
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def _tag(value: object) -> Any:  # whatever JSON holds
    if value is None or isinstance(value, (bool, str, float)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, int):
        return value
    if isinstance(value, dict):
        pairs = [[_tag(key), _tag(item)] for key, item in value.items()]
        plain = all(type(key) is str for key in value)
        return {"d": sorted(pairs, key=_FIRST if plain else lambda pair: _write(pair[0]))}
    if isinstance(value, array.array):
        return {"a": [float(item) for item in value]}
    if isinstance(value, (list, tuple)):
        return [_tag(item) for item in value]
    if isinstance(value, datetime.date):
        return {"t": microseconds(value)}
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return _tag(value.tolist())
    raise UnsupportedTypeError(
        f"the value {value!r}"[:60],
        type(value).__name__,
        "use numbers, text, lists, dicts or dates",
    )


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value]
    if isinstance(value, dict):
        ((tag, held),) = value.items()
        if tag == "d":
            return {_untag(key): _untag(item) for key, item in held}
        if tag == "a":
            return array.array("d", held)
        return EPOCH + datetime.timedelta(microseconds=held)
    return value
