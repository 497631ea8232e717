"""Clusters of containers: they start, they work with the same bits, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import sys
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np
import polars as pl
import pytest
from tests.support.clusters import until as until_within
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.hadoop_cluster import SMALLEST
from windrow.deploy.yarn import Yarn
from windrow.errors import (
    ClusterEndedError,
    HostStartError,
    NotInstalledError,
    PackageNotThereError,
    YarnError,
)
from windrow.execution import environment
from windrow.execution.locality import near
from windrow.io.counters import bytes_read
from windrow.toolkits.features import FeatureEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.hadoop import Hadoop
    from tests.support.places import InHdfs

    from windrow.deploy.cluster import Cluster
    from windrow.deploy.lifecycle import Host
    from windrow.execution.protocol import Session
    from windrow.plan.tables import Plan

until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "hdfs_native", "httpx")


def nothing_left(hadoop: Hadoop) -> None:
    """Hold that no container and no application of a cluster runs."""
    until("the end of all containers", lambda: not hadoop.containers())
    found = hadoop.ask("/ws/v1/cluster/apps?states=RUNNING,ACCEPTED,SUBMITTED")["apps"] or {}
    assert not found.get("app")


@dataclass(frozen=True)
class WhoReads:
    """Places a table; of each partition, where it was read, and the bytes that nodes have of it."""

    plan: Plan

    def __call__(self, session: Session) -> list[tuple[str, Mapping[str, int]]]:
        features = tuple(self.plan.schema)
        blocks = session.place(self.plan, FeatureEncoder.of(self.plan.schema, features))
        readers = session.gather(lambda _: os.environ["NM_HOST"], blocks)
        extents = session.executor.resolver.table(self.plan).extents()  # type: ignore[attr-defined]
        return list(zip(readers, near(extents), strict=True))


def share_of_local_reads(place: InHdfs) -> tuple[float, float]:
    """Return it, and the largest that hosts with equal parts of the bytes could have."""
    draw = np.random.default_rng(1)
    rows = pl.DataFrame({name: draw.normal(size=400_000) for name in "abcd"})
    url = place.put("wide.csv", rows.write_csv().encode())
    plan = cut(gl.SFrame(url), 1 << 20)._plan
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        found = environment.current().run(WhoReads(plan))
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    whole = sum(max(bytes_of.values()) for _, bytes_of in found)
    local = sum(bytes_of.get(reader, 0) for reader, bytes_of in found)
    on_node = sum((Counter(bytes_of) for _, bytes_of in found), Counter[str]())
    read_at = Counter(reader for reader, _ in found)
    most = sum(min(on_node[n], whole * read_at[n] / len(found)) for n in on_node)
    return local / whole, most / whole


def test_the_story_of_hadoop_runs_and_the_model_has_the_bits_of_this_process(
    hadoop: Hadoop,
    hdfs_place: InHdfs,
    installation: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "all.csv"
    write_table(path)
    url = hdfs_place.put("all.csv", path.read_bytes())
    expected = digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier")

    # Of this size a node has room for two: hosts are on both.
    c = gl.deploy.hadoop_cluster.create("first", installation, container_size=4608)
    assert c.status == "Waiting for its first work, with which 3 hosts start"
    assert "Windrow Path" in str(c)
    with gl.distributed(c):
        assert not hadoop.containers()
        sf, before = cut(gl.SFrame(url), PARTITION), bytes_read.of(url)
        assert digests(sf, "logistic_classifier") == expected
        assert bytes_read.of(url) == before  # of the data nothing came here
        assert c.status == "Running, 3 of 3 hosts"
        share, most = share_of_local_reads(hdfs_place)
        with capsys.disabled():
            print(f"\nread where the bytes are: {share:.0%} of them; possible: {most:.0%}")
        assert share >= 0.9 * most
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
    c.begin()
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
        c.begin()
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


def test_a_container_learns_from_three_times_as_much_as_it_may_hold(
    hadoop: Hadoop, hdfs_place: InHdfs, installation: str, tmp_path: Path
) -> None:
    draw, rows, count = np.random.default_rng(1), 200_000, 100
    columns = {
        f"x{j}": draw.integers(0, 2, rows) * 0.1 for j in range(count)
    }  # few bytes in a file
    part = pl.DataFrame(columns | {"y": draw.integers(0, 2, rows)})
    part.write_parquet(tmp_path / "part.parquet", row_group_size=rows)
    written = (tmp_path / "part.parquet").read_bytes()
    parts = -(-3 * (SMALLEST << 20) // (8 * count * rows))
    for number in range(parts):
        url = hdfs_place.put(f"parts/{number:02}.parquet", written)
    folder = url.rpartition("/")[0]

    def trained() -> list[float]:
        options: dict[str, Any] = {"solver": "newton", "max_iterations": 2, "verbose": False}
        found = gl.logistic_classifier.create(gl.SFrame(folder), "y", **options)
        return list(found.coefficients["value"])

    expected = trained()
    with gl.deploy.hadoop_cluster.create("small", installation, None, 1, SMALLEST, 1) as c:
        with gl.distributed(c):
            assert trained() == expected
        assert c.status == "Running, 1 of 1 hosts"  # nobody had killed it for its memory
    nothing_left(hadoop)


def test_more_than_there_is_is_refused_with_what_was_asked_and_what_is_free(
    hadoop: Hadoop, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl.deploy.hadoop_cluster, "BOOT", 10.0)
    with pytest.raises(
        HostStartError, match=r"9 containers of 6000 MB.*MB and \d+ vcores are free"
    ):
        gl.deploy.hadoop_cluster.create("large", installation, None, 9, 6000).begin()
    huge = gl.deploy.hadoop_cluster.create("huge", installation, None, 2, 60000)
    with gl.distributed(huge), pytest.raises(YarnError, match="memory"):
        gl.SFrame({"x": [1, 2, 3]})["x"].sum()
    assert huge.status == "Ended: it did not start: YarnError"
    with pytest.raises(NotInstalledError, match="windrow hadoop install"):
        gl.deploy.hadoop_cluster.create("none", f"{hadoop.hdfs}/nowhere")
    nothing_left(hadoop)
