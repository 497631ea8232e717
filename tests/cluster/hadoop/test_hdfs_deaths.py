"""Nodes of HDFS die while tables are read and written: others are asked, or an error says who."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hdfs_native
import numpy as np
import polars as pl
import pytest
from tests.support.fitting import cut
from tests.support.hadoop import Hadoop
from tests.support.marks import on_clusters

import windrow as gl
from windrow.errors import SourceRefusedError
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_clusters("hdfs_native", timeout=300)


@pytest.mark.usefixtures("hadoop")  # in CI the session's says what is missing
def test_reads_and_writes_outlive_a_datanode_and_else_say_who_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(1)
    rows = pl.DataFrame({name: draw.normal(size=100_000) for name in "abcd"})
    with Hadoop(tmp_path) as own:
        monkeypatch.setenv("HADOOP_CONF_DIR", str(own.conf))
        url, kept = f"{own.hdfs}/rows.csv", f"{own.hdfs}/kept.csv"
        both = hdfs_native.WriteOptions(replication=2)
        with hdfs_native.Client(config_dir=str(own.conf)).create("/rows.csv", both) as file:
            file.write(rows.write_csv().encode())
        expected = cut(gl.SFrame(url), 1 << 20)["a"].to_numpy()

        own.kill("dn1")
        table = cut(gl.SFrame(url), 1 << 19)
        np.testing.assert_array_equal(table["a"].to_numpy(), expected)
        # The NameNode has not noticed: it names the dead one for every second block.
        storage = storage_of(own.hdfs)
        assert all(storage.put_if_absent(f"{own.hdfs}/record-{n}", b"taken") for n in range(8))
        assert not storage.put_if_absent(f"{own.hdfs}/record-0", b"again")
        table.save(kept, format="csv")
        np.testing.assert_array_equal(gl.SFrame(kept)["a"].to_numpy(), expected)

        own.kill("dn2")
        with pytest.raises(SourceRefusedError, match="All DataNodes failed"):
            cut(gl.SFrame(url), 1 << 18)["a"].sum()
        own.kill("nn")
        with pytest.raises(SourceRefusedError, match="is the NameNode up"):
            gl.SFrame(url)
