"""Whether a Hadoop cluster can run windrow: looked at from here, and by one container from inside.

The container is the first of a plain application that never speaks to YARN: that needs neither the
service API nor Java, and what it finds it writes to HDFS.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.config import Deadline
from windrow.deploy import versions
from windrow.deploy.hadoop_install import manifest
from windrow.deploy.state import Folder
from windrow.deploy.yarn import Yarn
from windrow.deploy.yarn_service import OVERHEAD, Service
from windrow.errors import DeadlineError, ToolkitError, YarnError
from windrow.io.hdfs import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Finding", "check"]

SECONDS = 120.0
"""Seconds in which the container must have reported."""
LOOK = 0.5
FEWEST_PORTS = 4
"""Free ports that two hosts on a node want."""
DISK = 4 << 30
"""Bytes of disk that a container wants at least."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what
        Such as ``queue``.
    good
        Whether it is as it must be.
    said
        A sentence: what is there, or what is missing and what to do.
    """

    what: str
    good: bool
    said: str


def check(  # noqa: PLR0917 - as `create` has them
    windrow_path: str,
    hadoop_conf_dir: str | None = None,
    container_size: int = 4096,
    num_vcores: int = 2,
    queue: str | None = None,
    port_range: tuple[int, int] = (9100, 9200),
) -> list[Finding]:
    """Look at all that `hadoop_cluster.create` with these arguments needs.

    Returns
    -------
    list of Finding
        In the order in which they were looked at; what depends on one that is not good is left out.
    """
    path = windrow_path.rstrip("/")
    found = list(_from_here(path, hadoop_conf_dir, container_size, num_vcores, queue))
    if not found[-1].good:
        return found
    try:
        report = _probed(path, hadoop_conf_dir, container_size, queue, port_range)
    except (ToolkitError, OSError) as error:
        return [*found, Finding("container", False, str(error))]
    return [*found, *_judged(report, container_size, port_range)]


def _from_here(
    path: str, settings: str | None, size: int, cores: int, queue: str | None
) -> Iterator[Finding]:
    """Look from here, at one thing after another, until one is not good."""
    looks: dict[str, Callable[[], str]] = {
        "path": lambda: _path(path),
        "installation": lambda: _installation(path),
        "YARN": lambda: _yarn(settings),
        "queue": lambda: _queue(settings, queue or "default"),
        "container size": lambda: _size(settings, size, cores),
    }
    for what, look in looks.items():
        try:
            yield Finding(what, True, look())
        except (ToolkitError, OSError) as error:
            yield Finding(what, False, str(error))
            return


def _path(path: str) -> str:
    name = f".check-{secrets.token_hex(4)}"
    Folder(path).put(name, b"")
    Folder(f"{path}/{name}").remove()
    return f"{path} can be read and written"


def _installation(path: str) -> str:
    installed = manifest(path)
    versions.check(installed["versions"], f"install these: windrow hadoop install {path}")
    return f"Python {installed['python']} and {len(installed['packages'])} packages, as here"


def _yarn(settings: str | None) -> str:
    yarn = Yarn(settings)
    way = "its service API is on" if yarn.serves() else "its service API is off: the plain way"
    registry = yarn.site.get("hadoop.registry.zk.quorum")
    return f"{yarn.addresses()[0]}: {yarn.free()}; {way}; registry {registry or 'not set here'}"


def _queue(settings: str | None, queue: str) -> str:
    known = Yarn(settings).queues()
    if queue.rpartition(".")[2] not in known:
        raise YarnError("queue", 0, f"there is no queue {queue!r}; there are {', '.join(known)}")
    return f"{queue} takes applications"


def _size(settings: str | None, size: int, cores: int) -> str:
    made = Yarn(settings)("POST", "/ws/v1/cluster/apps/new-application")
    most = made["maximum-resource-capability"]
    if size > most["memory"] or cores > most["vCores"]:
        said = (
            f"a container may have {most['memory']} MB and {most['vCores']} vcores, and {size} MB "
            f"and {cores} vcores are asked for; ask for less, or raise "
            "yarn.scheduler.maximum-allocation-mb"
        )
        raise YarnError("container", 0, said)
    return f"{size} MB and {cores} vcores of at most {most['memory']} MB and {most['vCores']}"


def _probed(
    path: str, settings: str | None, size: int, queue: str | None, ports: tuple[int, int]
) -> dict[str, Any]:
    """Run one container, and return what it reports."""
    yarn, installed = Yarn(settings), manifest(path)
    report = Folder(f"{path}/probes").url + f"/{secrets.token_hex(8)}.json"
    made = yarn("POST", "/ws/v1/cluster/apps/new-application")["application-id"]
    python = Service.python_for(installed["python"], brings=bool(installed["interpreter"]))
    command = (
        f"export HOME=$PWD PEX_ROOT=$PWD/pex PEX_EMIT_WARNINGS=false; {python} runtime.pex -m "
        f"windrow.deploy.hadoop_probe {report} {ports[0]}-{ports[1]} 2><LOG_DIR>/stderr"
    )
    files = [("FILE", installed["pex"], "runtime.pex")]
    if installed["interpreter"]:
        files.append(("ARCHIVE", installed["interpreter"], "python"))
    yarn(
        "POST",
        "/ws/v1/cluster/apps",
        {
            "application-id": made,
            "application-name": "windrow-check",
            "application-type": "windrow",
            "queue": queue or "default",
            "max-app-attempts": 1,
            "resource": {"memory": size, "vCores": 1},
            "am-container-spec": {
                "commands": {"command": command},
                "environment": {"entry": [{"key": "HADOOP_USER_NAME", "value": yarn.user}]},
                "local-resources": {"entry": [_resource(path, *file) for file in files]},
            },
        },
    )
    folder, _, name = report.rpartition("/")
    deadline = Deadline(SECONDS, "the report of a container", "ask for less, or of another queue")
    try:
        while (data := Folder(folder).get(name)) is None:
            app = yarn("GET", f"/ws/v1/cluster/apps/{made}")["app"]
            if app["state"] in {"FAILED", "KILLED"}:
                data = Folder(folder).get(name)  # it never registers, which YARN calls a failure
                if data is not None:
                    break
                raise YarnError("container", 0, " ".join(app["diagnostics"].split())[-600:])
            try:
                deadline.pause(LOOK)
            except DeadlineError as error:
                said = f"{error}; it is {app['state']}: {app['diagnostics']}; {yarn.free()}"
                raise YarnError("container", 0, said) from None
    finally:
        yarn.end(made)
        Folder(report).remove()
    found: dict[str, Any] = json.loads(data)
    return found


def _resource(path: str, kind: str, source: str, name: str) -> dict[str, Any]:
    url = f"{path}/{source}"
    length, modified = describe(url)
    return {
        "key": name,
        "value": {
            "resource": url,
            "type": kind,
            "visibility": "APPLICATION",
            "size": length,
            "timestamp": modified,
        },
    }


def _judged(report: dict[str, Any], size: int, ports: tuple[int, int]) -> list[Finding]:
    """Say what a container's report means."""
    target = report["compile_target"] or "older than x86-64-v3: kernels are compiled there, slowly"
    free, disk = report["free_ports"], report["disk"]
    data = ((size << 20) - OVERHEAD) // 2
    late = abs(time.time() - report["time"])
    return [
        Finding("container", True, f"ran on {report['node']}, {report['cores']} cores, {target}"),
        Finding("memory", data > 0, f"{data / 1e6:.0f} MB of a container hold data"),
        Finding("disk", disk > DISK, f"{disk / 1e9:.0f} GB are free where a container works"),
        Finding(
            "ports",
            free >= FEWEST_PORTS,
            f"{free} of {ports[0]}-{ports[1]} are free on {report['node']}"
            + ("" if free >= FEWEST_PORTS else "; give another port_range"),
        ),
        Finding("clock", late < SECONDS, f"it differs by {late:.0f} s at most"),
    ]
