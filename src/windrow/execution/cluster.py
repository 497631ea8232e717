"""The executor of a cluster, seen from the client: everything is a program that runs over there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from windrow.execution.programs import Collect, Persist, Write
from windrow.io import memory
from windrow.io.local import local_path
from windrow.io.registry import scheme_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from windrow.execution.protocol import Program, Writer
    from windrow.plan.tables import Plan
    from windrow.progress import Listener

R = TypeVar("R")


class Submit(Protocol):
    """Runs a program on a cluster and waits for its end."""

    def __call__(self, program: Program[R], listener: Listener | None) -> R:
        """Return the program's result, or raise its error with the remote traceback as a note."""
        ...


class ClusterExecutor:
    """Runs plans and programs on a cluster; rows reach the client only when it asks to see them.

    Parameters
    ----------
    submit
        Runs one program there.
    """

    def __init__(self, submit: Submit) -> None:
        self._submit = submit

    def stream(self, plan: Plan, *, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """See `Executor`."""
        rows = self._submit(Collect(plan, limit), None)
        names = plan.schema.names
        yield from (memory.part(rows, index, names) for index in range(len(rows.parts)))

    def write(self, plan: Plan, url: str, writer: Writer) -> None:
        """See `Executor`."""
        if scheme_of(url) == "file":
            url = str(local_path(url))  # hosts work in folders of their own
        self._submit(Write(plan, url, writer), None)

    def persist(self, plan: Plan) -> Plan:
        """See `Executor`."""
        return self._submit(Persist(plan), None)

    def run(self, program: Program[R], listener: Listener | None = None) -> R:
        """See `Executor`."""
        return self._submit(program, listener)
