"""Whatever of a cluster of containers dies, work goes on or says why not, and goes on later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.hadoop.death_table import DEATHS, kill_all, table
from tests.cluster.hadoop.test_hadoop_cluster import nothing_left
from tests.support.clusters import until
from tests.support.fitting import write_table
from tests.support.marks import on_clusters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.hadoop import Hadoop
    from tests.support.places import InHdfs


pytestmark = on_clusters("pex", "distributed", "cryptography", "hdfs_native", "httpx", timeout=1500)


def test_every_death_leaves_the_model_its_bits(
    hadoop: Hadoop,
    hdfs_place: InHdfs,
    installation: str,
    tmp_path: Path,
) -> None:
    write_table(tmp_path / "all.csv")
    url = hdfs_place.put("all.csv", (tmp_path / "all.csv").read_bytes())
    rows = list(table(hadoop, installation, url))
    print(*rows, sep="\n")
    assert len(rows) == 2 + len(DEATHS)
    assert all(row.same for row in rows)

    def of_ours() -> list[str]:
        return [command for command in hadoop.containers().values() if "windrow.deploy" in command]

    until("the end of all hosts", lambda: not of_ours(), 240.0)
    kill_all(hadoop, "")  # what YARN itself leaves of a node whose daemon was killed
    nothing_left(hadoop)
