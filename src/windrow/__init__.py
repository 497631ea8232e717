"""Lazy tables and models that run the same in your process or on a cluster.

>>> import windrow as wr
>>> table = wr.SFrame({"x": [1, 2, 3]})
>>> (table["x"] * 2).sum()
12

These are the public names; a module is imported when one of its names is first used, so that
importing windrow costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windrow import deploy, errors
    from windrow.config import get_runtime_config, set_runtime_config
    from windrow.deploy.environment import (
        clear_distributed_execution_environment,
        distributed,
        set_distributed_execution_environment,
    )
    from windrow.frames import aggregate
    from windrow.frames.graph_files import load_sgraph
    from windrow.frames.sarray import SArray
    from windrow.frames.saving import load_sarray, load_sframe
    from windrow.frames.sframe import SFrame
    from windrow.frames.sgraph import Edge, SGraph, Vertex
    from windrow.toolkits import (
        connected_components,
        cross_validation,
        degree_counting,
        evaluation,
        feature_engineering,
        graph_coloring,
        kcore,
        label_propagation,
        linear_regression,
        logistic_classifier,
        pagerank,
        shortest_path,
        svm_classifier,
        triangle_counting,
    )
    from windrow.toolkits.model_store import load_model

__version__ = "0.1.0"

__all__ = [
    "Edge",
    "SArray",
    "SFrame",
    "SGraph",
    "Vertex",
    "__version__",
    "aggregate",
    "clear_distributed_execution_environment",
    "connected_components",
    "cross_validation",
    "degree_counting",
    "deploy",
    "distributed",
    "errors",
    "evaluation",
    "feature_engineering",
    "get_runtime_config",
    "graph_coloring",
    "kcore",
    "label_propagation",
    "linear_regression",
    "load_model",
    "load_sarray",
    "load_sframe",
    "load_sgraph",
    "logistic_classifier",
    "pagerank",
    "set_distributed_execution_environment",
    "set_runtime_config",
    "shortest_path",
    "svm_classifier",
    "triangle_counting",
]

_MODULES = {
    "aggregate": "windrow.frames.aggregate",
    "connected_components": "windrow.toolkits.connected_components",
    "cross_validation": "windrow.toolkits.cross_validation",
    "degree_counting": "windrow.toolkits.degree_counting",
    "deploy": "windrow.deploy",
    "errors": "windrow.errors",
    "evaluation": "windrow.toolkits.evaluation",
    "feature_engineering": "windrow.toolkits.feature_engineering",
    "graph_coloring": "windrow.toolkits.graph_coloring",
    "kcore": "windrow.toolkits.kcore",
    "label_propagation": "windrow.toolkits.label_propagation",
    "linear_regression": "windrow.toolkits.linear_regression",
    "logistic_classifier": "windrow.toolkits.logistic_classifier",
    "pagerank": "windrow.toolkits.pagerank",
    "shortest_path": "windrow.toolkits.shortest_path",
    "svm_classifier": "windrow.toolkits.svm_classifier",
    "triangle_counting": "windrow.toolkits.triangle_counting",
}
_HOMES = {
    "Edge": "windrow.frames.sgraph",
    "SArray": "windrow.frames.sarray",
    "SFrame": "windrow.frames.sframe",
    "SGraph": "windrow.frames.sgraph",
    "Vertex": "windrow.frames.sgraph",
    "clear_distributed_execution_environment": "windrow.deploy.environment",
    "distributed": "windrow.deploy.environment",
    "get_runtime_config": "windrow.config",
    "load_model": "windrow.toolkits.model_store",
    "load_sarray": "windrow.frames.saving",
    "load_sframe": "windrow.frames.saving",
    "load_sgraph": "windrow.frames.graph_files",
    "set_distributed_execution_environment": "windrow.deploy.environment",
    "set_runtime_config": "windrow.config",
}


def __getattr__(name: str) -> Any:
    """Import what is first asked for (PEP 562) and keep it."""
    if name in _MODULES:
        value: Any = import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
