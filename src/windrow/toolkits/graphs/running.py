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
    from collections.abc import Mapping

    from windrow.execution.protocol import Program, Session
    from windrow.frames.sgraph import SGraph
    from windrow.plan.tables import Plan
    from windrow.toolkits.graphs.placing import Placed

__all__ = ["Found", "changed", "found_in", "run_on"]

M = TypeVar("M", bound=GraphModel)


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


def changed(session: Session, iteration: int, count: int) -> None:
    """Emit the progress row of an iteration in which so many vertices changed."""
    names = ("Iteration", "Vertices changed")
    session.emit(Row(names, (str(iteration), str(count)), iteration, every=True))


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
