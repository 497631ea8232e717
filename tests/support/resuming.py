"""A training that is long enough to be killed, and to be gone on with elsewhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.support.clusters import until
from tests.support.fitting import PARTITION, cut

import windrow as gl
from windrow.config import configured
from windrow.execution.checkpoints import Checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable

FIT: dict[str, Any] = {
    "target": "y",
    "missing_value_action": "impute",
    "verbose": False,
    "solver": "lbfgs",
    "max_iterations": 60,
    "convergence_threshold": 1.0,
}
SECONDS = 240.0
"""In which it must begin, and end after whatever happened to it."""


def trained(url: str, **options: Any) -> list[Any]:
    """Train on the table of `tests.support.fitting`; return the coefficients."""
    model = gl.logistic_classifier.create(cut(gl.SFrame(url), PARTITION), **FIT, **options)
    return list(model.coefficients)


def interrupted(url: str, kept: str, kill: Callable[[], None]) -> BaseException | None:
    """Train where work is done now until some states are kept, kill, and return the error."""
    with configured(checkpoint_seconds=0.0), ThreadPoolExecutor(1) as threads:
        result = threads.submit(trained, url, checkpoint=kept)
        until("some checkpoints", lambda: checkpoints(kept) > 3 or result.done(), SECONDS)
        kill()
        return result.exception(timeout=SECONDS)


def checkpoints(kept: str) -> int:
    """Return how many states were kept."""
    return max(Checkpoints(kept).numbers(), default=0)
