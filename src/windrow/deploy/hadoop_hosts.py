"""Hosts that are containers of YARN: one service a generation, started as a native service.

Where YARN's service API is off, which is the default, the stock service master is submitted as a
plain application: it reads the same specification from HDFS. Neither needs Java here.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from windrow.config import Deadline
from windrow.deploy.lifecycle import CHIEF, READY
from windrow.deploy.recent import Recent
from windrow.deploy.remote import ClientCredentials, publish_credentials
from windrow.deploy.starting import await_ready, known_records
from windrow.deploy.yarn import KIND, Yarn
from windrow.deploy.yarn_service import Service
from windrow.errors import DeadlineError, HostStartError, YarnError
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.deploy.lifecycle import Host
    from windrow.deploy.records import ClusterRecord
    from windrow.deploy.state import Folder

__all__ = ["HadoopHosts"]

LOOK = 0.5
MASTER = "org.apache.hadoop.yarn.service.ServiceMaster"
MASTER_MB = 256
OVER = {"FINISHED", "FAILED", "KILLED"}


@dataclass(eq=False)
class HadoopHosts:
    """Starts, finds and ends containers.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    state_path
        Of the cluster: ``hdfs://...``.
    settings
        Folder with Hadoop's settings; empty for ``HADOOP_CONF_DIR``.
    tell
        Hears which step it is at.
    """

    generation: Folder
    state_path: str
    settings: str = ""
    tell: Callable[[str], None] = lambda _: None
    _client: ClientCredentials = field(init=False)
    _recent: Recent[set[str]] = field(init=False)

    shares_files = False

    def __post_init__(self) -> None:
        self._client = ClientCredentials(self.generation)
        self._recent = Recent(self._running)

    @cached_property
    def yarn(self) -> Yarn:
        """The ResourceManager."""
        return Yarn(self.settings or None)

    def tls(self) -> str:
        """Path of a private folder with the client's certificates."""
        return self._client.folder

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        """Leave the certificates in a folder that only this user may read; see `Provider`."""
        _make_private(self.generation.folder("tls"))
        publish_credentials(self.generation, credentials)
        way = "service API" if self.yarn.serves() else "plain application"
        if way == "plain application" and self.yarn.secure == "kerberos":
            why = "on a cluster with Kerberos the service API must be on (yarn.webapp.api-service)"
            raise YarnError("launch", 0, why)
        self.tell(f"YARN at {self.yarn.addresses()[0]}, by its {way}")
        return replace(record, details=record.details | {"way": way})

    def collect(self, record: ClusterRecord) -> None:
        """End the application, and remove the service's specification."""
        name = record.details["service"]
        app = self.yarn.application(name)
        if app is not None and app["state"] not in OVER:
            self.yarn.end(app["id"])
        if record.details.get("way") == "service API":
            with suppress(YarnError):  # it was never made
                self.yarn("DELETE", f"/app/v1/services/{name}")
        storage_of(self.state_path).remove(self._specification(name).rpartition("/")[0])

    def fit(self, record: ClusterRecord) -> None:
        """Ask the service for another number of workers."""
        if record.details["way"] != "service API":
            why = "a cluster that was started as a plain application keeps its size; create it anew"
            raise YarnError("flex", 0, why)
        name = record.details["service"]
        body = {"number_of_containers": record.num_hosts - 1}
        self.yarn("PUT", f"/app/v1/services/{name}/components/worker", body)

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        """Start containers and wait until each is ready; see `Provider`."""
        names = [f"host-{number}" for number in numbers]
        known = known_records(self.generation, names)
        service = record.details["service"]
        if self.yarn.application(service) is None:
            self.tell(f"starting {record.num_hosts} containers")
            if record.details["way"] == "service API":
                self.yarn("POST", "/app/v1/services", self._service(record).spec())
            else:
                self._submit(record)

        def ended(name: str) -> str | None:
            del name
            app = self.yarn.application(service)
            if app is not None and app["state"] in OVER:
                return f"YARN ended the application: {app['state']}; {app['diagnostics'][-800:]}"
            return None

        deadline = Deadline(record.boot_timeout, "the containers to be ready")
        try:
            await_ready(self.generation, known, deadline, ended, LOOK)
        except HostStartError as error:
            raise HostStartError(error.host, self._why(record, error.cause), error.log) from None
        self.tell("the containers are ready")

    def lives(self, host: Host) -> bool:
        """Whether the host's container runs; the first one's is started again by YARN."""
        running = self._recent()
        if host.name == CHIEF and not host.gone:
            return bool(running)
        return host.details.get("container", "") in running

    def end(self, host: Host) -> None:
        """Kill the host's container."""
        with suppress(YarnError):  # it ended by itself
            self.yarn.end_container(host.details["container"])
        self._recent.forget()

    def reach(self, epoch: dict[str, str]) -> str:
        """Return the scheduler's own address."""
        return epoch["scheduler"]

    def created_by(self, record: ClusterRecord) -> str:
        """Return the call that starts such a cluster."""
        path = record.details["installation"]
        return (
            f"gl.deploy.hadoop_cluster.create({record.name!r}, {path!r}, "
            f"num_containers={record.num_hosts})"
        )

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        """Return what a user wants to know of it."""
        way = record.details.get("way", "none yet")
        return {
            "Windrow Path": record.details["installation"],
            "State Path": self.state_path,
            "YARN Service": f"{record.details['service']} ({way})",
            "Ports": record.details["ports"],
        }

    def unreachable(self, record: ClusterRecord) -> str:
        """Say what may keep a client from the scheduler."""
        return f"the nodes' ports {record.details['ports']} must be open to this client"

    def _running(self) -> set[str]:
        """Return the containers that run."""
        last = self.generation.series("cluster").last()
        name = "" if last is None else last[1]["details"]["service"]
        app = self.yarn.application(name)
        if app is None or app["state"] in OVER:
            return set()
        try:
            return set(self.yarn.containers(app["id"]))
        except YarnError:  # its master is about to start again, and knows of none meanwhile
            return {host for host in self._recorded() if host}

    def _recorded(self) -> list[str]:
        folder = self.generation.folder("hosts")
        last = [folder.series(name).last() for name in folder.names()]
        ready = [found[1] for found in last if found and found[1]["state"] == READY]
        return [record["details"].get("container", "") for record in ready]

    def _service(self, record: ClusterRecord) -> Service:
        details = record.details
        return Service(
            name=details["service"],
            generation=self.generation.url,
            installation=urlsplit(details["installation"]).path.rstrip("/"),
            **details["runtime"],
            containers=record.num_hosts,
            memory=details["container_size"],
            cores=record.cores,
            ports=details["ports"],
            lifetime=int(record.max_lifetime + 300),
            queue=details["queue"] or "",
            user=self.yarn.user,
            scratch=details["scratch"],
            principal=details["principal"],
            keytab=details["keytab"],
        )

    def _specification(self, name: str) -> str:
        return f"{_root(self.state_path)}/user/{self.yarn.user}/.yarn/services/{name}/{name}.json"

    def _submit(self, record: ClusterRecord) -> None:
        """Start the stock service master as a plain application."""
        service = self._service(record)
        application = self.yarn("POST", "/ws/v1/cluster/apps/new-application")["application-id"]
        path = self._specification(service.name)
        text = json.dumps(service.spec() | {"id": application}).encode()
        storage = storage_of(path)
        storage.remove(path)
        storage.put_if_absent(path, text)
        classes = self.yarn.site.get("yarn.application.classpath", "$HADOOP_CLASSPATH")
        command = (
            f"$JAVA_HOME/bin/java -Xmx160m {MASTER} -yarnfile {path} -service_name {service.name} "
            "1><LOG_DIR>/serviceam-out.txt 2><LOG_DIR>/serviceam-err.txt"
        )
        environment = {
            "CLASSPATH": classes.replace(",", ":"),
            "HADOOP_USER_NAME": self.yarn.user,
        }
        self.yarn(
            "POST",
            "/ws/v1/cluster/apps",
            {
                "application-id": application,
                "application-name": service.name,
                "application-type": KIND,
                "queue": service.queue or "default",
                "max-app-attempts": 2,
                "keep-containers-across-application-attempts": True,
                "resource": {"memory": MASTER_MB, "vCores": 1},
                "am-container-spec": {
                    "commands": {"command": command},
                    "environment": {
                        "entry": [{"key": k, "value": v} for k, v in environment.items()]
                    },
                },
            },
        )

    def _why(self, record: ClusterRecord, cause: str) -> str:
        """Add to a cause what YARN has to say: what was asked, and what is free."""
        details = record.details
        asked = f"{record.num_hosts} containers of {details['container_size']} MB"
        queue = details["queue"] or "default"
        try:
            free = self.yarn.free()
        except (YarnError, DeadlineError) as error:
            free = str(error)
        return f"{cause}; asked of queue {queue!r}: {asked}, {record.cores} vcores each; {free}"


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _make_private(folder: Folder) -> None:
    """Make a folder of HDFS that only its owner may enter."""
    from windrow.io.hdfs import make_folder

    make_folder(folder.url, 0o700)
