"""Fits of many rows and more coefficients than a Hessian is held of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import windrow as gl
from windrow.config import configured
from windrow.execution import environment
from windrow.execution.local import LocalExecutor
from windrow.toolkits import fit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS, LEVELS = 6_000, 700
CREATES = [
    pytest.param(gl.logistic_classifier.create, "class", {}, id="logistic"),
    pytest.param(gl.linear_regression.create, "number", {}, id="linear"),
    pytest.param(gl.logistic_classifier.create, "class", {"class_weights": "auto"}, id="weights"),
    pytest.param(gl.logistic_classifier.create, "class", {"row_weights": "w"}, id="row weights"),
    pytest.param(gl.logistic_classifier.create, "class", {"feature_rescaling": False}, id="raw"),
    pytest.param(gl.logistic_classifier.create, "class", {"l2_penalty": 0.0}, id="no penalty"),
]
OPTIONS: dict[str, Any] = {"validation_set": None, "verbose": False, "max_iterations": 100}


@pytest.fixture(autouse=True)
def _these_are_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "SAMPLED_ROWS", 1_000)


@pytest.fixture(scope="module")
def table() -> gl.SFrame:
    draw = np.random.default_rng(7)
    level = draw.zipf(1.3, ROWS) % LEVELS  # some in a thousand rows, many in one
    a, b = draw.normal(size=ROWS), 100.0 * draw.normal(size=ROWS)
    margin = draw.normal(size=LEVELS)[level] + a - 0.02 * b + draw.logistic(size=ROWS)
    entries = [{f"k{key}": 1.0 + key % 3} for key in draw.integers(0, 40, ROWS)]
    return gl.SFrame(
        {
            "level": [f"l{number}" for number in level],
            "a": a,
            "b": b,
            "d": entries,
            "w": draw.uniform(0.5, 2.0, ROWS),
            "class": (margin > 0).astype(np.int64),
            "number": margin,
        }
    )


def features(options: dict[str, Any]) -> dict[str, Any]:
    return {"features": ["level", "a", "b", "d"], **OPTIONS, **options}


@pytest.mark.parametrize("create, target, options", CREATES)
def test_it_ends_at_the_optimum_of_newton(
    create: Callable[..., Any], target: str, options: dict[str, Any], table: gl.SFrame
) -> None:
    if "row_weights" not in options:
        table = table.remove_column("w", inplace=False)
    given = features(options) | {"convergence_threshold": 1e-4}
    model = create(table, target, **given)
    reference = create(table, target, solver="newton", **given)
    assert model.solver == "newton-cg"
    assert model.training_solver_status.startswith("SUCCESS")
    assert model.training_loss == pytest.approx(reference.training_loss, rel=1e-6)
    if options.get("l2_penalty") != 0.0:
        ours, others = (np.array(m.coefficients["value"], float) for m in (model, reference))
        assert np.abs(ours - others).max() < 1e-2 * np.abs(others).max()


def test_few_rows_several_classes_and_a_hinge_stay_with_lbfgs(
    table: gl.SFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = gl.logistic_classifier.create
    three = table.remove_column("class", inplace=False)
    three["class"] = three["a"].apply(lambda a: int(a > 0) + int(a > 1), dtype=int)
    given = features({"max_iterations": 1})
    with pytest.warns(UserWarning, match="iteration"):
        assert create(three, "class", **given).solver == "lbfgs"
    with pytest.warns(UserWarning, match="iteration"):
        assert gl.svm_classifier.create(table, "class", **given).solver == "lbfgs"
    monkeypatch.setattr(fit, "SAMPLED_ROWS", ROWS)
    with pytest.warns(UserWarning, match="iteration"):
        assert create(table, "class", **given).solver == "lbfgs"


def test_it_has_the_same_bits_on_any_number_of_threads_and_goes_on_from_a_checkpoint(
    table: gl.SFrame, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"

    def coefficients(**options: Any) -> list[Any]:
        model = gl.logistic_classifier.create(table, "class", **features(options))
        return list(model.coefficients)

    found = []
    for threads in (1, 2):
        executor = LocalExecutor(threads=threads)
        environment.use(executor)
        try:
            found.append(coefficients())
        finally:
            environment.use(None)
            executor.close()
    assert found[0] == found[1]
    with configured(checkpoint_seconds=0.0), pytest.warns(UserWarning, match="iteration"):
        coefficients(checkpoint=kept, max_iterations=2)
    assert coefficients(resume_from_checkpoint=kept) == found[0]
