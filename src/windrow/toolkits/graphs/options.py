"""What users hand to graph toolkits, checked before anything is read."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentTypeError, FieldTypeError, GraphFieldError, OptionRangeError
from windrow.frames.sgraph import SGraph
from windrow.toolkits.graphs.placing import GraphTables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.types import DType

__all__ = [
    "LARGEST",
    "check_number",
    "check_whole",
    "edge_weight",
    "require_graph",
    "tables_of",
    "vertex_field",
]

LARGEST = 2**31 - 1


def require_graph(graph: object) -> SGraph:
    """Return an argument that must be a graph; raises `ArgumentTypeError`."""
    if not isinstance(graph, SGraph):
        raise ArgumentTypeError("graph", type(graph).__name__, "an SGraph")
    return graph


def tables_of(graph: SGraph) -> GraphTables:
    """Return the tables of a graph as programs carry them."""
    return GraphTables(graph.given_vertices, graph.edges.plan)


def check_number(name: str, value: Any, low: float, high: float = 1e20) -> float:
    """Return a number within bounds, both included.

    Raises
    ------
    ArgumentTypeError, OptionRangeError
        It is none, or lies outside; NaN does.

    Examples
    --------
    >>> check_number("reset_probability", 2, 0, 1)
    Traceback (most recent call last):
    windrow.errors.models.OptionRangeError: Option 'reset_probability' must be in the range ...
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(name, type(value).__name__, "a number")
    found = float(value)
    if not low <= found <= high:
        raise OptionRangeError(name, low, high, value)
    return found


def check_whole(name: str, value: Any, low: int, high: int = LARGEST) -> int:
    """Return a whole number within bounds; raises as `check_number` does."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ArgumentTypeError(name, type(value).__name__, "int")
    found = int(value)
    if not low <= found <= high:
        raise OptionRangeError(name, low, high, value)
    return found


def vertex_field(graph: SGraph, name: object, wanted: Sequence[DType]) -> str:
    """Return a vertex field that must be there, with one of some types.

    Raises
    ------
    ArgumentTypeError, GraphFieldError, FieldTypeError
    """
    return _field("vertex", graph.get_vertex_fields()[1:], graph.vertices.plan.schema, name, wanted)


def edge_weight(graph: SGraph, name: object) -> str:
    """Return the edge field with weights, int or float; empty or None for no weights.

    Raises
    ------
    ArgumentTypeError, GraphFieldError, FieldTypeError
    """
    from windrow.plan.types import DType

    if name is None or name == "":
        return ""
    numbers_ = (DType.INT, DType.FLOAT)
    return _field("edge", graph.get_edge_fields()[2:], graph.edges.plan.schema, name, numbers_)


def _field(what: str, fields: list[str], schema: Any, name: object, wanted: Sequence[DType]) -> str:
    if not isinstance(name, str):
        raise ArgumentTypeError(f"the name of the {what} field", type(name).__name__, "str")
    if name not in fields:
        raise GraphFieldError(what, name, tuple(fields))
    if schema[name] not in wanted:
        kinds = " or ".join(kind.value for kind in wanted)
        raise FieldTypeError(what, name, schema[name].value, kinds)
    return name
