"""The fixed reduction tree: one order of addition, whoever adds, in whatever portions.

Positions 0, 1, 2, ... are the leaves of an aligned binary tree: node k of level l covers the
positions [k 2^l, (k + 1) 2^l). A node is the sum of its two children; where one is absent the other
passes through. The sum so depends on positions and values alone, and a whole aligned subtree may be
added anywhere, once, before it is handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Partial(Protocol):
    """What can be summed: arrays, and whatever else has a ``+``."""

    def __add__(self, other: Any, /) -> Any:  # each kind adds its own
        """Return the sum of two; neither is written to."""


P = TypeVar("P", bound=Partial)

__all__ = ["TreeSum", "tree_sum"]


class TreeSum(Generic[P]):
    """Sum partials that come in the order of their positions, holding O(log n) of them.

    Examples
    --------
    >>> import numpy as np
    >>> total = TreeSum()
    >>> for position in range(3):
    ...     total.add(position, np.array([float(position)]))
    >>> total.result().tolist()
    [3.0]
    """

    def __init__(self) -> None:
        self._stack: list[tuple[int, P]] = []  # (first position, sum)
        self._next = 0

    def add(self, index: int, value: P | None, level: int = 0) -> None:
        """Add the sum of one aligned subtree: by default of one position.

        Parameters
        ----------
        index : int
            Number of the subtree among those of its level; it covers the positions
            [index 2^level, (index + 1) 2^level).
        value : float64 array, or None
            Its sum, None when the subtree is empty. It is not kept when it is added to another,
            and never written to.
        level : int, default 0
            Height of the subtree.

        Raises
        ------
        ValueError
            When the subtree begins before the end of what was added already.
        """
        start = index << level
        if start < self._next:
            raise ValueError(
                f"subtree {index} of level {level} begins at position {start}, but positions"
                f" below {self._next} are added already"
            )
        self._next = start + (1 << level)
        if value is not None:
            self._close(start)
            self._stack.append((start, value))

    def result(self) -> P:
        """Sum of everything added.

        Raises
        ------
        ValueError
            When nothing was added.
        """
        self._close(None)
        if not self._stack:
            raise ValueError("a sum over no partials has no shape; add at least one")
        return self._stack[0][1]

    def _close(self, upto: int | None) -> None:
        """Add up the nodes that end at or before a position: nothing can join them any more."""
        while len(self._stack) > 1:
            (left, a), (right, b) = self._stack[-2:]
            height = (left ^ right).bit_length()  # of their nearest common ancestor
            if upto is not None and ((right >> height) + 1) << height > upto:
                return
            self._stack[-2:] = [(left, a + b)]


def tree_sum(partials: Iterable[P | None]) -> P:
    """Sum partials at the positions 0, 1, 2, ...; None leaves its position empty.

    Raises
    ------
    ValueError
        When there is no partial at all.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.array([1e16, 1.0])
    >>> tree_sum([one, None, -one, np.array([1.0, 1.0])]).tolist()
    [0.0, 1.0]
    """
    total: TreeSum[P] = TreeSum()
    for position, partial in enumerate(partials):
        total.add(position, partial)
    return total.result()
