"""What a solver minimises: a loss summed over the training rows, plus a penalty.

In the rescaled free coefficients b (see `Design`)::

    F(b) = sum_i l(m_i, y_i) + l2 * sum_{j > 0} b_j^2 + l1 * sum_{j > 0} |b_j|

Intercepts, b_0 of each margin, are not penalised. Sums, never means. The last term has no
derivative at 0: it is left out of what is evaluated here, and a solver that takes it (fista) meets
it by `shrunk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from windrow.learn.elementary import dot
from windrow.learn.kernels import Curvature, CurvatureAlong, Gradient, Sums, WithPeaks
from windrow.learn.tree import Partial

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from windrow.learn.layout import Design
    from windrow.learn.losses import Loss

__all__ = ["Evaluation", "Objective", "Reduce", "Sample"]


P = TypeVar("P", bound=Partial)


class Reduce(Protocol):
    """Sum of a kernel's partials over all leaves, in the fixed tree: what a session offers."""

    def __call__(self, kernel: Callable[..., P], /, *args: object) -> P:
        """Call the kernel with each leaf and the arguments; add the partials up."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The objective at one point.

    Attributes
    ----------
    value : float
        Loss and l2 penalty.
    loss : float
        The loss alone, class weights included.
    gradient : float64 (n,)
        Of the value, by the rescaled free coefficients.
    hessian : float64 (n, n), or None
        Of the value, the penalty included; None when it was not asked for.
    score_train, score_validation : float
        Rows classified right; sums of squared errors when the loss is squared.
    peak_train, peak_validation : float
        Largest squared errors when the loss is squared, else 0.
    """

    value: float
    loss: float
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64] | None
    score_train: float
    score_validation: float
    peak_train: float = 0.0
    peak_validation: float = 0.0

    @property
    def finite(self) -> bool:
        """Whether value and gradient (and the Hessian) are all finite."""
        parts = [self.gradient] if self.hessian is None else [self.gradient, self.hessian]
        return bool(np.isfinite(self.value)) and all(bool(np.isfinite(p).all()) for p in parts)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some of the training rows, drawn at random, to learn about the rest from.

    Attributes
    ----------
    reduce : Reduce
        Sum of a kernel over them.
    growth : float
        Training rows by rows of the sample, at least 1.
    squares, seen : float64 (n,)
        Of each rescaled column the sum of squares over all training rows, and that over the sample
        times `growth`; n counts the columns of every margin.
    """

    reduce: Reduce
    growth: float
    squares: NDArray[np.float64]
    seen: NDArray[np.float64]


class Objective:
    """A loss with a penalty on the rows that a session holds.

    Parameters
    ----------
    reduce : Reduce
        Gives the sum of a kernel over all leaves. Each call is one pass over the data.
    design : Design
    loss : Loss
    l2, l1 : float, default 0
        Penalties, at least 0.
    class_weights : float64 (classes,), optional
        Cost of a row of each class; 1 when left out.
    sample : Sample, optional
        Of the same rows.
    squares : float64 (n,), optional
        Sum of squares of each rescaled column over the training rows; 1 when left out.
    rows : int, default 1
        Training rows.

    Attributes
    ----------
    passes : int
        Passes over the data so far.
    """

    def __init__(
        self,
        reduce: Reduce,
        design: Design,
        loss: Loss,
        *,
        l2: float = 0.0,
        l1: float = 0.0,
        class_weights: NDArray[np.float64] | None = None,
        sample: Sample | None = None,
        squares: NDArray[np.float64] | None = None,
        rows: int = 1,
    ) -> None:
        self.design, self.loss, self.l2, self.l1 = design, loss, l2, l1
        self.sample = sample
        self.squares = np.ones(design.size) if squares is None else squares
        self._rows = rows
        self.passes = 0
        self._reduce = reduce
        self._weights = class_weights
        if class_weights is None:
            self._weights = np.ones(design.margins + 1)
        self._penalty = np.where(design.penalised, l2, 0.0)
        self._thresholds = np.where(design.penalised, l1, 0.0)

    @property
    def size(self) -> int:
        """Number of free coefficients."""
        return self.design.size

    def sampled(self) -> Objective:
        """Give the same loss on the sample, its penalties smaller as the rows are fewer.

        Raises
        ------
        ValueError
            When there is no sample.
        """
        if self.sample is None:
            raise ValueError("this objective has no sample of its rows; give it one")
        return Objective(
            self.sample.reduce,
            self.design,
            self.loss,
            l2=self.l2 / self.sample.growth,
            l1=self.l1 / self.sample.growth,
            class_weights=self._weights,
        )

    def value_gradient(self, b: NDArray[np.float64]) -> Evaluation:
        """Evaluate at the rescaled coefficients b (n,) in one pass."""
        return self._evaluate(Gradient(self.loss, self.design.layout), b)

    def value_gradient_hessian(self, b: NDArray[np.float64]) -> Evaluation:
        """Evaluate with the Hessian at b (n,), in one pass too."""
        return self._evaluate(Curvature(self.loss, self.design.layout), b)

    def curvature_along(
        self, b: NDArray[np.float64], v: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Multiply v (n,) by the Hessian at b (n,), in one pass; of one margin.

        Both are rounded to single precision: a product chooses a direction, what is reached is
        seen by the gradient. Half the bytes are kept in caches, and sent to hosts.

        Returns
        -------
        product : float64 (n,)
            The penalty included.
        curvature : float
            Of a row's loss by its margin, in the mean.

        Raises
        ------
        ValueError
            There are several margins, whose curvatures are a matrix a row.
        """
        design = self.design
        if design.margins > 1:
            raise ValueError(f"products are of one margin, and there are {design.margins}")
        self.passes += 1
        kernel = CurvatureAlong(self.loss, design.layout)
        pairs = _narrowed(np.stack((design.expand(b), design.expand(v)), axis=1))
        partial = self._reduce(kernel, pairs, self._weights)
        product = design.contract(partial[1:]) + self.curvature_of_penalty * v
        return product, float(partial[0]) / self._rows

    @property
    def curvature_of_penalty(self) -> NDArray[np.float64]:
        """Diagonal (n,) that the penalty adds to the Hessian."""
        return 2.0 * self._penalty

    def shrunk(self, b: NDArray[np.float64], step: float) -> NDArray[np.float64]:
        """Minimise ``step * l1 * sum |x_j| + |x - b|^2 / 2`` over x (n,): soft thresholding.

        Every coefficient but an intercept comes nearer to 0 by ``step * l1`` and stops there.
        """
        distance = np.maximum(np.abs(b) - step * self._thresholds, 0.0)
        return np.copysign(distance, b) + 0.0  # no -0.0

    def _evaluate(self, kernel: Gradient | Curvature, b: NDArray[np.float64]) -> Evaluation:
        design = self.design
        self.passes += 1
        arguments = design.expand(b), self._weights
        if self.loss.classifies:
            partial, peaks = self._reduce(kernel, *arguments), (0.0, 0.0)
        else:
            found = self._reduce(WithPeaks(kernel), *arguments)
            partial, peaks = found.sums, (float(found.peaks[0]), float(found.peaks[1]))
        sums = Sums.of(partial, design.layout, design.margins)
        gradient = design.contract(sums.gradient) + self.curvature_of_penalty * b
        hessian = None
        if sums.hessian is not None:
            hessian = design.contract_hessian(sums.hessian) + np.diag(self.curvature_of_penalty)
        return Evaluation(
            value=sums.loss + dot(self._penalty, b * b),
            loss=sums.loss,
            gradient=gradient,
            hessian=hessian,
            score_train=sums.score_train,
            score_validation=sums.score_validation,
            peak_train=peaks[0],
            peak_validation=peaks[1],
        )


def _narrowed(numbers: NDArray[np.float64]) -> NDArray[Any]:
    """Round to float32, if its range holds all of them."""
    with np.errstate(over="ignore", under="ignore"):
        narrow = numbers.astype(np.float32)
    sizes = np.abs(narrow)
    small = np.count_nonzero(sizes >= np.finfo(np.float32).tiny) < np.count_nonzero(numbers)
    return numbers if small or not np.isfinite(sizes.max()) else narrow
