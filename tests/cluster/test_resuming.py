"""A program whose driver was killed goes on, there or here, and ends with the same bits."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clusters import process_of, until
from tests.support.fitting import PARTITION, cut, write_table
from tests.support.marks import on_clusters
from tests.support.resuming import FIT, checkpoints

import windrow as gl
from windrow.config import configured
from windrow.errors import CheckpointMismatchError, DriverDiedError
from windrow.execution.checkpoints import Checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.toolkits.logistic_classifier import LogisticClassifier

pytestmark = on_clusters("distributed", "cryptography", timeout=240)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    path = tmp_path_factory.mktemp("resuming") / "state"
    with gl.deploy.local_cluster.create(
        "resuming", num_hosts=2, memory="1GB", state_path=path
    ) as made:
        yield made


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> gl.SFrame:
    path = tmp_path_factory.mktemp("table") / "all.csv"
    write_table(path)
    return cut(gl.SFrame(str(path)), PARTITION)


def bits(model: LogisticClassifier) -> tuple[Any, ...]:
    shown = model.progress
    rows = {n: list(shown[n]) for n in shown.column_names() if n != "Elapsed Time"}
    return list(model.coefficients), rows, model["training_loss"], model["validation_auc"]


def killed_while_it_keeps(cluster: Cluster, create: Callable[..., Any], folder: Path) -> int:
    """Kill the driver of a program once there are some checkpoints, and say how far it was."""
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(create, checkpoint=folder)
        until("some checkpoints", lambda: checkpoints(str(folder)) > 3)
        driver = str(cluster.jobs[-1].job.record["driver"])
        os.kill(process_of(cluster.state_path, "host-0", driver), signal.SIGKILL)
        with pytest.raises(DriverDiedError):
            result.result()
    return int(Checkpoints(str(folder)).newest().record["state"]["iteration"])


def test_a_killed_driver_costs_no_more_than_the_last_iteration(
    cluster: Cluster, table: gl.SFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = bits(gl.logistic_classifier.create(table, **FIT))
    create = partial(gl.logistic_classifier.create, table, **FIT)
    with gl.distributed(cluster), configured(checkpoint_seconds=0.0):
        killed_after = killed_while_it_keeps(cluster, create, Path("kept"))
        assert 2 < killed_after < FIT["max_iterations"]
        there = create(resume_from_checkpoint="kept")
        with pytest.raises(CheckpointMismatchError, match=r"l2_penalty is 0\.5 and was"):
            create(resume_from_checkpoint="kept", l2_penalty=0.5)
    here = create(resume_from_checkpoint="kept")
    assert bits(there) == expected
    assert bits(here) == expected


@pytest.mark.parametrize("toolkit", [gl.pagerank, gl.label_propagation])
def test_a_graph_program_whose_driver_is_killed_goes_on_too(
    cluster: Cluster, toolkit: Any, tmp_path: Path
) -> None:
    size, iterations = 500, 150
    ends = {"__src_id": range(3 * size), "__dst_id": range(0, 21 * size, 7)}
    edges = gl.SFrame({name: [vid % size for vid in ids] for name, ids in ends.items()})
    vertices = gl.SFrame({"__id": range(size), "label": [0, 1, *[None] * (size - 2)]})
    graph = gl.SGraph(vertices, edges)
    options: dict[str, Any] = {"threshold": 0, "max_iterations": iterations, "verbose": False}
    options |= {} if toolkit is gl.pagerank else {"label_field": "label"}
    create = partial(toolkit.create, graph, **options)
    name = "pagerank" if toolkit is gl.pagerank else "labels"
    through = create()
    with gl.distributed(cluster), configured(checkpoint_seconds=0.0):
        assert 2 < killed_while_it_keeps(cluster, create, tmp_path / "kept") < iterations
        there = create(resume_from_checkpoint=tmp_path / "kept")
    here = create(resume_from_checkpoint=tmp_path / "kept")
    assert list(there[name]) == list(here[name]) == list(through[name])
    assert there.num_iterations == through.num_iterations


def test_tables_in_memory_are_known_again_whatever_carried_them(
    cluster: Cluster, tmp_path: Path
) -> None:
    rows = 200_000  # more than travels inside a program
    x, y = [(i * 7919) % 1000 for i in range(rows)], [i % 2 for i in range(rows)]
    sf = gl.SFrame({"x": x, "y": y})
    options: dict[str, Any] = {"target": "y", "validation_set": None, "verbose": False}
    with gl.distributed(cluster):
        there = gl.logistic_classifier.create(sf, checkpoint=tmp_path / "kept", **options)
    here = gl.logistic_classifier.create(sf, resume_from_checkpoint=tmp_path / "kept", **options)
    assert list(here.coefficients) == list(there.coefficients)


def test_every_fit_of_a_cluster_leaves_states_in_the_record_of_its_job(
    cluster: Cluster, table: gl.SFrame
) -> None:
    with gl.distributed(cluster):
        model = gl.logistic_classifier.create(table, **FIT)
    path = cluster.folder.folder("jobs").folder(cluster.jobs[-1].id).folder("checkpoints").url
    kept = Checkpoints(path).newest()
    assert 0 <= kept.record["state"]["iteration"] <= model.training_iterations
    assert kept.record["fit"]["solver"] == "lbfgs"
