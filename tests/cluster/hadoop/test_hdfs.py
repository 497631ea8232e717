"""HDFS does what every storage does: the same suite as for files, http and s3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conformance import test_storage as suite
from tests.support.marks import on_clusters

import windrow as gl
from windrow.errors import SourceRefusedError, UnwritableError
from windrow.io.hdfs import HdfsStorage
from windrow.plan.sources import FileStamp

if TYPE_CHECKING:
    from tests.support.hadoop import Hadoop
    from tests.support.places import InHdfs, Place

pytestmark = on_clusters("hdfs_native", timeout=300)

for _name, _test in vars(suite).items():
    if _name.startswith("test_") and "read_only" not in _test.__code__.co_varnames:
        globals()[_name] = _test


@pytest.fixture
def place(hdfs_place: InHdfs) -> Place:
    return hdfs_place


@pytest.fixture
def writable(hdfs_place: InHdfs) -> Place:
    return hdfs_place


def test_a_whole_file_system_is_never_emptied(hdfs_place: InHdfs) -> None:
    with pytest.raises(UnwritableError, match="never emptied"):
        suite.of(hdfs_place).remove(f"{hdfs_place.root}/")


def test_the_default_file_system_is_the_one_of_the_settings(hdfs_place: InHdfs) -> None:
    hdfs_place.put("a.csv", b"x,y\n1,2\n")
    assert gl.SFrame(f"hdfs:///{hdfs_place.folder}/a.csv").num_rows() == 1


def test_nobody_there_is_said_with_what_to_do(hdfs_place: InHdfs) -> None:
    del hdfs_place
    with pytest.raises(SourceRefusedError, match="is the NameNode up"):
        gl.SFrame("hdfs://127.0.0.1:9/a.csv")


def test_the_nodes_of_every_byte_are_known(hadoop: Hadoop, hdfs_place: InHdfs) -> None:
    url = hdfs_place.put("wide.bin", bytes(9 << 20))
    storage = suite.of(hdfs_place)
    found = storage.homes(storage.stat(url))
    assert [(home.start, home.stop) for home in found] == [
        (0, 4 << 20),
        (4 << 20, 8 << 20),
        (8 << 20, 9 << 20),
    ]
    assert all(len(home.hosts) == 1 for home in found)  # one replica
    assert {host for home in found for host in home.hosts} <= {"127.0.0.1", "127.0.0.2"}
    assert storage.homes(FileStamp(f"{hadoop.hdfs}/not/there", 1, "")) == ()


def test_where_no_page_answers_every_node_is_equally_near() -> None:
    assert HdfsStorage().homes(FileStamp("hdfs://127.0.0.1:9/a.csv", 1, "")) == ()
