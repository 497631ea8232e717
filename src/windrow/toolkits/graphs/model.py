"""What every model of a graph has: fields, tables of vertices, a summary, and how it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from windrow.errors import OptionChoiceError, UnknownFieldError
from windrow.frames.graph_plans import DST, SRC
from windrow.frames.sframe import SFrame
from windrow.frames.sgraph import SGraph
from windrow.io import memory
from windrow.plan.compose import select
from windrow.plan.schema import Schema
from windrow.plan.types import DType
from windrow.toolkits import summary
from windrow.toolkits.model_store import save_model
from windrow.toolkits.summary import Section

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.plan.tables import Plan

__all__ = ["GraphModel"]

WIDTH = 41
"""Characters of a label in a summary."""


class GraphModel:
    """What a toolkit found in a graph.

    Fields are attributes, ``m["field"]`` and ``m.get("field")``; setting one has no effect.

    Parameters
    ----------
    values
        The fields that are plain values, by name.
    tables
        Those that are tables, by name; the first is of vertices.
    edges
        The edges of the graph; None where a model was read from a folder.
    counts
        Numbers of vertices and edges.
    """

    RESULTS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Lines of the summary under Results: label and field."""
    SETTINGS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Lines of the summary under Settings: label and field."""
    FIELDS: ClassVar[Mapping[str, str]] = {}
    """What each field is."""

    def __init__(
        self,
        values: Mapping[str, Any],
        tables: Mapping[str, SFrame],
        edges: Plan | None,
        counts: tuple[int, int],
    ) -> None:
        self._values, self._tables = dict(values), dict(tables)
        self._edges, self._counts = edges, counts

    # --- fields ---

    def list_fields(self) -> list[str]:
        """Names of all fields, sorted."""
        return sorted(self.FIELDS)

    def get(self, field: str) -> Any:
        """Return the value of a field.

        Raises
        ------
        UnknownFieldError
            There is none of this name; a KeyError too.
        """
        if field not in self.FIELDS:
            raise UnknownFieldError(type(self).__name__, field, tuple(self.list_fields()))
        if field == "graph":
            return self._graph()
        return self._tables[field] if field in self._tables else self._values[field]

    _list_fields = list_fields
    _get = get
    __getitem__ = get

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.FIELDS:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        return self.get(name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or name not in self.FIELDS:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.FIELDS]

    def name(self) -> str:
        """Name of the model's class."""
        return type(self).__name__

    def _graph(self) -> SGraph:
        """Return the graph: what was found as fields of its vertices, no other fields."""
        vertices = next(iter(self._tables.values())).plan
        if self._edges is None:
            return SGraph(SFrame.from_plan(vertices))
        edges = select(self._edges, [SRC, DST])
        return SGraph.from_plans(vertices, edges, complete=True)

    # --- shown ---

    def __repr__(self) -> str:
        return summary.page(self.name(), self._sections(), WIDTH)

    def summary(self, output: str | None = None) -> Any:
        """Print the model on a page.

        Parameters
        ----------
        output
            None or ``stdout`` prints; ``str`` and ``dict`` return.

        Raises
        ------
        OptionChoiceError
            It is something else.
        """
        if output not in {None, "stdout", "str", "dict"}:
            raise OptionChoiceError("output", output, ("stdout", "str", "dict"))
        if output == "dict":
            return summary.record(self.name(), self._sections())
        text = repr(self)
        if output == "str":
            return text
        print(text)  # noqa: T201  # what was asked for
        return None

    def _sections(self) -> list[Section]:
        vertices, edges = self._counts
        values = self._values
        results = [(label, values.get(field, field)) for label, field in self.RESULTS]
        metrics = [("training time (secs)", values["training_time"])]
        if "num_iterations" in values:
            metrics.append(("number of iterations", values["num_iterations"]))
        sections = [
            Section("Graph", (("num_edges", edges), ("num_vertices", vertices))),
            Section("Results", (("graph", "SGraph. See m['graph']"), *results)),
            Section("Settings", tuple((label, values[name]) for label, name in self.SETTINGS)),
            Section("Metrics", tuple(metrics)),
            Section("Queryable Fields", tuple(sorted(self.FIELDS.items()))),
        ]
        return [section for section in sections if section.lines]

    # --- saved ---

    def save(self, location: str | os.PathLike[str]) -> None:
        """Write the model into a folder, which `load_model` reads.

        What was found is kept, never the edges: ``m.graph`` of the model that is read back has
        vertices alone. ``m.graph.save(...)`` keeps both.

        Raises
        ------
        DiskFullError, UnwritableError
            It cannot be written; what was there before stays.
        """
        save_model(self, location)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Take the model apart: a record that JSON can hold, and arrays."""
        frames = {name: table.to_polars() for name, table in self._tables.items()}
        schemas = {
            name: [[column, kind.value] for column, kind in table.plan.schema.items()]
            for name, table in self._tables.items()
        }
        record = {"values": self._values, "tables": schemas, "counts": list(self._counts)}
        packed = {n: np.frombuffer(memory.packed(f), np.uint8) for n, f in frames.items()}
        return record, packed

    @classmethod
    def from_parts(cls, record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the model that `to_parts` took apart."""
        tables = {}
        for name, columns in record["tables"].items():
            schema = Schema((column, DType(kind)) for column, kind in columns)
            frame = memory.unpacked(arrays[name].tobytes())
            tables[name] = SFrame.from_plan(memory.from_frame(frame, schema))
        vertices, edges = record["counts"]
        return cls(record["values"], tables, None, (vertices, edges))
