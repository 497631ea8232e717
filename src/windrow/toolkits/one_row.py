"""Predicting for one dict at once, in microseconds: the sum of a margin's few terms, as it stands.

The columns, leaves and tiles that tables go through would take a thousand times as long as the sum.
Terms are added in the order of `tiles.margins`, and Python's floats are those of the kernels, so
the margin has the same bits. A row that is not plain (another type, a value that is missing though
that is refused) is left to the way of tables, which says what is wrong with it.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.learn import softmax
from windrow.learn.elementary import sigmoid_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from windrow.toolkits.predictor import LinearPredictor

__all__ = ["OneRow", "of_many", "of_two"]


class OneRow:
    """Margins of single rows.

    Parameters
    ----------
    predictor
        Whose margins they are.

    Examples
    --------
    >>> from windrow.toolkits.predictor import LinearPredictor
    >>> twice = LinearPredictor(("x",), (), (), (), (0.5,), np.array([1.0, 2.0]))
    >>> OneRow(twice)({"x": 3}, impute=True), OneRow(twice)({}, impute=True)
    ([7.0], [2.0])
    >>> OneRow(twice)({"x": "3"}, impute=True) is None
    True
    """

    def __init__(self, predictor: LinearPredictor) -> None:
        weights, layout = np.atleast_2d(predictor.weights).tolist(), predictor.layout
        self._margins = []
        for own in weights:
            numbers = [
                (name, own[1 + j], mean)
                for j, (name, mean) in enumerate(
                    zip(predictor.numeric, predictor.means, strict=True)
                )
            ]
            texts = []
            for j, name in enumerate(predictor.categorical):
                first, levels = layout.offset(j), predictor.levels[j]
                known = {level: own[first + code] for code, level in enumerate(levels)}
                texts.append((name, known, own[predictor.reference[j]]))
            self._margins.append((own[0], numbers, texts))

    def __call__(self, row: Mapping[str, Any], *, impute: bool) -> list[float] | None:
        """Give each margin of a row, or None when it is not plain."""
        found = []
        get = row.get
        for start, numbers, texts in self._margins:
            z = start
            for name, weight, mean in numbers:
                value = get(name)
                if isinstance(value, (float, int)):
                    z += float(value) * weight
                elif value is None and impute:
                    z += mean * weight
                else:
                    return None
            for name, known, reference in texts:
                level = get(name)
                if level in known if isinstance(level, str) or level is None else False:
                    z += known[level]
                elif isinstance(level, str) or (level is None and impute):
                    z += reference
                else:
                    return None
            found.append(z)
        return found


def of_two(margin: float, output: str, classes: tuple[Any, ...]) -> Any:
    """Give an outcome of `scoring.outcomes_of_rows` for one margin.

    >>> of_two(1.5, "class", ("no", "yes")), of_two(0.0, "probability", ("no", "yes"))
    ('yes', 0.5)
    """
    if output == "margin":
        return margin
    if output == "class":
        return classes[int(margin >= 0.0)] if margin == margin else None  # noqa: PLR0124  # NaN
    probability = float(sigmoid_array(np.array([margin]))[0])
    return probability if output == "probability" else array("d", [1.0 - probability, probability])


def of_many(margins: list[float], output: str, classes: tuple[Any, ...]) -> Any:
    """Give an outcome of `many_classes.outcomes_of_rows` for the margins of one row.

    >>> of_many([1.5, -1.0], "class", ("a", "b", "c"))
    'b'
    """
    column = np.array(margins).reshape(-1, 1)
    if output == "class":
        known = not np.isnan(column).any()
        return classes[int(softmax.leaders(column)[0])] if known else None
    return array("d", softmax.probabilities(column)[:, 0].tolist())
