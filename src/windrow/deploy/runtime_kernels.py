"""Machine code of the kernels, compiled here so that hosts need not: it fits all of them.

Kernels are compiled for a baseline of the architecture and keyed by what they are made of
(`windrow.learn.jit`), so those of the client serve every host of its architecture.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.learn.jit import BROUGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bring"]

COMPILE_SECONDS = 600.0
EXERCISE = """
import warnings
import windrow as wr

warnings.simplefilter("ignore")
rows = range(40)
sf = wr.SFrame({
    "y": [i % 2 for i in rows], "k": [i % 3 for i in rows], "t": [float(i * i % 17) for i in rows],
    "a": [float(i * 7 % 13) for i in rows], "b": [i * 5 % 11 for i in rows],
    "c": ["rst"[i % 3] for i in rows], "d": [{"u": 1.0, "v": float(i)} for i in rows],
})
common = {"validation_set": None, "verbose": False}
for solver in ("newton", "lbfgs", "fista", "auto"):
    wr.logistic_classifier.create(sf, "y", ["a", "b", "c"], solver=solver, **common).evaluate(sf)
    wr.linear_regression.create(sf, "t", ["a", "b", "c"], solver=solver, **common).evaluate(sf)
wr.logistic_classifier.create(sf, "y", ["a", "d"], **common)
wr.logistic_classifier.create(sf, "k", ["a", "c"], **common).evaluate(sf)
wr.linear_regression.create(sf, "t", ["a", "d"], **common)
wr.svm_classifier.create(sf, "y", ["a", "b", "c"], **common).evaluate(sf)
wr.svm_classifier.create(sf, "y", ["a", "d"], **common)
g = wr.SGraph(edges=wr.SFrame({"s": [0, 1, 2, 3], "t": [1, 2, 0, 1]}), src_field="s", dst_field="t")
wr.pagerank.create(g, verbose=False)
wr.connected_components.create(g, verbose=False)

import numpy as np  # what many rows alone take
from windrow.learn.kernels import CurvatureAlong
from windrow.learn.layout import Layout
from windrow.learn.leaf import Leaf
from windrow.learn.losses import Loss

leaf = Leaf.pack([np.arange(9.0)], [], np.zeros(9), np.ones(9, np.uint8))
for kind in (np.float32, np.float64):
    CurvatureAlong(Loss.LOGISTIC, Layout(1))(leaf, np.zeros((2, 2), kind))
"""
"""A little of all that hosts compute."""


def bring(sources: Path) -> None:
    """Lay compiled kernels beside the sources of windrow in a folder.

    What could not be compiled here is compiled by each host when it first needs it: slower, with
    the same numbers.
    """
    cache = sources.parent / "kernels"
    found = os.environ | {
        "PYTHONPATH": str(sources),
        "NUMBA_CACHE_DIR": str(cache),
        "WINDROW_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", EXERCISE]
    subprocess.run(  # noqa: S603  # our own program
        command, env=found, check=True, capture_output=True, timeout=COMPILE_SECONDS
    )
    homes = dict(_homes(sources / "windrow"))
    for file in cache.rglob("*.nb?"):
        home = homes.get(file.name.partition(".")[0])
        if home is not None:
            (home / BROUGHT).mkdir(exist_ok=True)
            shutil.copy(file, home / BROUGHT / file.name)


def _homes(package: Path) -> Iterator[tuple[str, Path]]:
    """Yield module names and the folders in which they are."""
    for path in package.rglob("*.py"):
        yield path.stem, path.parent
