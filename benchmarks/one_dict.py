"""How long ``model.predict({...})`` takes for one dict: medians in microseconds.

    .venv/bin/python benchmarks/one_dict.py

The wanted bound is 50 microseconds.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import windrow as wr

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, CALLS = 5000, 2000
ROW = {"country": "ch", "pages": 3, "minutes": 0.4}


def models() -> dict[str, Any]:
    random = np.random.default_rng(0)
    columns = {
        "country": random.choice(["at", "be", "ch"], ROWS).tolist(),
        "pages": random.integers(0, 30, ROWS).tolist(),
        "minutes": random.normal(size=ROWS).tolist(),
        "paid": random.normal(size=ROWS).tolist(),
        "bought": random.integers(0, 2, ROWS).tolist(),
        "kind": random.choice(["a", "b", "c", "d", "e"], ROWS).tolist(),
    }
    sf, features = wr.SFrame(columns), list(ROW)
    return {
        "linear_regression": wr.linear_regression.create(sf, "paid", features, verbose=False),
        "logistic, 2 classes": wr.logistic_classifier.create(sf, "bought", features, verbose=False),
        "logistic, 5 classes": wr.logistic_classifier.create(sf, "kind", features, verbose=False),
    }


def median(call: Callable[[], object], calls: int) -> float:
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return 1e6 * statistics.median(seconds)


def main() -> None:
    for name, model in models().items():
        model.predict(ROW)
        alone = median(lambda m=model: m.predict(ROW), CALLS)
        read = median(lambda m=model: m.predict(ROW)[0], CALLS // 10)
        print(f"{name:20} predict(row) {alone:7.1f} us   predict(row)[0] {read:7.1f} us")


if __name__ == "__main__":
    main()
