"""Errors of graphs: ids, fields, edges, labels."""

from __future__ import annotations

from windrow.errors.base import ToolkitError


class VertexIdTypeError(ToolkitError, TypeError):
    """Ids of vertices have a type that they cannot have, or two types in one graph."""

    def __init__(self, column: str, got: str, wanted: str) -> None:
        super().__init__(column, got, wanted)
        self.column, self.got, self.wanted = column, got, wanted

    def __str__(self) -> str:
        return (
            f"vertex ids in {self.column!r} are {self.got}; in this graph they must be"
            f" {self.wanted}: convert one with astype"
        )


class MissingVertexIdError(ToolkitError, ValueError):
    """Rows of vertices or edges have no id."""

    def __init__(self, column: str, rows: int, total: int) -> None:
        super().__init__(column, rows, total)
        self.column, self.rows, self.total = column, rows, total

    def __str__(self) -> str:
        return (
            f"{self.column!r} is None in {self.rows} of {self.total} rows; drop them with dropna()"
            " before they go into the graph"
        )


class EdgeWeightError(ToolkitError, ValueError):
    """Weights of edges are missing, negative or not finite."""

    def __init__(self, field: str, missing: int, wrong: int, total: int) -> None:
        super().__init__(field, missing, wrong, total)
        self.field, self.missing, self.wrong, self.total = field, missing, wrong, total

    def __str__(self) -> str:
        return (
            f"edge field {self.field!r} is None in {self.missing} and negative, NaN or infinite in"
            f" {self.wrong} of {self.total} edges; a weight must be a number from 0 on"
        )


class GraphFieldError(ToolkitError, KeyError):
    """A graph has no field of this name, or it is of another kind."""

    def __init__(self, what: str, field: str, available: tuple[str, ...]) -> None:
        super().__init__(what, field, available)
        self.what, self.field, self.available = what, field, available

    def __str__(self) -> str:
        named = ", ".join(map(repr, self.available)) or "none"
        return f"the graph has no {self.what} field {self.field!r}; it has {named}"


class FieldTypeError(ToolkitError, TypeError):
    """A field of a graph has a type that a toolkit cannot use."""

    def __init__(self, what: str, field: str, got: str, wanted: str) -> None:
        super().__init__(what, field, got, wanted)
        self.what, self.field, self.got, self.wanted = what, field, got, wanted

    def __str__(self) -> str:
        return (
            f"{self.what} field {self.field!r} is of type {self.got}; it must be {self.wanted}:"
            " convert it with astype"
        )


class LabelError(ToolkitError, ValueError):
    """Known labels are not classes 0, 1, 2 and so on."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field, self.problem = field, problem

    def __str__(self) -> str:
        return (
            f"labels in vertex field {self.field!r}: {self.problem}; give classes 0, 1, 2 ... to"
            " the vertices that are known, and None to the others"
        )


class UnknownVertexError(ToolkitError, KeyError):
    """Something names vertices that the graph does not have."""

    def __init__(self, what: str, count: int, first: object) -> None:
        super().__init__(what, count, first)
        self.what, self.count, self.first = what, count, first

    def __str__(self) -> str:
        named = "a vertex" if self.count == 1 else f"{self.count} vertices"
        return f"{self.what} names {named} that the graph does not have: first {self.first!r}"


class GraphSizeError(ToolkitError, ValueError):
    """A graph has more vertices than can be numbered."""

    def __init__(self, vertices: int, limit: int) -> None:
        super().__init__(vertices, limit)
        self.vertices, self.limit = vertices, limit

    def __str__(self) -> str:
        return (
            f"the graph has {self.vertices} vertices; this version takes at most {self.limit}:"
            " work on a part of it"
        )


class GraphMemoryError(ToolkitError, MemoryError):
    """A program on a graph would hold more than there is memory where it runs."""

    def __init__(self, vertices: int, each: int, limit: int) -> None:
        super().__init__(vertices, each, limit)
        self.vertices, self.each, self.limit = vertices, each, limit

    def __str__(self) -> str:
        return (
            f"the program would hold {self.each} bytes for each of {self.vertices} vertices,"
            f" {self.vertices * self.each / 1e9:.1f} GB in all, and may take"
            f" {self.limit / 1e9:.1f} GB: run it where there is more memory (on a cluster: on hosts"
            " with more), or on a part of the graph; fewer classes of labels take less"
        )


class IdColumnError(ToolkitError, ValueError):
    """A change would take away or alter the ids of a graph's vertices or edges."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column

    def __str__(self) -> str:
        return (
            f"column {self.column!r} holds the ids of the graph and stays as it is; make a new"
            " graph from a changed table, as in SGraph(vertices, edges)"
        )
