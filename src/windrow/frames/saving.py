"""Saved tables and columns: written by the executor, opened by their manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windrow.plan.tables import Plan


def save_table(plan: Plan, filename: str, format: str | None) -> None: ...
def save_column(plan: Plan, filename: str, format: str | None) -> None: ...
def export_csv(plan: Plan, filename: str, options: dict[str, Any]) -> None: ...
def open_column(path: str) -> Any: ...
