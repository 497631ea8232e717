"""Lists and dictionaries of a whole column at once, without Python objects for their parts.

What `windrow.plan.values` writes is read here from the bytes of the column, as long as it is plain:
texts without escapes, numbers, None; keys that are texts and values that are numbers. Of anything
else the caller is told to take the slow way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from windrow.learn.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Parts", "bytes_of", "plain_parts"]

_QUOTE, _COMMA, _OPEN, _CLOSE, _ESCAPE, _N = (ord(c) for c in '",[]\\n')


class Parts(NamedTuple):
    """What the lists or dictionaries of a column are made of, one after the other.

    Attributes
    ----------
    lengths : int64 (rows,)
        Elements or pairs of each row.
    texts : String (n,)
        The elements, numbers as they are written; or the keys.
    values : float64 (n,)
        Of dictionaries the values; of lists none.
    """

    lengths: NDArray[np.int64]
    texts: pl.Series
    values: NDArray[np.float64]


_NUMBER: tuple[bool, ...] = tuple(chr(c) in "0123456789+-.eE" for c in range(256))


def plain_parts(column: pl.Series, *, pairs: bool) -> Parts | None:
    r"""Take lists, or with `pairs` dictionaries, apart; None when one of them is not plain.

    Parameters
    ----------
    column
        As the engine holds them, none missing.

    Examples
    --------
    >>> found = plain_parts(pl.Series(['["a",2.50]', "[]", "[null]"]), pairs=False)
    >>> found.lengths.tolist(), found.texts.to_list()
    ([2, 0, 1], ['a', '2.50', None])
    >>> plain_parts(pl.Series(['[["a",2.5],["b",-1]]']), pairs=True).values.tolist()
    [2.5, -1.0]
    >>> plain_parts(pl.Series([r'["a\tb"]']), pairs=False) is None
    True
    """
    import pyarrow.compute as pc

    data, ends = bytes_of(column)
    most = int(np.count_nonzero(data == (_OPEN if pairs else _COMMA))) + len(column)
    lengths, spans = np.zeros(len(column), dtype=np.int64), np.empty((2, 2, most), dtype=np.int64)
    count = _scan(data, ends, pairs, spans, lengths)
    if count < 0:
        return None
    texts = _texts(data, spans[0, :, :count])
    values = np.empty(0)
    if pairs:
        numbers = _texts(data, spans[1, :, :count])
        values = pl.Series(pc.cast(numbers.to_arrow(), "double")).to_numpy()
    return Parts(lengths, texts, values)


def bytes_of(column: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Give the bytes of texts, and where each begins and the last ends."""
    held = column.rechunk().to_arrow()
    _, offsets, data = held.buffers()
    ends = np.frombuffer(offsets, np.int64)[held.offset : held.offset + len(held) + 1]
    return np.frombuffer(data or b"", np.uint8), ends


def _texts(data: NDArray[np.uint8], spans: NDArray[np.int64]) -> pl.Series:
    """Cut texts out of bytes; a span that begins below 0 is None."""
    import pyarrow as pa

    begin, end = np.ascontiguousarray(spans[0]), np.ascontiguousarray(spans[1])
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(end - begin)])
    own = np.empty(int(offsets[-1]), dtype=np.uint8)
    _cut(data, begin, offsets, own)
    missing = begin < 0
    valid = None
    if missing.any():
        valid = pa.array(~missing).buffers()[1]
    parts = [valid, pa.py_buffer(offsets), pa.py_buffer(own)]
    found = pl.from_arrow(pa.Array.from_buffers(pa.large_string(), len(begin), parts))
    if not isinstance(found, pl.Series):
        raise TypeError(found)
    return found


@kernel
def _cut(
    data: NDArray[np.uint8],
    begin: NDArray[np.int64],
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    for i in range(begin.shape[0]):
        for k in range(offsets[i + 1] - offsets[i]):
            out[offsets[i] + k] = data[begin[i] + k]


@kernel
def _text_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Find the quote that ends a text; -1 when there is an escape before it."""
    while at < end and data[at] != _QUOTE:
        if data[at] == _ESCAPE:
            return -1
        at += 1
    return at


@kernel
def _number_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Find the end of a number; -1 when it is none, or not finite."""
    first = at
    while at < end and data[at] != _COMMA and data[at] != _CLOSE:
        if not _NUMBER[data[at]]:
            return -1
        at += 1
    return at if at > first else -1


@kernel
def _scan(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    pairs: bool,
    spans: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> int:
    """Fill the spans [of texts, of values][begin, end][n]; give n, or -1 for the slow way."""
    n = 0
    for row in range(lengths.shape[0]):
        at, end = ends[row] + 1, ends[row + 1] - 1
        while at < end:
            if pairs:
                at += 1  # the bracket that opens the pair
            if data[at] == _QUOTE:
                stop = _text_end(data, at + 1, end)
                spans[0, 0, n], spans[0, 1, n] = at + 1, stop
                at = stop + 1
            elif pairs:
                return -1
            elif data[at] == _N:
                spans[0, 0, n], spans[0, 1, n] = -1, -1
                stop = at
                at += 4
            else:
                stop = _number_end(data, at, end)
                spans[0, 0, n], spans[0, 1, n] = at, stop
                at = stop
            if stop < 0:
                return -1
            if pairs:
                stop = _number_end(data, at + 1, end)
                if stop < 0:
                    return -1
                spans[1, 0, n], spans[1, 1, n] = at + 1, stop
                at = stop + 1
            lengths[row] += 1
            n += 1
            at += 1  # the comma
    return n
