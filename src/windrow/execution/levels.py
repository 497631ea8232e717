"""Dictionaries of columns: distinct values in an order, without a Python object for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Levels"]

_FEW = 16
_REMEMBERED = 1 << 17


class Levels(Sequence[Any]):
    """Distinct values (all text or all int, or None) in an order, usually that of first sight.

    Equal to any sequence of equal values.

    Parameters
    ----------
    values
        The values, each once.

    Examples
    --------
    >>> both = Levels.merged([Levels.of(["b", None]), Levels.of(["a", "b"])])
    >>> list(both), both.codes_of(Levels.of(["a", "x", None])).tolist()
    (['b', None, 'a'], [2, -1, 1])
    """

    def __init__(self, values: pl.Series) -> None:
        self.values = values.alias("")

    @classmethod
    def of(cls, values: Iterable[Any]) -> Levels:
        """Take distinct values."""
        own = list(values)
        numbers = any(isinstance(value, int) for value in own)
        return cls(pl.Series(own, dtype=pl.Int64 if numbers else pl.String))

    @classmethod
    def merged(cls, parts: Sequence[Levels]) -> Levels:
        """Put the dictionaries of partitions together, in the order in which values are met."""
        filled = [part for part in parts if len(part)] or parts[:1]
        if len(filled) == 1:
            return filled[0]
        values = pl.concat([part.values for part in filled], rechunk=True)
        return cls(values.unique(maintain_order=True))

    def codes_of(self, others: Levels) -> NDArray[np.int32]:
        """Give for each of some other values its number among these; -1 where it is none."""
        import pyarrow.compute as pc

        codes = np.full(len(others), -1, dtype=np.int32)
        if not len(others) or not len(self):
            return codes
        if len(others) <= _FEW and len(self) <= _REMEMBERED:
            codes[:] = [self._codes.get(value, -1) for value in others]
            return codes
        if self._begins_with(others):
            return np.arange(len(others), dtype=np.int32)
        own, wanted = self.values.to_arrow(), others.values.to_arrow()
        if len(others) < len(self):  # the smaller of the two is hashed, the larger looked through
            found = pl.Series(pc.index_in(own, value_set=wanted, skip_nulls=False))
            there = found.is_not_null().arg_true().to_numpy()
            codes[found.gather(there).to_numpy()] = there
            return codes
        found = pl.Series(pc.index_in(wanted, value_set=own, skip_nulls=False))
        return found.fill_null(-1).cast(pl.Int32).to_numpy().copy()

    @cached_property
    def _codes(self) -> dict[Any, int]:
        """Code of each value, for when few are asked for again and again."""
        return {value: code for code, value in enumerate(self)}

    @cached_property
    def key(self) -> str:
        """Digest of the values and their order."""
        state = hashlib.blake2b(digest_size=16)
        state.update(f"{len(self)} {self.values.dtype}".encode())
        state.update(self.values.is_null().to_numpy().tobytes())
        if self.values.dtype == pl.String:
            from windrow.execution.nested import bytes_of

            data, ends = bytes_of(self.values.fill_null(""))
            state.update(np.diff(ends).tobytes())
            state.update(data[slice(*ends[[0, -1]])].tobytes())
        else:
            state.update(self.values.fill_null(0).to_numpy().tobytes())
        return state.hexdigest()

    @property
    def has_missing(self) -> bool:
        """Whether None is one of the values."""
        return self.values.null_count() > 0

    def _begins_with(self, others: Levels) -> bool:
        count = len(others)
        return count <= len(self) and self.values[:count].equals(others.values, null_equal=True)

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Levels: ...
    def __getitem__(self, index: int | slice) -> Any:
        return Levels(self.values[index]) if isinstance(index, slice) else self.values[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values.to_list())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Levels):
            return len(self) == len(other) and (not len(self) or self._begins_with(other))
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Levels({len(self)}, {self.key})"

    def __reduce__(self) -> tuple[type[Levels], tuple[pl.Series]]:
        return Levels, (self.values,)
