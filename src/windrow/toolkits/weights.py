"""What a row of each class weighs in the loss."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ClassWeightError, OptionChoiceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClassWeights", "given_weights", "weights_of"]

ClassWeights = tuple[tuple[Any, float], ...] | str | None
"""Pairs of class and weight, ``auto``, or None: 1 each."""


def given_weights(class_weights: object) -> ClassWeights:
    """Check what a user gave, as far as it can be without the data.

    Raises
    ------
    OptionChoiceError
        It is neither None nor ``auto`` nor a dict.
    ClassWeightError
        A weight is not a positive number.

    Examples
    --------
    >>> given_weights({0: 1, 1: 2.5})
    ((0, 1.0), (1, 2.5))
    """
    if class_weights is None or class_weights == "auto":
        return "auto" if class_weights else None
    if not isinstance(class_weights, Mapping):
        raise OptionChoiceError("class_weights", class_weights, ("None", "auto", "a dict"))
    for label, weight in class_weights.items():
        usable = isinstance(weight, numbers.Real) and not isinstance(weight, bool)
        if not usable or not 0.0 < weight < math.inf:
            raise ClassWeightError(f"has {weight!r} for {label!r}", tuple(class_weights))
    return tuple((label, float(weight)) for label, weight in class_weights.items())


def weights_of(
    given: ClassWeights,
    classes: tuple[Any, ...],
    rows: NDArray[np.int64],
    *,
    known: tuple[Any, ...] = (),
) -> NDArray[np.float64]:
    """Give the weight of each class.

    With ``auto`` it is ``(1 / n_c) / sum_k (1 / n_k)`` for n_c training rows: they add up to 1, and
    every class counts alike.

    Parameters
    ----------
    given
        What `given_weights` let through.
    classes
        In the order of their codes.
    rows
        int64 (classes,): training rows of each.
    known
        Classes that no training row has but others: a dict may have a weight for them.

    Raises
    ------
    ClassWeightError
        There is not one weight for each class.

    Examples
    --------
    >>> weights_of("auto", (0, 1), np.array([10, 30])).tolist()
    [0.75, 0.25]
    """
    if given is None:
        return np.ones(len(classes))
    if isinstance(given, str):
        inverse = [1.0 / n for n in rows.tolist()]
        return np.array([share / math.fsum(inverse) for share in inverse])
    weights = dict(given)
    for label in classes:
        if label not in weights:
            raise ClassWeightError(f"has no weight for {label!r}", classes)
    for label in weights:
        if label not in (*classes, *known):
            raise ClassWeightError(f"names {label!r}, which is no class of the target", classes)
    return np.array([weights[label] for label in classes])
