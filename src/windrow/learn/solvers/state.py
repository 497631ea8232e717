"""Where a solver stands: arrays and numbers, enough to go on from anywhere to the same bits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.learn.objective import Evaluation

__all__ = ["Options", "SolverState", "Status"]


class Status(Enum):
    """How a fit ended; the values are the sentences that users know."""

    RUNNING = "RUNNING: Not finished."
    OPTIMAL = "SUCCESS: Optimal solution found."
    LIMIT = "Completed (Iteration limit reached)."
    NUMERICAL = "TERMINATED: Terminated due to numerical difficulties."


@dataclass(frozen=True, slots=True)
class Options:
    """What bounds a solver.

    Parameters
    ----------
    max_iterations : int, default 10
    threshold : float, default 0.01
        Optimal when no element of the gradient is as large; for fista, when none of the last move.
    memory : int, default 11
        Pairs that L-BFGS keeps.
    step_size : float, default 1
        First trial step of L-BFGS, times 1 / (1 + max|gradient| + |objective|); of fista as it is.
    """

    max_iterations: int = 10
    threshold: float = 0.01
    memory: int = 11
    step_size: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SolverState:
    """A solver between two steps.

    Attributes
    ----------
    iteration : int
        Steps done.
    passes : int
        Passes over the data done.
    status : Status
    arrays : mapping of str to array
        ``coefficients`` and ``gradient`` (n,), in the rescaled free coefficients, and what else
        the solver carries.
    numbers : mapping of str to float
        What the `Evaluation` at the coefficients measured, ``step`` (the last step size), and what
        else the solver carries.
    """

    iteration: int
    passes: int
    status: Status
    arrays: Mapping[str, NDArray[Any]]
    numbers: Mapping[str, float]

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """Rescaled free coefficients (n,)."""
        return self.arrays["coefficients"]

    @property
    def ended(self) -> bool:
        """Whether no step follows."""
        return self.status is not Status.RUNNING

    @property
    def gradient_size(self) -> float:
        """Largest absolute element of the gradient."""
        return float(np.max(np.abs(self.arrays["gradient"])))

    @property
    def left(self) -> float:
        """What the threshold is compared with: how far fista moved, else the gradient's size."""
        return self.numbers.get("moved", self.gradient_size)

    def at(
        self,
        b: NDArray[np.float64],
        evaluation: Evaluation,
        *,
        arrays: Mapping[str, NDArray[Any]] | None = None,
        numbers: Mapping[str, float] | None = None,
    ) -> SolverState:
        """Give this state with the point b, its evaluation and what else is new."""
        point = {"coefficients": b, "gradient": evaluation.gradient}
        if evaluation.hessian is not None:
            point["hessian"] = evaluation.hessian
        measured = {
            "value": evaluation.value,
            "loss": evaluation.loss,
            "score_train": evaluation.score_train,
            "score_validation": evaluation.score_validation,
            "peak_train": evaluation.peak_train,
            "peak_validation": evaluation.peak_validation,
        }
        return replace(
            self,
            arrays={**self.arrays, **point, **(arrays or {})},
            numbers={**self.numbers, **measured, **(numbers or {})},
        )

    def judged(self, options: Options) -> SolverState:
        """Give this state with its status: optimal by what is left, at the limit, or running."""
        if self.left < options.threshold:
            status = Status.OPTIMAL
        elif self.iteration >= options.max_iterations:
            status = Status.LIMIT
        else:
            status = Status.RUNNING
        return replace(self, status=status)

    def resumed(self, options: Options) -> SolverState:
        """Give this state as it would be under other bounds: at one limit is not at another."""
        return self if self.status is Status.NUMERICAL else self.judged(options)

    def to_npz_parts(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Take the state apart: arrays for an npz file, and a record that JSON can hold.

        Numbers go into an array too, so that infinities and all bits survive.
        """
        values = np.array(list(self.numbers.values()), dtype=np.float64)
        record = {
            "iteration": self.iteration,
            "passes": self.passes,
            "status": self.status.name,
            "numbers": list(self.numbers),
        }
        return {**self.arrays, "numbers": values}, record

    @classmethod
    def from_parts(
        cls, arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any]
    ) -> SolverState:
        """Put a state together from what `to_npz_parts` gave.

        Examples
        --------
        >>> state = SolverState(3, 5, Status.LIMIT, {"coefficients": np.ones(2)}, {"value": 0.1})
        >>> again = SolverState.from_parts(*state.to_npz_parts())
        >>> again.iteration, again.status.name, again.numbers
        (3, 'LIMIT', {'value': 0.1})
        """
        return cls(
            int(record["iteration"]),
            int(record["passes"]),
            Status[record["status"]],
            {name: array for name, array in arrays.items() if name != "numbers"},
            dict(zip(record["numbers"], arrays["numbers"].tolist(), strict=True)),
        )
