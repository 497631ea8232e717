"""The options of the linear models: their ranges, checked in one place."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.errors import (
    ArgumentTypeError,
    OptionChoiceError,
    OptionRangeError,
    PenaltySolverError,
)
from windrow.learn.solvers import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RANGES", "SOLVER_CHOICES", "check_ranges", "check_solver", "solver_options"]

LARGEST = 1e20
LARGEST_INT = 2**31 - 1


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included."""

    low: float
    high: float
    whole: bool = False

    def contains(self, value: Any) -> bool:
        """Whether a number lies inside; NaN does not."""
        return bool(self.low <= value <= self.high)


RANGES: Mapping[str, Range] = {
    "l2_penalty": Range(0, LARGEST),
    "l1_penalty": Range(0, LARGEST),
    "penalty": Range(1e-10, LARGEST),
    "convergence_threshold": Range(1e-10, LARGEST),
    "step_size": Range(1e-10, LARGEST),
    "lbfgs_memory_level": Range(1, LARGEST_INT, whole=True),
    "max_iterations": Range(1, LARGEST_INT, whole=True),
    "seed": Range(-(2**63), 2**63 - 1, whole=True),
}
SOLVER_CHOICES = ("auto", "newton", "lbfgs", "fista")


def check_ranges(options: Mapping[str, Any]) -> None:
    """Check each option that has a range.

    Raises
    ------
    ArgumentTypeError
        It is not a number (a whole one where it counts something).
    OptionRangeError
        It lies outside.

    Examples
    --------
    >>> check_ranges({"l2_penalty": -1})
    Traceback (most recent call last):
    windrow.errors.models.OptionRangeError: Option 'l2_penalty' must be in the range [0, ...
    """
    for name, value in options.items():
        if name not in RANGES:
            continue
        bounds = RANGES[name]
        kind: type = numbers.Integral if bounds.whole else numbers.Real
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = "int" if bounds.whole else "a number"
            raise ArgumentTypeError(name, type(value).__name__, wanted)
        if not bounds.contains(value):
            raise OptionRangeError(name, bounds.low, bounds.high, value)


def check_solver(
    solver: str, l1_penalty: float = 0.0, choices: tuple[str, ...] = SOLVER_CHOICES
) -> None:
    """Refuse a solver that does not exist, or does not take an l1 penalty.

    Raises
    ------
    OptionChoiceError, PenaltySolverError
    """
    if solver not in choices:
        raise OptionChoiceError("solver", solver, choices)
    if l1_penalty and solver not in {"auto", "fista"}:
        raise PenaltySolverError(l1_penalty, solver)


def solver_options(options: Mapping[str, Any]) -> Options:
    """Bounds of a solver from the options of ``create``.

    Examples
    --------
    >>> wanted = {"max_iterations": 3, "convergence_threshold": 1, "lbfgs_memory_level": 5}
    >>> solver_options(wanted)
    Options(max_iterations=3, threshold=1.0, memory=5, step_size=1.0)
    """
    return Options(
        int(options["max_iterations"]),
        float(options["convergence_threshold"]),
        int(options["lbfgs_memory_level"]),
        float(options.get("step_size", 1.0)),
    )
