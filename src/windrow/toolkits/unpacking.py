"""How many columns a feature stands for, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from windrow.execution.levels import Levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from windrow.learn.layout import Layout
    from windrow.toolkits.features import FeatureEncoder
    from windrow.toolkits.predictor import LinearPredictor

__all__ = ["named_places", "unpacked_counts", "unpacked_names"]


def unpacked_counts(
    layout: Layout,
    encoder: FeatureEncoder | LinearPredictor,
    widths: Sequence[int],
    reference: NDArray[np.int32],
    free: NDArray[np.int64],
) -> dict[str, int]:
    """Count for each feature the columns that it stands for.

    A number and a text count once, a vector once for each position, a dictionary once for each key
    and a list once for each element that training rows have, its reference included.
    """
    found = dict.fromkeys((*encoder.numeric, *encoder.categorical), 1)
    references = reference[len(layout.levels) :].tolist()
    for j, name in enumerate((*encoder.lists, *encoder.dicts)):
        begin, end = layout.sparse_offset(j), layout.sparse_offset(j + 1)
        low, high = np.searchsorted(free, [begin, end]).tolist()
        found[name] = high - low + int(j < len(references) and references[j] >= 0)
    return found | dict(zip(encoder.vectors, widths, strict=True))


def named_places(
    predictor: LinearPredictor, features: Sequence[str], free: NDArray[np.int64]
) -> tuple[pl.Series, pl.Series, NDArray[np.int64]]:
    """Give name, index and place of the intercept and of each coefficient of the features.

    Without a Python object for each, for there may be millions.
    """
    import polars as pl

    names, indices = [pl.Series(["(intercept)"])], [pl.Series([None], dtype=pl.String)]
    places = [np.zeros(1, dtype=np.int64)]
    for name in features:
        first, levels = predictor.columns_of(name)
        count = 1 if levels is None else len(levels)
        low, high = np.searchsorted(free, [first, first + count]).tolist()
        own = free[low:high]
        index = pl.Series([None] * len(own), dtype=pl.String)
        if levels is not None:
            held = levels.values if isinstance(levels, Levels) else pl.Series(levels)
            index = held.cast(pl.String).gather(own - first).fill_null("")
        names.append(pl.repeat(name, len(own), eager=True))
        indices.append(index)
        places.append(own)
    return pl.concat(names), pl.concat(indices), np.concatenate(places)


def unpacked_names(
    predictor: LinearPredictor, features: Sequence[str], free: NDArray[np.int64]
) -> list[str]:
    """Name the columns that features stand for: ``x``, ``v[0]``, ``d[key]``."""
    found: list[str] = []
    references = set(predictor.reference[len(predictor.categorical) :])
    widths = dict(zip(predictor.vectors, predictor.widths, strict=True))
    known, sparse = set(free.tolist()), (*predictor.lists, *predictor.dicts)
    for name in features:
        if name in widths:
            found += [f"{name}[{position}]" for position in range(widths[name])]
        elif name in sparse:
            first, levels = predictor.columns_of(name)
            found += [
                f"{name}[{'' if level is None else level}]"
                for place, level in enumerate(levels or (), first)
                if place in known or place in references
            ]
        else:
            found.append(name)
    return found
