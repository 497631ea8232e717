"""Of the vectors that a task looks at, no more than those rows travel; it sees the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.programs import NUMBERS
from tests.support.tables import COUNTED, numbers

import windrow as wr
from windrow.execution.excerpts import LookedAt
from windrow.execution.tasks import GatherPartitions, Reporting
from windrow.io import memory
from windrow.toolkits.graphs import placing
from windrow.toolkits.graphs.options import tables_of
from windrow.toolkits.pagerank import Pagerank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from windrow.execution.driver import Driver
    from windrow.execution.protocol import Program, Session
    from windrow.execution.tasks import Part
    from windrow.learn.leaf import Leaf

ROWS = [900, 0, 700, 400]
SIZE = 100_000


@pytest.fixture
def sent(executor: Driver, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, Part]]:
    """Collect what the parts of gathers were given, and where they ran."""
    found: list[tuple[str | None, Part]] = []
    before: Callable[..., Iterator[Any]] = executor.workers.map

    def recorded(task: Any, items: Sequence[Any], places: Any = None) -> Iterator[Any]:
        if isinstance(task, Reporting) and isinstance(task.task, GatherPartitions):
            found.extend(zip(places, items, strict=True))
        return before(task, items, places)

    monkeypatch.setattr(executor.workers, "map", recorded)
    return found


def few(leaves: tuple[Leaf, ...]) -> tuple[np.ndarray[Any, Any], ...]:
    rows = sum(leaf.rows for leaf in leaves)
    return np.arange(rows), np.array([SIZE - 1, rows, rows])


def nearly_all(leaves: tuple[Leaf, ...]) -> tuple[np.ndarray[Any, Any], ...]:
    del leaves
    return (np.arange(10, SIZE),)


def looks(leaves: tuple[Leaf, ...], a: Any, b: Any, c: Any, plus: float) -> list[float]:
    rows = sum(leaf.rows for leaf in leaves)
    of_all = c[0] if len(c) == 1 else c[rows]
    return [float(a[: rows + 1].sum()), float(a[-1]), float(b[rows, 1]), float(of_all), plus]


def program(reads: Any) -> Program[list[list[float]]]:
    def run(session: Session) -> list[list[float]]:
        blocks = session.place(memory.from_frame(numbers(sum(ROWS)), COUNTED, ROWS), NUMBERS)
        arrays = np.arange(SIZE) * 0.5, np.arange(2 * SIZE).reshape(SIZE, 2), np.array([7.0])
        vectors = [LookedAt(array, reads) for array in arrays]
        session.gather(looks, blocks, 1.0, vectors=vectors)
        return session.gather(looks, blocks, 1.0, vectors=vectors)

    return run


EXPECTED = [[0.25 * n * (n + 1), 0.5 * (SIZE - 1), 2 * n + 1, 7.0, 1.0] for n in ROWS]


def test_a_task_sees_the_rows_that_it_names(
    executor: Driver, sent: list[tuple[str | None, Part]]
) -> None:
    assert executor.run(program(few)) == EXPECTED
    for place, part in sent:
        first, second, of_all = part.excerpts
        assert of_all is None
        assert (first is None) == (second is None) == (place is None)
        if first is not None and second is not None:
            most = max(ROWS[number] for number in part.partitions)
            assert first.rows.numbers.tolist() == [*range(most + 1), SIZE - 1]
            assert first.rows is second.rows
            assert len(first.values) == len(second.values) == most + 2


def test_where_tasks_look_at_nearly_all_a_whole_vector_for_each_host_is_less(
    executor: Driver, sent: list[tuple[str | None, Part]]
) -> None:
    found = executor.run(program(nearly_all))
    assert [row[3:] for row in found] == [row[3:] for row in EXPECTED]
    places = {place for place, _ in sent}
    cut = len(places) == len(sent) // 2 and None not in places  # one part a place: it is less
    assert all((part.excerpts[0] is not None) == cut for _, part in sent)


def test_a_superstep_sends_what_edges_look_at_and_no_more(
    executor: Driver, sent: list[tuple[str | None, Part]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "BLOCK_EDGES", 64)
    length, rounds = 2_000, 3
    alone = wr.SFrame({"__id": range(10 * length)})  # most have no edge at all
    road = wr.SFrame({"a": range(length), "b": range(1, length + 1)})
    graph = wr.SGraph(alone, road, "__id", **ENDS)
    found = executor.run(Pagerank(tables_of(graph), 0.15, 0.0, rounds))
    assert found.iterations == rounds
    values = [len(p.excerpts[0].values) for _, p in sent if p.excerpts[0] is not None]
    assert bool(values) == (None not in {place for place, _ in sent})
    assert sum(values) <= rounds * length  # each vertex of the road has one edge out of it


ENDS: dict[str, Any] = {"src_field": "a", "dst_field": "b"}
