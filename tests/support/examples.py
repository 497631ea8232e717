"""The ancestor's worked examples: data, printed lines and numbers, and how to compare with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import windrow as wr

DIGITS = 2e-5
"""Five of them."""


def cases(toolkit: str) -> dict[str, dict[str, Any]]:
    path = Path(__file__).parents[1] / "data" / f"{toolkit}_examples.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def values(column: dict[str, Any]) -> list[Any]:
    return [v["vector"] if isinstance(v, dict) else v for v in column["values"]]


def table(data: dict[str, Any]) -> wr.SFrame:
    return wr.SFrame({name: values(data["columns"][name]) for name in data["order"]})


def rows(frame: wr.SFrame) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in frame]


def without_times(text: str) -> str:
    """Leave out elapsed times, and the blanks by which the ancestor's colons fail to line up."""
    text = re.sub(r"(?<=\| )\d\.\d{6}(?= +\| \d)|(?<=\(sec\)            : )\S+", "T", text)
    return re.sub(r"(?m)^(Number of .*?) +: ", r"\1 : ", text)


def check_field(found: Any, expected: Any) -> None:
    """Hold a field of a model to that of an example."""
    if isinstance(found, wr.SFrame):
        assert found.column_names() == expected["order"]
        for column in expected["order"]:
            wanted = values(expected["columns"][column])
            numeric = expected["columns"][column]["dtype"] == "float"
            own = list(found[column])
            assert own == (pytest.approx(wanted, rel=DIGITS) if numeric else wanted)
    elif isinstance(found, dict):
        pairs = expected["dict"] if "dict" in expected else list(map(list, expected.items()))
        assert list(map(list, found.items())) == pairs
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=DIGITS)
    else:
        assert found == expected
