"""How sure coefficients are: test statistics, p-values and intervals, from what training stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ArgumentTypeError, OptionRangeError
from windrow.plan.types import DType
from windrow.toolkits.fit import NEWTON_AUTO, NEWTON_LIMIT
from windrow.toolkits.tables import label_type, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from windrow.frames.sframe import SFrame
    from windrow.toolkits.fit import Fitted
    from windrow.toolkits.linear_model import Coefficient

__all__ = ["inference_table"]

CONVERGED = "SUCCESS"
NAMED = 10
"""Of more columns that are collinear only these are named."""


def inference_table(
    coefficients: Sequence[Coefficient],
    numbers: Sequence[int],
    fitted: Fitted,
    options: Mapping[str, Any],
    level: float,
) -> SFrame:
    """Return a row for each coefficient: see `LogisticClassifier.inference`.

    Parameters
    ----------
    coefficients
        As the table of coefficients has them.
    numbers
        Of each the number by which `fitted` knows it.
    fitted, options
        What training found, and the options that it was given.
    level
        Share of intervals that hold the true coefficient, between 0 and 1.

    Raises
    ------
    ArgumentTypeError, OptionRangeError
        The level is no number, or not between 0 and 1.
    """
    if isinstance(level, bool) or not isinstance(level, int | float):
        raise ArgumentTypeError("level", type(level).__name__, "a number between 0 and 1")
    if not 0.0 < level < 1.0:
        raise OptionRangeError("level", 0, 1, level)
    value = np.array([c.value for c in coefficients])
    error = np.array([np.nan if c.error is None else c.error for c in coefficients])
    freedom = None if fitted.classes else fitted.rows - fitted.size + len(fitted.collinear)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = value / error
    half = error * _quantile(level, freedom)
    notes = _notes(coefficients, numbers, fitted, options)
    labels = {"class": (label_type(fitted.classes), [c.of for c in coefficients])}
    return table_of(
        {
            "name": (DType.STR, [c.name for c in coefficients]),
            "index": (DType.STR, [c.index for c in coefficients]),
            **(labels if fitted.classes else {}),
            "value": (DType.FLOAT, value.tolist()),
            "stderr": (DType.FLOAT, _known(error)),
            "statistic": (DType.FLOAT, _known(statistic)),
            "p_value": (DType.FLOAT, _known(_two_sided(statistic, freedom))),
            "lower": (DType.FLOAT, _known(value - half)),
            "upper": (DType.FLOAT, _known(value + half)),
            "note": (DType.STR, notes),
        }
    )


def _two_sided(statistic: NDArray[np.float64], freedom: int | None) -> NDArray[np.float64]:
    """Probability of a statistic at least as large: Student's t, without freedom the normal."""
    from scipy.special import ndtr, stdtr  # not scipy.stats, which takes a second to import

    tail = -np.abs(statistic)
    return np.asarray(2.0 * (ndtr(tail) if freedom is None else stdtr(freedom, tail)))


def _quantile(level: float, freedom: int | None) -> float:
    """Give the half width, in standard errors, of an interval of this level."""
    from scipy.special import ndtri, stdtrit

    tail = 0.5 * (1.0 - level)
    return -float(ndtri(tail) if freedom is None else stdtrit(freedom, tail))


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _notes(
    coefficients: Sequence[Coefficient],
    numbers: Sequence[int],
    fitted: Fitted,
    options: Mapping[str, Any],
) -> list[str | None]:
    """Say of each coefficient why it has no statistics, or why they are to be doubted."""
    if fitted.errors is None:
        return [_reason(fitted, options)] * len(coefficients)
    titles = dict(zip(numbers, map(_title, coefficients), strict=True))
    group: dict[int, set[int]] = {}
    for members in fitted.collinear:
        for member in members:
            group.setdefault(member, set()).update(members)
    common = None
    if not fitted.status.startswith(CONVERGED):
        common = f"the fit did not converge: the gradient left is {fitted.gradient:.3g}"
    found: list[str | None] = []
    for number, coefficient in zip(numbers, coefficients, strict=True):
        if number in group:
            others = [titles[n] for n in sorted(group[number]) if n != number]
            found.append(_collinear(others))
        elif coefficient.error is None or np.isnan(coefficient.error):
            found.append("its standard error is not determined")
        elif coefficient.error == 0.0:
            found.append("the residuals are 0")
        else:
            found.append(common)
    return found


def _title(coefficient: Coefficient) -> str:
    index = "" if coefficient.index is None else f"[{coefficient.index}]"
    return f"{coefficient.name}{index}"


def _collinear(others: Sequence[str]) -> str:
    if not others:
        return "the column is 0 in all training rows that count"
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return f"collinear with {', '.join(others[:NAMED])}{more}"


def _reason(fitted: Fitted, options: Mapping[str, Any]) -> str:
    """Say why there are no standard errors at all."""
    if options.get("l1_penalty"):
        return f"l1_penalty={options['l1_penalty']:g} leaves estimates without a standard error"
    if fitted.rows < fitted.size + (not fitted.classes):
        return f"{fitted.size} coefficients and {fitted.rows} training rows; more rows are needed"
    if fitted.size > NEWTON_AUTO:
        return (
            f"solver '{fitted.solver}' computes no second derivatives of more than {NEWTON_AUTO}"
            f" coefficients, and there are {fitted.size}; 'newton' does, of up to {NEWTON_LIMIT}"
        )
    return "the version that trained the model computed no second derivatives for this solver"
