"""The vertices or edges of a graph as a table that writes back what is set in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.errors import IdColumnError
from windrow.frames.sframe import SFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from windrow.plan.tables import Plan

__all__ = ["GraphTable"]


class GraphTable(SFrame):
    """``g.vertices`` or ``g.edges``: setting, renaming or deleting a field changes the graph.

    Methods that return a new table return an `SFrame` that knows nothing of the graph.

    Parameters
    ----------
    read, write
        Give and take the graph's plan.
    ids
        Columns that no change may touch.
    """

    __slots__ = ("_ids", "_read", "_write")

    def __init__(
        self, read: Callable[[], Plan], write: Callable[[Plan], None], ids: Sequence[str]
    ) -> None:
        self._facts = {}
        self._read, self._write, self._ids = read, write, tuple(ids)

    @property  # what any other table keeps, the graph does
    def _plan(self) -> Plan:
        return self._read()

    @_plan.setter
    def _plan(self, plan: Plan) -> None:
        for name in self._ids:
            if name not in plan.schema:
                raise IdColumnError(name)
        self._write(plan)

    def _with_column(self, name: str, data: object) -> Plan:
        if name in self._ids:
            raise IdColumnError(name)
        return super()._with_column(name, data)

    @classmethod
    def from_plan(cls, plan: Plan) -> SFrame:  # type: ignore[override]  # a table of its own
        """Return a table that is not the graph's."""
        return SFrame.from_plan(plan)

    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[override]  # as from_plan
        return SFrame.from_plan, (self._plan,)
