"""HDFS does what every storage does: the same suite as for files, http and s3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conformance import test_storage as suite
from tests.support.marks import on_clusters

import windrow as gl
from windrow.errors import SourceRefusedError, UnwritableError

if TYPE_CHECKING:
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
