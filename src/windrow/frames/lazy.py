"""What a table and a column share: a plan, the rows it gives, and the facts found about it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Self, TypeVar

from windrow.errors import ArgumentError, NegativeStepError
from windrow.execution import environment
from windrow.frames import compute
from windrow.frames.literals import literal, operation
from windrow.plan.compose import aligned, column, filtered, project, select
from windrow.plan.expressions import Apply, Column, Literal, RowCount, RowNumber, Score
from windrow.plan.node import topological
from windrow.plan.sources import ParquetFormat
from windrow.plan.tables import (
    Aggregation,
    Append,
    Filter,
    Group,
    Memory,
    Project,
    Scan,
    Slice,
    Sort,
    TopK,
    Unique,
)
from windrow.plan.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from windrow.plan.expressions import Expression
    from windrow.plan.tables import Plan

L = TypeVar("L", bound="Lazy")
MASK, PLACE = "__mask", "__place"
CHEAP = 64
"""Most operations of a test that may be computed twice."""


class Lazy:
    """Base of `SFrame` and `SArray`: a plan and nothing else.

    Rows are computed when they are asked for, by the executor that is current then. Only the
    number of rows and single numbers (sums and so on) that were computed once are remembered.
    """

    __slots__ = ("__weakref__", "_facts", "_make", "_plan")

    _plan: Plan
    _make: Callable[[], Plan]
    _facts: dict[str, Any]

    @classmethod
    def from_plan(cls, plan: Plan) -> Self:
        """Return the table that a plan describes."""
        made = cls.__new__(cls)
        made._plan, made._facts = plan, {}  # noqa: SLF001  # of this class
        return made

    def __getattr__(self, name: str) -> Any:
        if name != "_plan":  # only a slot that is still empty comes here
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        self._plan = self._make()
        return self._plan

    @property
    def plan(self) -> Plan:
        """The description of the rows: a source and what is done to it."""
        return self._plan

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _from_plan, (type(self), self._plan)

    # --- how many ---

    def __len__(self) -> int:
        return self._count()

    def __bool__(self) -> bool:
        return self._known_count() != 0 and compute.at(self._plan, 0) is not None

    def _known_count(self) -> int | None:
        """Return the number of rows if no data must be read for it."""
        if not len(self._plan.schema):
            return 0
        if self._plan.rows is not None:
            return self._plan.rows
        found: int | None = self._facts.get(_counting(self._plan).key)
        return found

    def _count(self) -> int:
        known = self._known_count()
        return known if known is not None else int(self._fact(_counting(self._plan)))

    def _shown_count(self, found: int, asked: int) -> int | None:
        """Return the number of rows if having computed the first ones tells it, or a file does.

        Parameters
        ----------
        found, asked
            How many rows there were among the first so many.
        """
        known = self._known_count()
        base = self._plan.source if isinstance(self._plan, Project) else self._plan
        if known is not None or not isinstance(base, (Group, Scan, Slice, TopK, Unique)):
            return known
        if isinstance(base, Scan) and not isinstance(base.format, ParquetFormat):
            return None
        head = isinstance(base, Slice) and not base.start and base.step == 1
        if head and isinstance(base, Slice) and base.stop is not None and 0 <= base.stop <= asked:
            return found
        return self._count()

    def _fact(self, plan: Plan) -> Any:
        """Return the one value of a plan of one row and column; it is computed once."""
        if plan.key not in self._facts:
            self._facts[plan.key] = compute.values(plan)[0]
        return self._facts[plan.key]

    # --- where it stands ---

    def is_materialized(self) -> bool:
        """Whether the rows exist already: nothing has to be computed to read them.

        Examples
        --------
        >>> import windrow as wr
        >>> sf = wr.SFrame({"a": [1, 2]})
        >>> sf.is_materialized(), (sf["a"] + 1).is_materialized()
        (True, False)
        """
        if not isinstance(self._plan, Project):
            return isinstance(self._plan, Memory)
        plain = all(isinstance(expression, Column) for _, expression in self._plan.columns)
        return plain and isinstance(self._plan.source, Memory)

    def materialize(self) -> None:
        """Compute the rows now and keep them, so that no later step computes them again.

        Examples
        --------
        >>> import windrow as wr
        >>> doubled = wr.SFrame({"a": [1, 2]})["a"] * 2
        >>> doubled.materialize()
        >>> doubled.is_materialized()
        True
        """
        if not self.is_materialized() and len(self._plan.schema):
            self._plan = environment.current().persist(self._plan)
            self._facts = {}

    def explain(self) -> None:
        """Print the plan as a tree: sources last, with the columns and partitions that are read.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SFrame({"a": [1, 2], "b": [3, 4]})["b"].explain()
        Project: X1 = b
          Memory: 2 rows in 1 partition, reads b
        """
        import sys

        from windrow.frames.explain import explained

        sys.stdout.write(explained(self._plan) + "\n")

    # --- some of the rows ---

    def head(self, n: int = 10) -> Self:
        """Return the first `n` rows.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, 2, 3]).head(2)
        dtype: int
        Rows: 2
        [1, 2]
        """
        return self.from_plan(Slice(self._plan, 0, _not_negative("n", n)))

    def tail(self, n: int = 10) -> Self:
        """Return the last `n` rows.

        Examples
        --------
        >>> import windrow as wr
        >>> wr.SArray([1, 2, 3]).tail(2)
        dtype: int
        Rows: 2
        [2, 3]
        """
        n = _not_negative("n", n)
        return self.from_plan(Slice(self._plan, -n, None) if n else Slice(self._plan, 0, 0))

    def _sliced(self, rows: slice) -> Self:
        step = 1 if rows.step is None else int(rows.step)
        if step == 0:
            raise ArgumentError("the step of a slice", 0, "at least 1")
        if step < 0:
            raise NegativeStepError(step)
        return self.from_plan(Slice(self._plan, rows.start, rows.stop, step))

    def _masked(self, mask: Lazy) -> Self:
        """Return the rows where a column of the same length is neither missing nor zero."""
        base, (own, masks) = aligned([self._plan, mask.plan])
        (chosen,) = masks.values()
        name = free_name(MASK, own)
        wide = Project(base, (*own.items(), (name, chosen)))
        kept = _narrowed(wide, chosen, column(wide, name))
        return self.from_plan(select(kept, own))

    def _where(self, predicate: Expression) -> Self:
        """Return the rows where an expression over the columns holds."""
        return self.from_plan(_narrowed(self._plan, predicate, predicate))

    def append(self, other: Self) -> Self:
        """Return the rows of this table and then those of another with the same columns."""
        return self.from_plan(Append((self._plan, other.plan)))

    def sample(self, fraction: float, seed: int | None = None, exact: bool = False) -> Self:
        """Return a random part of the rows, in their order.

        Parameters
        ----------
        fraction
            Between 0 and 1.
        seed
            The same seed gives the same rows, however the data is partitioned; None draws one.
        exact
            Take exactly ``floor(fraction * n)`` of n rows, instead of each row with this chance.

        Examples
        --------
        >>> import windrow as wr
        >>> len(wr.SArray(range(1000)).sample(0.25, seed=1, exact=True))
        250
        """
        return self._split(fraction, seed, exact=exact)[0]

    def _split(self, fraction: float, seed: int | None, *, exact: bool) -> tuple[Self, Self]:
        """Divide the rows by a keyed hash of their number, or by a keyed permutation of them."""
        if not 0 <= fraction <= 1:
            raise ArgumentError("fraction", fraction, "between 0 and 1")
        seed = secrets.randbits(63) if seed is None else int(seed)
        score, bound = _draw(float(fraction), seed, exact=exact)
        return (
            self._where(operation("less", score, bound)),
            self._where(operation("greater_equal", score, bound)),
        )

    def shuffle(self, seed: int | None = None) -> Self:
        """Return the rows in a random order; the same `seed` gives the same order.

        Examples
        --------
        >>> import windrow as wr
        >>> sorted(wr.SArray([3, 1, 2]).shuffle())
        [1, 2, 3]
        """
        seed = secrets.randbits(63) if seed is None else int(seed)
        place = operation("row_permutation", RowNumber(), RowCount(), seed=seed)
        own = [(name, column(self._plan, name)) for name in self._plan.schema]
        name = free_name(PLACE, self._plan.schema)
        numbered = Project(self._plan, (*own, (name, place)))
        return self.from_plan(select(Sort(numbered, ((name, True),)), self._plan.schema))

    def unique(self) -> Self:
        """Return the distinct rows, each where it is first seen; None is a value of its own.

        Examples
        --------
        >>> import windrow as wr
        >>> list(wr.SArray([3, 1, 3, None, 1]).unique())
        [3, 1, None]
        """
        return self.from_plan(Unique(self._plan))


def _from_plan(kind: type[L], plan: Plan) -> L:
    return kind.from_plan(plan)


def _counting(plan: Plan) -> Group:
    """Return the plan of the number of rows; columns made row by row and order do not change it."""
    base = plan
    while isinstance(base, (Project, Sort)):
        base = base.source
    return Group(base, (), (Aggregation("rows", "count", (), DType.INT),))


def _draw(fraction: float, seed: int, *, exact: bool) -> tuple[Expression, Literal | Expression]:
    """Return the expression of a row's lot, and the bound below which the row is chosen."""
    if not exact:
        return operation("row_uniform", RowNumber(), seed=seed), literal(fraction)
    lot = operation("row_permutation", RowNumber(), RowCount(), seed=seed)
    share = operation("multiply", RowCount(), literal(fraction))
    return lot, operation("cast", share, dtype=DType.INT, undefined_on_failure=False)


def _narrowed(plan: Plan, test: Expression, predicate: Expression) -> Plan:
    """Return the rows of a plan where a predicate, which costs what `test` costs, holds.

    A cheap test goes below the columns made row by row, so that they are made of fewer rows. A
    costly one, such as a user's function, is often one of the columns, and must not run twice.
    """
    nodes = topological(test)
    cheap = len(nodes) <= CHEAP and not any(isinstance(node, (Apply, Score)) for node in nodes)
    return filtered(plan, predicate) if cheap else Filter(plan, predicate)


def _not_negative(name: str, count: int) -> int:
    if count < 0:
        raise ArgumentError(name, count, "0 or more")
    return int(count)


def rowwise(plan: Plan, columns: Sequence[tuple[str, Expression]]) -> Plan:
    """Return a table of these columns; of a table with none, the empty one."""
    return project(plan, columns) if columns else Memory((), (), ())


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, or the first of ``name.1``, ``name.2`` ... that is not taken.

    >>> free_name("a", ["a", "a.1"])
    'a.2'
    """
    used = set(taken)
    number, found = 0, name
    while found in used:
        number += 1
        found = f"{name}.{number}"
    return found
