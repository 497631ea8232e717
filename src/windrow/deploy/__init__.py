"""Clusters: hosts come and go here and nowhere else.

Public are the modules that create clusters, and what they are configured with; each is imported
when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windrow.deploy import ec2_cluster, hadoop_cluster, local_cluster
    from windrow.deploy.ec2_config import Ec2Config

__all__ = ["Ec2Config", "ec2_cluster", "hadoop_cluster", "local_cluster"]

_HOMES = {"Ec2Config": "ec2_config"}


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return import_module(f"{__name__}.{name}")
