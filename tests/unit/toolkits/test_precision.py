"""How numbers are stored while training: what it changes, and what it never does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import windrow as gl
from windrow.errors import OptionChoiceError
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 70_000
"""A leaf that is full, and one that is not."""
CREATES = [
    pytest.param(create, id=name)
    for name, create in (
        ("linear", gl.linear_regression.create),
        ("logistic", gl.logistic_classifier.create),
        ("svm", gl.svm_classifier.create),
    )
]


def table(*, exact: bool) -> gl.SFrame:
    draw = np.random.default_rng(3)
    columns = {name: draw.integers(-500, 500, ROWS) * 1.0 for name in ("a", "b", "c")}
    if not exact:
        columns["c"] = columns["c"] / 7
    margin = columns["a"] - 2 * columns["b"] + draw.normal(0, 300, ROWS)
    return gl.SFrame({**columns, "y": (margin > 0).astype(np.int64)})


def fitted(create: Callable[..., Any], sf: gl.SFrame, precision: str) -> list[Any]:
    model = create(sf, "y", precision=precision, validation_set=None, verbose=False)
    return list(model.coefficients)


@pytest.mark.filterwarnings("ignore::windrow.errors.ConvergenceWarning")
@pytest.mark.parametrize("create", CREATES)
def test_auto_has_the_bits_of_double(create: Callable[..., Any]) -> None:
    for exact in (True, False):
        sf = table(exact=exact)
        assert fitted(create, sf, "auto") == fitted(create, sf, "double")


@pytest.mark.filterwarnings("ignore::windrow.errors.ConvergenceWarning")
@pytest.mark.parametrize("create", CREATES)
def test_single_is_the_fit_of_rounded_numbers(create: Callable[..., Any]) -> None:
    sf = table(exact=False)
    rounded = gl.SFrame(
        {name: np.array(sf[name]).astype(np.float32).astype(float) for name in ("a", "b", "c")}
        | {"y": np.array(sf["y"])}
    )
    single = fitted(create, sf, "single")
    assert single == fitted(create, rounded, "double")
    assert single != fitted(create, sf, "double")


def test_what_float32_holds_takes_half_the_memory() -> None:
    taken = {}
    for precision in ("double", "auto", "single"):
        alone: Any = LocalExecutor(threads=1)
        environment.use(alone)
        try:
            fitted(gl.linear_regression.create, table(exact=True), precision)
            taken[precision] = alone.workers.store.held()["bytes"]
        finally:
            environment.use(None)
            alone.close()
    numbers = ROWS * 3 * 8
    assert taken["double"] - taken["single"] > 0.45 * numbers
    assert taken["double"] > taken["auto"] >= taken["single"]


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(OptionChoiceError, match=r"'auto', 'double', 'single'.*'half'"):
        fitted(gl.linear_regression.create, table(exact=True), "half")
