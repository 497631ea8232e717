"""Build plans without nesting: a chain of row-wise steps stays one `Project` over its base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.plan.expressions import Column, Expression, substitute
from windrow.plan.tables import Filter, Plan, Project, Zip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def column(plan: Plan, name: str) -> Column:
    """Return the expression that reads a column of the table; raises `ColumnNotFoundError`."""
    return Column(name, plan.schema[name])


def project(plan: Plan, columns: Iterable[tuple[str, Expression]]) -> Plan:
    """Return the table of these columns, whose expressions read the columns of `plan`."""
    wanted = tuple(columns)
    if not isinstance(plan, Project):
        return Project(plan, wanted)
    below = plan.expressions()
    return Project(plan.source, tuple((name, substitute(e, below)) for name, e in wanted))


def select(plan: Plan, names: Iterable[str]) -> Plan:
    """Return some columns of the table."""
    return project(plan, ((name, column(plan, name)) for name in names))


def filtered(plan: Plan, predicate: Expression) -> Plan:
    """Return the rows in which `predicate`, over the columns of `plan`, holds.

    Row-wise columns are computed after the filter, unless they depend on a row's position.
    """
    if not isinstance(plan, Project):
        return Filter(plan, predicate)
    below = plan.expressions()
    if any(expression.positional for expression in below.values()):
        return Filter(plan, predicate)
    return Project(Filter(plan.source, substitute(predicate, below)), plan.columns)


def aligned(plans: Sequence[Plan]) -> tuple[Plan, list[dict[str, Expression]]]:
    """Put tables of equal length on one base.

    Returns
    -------
    base
        A table, and for each of `plans` the expressions over it that give its columns. Tables
        that share their base are put on it as they are; others are laid side by side, where
        executing them checks that the lengths are equal.

    Raises
    ------
    LengthMismatchError
        The lengths are known and differ.
    """
    bases: dict[str, Plan] = {}
    for plan in plans:
        base = plan.source if isinstance(plan, Project) else plan
        bases.setdefault(base.key, base)
    if len(bases) == 1:
        (base,) = bases.values()
        return base, [_over(plan, {}) for plan in plans]
    renamed: list[Plan] = []
    names: dict[str, dict[str, str]] = {}
    for index, (key, base) in enumerate(bases.items()):
        names[key] = {name: f"{index}.{name}" for name in base.schema.names}
        renamed.append(Project(base, tuple((names[key][n], column(base, n)) for n in base.schema)))
    together = Zip(tuple(renamed))
    found = []
    for plan in plans:
        base = plan.source if isinstance(plan, Project) else plan
        found.append(_over(plan, names[base.key]))
    return together, found


def _over(plan: Plan, names: dict[str, str]) -> dict[str, Expression]:
    """Return the expressions of a table's columns over its base, the base's columns renamed."""
    base = plan.source if isinstance(plan, Project) else plan
    own: dict[str, Expression] = {name: column(base, name) for name in base.schema}
    if isinstance(plan, Project):
        own = plan.expressions()
    if not names:
        return own
    new = {old: Column(renamed, base.schema[old]) for old, renamed in names.items()}
    return {name: substitute(expression, new) for name, expression in own.items()}
