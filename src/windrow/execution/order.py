"""Sorting, the largest rows, distinct rows: whose order follows from data alone.

Each function takes and gives an eager frame of physical columns. Equal rows keep the order they
came in; every NaN equals every other and stands above all numbers, and -0.0 equals 0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["numbered", "sort", "topk", "unique"]


def sort(frame: pl.DataFrame, by: Sequence[tuple[str, bool]]) -> pl.DataFrame:
    """Order rows by some columns, the first of them first; stable.

    Parameters
    ----------
    frame : DataFrame
    by : pairs of column name and whether ascending
        None comes first when ascending, last when descending; strings go by code point.

    Examples
    --------
    >>> frame = pl.DataFrame({"a": [2, None, 1, 2], "b": ["x", "y", "z", "w"]})
    >>> sort(frame, [("a", False), ("b", True)])["b"].to_list()
    ['w', 'x', 'z', 'y']
    """
    return frame.sort(
        [name for name, _ in by],
        descending=[not ascending for _, ascending in by],
        nulls_last=[not ascending for _, ascending in by],
        maintain_order=True,
    )


def topk(frame: pl.DataFrame, column: str, count: int, *, smallest: bool = False) -> pl.DataFrame:
    """Return the rows with the largest (or smallest) values of a column, the most extreme first.

    Rows where the column is None or NaN are left out; of equal values the earlier row comes
    first, and is taken first. A number of rows equal to `count` or, if there are fewer, all.

    Examples
    --------
    >>> frame = pl.DataFrame({"v": [3, None, 5, 3, 1], "row": [0, 1, 2, 3, 4]})
    >>> topk(frame, "v", 2)["row"].to_list(), topk(frame, "v", 2, smallest=True)["row"].to_list()
    ([2, 0], [4, 0])
    """
    values = present(frame[column])
    if 0 < count < values.len() - values.null_count():
        extremes = values.drop_nulls()
        extremes = extremes.bottom_k(count) if smallest else extremes.top_k(count)
        worst = extremes.max() if smallest else extremes.min()
        kept = values <= worst if smallest else values >= worst
    else:
        kept = values.is_not_null()
    return sort(frame.filter(kept), [(column, smallest)]).head(count)


def unique(frame: pl.DataFrame, by: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the first of each set of equal rows, in order of first appearance.

    Rows are equal when some columns, by default all, are.

    None equals None. Vectors compare by value, lists and dictionaries by the text that holds them.

    Examples
    --------
    >>> unique(pl.DataFrame({"a": [2, 1, 2, None, None]}))["a"].to_list()
    [2, 1, None]
    """
    return frame.unique(by, keep="first", maintain_order=True)


def numbered(frame: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct rows in order of first appearance.

    Returns
    -------
    codes : int64 (rows,)
        Number of each row's set of equal rows.
    firsts : int64 (distinct rows,)
        Index of the first row of each set; ascending.

    Examples
    --------
    >>> codes, firsts = numbered(pl.DataFrame({"a": ["x", None, "x", "y"]}))
    >>> codes.tolist(), firsts.tolist()
    ([0, 1, 0, 2], [0, 1, 3])
    """
    columns = [series.alias(str(place)) for place, series in enumerate(frame)]
    sets = (
        pl.DataFrame(columns)
        .with_row_index("row")
        .group_by([series.name for series in columns], maintain_order=True)
        .agg(pl.col("row"))["row"]
    )
    codes = np.empty(frame.height, dtype=np.int64)
    sizes = sets.list.len().to_numpy()
    codes[sets.explode(empty_as_null=False).to_numpy()] = np.repeat(np.arange(len(sets)), sizes)
    return codes, sets.list.first().to_numpy().astype(np.int64)


def present(values: pl.Series) -> pl.Series:
    """Return the values with NaN as None, and -0.0 as 0.0: equal extremes then have equal bits."""
    if values.dtype != pl.Float64:
        return values
    return values.set((values == 0.0).fill_null(value=False), 0.0).fill_nan(None)
