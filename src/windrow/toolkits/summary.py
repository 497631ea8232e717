"""The page that ``model.summary()`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Section", "coefficient_sections", "page", "record"]

WIDTH = 31
STRONGEST = 5


@dataclass(frozen=True)
class Section:
    """A titled list of labels and values."""

    title: str
    lines: tuple[tuple[str, Any], ...]


def page(model: str, sections: list[Section], width: int = WIDTH) -> str:
    """Lay a summary out as text, values behind labels of `width` characters.

    >>> print(page("Model", [Section("Schema", (("Number of examples", 8), ("Loss", 0.12345)))]))
    Class                          : Model
    <BLANKLINE>
    Schema
    ------
    Number of examples             : 8
    Loss                           : 0.1235
    <BLANKLINE>
    """
    lines = [_line("Class", model, width), ""]
    for section in sections:
        lines += [section.title, "-" * len(section.title)]
        lines += [_line(label, value, width) for label, value in section.lines]
        lines.append("")
    return "\n".join(lines)


def record(model: str, sections: list[Section]) -> dict[str, Any]:
    """Give a summary as a dict: its sections' titles, and pairs of label and value."""
    return {
        "model": model,
        "section_titles": [section.title for section in sections],
        "sections": [[list(line) for line in section.lines] for section in sections],
    }


def coefficient_sections(coefficients: list[tuple[str, str | None, float]]) -> list[Section]:
    """Name the largest and the smallest coefficients, given as name, index and value.

    >>> coefficient_sections([("x", None, 2.0), ("s", "a", 1.0)])[0].lines
    (('x', 2.0), ('s[a]', 1.0))
    """
    named = [
        (name if index is None else f"{name}[{index}]", value)
        for name, index, value in coefficients
    ]
    largest = sorted((c for c in named if c[1] > 0), key=lambda c: -c[1])[:STRONGEST]
    smallest = sorted((c for c in named if c[1] < 0), key=lambda c: c[1])[:STRONGEST]
    return [
        Section(
            "Highest Positive Coefficients", tuple(largest) or (("No Positive Coefficients", ""),)
        ),
        Section(
            "Lowest Negative Coefficients", tuple(smallest) or (("No Negative Coefficients", ""),)
        ),
    ]


def _line(label: str, value: object, width: int) -> str:
    shown = str(round(value, 4)) if isinstance(value, float) else str(value)
    return f"{label:<{width}}: {shown}"
