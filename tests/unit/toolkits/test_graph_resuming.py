"""Programs on graphs that go on from any checkpoint end as those that ran through, to the bit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import windrow as wr
from windrow.config import configured
from windrow.errors import ArgumentTypeError, CheckpointMismatchError, NoCheckpointError
from windrow.execution.checkpoints import Checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ITERATIONS = 6
VERTICES = 60


def graph(seed: int = 3) -> wr.SGraph:
    draw = random.Random(seed)
    ends = [[draw.randrange(VERTICES) for _ in range(4 * VERTICES)] for _ in range(2)]
    labels = [draw.choice([0, 1, 2, None, None, None]) for _ in range(VERTICES)]
    labels[0] = 0
    vertices = wr.SFrame({"__id": range(VERTICES), "label": labels})
    weights = [draw.random() for _ in ends[0]]
    return wr.SGraph(vertices, wr.SFrame({"__src_id": ends[0], "__dst_id": ends[1], "w": weights}))


def pagerank(g: wr.SGraph | None = None, **options: Any) -> Any:
    settings: dict[str, Any] = {"threshold": 0, "max_iterations": ITERATIONS, "verbose": False}
    return wr.pagerank.create(g or graph(), **(settings | options))


def label_propagation(g: wr.SGraph | None = None, **options: Any) -> Any:
    settings: dict[str, Any] = {"threshold": 0, "max_iterations": ITERATIONS, "verbose": False}
    settings |= {"weight_field": "w", "undirected": True}
    return wr.label_propagation.create(g or graph(), "label", **(settings | options))


PROGRAMS = [pagerank, label_propagation]


def bits(model: Any) -> tuple[Any, ...]:
    """All that was found but the time."""
    table = model["pagerank" if "pagerank" in model.list_fields() else "labels"]
    return repr(list(table)), model.num_iterations, repr(model.delta)


@contextmanager
def ending_after(iterations: int) -> Iterator[None]:
    """End this process's programs as a kill would, right after a checkpoint."""
    keep, counted = Checkpoints.keep, []

    def keeping(self: Checkpoints, arrays: Any, record: Any) -> None:
        keep(self, arrays, record)
        counted.append(record)
        if len(counted) == iterations:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "keep", keeping)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.fixture(autouse=True)
def _each_iteration() -> Iterator[None]:
    with configured(checkpoint_seconds=0.0):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "kept")


@pytest.mark.parametrize("create", PROGRAMS)
def test_from_every_iteration_on_the_bits_and_the_table_are_the_same(
    create: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    through = create(verbose=True)
    printed = capsys.readouterr().out
    for iterations in range(1, ITERATIONS + 1):
        kept = str(tmp_path / str(iterations))
        with ending_after(iterations):
            create(checkpoint=kept)
        resumed = create(checkpoint=kept, resume_from_checkpoint=kept, verbose=True)
        assert bits(resumed) == bits(through)
        notice, table = f"Resuming after iteration {iterations} ", "+-----------+"
        shown = capsys.readouterr().out
        assert notice in shown
        assert shown[shown.index(table) :] == printed[printed.index(table) :]


@pytest.mark.parametrize("create", PROGRAMS)
def test_more_iterations_may_follow_those_that_were_asked_for(
    create: Callable[..., Any], folder: str
) -> None:
    create(max_iterations=2, checkpoint=folder)
    assert bits(create(resume_from_checkpoint=folder)) == bits(create())


@pytest.mark.parametrize("create", PROGRAMS)
def test_one_that_had_converged_takes_no_further_step(
    create: Callable[..., Any], folder: str
) -> None:
    ended = create(threshold=0.5, checkpoint=folder, max_iterations=50)
    assert ended.num_iterations < 50
    resumed = create(threshold=0.5, resume_from_checkpoint=folder, max_iterations=50)
    assert bits(resumed) == bits(ended)


@pytest.mark.parametrize("create", PROGRAMS)
def test_another_graph_or_other_options_are_refused(
    create: Callable[..., Any], folder: str
) -> None:
    create(max_iterations=2, checkpoint=folder)
    with pytest.raises(CheckpointMismatchError, match="edges"):
        create(graph(seed=4), resume_from_checkpoint=folder)
    with pytest.raises(CheckpointMismatchError, match=r"threshold is 0\.25"):
        create(threshold=0.25, resume_from_checkpoint=folder)
    with pytest.raises(CheckpointMismatchError, match="max_iterations is 1"):
        create(max_iterations=1, resume_from_checkpoint=folder)


def test_one_program_does_not_go_on_from_anothers(folder: str) -> None:
    pagerank(checkpoint=folder)
    with pytest.raises(CheckpointMismatchError, match="program is 'label propagation'"):
        label_propagation(resume_from_checkpoint=folder)


@pytest.mark.parametrize("create", PROGRAMS)
def test_a_folder_must_be_a_path_and_hold_a_checkpoint(
    create: Callable[..., Any], folder: str
) -> None:
    with pytest.raises(NoCheckpointError):
        create(resume_from_checkpoint=folder)
    with pytest.raises(ArgumentTypeError):
        create(checkpoint=3)
