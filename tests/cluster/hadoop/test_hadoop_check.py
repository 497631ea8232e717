"""``windrow hadoop check`` finds what keeps a cluster from working, in one sentence each."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from tests.cluster.hadoop.test_hadoop_cluster import nothing_left
from tests.support.marks import on_clusters

from windrow.deploy import hadoop_check, hadoop_install
from windrow.deploy.hadoop_check import check

if TYPE_CHECKING:
    import pytest
    from tests.support.hadoop import Hadoop

pytestmark = on_clusters("pex", "distributed", "cryptography", "hdfs_native", "httpx", timeout=600)


def wrong(path: str, **given: Any) -> str:
    """Return what the one finding says that is not good."""
    (found,) = [finding for finding in check(path, **given) if not finding.good]
    return f"{found.what}: {found.said}"


def test_a_cluster_that_works_is_good_in_every_respect(hadoop: Hadoop, installation: str) -> None:
    with socket.socket() as first:
        first.bind(("", 0))
        port = first.getsockname()[1]
    found = check(installation, None, 2048, 1, None, (port, port + 20))
    assert [finding for finding in found if not finding.good] == []
    assert [finding.what for finding in found] == [
        *("path", "installation", "YARN", "queue", "container size"),
        *("container", "memory", "disk", "ports", "clock"),
    ]
    nothing_left(hadoop)


def test_what_is_wrong_is_said_in_one_sentence(
    hadoop: Hadoop, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is not installed" in wrong(f"{hadoop.hdfs}/elsewhere")
    assert "there is no queue 'science'; there are default" in wrong(installation, queue="science")
    assert "60000 MB and 2 vcores are asked for" in wrong(installation, container_size=60000)
    assert "of 1-1 are free on" in wrong(installation, container_size=2048, port_range=(1, 1))
    real = hadoop_install.manifest(installation)
    other = real | {"versions": real["versions"] | {"python": "3.9"}}
    with monkeypatch.context() as patch:
        patch.setattr(hadoop_check, "manifest", lambda _: other)
        assert "python" in wrong(installation)
    hadoop.administer("-safemode", "enter")
    assert "the NameNode is in safe mode" in wrong(installation)
    hadoop.administer("-safemode", "leave")
    monkeypatch.setenv("HADOOP_USER_NAME", "nobody")
    assert "is somebody who may not" in wrong(installation)
    nothing_left(hadoop)
