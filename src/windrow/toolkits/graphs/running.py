"""Programs that find one number a vertex: what they have in common, and how they are run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from windrow.execution import environment
from windrow.frames.sframe import SFrame
from windrow.progress import Row, listening
from windrow.toolkits.graphs.model import GraphModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from windrow.execution.protocol import Program
    from windrow.frames.sgraph import SGraph
    from windrow.plan.tables import Plan
    from windrow.toolkits.graphs.placing import Placed

__all__ = ["CHANGED", "Found", "Supersteps", "found_in", "run_on"]

M = TypeVar("M", bound=GraphModel)
CHANGED = ("Iteration", "Vertices changed")
"""Columns of the programs that end when nothing changes."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a program found in a graph.

    Attributes
    ----------
    tables
        By the name of the model's field; the first is of vertices.
    values
        Single numbers, by the name of the field.
    counts
        Numbers of vertices and edges.
    """

    tables: Mapping[str, Plan]
    values: Mapping[str, Any]
    counts: tuple[int, int]


def found_in(
    graph: Placed,
    field: str,
    columns: Mapping[str, Any],
    tables: Mapping[str, Plan] | None = None,
    **values: Any,
) -> Found:
    """Return columns over the vertices of a graph as what was found, under the name of a field."""
    made = {field: graph.table(columns)}
    return Found(made | dict(tables or {}), values, (graph.vertices, graph.edges))


class Supersteps:
    """Progress rows of a program's iterations, and how fast each went along the edges.

    The pace is not part of the printed table, which is the ancestor's: a live table shows it below
    the latest row, and it stands in the record of a job's events.

    Parameters
    ----------
    graph
        Of which the edges are; the first iteration begins now.
    columns
        Of the table.

    Attributes
    ----------
    told
        The rows so far.
    """

    def __init__(self, graph: Placed, *columns: str) -> None:
        self._graph, self._columns = graph, columns
        self.told: list[Row] = []
        self._began = time.perf_counter()

    def done(self, iteration: int, value: object, steps: int = 1) -> None:
        """Emit the row of an iteration that ends now and took so many supersteps."""
        seconds, edges = time.perf_counter() - self._began, steps * self._graph.entries
        values = (str(iteration), str(value))
        aside = pace(edges, seconds)
        self.again([Row(self._columns, values, iteration, every=True, aside=aside)])
        self._began = time.perf_counter()

    def again(self, rows: Iterable[Row]) -> None:
        """Emit rows as they are, such as those of a run that is gone on from."""
        for row in rows:
            self.told.append(row)
            self._graph.session.emit(row)


def pace(edges: int, seconds: float) -> str:
    """Say how fast edges were gone along.

    >>> pace(16_000_000, 0.04)
    '16,000,000 edges in 0.040 s: 400.0 million edges/s'
    """
    rate = edges / max(seconds, 1e-9) / 1e6
    return f"{edges:,} edges in {seconds:.3f} s: {rate:,.1f} million edges/s"


def run_on(
    model: type[M], graph: SGraph, program: Program[Found], *, verbose: bool, **options: Any
) -> M:
    """Run a program where the current executor runs, and return its model with the options."""
    began = time.perf_counter()
    with listening(verbose=verbose) as listener:
        found = environment.current().run(program, listener)
    values = options | dict(found.values) | {"training_time": time.perf_counter() - began}
    tables = {name: SFrame.from_plan(plan) for name, plan in found.tables.items()}
    return model(values, tables, graph.edges.plan, found.counts)
