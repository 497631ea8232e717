"""A host that freezes keeps its connections open, and whoever reads from one waits for ever."""

from __future__ import annotations

from tests.support.dask_cluster import DaskCluster, address_of
from tests.support.marks import on_clusters

from windrow.config import Deadline
from windrow.execution.cluster_workers import ClusterWorkers

pytestmark = on_clusters("distributed", "cryptography", timeout=120)

PATIENCE = 60.0


def test_results_on_a_host_that_froze_are_computed_again() -> None:
    cluster = DaskCluster(2, silence=5.0)
    try:
        workers, count = ClusterWorkers(cluster.client), 20
        first, second = (str(share.place) for share in workers.shares("blocks", 2))
        results = workers.map(address_of, range(count), [first, second] * (count // 2))
        found = [next(results), next(results)]  # the line to either is open
        ready = Deadline(PATIENCE, "the results")
        while sum(map(bool, cluster.client.who_has().values())) < count - 8:  # type: ignore[no-untyped-call]
            ready.pause(0.01)  # some were taken and are there no more
        frozen = cluster.client.scheduler_info()["workers"][second]["name"]
        with cluster.frozen(frozen):
            found += list(results)
        assert [item for item, _ in found] == list(range(count))
        assert found[-1][1] == first
    finally:
        cluster.close()
