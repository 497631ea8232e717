"""What an executor does with plans, as programs: so that any of it can run elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from windrow.config import configured_here
from windrow.io import memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.execution.protocol import Program, Session, Writer
    from windrow.plan.tables import Memory, Plan

R = TypeVar("R")


@dataclass(frozen=True)
class Collect:
    """Fetch the rows of a table, or the first `limit` of them."""

    plan: Plan
    limit: int | None = None

    def __call__(self, session: Session) -> Memory:
        """Return the rows as plain bytes, cut where the table is."""
        import polars as pl

        frames = list(session.executor.stream(self.plan, limit=self.limit))
        counts = [frame.height for frame in frames]
        return memory.from_frame(pl.concat(frames), self.plan.schema, counts)


@dataclass(frozen=True)
class Write:
    """Write a table, from where its partitions are."""

    plan: Plan
    url: str
    writer: Writer

    def __call__(self, session: Session) -> None:
        """Write it."""
        session.executor.write(self.plan, self.url, self.writer)


@dataclass(frozen=True)
class Persist:
    """Compute a table once and keep the result where the executor runs."""

    plan: Plan

    def __call__(self, session: Session) -> Plan:
        """Return a plan that reads the kept result."""
        return session.executor.persist(self.plan)


@dataclass(frozen=True)
class Settled(Generic[R]):
    """A program under settings of the process that it comes from."""

    program: Program[R]
    settings: Mapping[str, Any]

    def __call__(self, session: Session) -> R:
        """Run it."""
        with configured_here(**self.settings):
            return self.program(session)
