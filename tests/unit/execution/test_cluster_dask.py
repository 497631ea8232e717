"""Dask in a user's process, who may use it too."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.dask_cluster import ROOT, DaskCluster

if TYPE_CHECKING:
    from pathlib import Path

BESIDE = """
import sys
import dask
import distributed
from windrow.deploy.credentials import Credentials
from windrow.execution.cluster_dask import connect

before = repr(dask.config.config)
ours = connect(sys.argv[1], Credentials.of(sys.argv[2], "client").dask())
assert repr(dask.config.config) == before
theirs = distributed.Client(processes=False, dashboard_address=None, protocol="tcp", n_workers=1)
assert theirs.submit(pow, 2, 5).result() == 32
assert ours.scheduler_info()["address"].startswith("tls://")
theirs.shutdown()
ours.close()
"""


def test_dask_of_the_users_own_goes_on_beside_a_cluster(tmp_path: Path) -> None:
    cluster = DaskCluster(0)
    try:
        subprocess.run(
            [sys.executable, "-c", BESIDE, cluster.address, str(cluster.folder)],
            cwd=ROOT,
            env=os.environ | {"DASK_TEMPORARY_DIRECTORY": str(tmp_path)},
            check=True,
            timeout=60,
        )
    finally:
        cluster.close()
