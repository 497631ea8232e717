"""Sums over the rows of a tile in four lanes, written in vector instructions.

Rows 0, 4, 8 ... are added in lane 0, rows 1, 5, 9 ... in lane 1, and so on; the sum is
(0 + 1) + (2 + 3). A compiler may not reorder float additions by itself, so it would add these row
by row; here each lane is an element of one vector, which any processor may hold in registers of its
own width without another order of additions. A product is added by a fused multiply-add, rounded
once: IEEE 754 defines it to the last bit, and the baseline has an instruction for it (a processor
without one calls a function, slowly, for the same bits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from windrow.learn.leaf import TILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LANES", "dots_1", "dots_1_by_4", "dots_3_by_4", "dots_4"]

LANES = 4


def _emit(builder: Any, rows: list[Any], vectors: list[Any]) -> list[Any]:
    """Emit one loop over a tile that adds up the products of each vector with each row."""
    lanes, index = ir.VectorType(ir.DoubleType(), LANES), ir.IntType(64)
    zero = ir.Constant(lanes, [0.0] * LANES)
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in rows] for _ in vectors]

    kind = ir.FunctionType(lanes, (lanes, lanes, lanes))
    fused = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f64")

    def load(base: Any, i: Any) -> Any:
        place = builder.bitcast(builder.gep(base, [i]), lanes.as_pointer())
        return builder.load(place, align=8)

    bounds = (ir.Constant(index, n) for n in (0, TILE, LANES))
    with cgutils.for_range_slice(builder, *bounds, intp=index) as (i, _):
        numbers = [load(row, i) for row in rows]
        for vector, held in zip(vectors, sums, strict=True):
            v = load(vector, i)
            for number, place in zip(numbers, held, strict=True):
                builder.store(builder.call(fused, (number, v, builder.load(place))), place)
    return [_across(builder, builder.load(place)) for held in sums for place in held]


def _across(builder: Any, value: Any) -> Any:
    """Add the lanes of a vector."""
    each = [builder.extract_element(value, ir.IntType(32)(lane)) for lane in range(LANES)]
    return builder.fadd(builder.fadd(each[0], each[1]), builder.fadd(each[2], each[3]))


def _typed(x: Any, j: Any, v: Any, features: int, vectors: int) -> tuple[Any, Any]:
    """Type and code of the dots of `features` rows of x, from j on, with the rows of v."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        index = ir.IntType(64)

        def row(argument: int, first: Any, offset: int) -> Any:
            array = context.make_array(signature.args[argument])
            base = array(context, builder, arguments[argument]).data
            number = builder.add(first, index(offset))
            return builder.gep(base, [builder.mul(number, index(TILE))])

        totals = _emit(
            builder,
            [row(0, arguments[1], f) for f in range(features)],
            [row(2, index(0), k) for k in range(vectors)],
        )
        return context.make_tuple(builder, signature.return_type, totals)

    result = types.UniTuple(types.float64, features * vectors)
    return result(x, j, v), generate


@intrinsic  # type: ignore[untyped-decorator]
def dots_1(_typing: Any, x: NDArray[np.float64], j: int, v: NDArray[np.float64]) -> Any:
    """Give the dot of feature j of a tile x (d, TILE) with v (TILE,), both contiguous."""
    return _typed(x, j, v, 1, 1)


@intrinsic  # type: ignore[untyped-decorator]
def dots_4(_typing: Any, x: NDArray[np.float64], j: int, v: NDArray[np.float64]) -> Any:
    """Give the dots of the features j ... j + 3 with v, which is read once for the four."""
    return _typed(x, j, v, 4, 1)


@intrinsic  # type: ignore[untyped-decorator]
def dots_1_by_4(_typing: Any, x: NDArray[np.float64], j: int, v: NDArray[np.float64]) -> Any:
    """Give the dots of feature j with v[0] ... v[3]; v (4, TILE)."""
    return _typed(x, j, v, 1, 4)


@intrinsic  # type: ignore[untyped-decorator]
def dots_3_by_4(_typing: Any, x: NDArray[np.float64], j: int, v: NDArray[np.float64]) -> Any:
    """Give the dots of the features j, j + 1, j + 2 with v[0], then those with v[1] ... v[3].

    Twelve sums, four numbers and a vector fill the sixteen registers of the baseline.
    """
    return _typed(x, j, v, 3, 4)
