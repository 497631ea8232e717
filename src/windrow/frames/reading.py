"""Tables from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windrow.frames.lazy import Lazy

if TYPE_CHECKING:
    from windrow.plan.tables import Plan


class FrameReading(Lazy):
    """Part of `SFrame`: ways to open files."""

    __slots__ = ()


def open_table(url: str, format: str) -> Plan: ...
