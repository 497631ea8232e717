"""YARN by REST: the ResourceManager and its services, as one user sees them."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Any

from windrow.errors import ArgumentError, MissingExtraError, YarnError
from windrow.io.hdfs_settings import read_site

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Yarn"]

Answer = dict[str, Any]
KIND = "yarn-service"
"""Of applications, as YARN calls it."""
SECONDS = 20.0
"""Seconds in which the ResourceManager must answer."""


class Yarn:
    """A ResourceManager.

    Parameters
    ----------
    settings
        Folder with ``yarn-site.xml``; by default ``HADOOP_CONF_DIR``.
    """

    def __init__(self, settings: str | None = None) -> None:
        self.settings = settings or os.environ.get("HADOOP_CONF_DIR", "")
        self.site = read_site(self.settings, "yarn-site")
        if not self.site:
            raise ArgumentError(
                "hadoop_conf_dir", self.settings, "a folder with yarn-site.xml (or HADOOP_CONF_DIR)"
            )
        self.user = os.environ.get("HADOOP_USER_NAME") or getpass.getuser()
        self.secure = read_site(self.settings, "core-site").get("hadoop.security.authentication")

    def addresses(self) -> list[str]:
        """URLs of all ResourceManagers; with high availability the first may be on standby."""
        names = [n for n in self.site.get("yarn.resourcemanager.ha.rm-ids", "").split(",") if n]
        return [self._address(f".{name.strip()}") for name in names] or [self._address("")]

    def _address(self, suffix: str) -> str:
        host = self.site.get(f"yarn.resourcemanager.hostname{suffix}", "127.0.0.1")
        web = self.site.get(f"yarn.resourcemanager.webapp.address{suffix}") or f"{host}:8088"
        return f"http://{web.replace('${yarn.resourcemanager.hostname}', host)}"

    def __call__(self, method: str, path: str, body: Answer | None = None, **query: str) -> Answer:
        """Ask; the answer is what its JSON says.

        Raises
        ------
        YarnError
            It refuses, or no ResourceManager answers; carries what it said.
        """
        try:
            import httpx
        except ImportError:
            advice = "install it: pip install 'windrow[hadoop]'"
            raise MissingExtraError("a cluster of Hadoop containers", advice) from None
        tried = []
        for address in self.addresses():
            try:
                answer = httpx.request(
                    method,
                    f"{address}{path}",
                    params={"user.name": self.user, **query},
                    json=body,
                    timeout=SECONDS,
                    follow_redirects=True,
                    trust_env=False,
                )
            except httpx.HTTPError as error:
                tried.append(f"{address}: {error}")
                continue
            if "refresh" in answer.headers or answer.status_code == httpx.codes.TEMPORARY_REDIRECT:
                tried.append(f"{address}: on standby")
                continue
            return _read(answer.status_code, answer.text, f"{method} {address}{path}")
        raise YarnError(f"{method} {path}", 0, "; ".join(tried))

    def serves(self) -> bool:
        """Whether the API of native services is on; it is off by default."""
        try:
            self("GET", "/app/v1/services/version")
        except YarnError as error:
            if error.status:
                return False
            raise
        return True

    def free(self) -> str:
        """Say what the cluster has to give at the moment."""
        found = self("GET", "/ws/v1/cluster/metrics")["clusterMetrics"]
        return (
            f"{found['availableMB']} MB and {found['availableVirtualCores']} vcores are free on "
            f"{found['activeNodes']} nodes"
        )

    def queues(self) -> list[str]:
        """Names of all queues that take applications."""
        scheduler = self("GET", "/ws/v1/cluster/scheduler")["scheduler"]["schedulerInfo"]
        return sorted(_leaves(scheduler))

    def application(self, name: str) -> Answer | None:
        """Return the newest application of a service by its name; None when there is none."""
        listed = self("GET", "/ws/v1/cluster/apps", applicationTypes=KIND)
        found = listed["apps"] or {"app": []}
        ours = [app for app in found["app"] if app["name"] == name]
        return max(ours, key=lambda app: app["startedTime"], default=None)

    def containers(self, application: str) -> dict[str, Answer]:
        """Return the containers of an application that run, by identifier."""
        base = f"/ws/v1/cluster/apps/{application}/appattempts"
        attempts = self("GET", base)["appAttempts"]["appAttempt"]
        found: dict[str, Answer] = {}
        for attempt in attempts:
            number = attempt.get("appAttemptId") or attempt["id"]
            listed = self("GET", f"{base}/{number}/containers").get("container") or []
            listed = [listed] if isinstance(listed, dict) else listed  # one alone is no list
            found |= {each["containerId"]: each for each in listed}
        return found

    def end(self, application: str) -> None:
        """Kill an application; one that has ended is fine."""
        self("PUT", f"/ws/v1/cluster/apps/{application}/state", {"state": "KILLED"})

    def end_container(self, container: str) -> None:
        """Kill a container."""
        self("POST", f"/ws/v1/cluster/containers/{container}/signal/FORCEFUL_SHUTDOWN")


def _read(status: int, text: str, call: str) -> Answer:
    import json

    try:
        found: Answer = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError:
        found = {"diagnostics": " ".join(text.split())[:300]}
        status = max(status, 400)
    if status >= 400:
        remote = found.get("RemoteException", {})
        said = found.get("diagnostics") or remote.get("message") or text[:300]
        raise YarnError(call, status, str(said))
    return found


def _leaves(queue: Answer) -> Iterator[str]:
    inner = (queue.get("queues") or {}).get("queue", [])
    if not inner:
        yield str(queue["queueName"])
    for each in inner:
        yield from _leaves(each)
