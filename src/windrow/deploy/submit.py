"""Programs as jobs of a cluster: what the cluster's executor does with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from windrow.config import travelling
from windrow.deploy.handles import JobHandle
from windrow.deploy.jobs import JOBS_TOPIC, Job
from windrow.deploy.uploads import Uploads, copy_command
from windrow.errors import HiddenSourceError
from windrow.execution.programs import Settled, Write
from windrow.io.registry import scheme_of
from windrow.progress.table import Silent

if TYPE_CHECKING:
    from windrow.deploy.cluster import Cluster
    from windrow.execution.protocol import Program
    from windrow.progress import Listener

__all__ = ["Submitter"]

R = TypeVar("R")


@dataclass(frozen=True)
class Submitter:
    """Runs programs on a cluster, one after another for each thread that asks.

    Parameters
    ----------
    cluster
        Where.
    """

    cluster: Cluster

    def __call__(self, program: Program[R], listener: Listener | None) -> R:
        """Submit a program, pass its events on as they come, return its value or raise its error.

        Parameters
        ----------
        program
            Its large tables in memory are uploaded first, once.
        listener
            Hears of its progress; without one only warnings are passed on.

        Raises
        ------
        ClusterEndedError
            There is no cluster any more.
        HostStartError
            Its hosts were to start with this program, and did not.
        HiddenSourceError
            It reads or writes a path that the hosts cannot see.
        """
        deliver = listener or Silent()
        self.cluster.begin()
        line = self.cluster.line()
        spec = self._pickled(program, deliver)
        name = str(getattr(program, "name", type(program).__name__))
        job = Job.new(self.cluster.folder.folder("jobs"), self.cluster.credentials)

        def announce() -> None:
            from windrow.execution.cluster_client import publish

            job.submit(spec, name)
            publish(line, JOBS_TOPIC, {"new": job.identifier})

        return cast("R", JobHandle(self.cluster, job).follow(deliver, announce))

    def _pickled(self, program: Program[Any], tell: Listener) -> bytes:
        shares = self.cluster.provider.shares_files
        uploads = Uploads(self.cluster.folder.folder("uploads"), shares)
        urls = (program.url,) if isinstance(program, Write) else getattr(program, "urls", ())
        hidden = [] if shares else [url for url in urls if scheme_of(url) == "file"]
        if hidden:
            raise HiddenSourceError(hidden[0], copy_command(hidden[0], self.cluster.state_path))
        return uploads.pickled(Settled(program, travelling()), tell)
