"""Run one contender in this process and print what it took, as one line of JSON.

    python benchmarks/contenders.py CONTENDER CSV

A time counts only beside the objective that was reached. It is the same for all: the sum of log
losses over the training rows, the penalty left out (which is 0.01 times the squared coefficients
of scaled columns for each of them, next to nothing on these tables).
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import json  # noqa: E402 - the clock comes first
import math  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402

TARGET = "label"
L2 = 0.01


def with_windrow(path: str) -> Callable[[], float]:
    """Train with windrow's defaults and as many steps as it needs."""
    import windrow as wr

    model = wr.logistic_classifier.create(
        wr.SFrame(path),
        target=TARGET,
        l2_penalty=L2,
        max_iterations=100,
        validation_set=None,
        verbose=False,
    )
    return lambda: float(model.training_loss)


def with_sklearn(path: str) -> Callable[[], float]:
    """Train with Polars, one-hot columns, scaling and scikit-learn's lbfgs."""
    import polars as pl
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = pl.read_csv(path)
    target = frame[TARGET].to_numpy()
    features = frame.drop(TARGET)
    numbers = features.select(pl.selectors.numeric())
    texts = features.select(pl.selectors.string())
    parts = []
    if numbers.width:
        parts.append(sparse.csr_matrix(StandardScaler().fit_transform(numbers.to_numpy())))
    if texts.width:
        parts.append(OneHotEncoder(drop="first").fit_transform(texts.to_numpy()))
    matrix = sparse.hstack(parts, format="csr")
    # its penalty is sum(b**2) / (2 C); tol so small that it ends near our optimum
    model = LogisticRegression(C=1 / (2 * L2), tol=1e-5, max_iter=1000).fit(matrix, target)
    return lambda: float(log_loss(target, model.predict_proba(matrix), normalize=False))


def only_import(_: str) -> Callable[[], float]:
    """Import windrow and nothing else."""
    import windrow  # noqa: F401 - the import is what is timed

    return lambda: math.nan


CONTENDERS = {"windrow": with_windrow, "polars + scikit-learn": with_sklearn, "import": only_import}


def main(name: str, path: str) -> None:
    """Time one contender, then ask it for its objective."""
    objective = CONTENDERS[name](path)
    inside = time.perf_counter() - BEGAN
    cpu = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    done = {"inside": inside, "cpu": cpu, "peak": peak_bytes, "ended": time.time()}
    print(json.dumps({**done, "objective": objective()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
