"""Parts of a graph: vertices and edges chosen by ids and by fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windrow.errors import ArgumentTypeError, GraphFieldError, LengthMismatchError
from windrow.frames.graph_plans import DST, SRC, VID
from windrow.frames.sarray import SArray
from windrow.frames.sframe import SFrame

__all__ = ["between", "chosen_ids", "touching", "where"]


def chosen_ids(given: Any) -> SArray | None:
    """Return ids as a column; None for all of them."""
    if isinstance(given, SArray):
        return given
    if isinstance(given, (int, str)):
        return SArray([given])
    if not isinstance(given, Iterable):
        raise ArgumentTypeError("ids", type(given).__name__, "a list or SArray of ids")
    listed = list(given)
    return SArray(listed) if listed else None


def where(table: SFrame, fields: Mapping[str, Any] | None, what: str) -> SFrame:
    """Keep the rows whose fields have the values wanted."""
    for name, wanted in (fields or {}).items():
        if name not in table.column_names():
            raise GraphFieldError(what, str(name), tuple(table.column_names()))
        if wanted is not None:
            listed = isinstance(wanted, (list, tuple, SArray))
            table = table.filter_by(wanted if listed else [wanted], name)
    return table


def between(edges: SFrame, sources: SArray | None, targets: SArray | None) -> SFrame:
    """Keep the edges that are among the pairs of two lists of ids."""
    if sources is None and targets is None:
        return edges
    if targets is None and sources is not None and not sources.countna():
        return edges.filter_by(sources, SRC)
    if sources is None and targets is not None and not targets.countna():
        return edges.filter_by(targets, DST)
    listed = [list(ids) for ids in (sources, targets) if ids is not None]
    if len({len(ids) for ids in listed}) > 1:
        raise LengthMismatchError(len(listed[0]), len(listed[1]))
    anything = [None] * len(listed[0])
    out = list(sources) if sources is not None else anything
    into = list(targets) if targets is not None else anything
    pairs = list(zip(out, into, strict=True))
    if (None, None) in pairs:
        return edges
    keep = _pair_mask(edges, [(s, t) for s, t in pairs if s is not None and t is not None])
    for name, ids in (
        (SRC, [s for s, t in pairs if t is None]),
        (DST, [t for s, t in pairs if s is None]),
    ):
        if ids:
            chosen = edges[name].is_in(SArray(ids))
            keep = chosen if keep is None else keep | chosen
    return edges if keep is None else edges[keep]


def _pair_mask(edges: SFrame, pairs: list[tuple[Any, Any]]) -> SArray | None:
    """Say of each edge whether it is one of some pairs of ids."""
    if not pairs:
        return None
    names = {SRC: [s for s, _ in pairs], DST: [t for _, t in pairs], "found": [1] * len(pairs)}
    wanted = SFrame(names).drop_duplicates([SRC, DST])
    found: SArray = edges[[SRC, DST]].join(wanted, on=[SRC, DST], how="left")["found"]
    return found.fillna(0)


def touching(edges: SFrame, ids: SArray) -> SFrame:
    """Return the edges with at least one end among some ids."""
    known = SFrame({VID: ids.unique()})
    known["found"] = 1
    base = edges[[SRC, DST]]
    masks = [base.join(known, on={name: VID}, how="left")["found"].fillna(0) for name in (SRC, DST)]
    return edges[masks[0] | masks[1]]
