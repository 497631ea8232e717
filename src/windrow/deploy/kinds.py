"""The lives of clusters at a state path, of whatever kind: begun, found, and cleared away."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from windrow.deploy.cluster import Cluster
from windrow.deploy.credentials import create_credentials
from windrow.errors import ClusterLivesError, ClusterNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.deploy.cluster import Provider
    from windrow.deploy.records import ClusterRecord
    from windrow.deploy.state import Folder, StateStore

__all__ = ["Kind"]

SECRETS = ("tls", "uploads")
"""Folders of a generation that only the living need."""


@dataclass(frozen=True)
class Kind:
    """A kind of cluster.

    Parameters
    ----------
    module
        Of `windrow.deploy`, whose ``load`` finds such clusters: ``local_cluster``.
    provider
        Gives the provider of one generation.
    """

    module: str
    provider: Callable[[StateStore, Folder], Provider]

    def start(self, store: StateStore, record: ClusterRecord) -> Cluster:
        """Begin a life at a path where none is, and return it ready for work.

        Raises
        ------
        ClusterLivesError
            One lives there.
        HostStartError
            A host did not become ready; nothing of the attempt is left.
        """
        self.clear(store)
        number, folder = store.begin(asdict(record))
        cluster = Cluster(store, number, self.provider(store, folder))
        try:
            self.clear(store, number)  # another may have begun at the same moment
            credentials = create_credentials(record.name, record.max_lifetime)
            prepared = cluster.provider.prepare(record, credentials)
            if prepared != record:
                folder.series("cluster").append(asdict(prepared))
            if not record.waiting:
                cluster.provider.start(prepared, list(range(record.num_hosts)))
        except BaseException as error:
            cluster.undo(error)
            raise
        return cluster

    def find(self, store: StateStore) -> Cluster:
        """Return the cluster that lives at a path, or the last that did.

        Raises
        ------
        ClusterNotFoundError
            There never was one.
        """
        found = self.lives(store)
        if not found:
            raise ClusterNotFoundError(store.url)
        return next((cluster for cluster in found if cluster.ended is None), found[0])

    def load(self, store: StateStore) -> Cluster:
        """Return the cluster that lives at a path; see `find`.

        Raises
        ------
        ClusterEndedError
            There is none any more; what it may have left behind is gone too.
        """
        cluster = self.find(store)
        if cluster.ended is not None:
            self.clear(store)
        cluster.require_alive()
        return cluster

    def clear(self, store: StateStore, below: int | None = None) -> None:
        """Refuse a path where a cluster lives; of those that ended, drop what only the living need.

        Parameters
        ----------
        store
            At the path.
        below
            Only generations before this one are looked at.
        """
        for cluster in self.lives(store):
            if below is not None and cluster.number >= below:
                continue
            end = cluster.ended
            if end is None:
                call = f"gl.deploy.{self.module}.load({store.url!r})"
                raise ClusterLivesError(cluster.name, store.url, call)
            if cluster.record.ended is None:
                cluster.conclude(end)
            cluster.collect()
            for secret in SECRETS:
                cluster.folder.folder(secret).remove()

    def lives(self, store: StateStore) -> list[Cluster]:
        """Return every generation, the newest first."""
        numbers = reversed(store.generations())
        return [Cluster(store, n, self.provider(store, store.generation(n))) for n in numbers]
