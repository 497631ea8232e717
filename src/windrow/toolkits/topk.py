"""The likeliest classes of each row, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windrow.plan.compose import column, project
from windrow.plan.expressions import Expression, Literal, Operation, RowNumber
from windrow.plan.tables import Append, Sort
from windrow.plan.types import DType
from windrow.toolkits.tables import label_type

if TYPE_CHECKING:
    from windrow.plan.tables import Plan

__all__ = ["top_rows"]


def top_rows(plan: Plan, classes: tuple[Any, ...], output: str, k: int) -> Plan:
    """Give id, class and output of the k likeliest of two classes, likeliest first.

    Parameters
    ----------
    plan
        Columns margin and probability, of the second class.
    classes
        In order.
    output
        ``probability``, ``margin`` or ``rank``.
    k
        1 or 2.
    """
    ranked = Append(tuple(_ranked(plan, classes, output, rank) for rank in range(k)))
    ordered = Sort(ranked, (("id", True), ("rank", True)))
    shown = ("id", "class", output)
    return project(ordered, [(name, column(ordered, name)) for name in shown])


def _ranked(plan: Plan, classes: tuple[Any, ...], output: str, rank: int) -> Plan:
    """Give for each row the class of one rank."""
    kind = label_type(classes)
    margin, probability = column(plan, "margin"), column(plan, "probability")
    second_leads = Operation("greater_equal", (margin, Literal(0.0, DType.FLOAT)))
    one, zero = Literal(1.0, DType.FLOAT), Literal(0.0, DType.FLOAT)

    def chosen(of_second: Expression, of_first: Expression) -> Expression:
        leads, follows = (of_second, of_first) if rank == 0 else (of_first, of_second)
        return Operation("where", (second_leads, leads, follows))

    first, second = (Literal(label, kind) for label in classes)
    values: dict[str, Expression] = {
        "probability": chosen(probability, Operation("subtract", (one, probability))),
        "margin": chosen(margin, zero),
    }
    columns: list[tuple[str, Expression]] = [
        ("id", RowNumber()),
        ("class", chosen(second, first)),
        ("rank", Literal(rank, DType.INT)),
    ]
    columns += [(output, values[output])] if output in values else []
    return project(plan, columns)
