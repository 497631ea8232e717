"""Run one contender in this process and print what it took, as one line of JSON.

    python benchmarks/contenders.py CONTENDER CSV

Both minimise the same objective (objective.py); each is timed until its model is there, then asked
for its coefficients.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import json  # noqa: E402 - the clock comes first
import math  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

from objective import L2, TARGET, Fit, objective  # noqa: E402 - beside this file


def with_windrow(path: str) -> Callable[[], Fit]:
    """Train with windrow, with as many steps as it needs."""
    import windrow as wr

    model = wr.logistic_classifier.create(
        wr.SFrame(path),
        target=TARGET,
        l2_penalty=L2,
        max_iterations=100,
        validation_set=None,
        verbose=False,
    )

    def coefficients() -> Fit:
        fit = Fit(0.0)
        for row in model.coefficients:
            if row["name"] == "(intercept)":
                fit.intercept = row["value"]
            elif row["index"] is None:
                fit.numbers[row["name"]] = row["value"]
            else:
                fit.levels.setdefault(row["name"], {})[row["index"]] = row["value"]
        return fit

    return coefficients


def with_sklearn(path: str) -> Callable[[], Fit]:
    """Train with Polars, one-hot columns, rescaling and scikit-learn's lbfgs."""
    import numpy as np
    import polars as pl
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    frame = pl.read_csv(path)
    rows = frame.height
    target = frame[TARGET].to_numpy()
    features = frame.drop(TARGET)
    numbers = features.select(pl.selectors.numeric())
    texts = features.select(pl.selectors.string())
    met = [texts[name].unique(maintain_order=True).to_list() for name in texts.columns]
    encoder = OneHotEncoder(categories=met, drop="first")  # the reference is the first one met
    parts, scales = [], []
    if numbers.width:
        dense = numbers.to_numpy()
        scales.append(np.sqrt(dense.mean(axis=0) ** 2 + dense.var(axis=0, ddof=1)))
        parts.append(sparse.csr_matrix(dense / scales[0]))
    if texts.width:
        hot = encoder.fit_transform(texts.to_numpy())
        share = np.asarray(hot.mean(axis=0)).ravel()
        scales.append(np.sqrt(share**2 + share * (1 - share) * rows / (rows - 1)))
        parts.append(hot @ sparse.diags(1 / scales[-1]))
    matrix = sparse.hstack(parts, format="csr")
    # its penalty is sum(b**2) / (2 C); a tolerance at which it ends near the optimum
    model = LogisticRegression(C=1 / (2 * L2), tol=1e-6, max_iter=2000).fit(matrix, target)

    def coefficients() -> Fit:
        weights = list(model.coef_[0] / np.concatenate(scales))
        own = dict(zip(numbers.columns, weights, strict=False))
        rest = iter(weights[numbers.width :])
        levels = {
            name: {level: next(rest) for level in found[1:]}
            for name, found in zip(texts.columns, met, strict=True)
        }
        return Fit(float(model.intercept_[0]), own, levels)

    return coefficients


def only_import(_: str) -> None:
    """Import windrow and nothing else."""
    import windrow  # noqa: F401 - the import is what is timed


CONTENDERS: dict[str, Callable[[str], Callable[[], Fit] | None]] = {
    "windrow": with_windrow,
    "polars + scikit-learn": with_sklearn,
    "import": only_import,
}


def peak_bytes() -> int:
    """Give the most memory that this process held; getrusage would count its parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(name: str, path: str) -> None:
    """Time one contender, then ask it for its objective."""
    found = CONTENDERS[name](path)
    inside = time.perf_counter() - BEGAN
    done = {"ended": time.time(), "inside": inside, "cpu": time.process_time()}
    done["peak"] = peak_bytes()
    done["objective"] = math.nan if found is None else objective(path, found())
    print(json.dumps(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
