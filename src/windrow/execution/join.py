"""Joining two frames by equal keys, in an order that follows from the data alone.

Only the keys go through the engine's join, together with their row numbers; rows are then
gathered by number. So column names never clash, and the numbers tell whether a row went missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from windrow.errors import RowsLostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.plan.tables import Join

__all__ = ["joined"]


def joined(
    left: pl.DataFrame, right: pl.DataFrame, join: Join, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Join two frames; missing keys equal missing keys, NaN equals NaN.

    Parameters
    ----------
    left, right : DataFrame
        The whole of `right`, and any rows of `left` (a partition); of each only the keys and the
        wanted columns are needed.
    join : Join
        Its `how` is ``inner``, ``left``, or ``anti`` (the rows of `left` without a match, with
        the columns of `left`).
    columns : sequence of names, optional
        Wanted columns of the result; by default those of ``join.schema``, with ``anti`` those of
        `left`.

    Returns
    -------
    DataFrame
        Rows in the order of the left rows; the matches of one left row in the order of the right
        rows.

    Raises
    ------
    RowsLostError
        The engine's join broke an invariant: a left row is missing or out of order.

    Examples
    --------
    >>> from windrow.plan.tables import Join, Memory
    >>> from windrow.plan.types import DType
    >>> left = Memory((), (), (("k", DType.INT), ("a", DType.STR)))
    >>> right = Memory((), (), (("k", DType.INT), ("a", DType.STR)))
    >>> join = Join(left, right, (("k", "k"),), "left", (("a", "a.1"),))
    >>> cities = pl.DataFrame({"k": [3, None, 1], "a": ["x", "y", "z"]})
    >>> names = pl.DataFrame({"k": [1, None, 1], "a": ["p", "q", "r"]})
    >>> joined(cities, names, join).rows()
    [(3, 'x', None), (None, 'y', 'q'), (1, 'z', 'p'), (1, 'z', 'r')]
    """
    if join.how == "anti":
        rows = left[_without_match(_keys(left, join, 0), _keys(right, join, 1))]
        return rows if columns is None else rows.select(columns)
    wanted = join.schema.names if columns is None else columns
    pairs = _pairs(left, right, join, "left" if join.how == "left" else "inner")
    old_names = {new: old for old, new in join.renamed}
    return pl.DataFrame(
        [
            right[old_names[name]].gather(pairs["right"]).alias(name)
            if name in old_names
            else left[name].gather(pairs["left"])
            for name in wanted
        ]
    )


def _keys(frame: pl.DataFrame, join: Join, side: int) -> pl.DataFrame:
    """Return the key columns of the left (0) or right (1) frame under common names."""
    return pl.DataFrame([frame[pair[side]].alias(str(place)) for place, pair in enumerate(join.on)])


def _without_match(keys: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """Return the row numbers of the keys that are not among the others."""
    numbered = keys.with_row_index("row")
    rows = numbered.join(others, on=keys.columns, how="anti", nulls_equal=True)["row"]
    return rows.sort()


def _pairs(
    left: pl.DataFrame, right: pl.DataFrame, join: Join, how: Literal["inner", "left"]
) -> pl.DataFrame:
    """Return the row numbers ``left`` and ``right`` of each row of the result, checked."""
    keys = _keys(left, join, 0)
    pairs = keys.with_row_index("left").join(
        _keys(right, join, 1).with_row_index("right"),
        on=keys.columns,
        how=how,
        nulls_equal=True,
        maintain_order="left_right",
    )
    numbers = pairs["left"].to_numpy().astype(np.int64)
    steps = np.diff(numbers, prepend=-1)
    if (steps < 0).any() or (how == "left" and int((steps > 0).sum()) != left.height):
        raise RowsLostError(f"{how} join", left.height, int((steps > 0).sum()))
    return pairs
