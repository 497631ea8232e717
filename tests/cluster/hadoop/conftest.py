"""The Hadoop of the tests, once for all of this folder."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest
from conftest import IN_CI
from tests.support import hadoop as support
from tests.support.hadoop import Hadoop
from tests.support.places import InHdfs
from typer.testing import CliRunner

from windrow.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def cluster_of_hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    """Run it, for as long as the session lasts."""
    lacking = support.missing()
    if lacking and IN_CI:
        pytest.fail(f"needs {lacking}, which CI must have", pytrace=False)
    if lacking:
        pytest.skip(f"left out: needs {lacking}")
    with Hadoop(tmp_path_factory.mktemp("hadoop")) as made:
        yield made


@pytest.fixture
def hadoop(cluster_of_hadoop: Hadoop, monkeypatch: pytest.MonkeyPatch) -> Hadoop:
    """Let this process be a client of it."""
    monkeypatch.setenv("HADOOP_CONF_DIR", str(cluster_of_hadoop.conf))
    return cluster_of_hadoop


@pytest.fixture(scope="session")
def installation(cluster_of_hadoop: Hadoop) -> str:
    """Install windrow once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HADOOP_CONF_DIR", str(cluster_of_hadoop.conf))
        path = f"{cluster_of_hadoop.hdfs}/windrow"
        done = CliRunner().invoke(app, ["hadoop", "install", path])
        assert done.exit_code == 0, done.output
        listed = CliRunner().invoke(app, ["hadoop", "packages", path, "--json"])
        assert "polars" in json.loads(listed.output)["packages"]
    return path


@pytest.fixture
def hdfs_place(hadoop: Hadoop) -> InHdfs:
    """Give a folder of its own."""
    import hdfs_native

    client = hdfs_native.Client(config_dir=str(hadoop.conf))
    folder = f"tests-{secrets.token_hex(4)}"
    client.mkdirs(f"/{folder}")
    return InHdfs(client, hadoop.hdfs, folder)
