"""Small graphs as pictures: SVG, which notebooks show and files keep."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, GraphFieldError
from windrow.frames.graph_plans import DST, SRC, VID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from windrow.frames.sgraph import SGraph

    Places = NDArray[np.float64]

__all__ = ["MOST_EDGES", "MOST_VERTICES", "GraphPicture", "picture_of"]

MOST_VERTICES, MOST_EDGES = 300, 2000
"""What still can be told apart in a picture."""
SIDE, MARGIN, RADIUS = 640, 40, 6
ROUNDS = 200
INK, GREY, BLUE, RED = "#22272e", "#9aa3ad", "#1f5fa8", "#b5395b"
ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7"'
    f' markerHeight="7" orient="auto"><path d="M0,0L6,3L0,6z" fill="{GREY}"/></marker></defs>'
)


@dataclass(frozen=True)
class GraphPicture:
    """A drawing of a graph; notebooks show it.

    Attributes
    ----------
    svg
        The drawing.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Write it as a file, which browsers show."""
        from windrow.io.registry import storage_of

        url = os.fspath(filename)
        with storage_of(url).open_write(url) as file:
            file.write(self.svg.encode())


def picture_of(
    graph: SGraph, vlabel: str | None, elabel: str | None, highlight: Iterable[Any], *, arrows: bool
) -> GraphPicture:
    """Draw a graph; see `SGraph.show`."""
    vertices, edges = graph.vertices, graph.edges
    wanted = [VID if vlabel == "id" else vlabel, elabel]
    for name, table, what in zip(wanted, (vertices, edges), ("vertex", "edge"), strict=True):
        if name is not None and name not in table.column_names():
            raise GraphFieldError(what, name, tuple(table.column_names()))
    of_vertices = list(vertices.head(MOST_VERTICES + 1))
    of_edges = list(edges.head(MOST_EDGES + 1))
    if len(of_vertices) > MOST_VERTICES or len(of_edges) > MOST_EDGES:
        most = f"{MOST_VERTICES} vertices and {MOST_EDGES} edges at most: take get_neighborhood"
        raise ArgumentError("the graph to show", graph.summary(), most)
    numbers = {row[VID]: number for number, row in enumerate(of_vertices)}
    pairs = [(numbers[row[SRC]], numbers[row[DST]]) for row in of_edges]
    places = layout(len(of_vertices), pairs)
    lines = [_line(places[a], places[b], arrows=arrows) for a, b in pairs]
    if elabel is not None:
        middles = [(places[a] + places[b]) / 2 for a, b in pairs]
        lines += [_text(at, row[elabel], GREY) for at, row in zip(middles, of_edges, strict=True)]
    marked = set(highlight)
    for row, at in zip(of_vertices, places, strict=True):
        colour = RED if row[VID] in marked else BLUE
        lines.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{RADIUS}" fill="{colour}"'
            f' stroke="white"><title>{_shown(row)}</title></circle>'
        )
        if wanted[0] is not None:
            lines.append(_text(at, row[wanted[0]], INK, RADIUS + 2))
    body = "\n".join([ARROW, *lines])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}">'
    return GraphPicture(f"{head}\n{body}\n</svg>\n")


def layout(count: int, pairs: Sequence[tuple[int, int]]) -> Places:
    """Place vertices so that neighbours are near and others apart.

    From a circle, by forces (Fruchterman, Reingold: Graph Drawing by Force-directed Placement,
    1991).

    Returns
    -------
    float64 (count, 2)
        Pixels.
    """
    import numpy as np

    angles = 2 * math.pi * np.arange(count) / max(count, 1)
    at = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ends = np.array([pair for pair in pairs if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)
    near = 2 / math.sqrt(max(count, 1))
    for step in range(ROUNDS if count > 2 else 0):
        apart = at[:, None] - at[None]
        distances = np.maximum(np.sqrt((apart**2).sum(axis=2)), 1e-6)
        push = (apart * (near**2 / distances**2)[:, :, None]).sum(axis=1)
        along = at[ends[:, 0]] - at[ends[:, 1]]
        pull = along * np.sqrt((along**2).sum(axis=1, keepdims=True)) / near
        np.add.at(push, ends[:, 0], -pull)
        np.add.at(push, ends[:, 1], pull)
        push -= 0.3 * at  # what hangs together with nothing stays in view
        length = np.maximum(np.sqrt((push**2).sum(axis=1, keepdims=True)), 1e-6)
        at = at + push / length * np.minimum(length, 0.2 * (1 - step / ROUNDS))
    low, high = at.min(axis=0, initial=0), at.max(axis=0, initial=0)
    scale = (SIDE - 2 * MARGIN) / max(float((high - low).max()), 1e-6)
    return np.asarray((at - low) * scale + MARGIN)


def _line(a: Places, b: Places, *, arrows: bool) -> str:
    x, y = b - a
    length = math.hypot(x, y)
    if length < 1e-6:
        at = f'cx="{a[0]:.1f}" cy="{a[1] - 2 * RADIUS:.1f}"'
        return f'<circle {at} r="{1.5 * RADIUS}" fill="none" stroke="{GREY}"/>'
    x, y = b - (b - a) * min(1.0, RADIUS / length)
    mark = ' marker-end="url(#arrow)"' if arrows else ""
    start = f'x1="{a[0]:.1f}" y1="{a[1]:.1f}"'
    return f'<line {start} x2="{x:.1f}" y2="{y:.1f}" stroke="{GREY}"{mark}/>'


def _text(at: Places, value: object, colour: str, beside: int = 0) -> str:
    style = f'font-family="sans-serif" font-size="11" fill="{colour}"'
    shown = "" if value is None else escape(str(value))
    return f'<text x="{at[0] + beside:.1f}" y="{at[1] - beside:.1f}" {style}>{shown}</text>'


def _shown(row: dict[str, Any]) -> str:
    return escape(", ".join(f"{name}: {value}" for name, value in row.items()))
