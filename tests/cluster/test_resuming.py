"""A fit whose driver was killed goes on, there or here, and ends with the same bits."""

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

import windrow as gl
from windrow.config import configured
from windrow.errors import CheckpointMismatchError, DriverDiedError
from windrow.execution.checkpoints import Checkpoints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.toolkits.logistic_classifier import LogisticClassifier

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("clusters"),
    pytest.mark.needs("distributed", "cryptography"),
]
OPTIONS: dict[str, Any] = {
    "target": "y",
    "missing_value_action": "impute",
    "verbose": False,
    "solver": "lbfgs",
    "max_iterations": 60,
    "convergence_threshold": 1.0,
}


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


def _numbers_in(folder: Path) -> int:
    return max(Checkpoints(str(folder)).numbers(), default=0)


def test_a_killed_driver_costs_no_more_than_the_last_iteration(
    cluster: Cluster, table: gl.SFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = bits(gl.logistic_classifier.create(table, **OPTIONS))
    create = partial(gl.logistic_classifier.create, table, **OPTIONS)
    with gl.distributed(cluster), configured(checkpoint_seconds=0.0):
        with ThreadPoolExecutor(1) as threads:
            result = threads.submit(create, checkpoint="kept")
            until("some checkpoints", lambda: _numbers_in(tmp_path / "kept") > 3)
            driver = str(cluster.jobs[-1].job.record["driver"])
            os.kill(process_of(cluster.state_path, "host-0", driver), signal.SIGKILL)
            with pytest.raises(DriverDiedError):
                result.result()
        killed_after = Checkpoints("kept").newest().record["state"]["iteration"]
        assert 2 < killed_after < OPTIONS["max_iterations"]
        there = create(resume_from_checkpoint="kept")
        with pytest.raises(CheckpointMismatchError, match=r"l2_penalty is 0\.5 and was"):
            create(resume_from_checkpoint="kept", l2_penalty=0.5)
    here = create(resume_from_checkpoint="kept")
    assert bits(there) == expected
    assert bits(here) == expected


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
        model = gl.logistic_classifier.create(table, **OPTIONS)
    path = cluster.folder.folder("jobs").folder(cluster.jobs[-1].id).folder("checkpoints").url
    kept = Checkpoints(path).newest()
    assert 0 <= kept.record["state"]["iteration"] <= model.training_iterations
    assert kept.record["fit"]["solver"] == "lbfgs"
