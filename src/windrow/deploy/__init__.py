"""Clusters: hosts come and go here and nowhere else.

Public are the modules that create clusters; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windrow.deploy import local_cluster

__all__ = ["local_cluster"]


def __getattr__(name: str) -> Any:
    """Import a public module when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
