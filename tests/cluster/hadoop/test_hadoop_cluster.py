"""Clusters of containers: they start, they work with the same bits, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clusters import until as until_within
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.yarn import Yarn
from windrow.errors import (
    ClusterEndedError,
    HostStartError,
    NotInstalledError,
    PackageNotThereError,
    YarnError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.hadoop import Hadoop
    from tests.support.places import InHdfs

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.lifecycle import Host

until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "hdfs_native", "httpx")


def nothing_left(hadoop: Hadoop) -> None:
    """Hold that no container and no application of a cluster runs."""
    until("the end of all containers", lambda: not hadoop.containers())
    found = hadoop.ask("/ws/v1/cluster/apps?states=RUNNING,ACCEPTED,SUBMITTED")["apps"] or {}
    assert not found.get("app")


def test_the_story_of_hadoop_runs_and_the_model_has_the_bits_of_this_process(
    hadoop: Hadoop, hdfs_place: InHdfs, installation: str, tmp_path: Path
) -> None:
    path = tmp_path / "all.csv"
    write_table(path)
    url = hdfs_place.put("all.csv", path.read_bytes())
    expected = digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier")

    c = gl.deploy.hadoop_cluster.create("first", installation, container_size=2560)
    assert c.status == "Running, 3 of 3 hosts"
    assert "Windrow Path" in str(c)
    with gl.distributed(c):
        assert digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier") == expected
        killed = next(host for host in c.hosts if host.name == "host-2")
        for pid, command in hadoop.containers().items():
            if killed.details["container"] in command and "windrow.deploy" in command:
                os.kill(pid, signal.SIGKILL)
        until("another container", lambda: restarted(c, killed))
        until("all three hosts", lambda: c.status == "Running, 3 of 3 hosts")
        assert digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier") == expected
    assert gl.deploy.hadoop_cluster.load(installation, "first").status == c.status
    c.stop()
    nothing_left(hadoop)


def restarted(cluster: Cluster, was: Host) -> bool:
    """Whether YARN has put another container in the place of one."""
    now = {host.name: host for host in cluster.recorded_hosts()}
    return now[was.name].details != was.details


def test_a_plain_application_does_the_same_and_ends_itself_when_idle(
    hadoop: Hadoop, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Yarn, "serves", lambda _: False)
    create = gl.deploy.hadoop_cluster.create
    c = create("plain", installation, None, 2, 2560, 1, idle_shutdown_timeout=15)
    assert "plain application" in str(c)
    with gl.distributed(c):
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
    until("the end", lambda: c.ended)
    with pytest.raises(ClusterEndedError, match="idle for 15 s"):
        gl.deploy.hadoop_cluster.load(installation, "plain")
    nothing_left(hadoop)


def test_an_application_that_an_administrator_kills_is_told_of_in_time(
    hadoop: Hadoop, installation: str
) -> None:
    c = gl.deploy.hadoop_cluster.create("killed", installation, None, 1, 2560, 1)
    with gl.distributed(c):
        app = Yarn().application(c.record.details["service"])
        assert app is not None
        Yarn().end(app["id"])
        until("the loss to be seen", lambda: c.ended)
        with pytest.raises(ClusterEndedError, match="host-0 is gone"):
            gl.SFrame({"x": [1, 2, 3]})["x"].sum()
    with pytest.raises(ClusterEndedError):
        gl.deploy.hadoop_cluster.load(installation, "killed")
    nothing_left(hadoop)


def tiny_wheel(folder: Path) -> str:
    """Write a package of one module as a wheel."""
    path = folder / "tiny_one-1.0-py3-none-any.whl"
    about = "tiny_one-1.0.dist-info"
    files = {
        "tiny_one.py": "VALUE = 7\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny-one\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    listed = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (files | {f"{about}/RECORD": listed}).items():
            wheel.writestr(name, text)
    return str(path)


def test_packages_are_brought_by_a_cluster_that_grows_and_by_an_installation(
    hadoop: Hadoop, installation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hadoops, wheel, scratch = gl.deploy.hadoop_cluster, tiny_wheel(tmp_path), tmp_path / "scratch"
    monkeypatch.syspath_prepend(wheel)  # here a function is tried on the first rows

    def plus_seven(x: int) -> int:
        import tiny_one  # type: ignore[import-not-found]

        return x + int(tiny_one.VALUE)

    options: dict[str, Any] = {
        "additional_packages": [wheel],
        "hdfs_tmp_dir": f"{hadoop.hdfs}/of-hosts",
        "node_tmp_dir": str(scratch),
    }
    with hadoops.create("packed", installation, None, 1, 2560, 1, **options) as c:
        assert c.state_path == f"{hadoop.hdfs}/of-hosts/packed"
        c.resize(2)
        assert c.status == "Running, 2 of 2 hosts"
        assert len(list(scratch.iterdir())) == 2
        with gl.distributed(c):
            assert list(gl.SFrame({"x": [1, 2]})["x"].apply(plus_seven, dtype=int)) == [8, 9]
        c.resize(1)
        until("the end of a container", lambda: len(list(scratch.iterdir())) == 1)
        assert c.status == "Running, 1 of 1 hosts"
    nothing_left(hadoop)
    assert not list(scratch.iterdir())
    assert "tiny-one" not in hadoops.show_available_packages(installation)
    assert "tiny-one" in hadoops.upload_packages(installation, [wheel])
    assert "tiny-one" not in hadoops.remove_package(installation, "tiny_one")
    with pytest.raises(PackageNotThereError, match="0 were: none"):
        hadoops.remove_package(installation, "tiny_one")


def test_more_than_there_is_is_refused_with_what_was_asked_and_what_is_free(
    hadoop: Hadoop, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl.deploy.hadoop_cluster, "BOOT", 10.0)
    with pytest.raises(
        HostStartError, match=r"9 containers of 6000 MB.*MB and \d+ vcores are free"
    ):
        gl.deploy.hadoop_cluster.create("large", installation, None, 9, 6000)
    with pytest.raises(YarnError, match="memory"):
        gl.deploy.hadoop_cluster.create("huge", installation, None, 2, 60000)
    with pytest.raises(NotInstalledError, match="windrow hadoop install"):
        gl.deploy.hadoop_cluster.create("none", f"{hadoop.hdfs}/nowhere")
    nothing_left(hadoop)
