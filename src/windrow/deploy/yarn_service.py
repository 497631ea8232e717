"""What a cluster is to YARN: a service of two components, each container a host."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

__all__ = ["Service"]

OVERHEAD = 700 << 20
"""Bytes that the processes of a host take before they hold any data."""
SCRIPT = """#!/bin/bash
# A host of a windrow cluster, as a container of YARN.
set -u
case "$WINDROW_INSTANCE" in
  scheduler-*) NAME=host-0 ;;
  *) NAME=host-$(( ${WINDROW_INSTANCE##*-} + 1 )) ;;
esac
HOME=$PWD; export HOME
export PEX_ROOT=$PWD/pex PEX_EMIT_WARNINGS=false MALLOC_ARENA_MAX=2
mkdir -p "host/logs/$NAME"
SCRATCH=${WINDROW_TMP:+$WINDROW_TMP/windrow-$CONTAINER_ID}
ulimit -s 1024
@PYTHON@ runtime.pex -m windrow.deploy.boot --generation "$WINDROW_GENERATION" --name "$NAME" \\
  --address "$NM_HOST" --ports "$WINDROW_PORTS" --cores "$WINDROW_CORES" \\
  --memory "$WINDROW_MEMORY" --folder "$PWD/host" --scratch "$SCRATCH" --patience 60 \\
  --revived --orphaned 240 \\
  --detail "container=$CONTAINER_ID" >> "host/logs/$NAME/host.log" 2>&1
STATUS=$?
tail -n 30 "host/logs/$NAME/host.log" >&2
exit $STATUS
"""


@dataclass(frozen=True)
class Service:
    """The service of one generation.

    Attributes
    ----------
    name
        Letters in lower case, digits and ``-``.
    generation
        URL of its folder in the state store.
    installation
        Path in HDFS of the installation.
    pex, interpreter, script
        Files there; the interpreter's may be empty.
    python
        Minor version of Python.
    containers, memory, cores
        How many, and megabytes and threads of each.
    ports
        ``9100-9200``.
    lifetime
        Seconds after which YARN ends it.
    queue
        Of YARN; empty for the default.
    user
        Whose files they are.
    scratch
        Folder of every node for scratch files; empty for the container's own.
    principal, keytab
        Who its containers are to Kerberos, and the URL of the keytab; empty without Kerberos.
    """

    name: str
    generation: str
    installation: str
    pex: str
    interpreter: str
    script: str
    python: str
    containers: int
    memory: int
    cores: int
    ports: str
    lifetime: int
    queue: str
    user: str
    scratch: str = ""
    principal: str = ""
    keytab: str = ""

    @staticmethod
    def script_for(python: str, *, brings: bool) -> str:
        """Write what every container runs.

        Parameters
        ----------
        python
            Minor version.
        brings
            Whether the interpreter comes along; else the nodes have it.
        """
        return SCRIPT.replace("@PYTHON@", Service.python_for(python, brings=brings))

    @staticmethod
    def python_for(python: str, *, brings: bool) -> str:
        """Write the command that starts the interpreter in a container; see `script_for`."""
        own = f"env LD_LIBRARY_PATH=$PWD/python/lib $PWD/python/bin/python{python}"
        return own if brings else f"python{python}"

    def spec(self) -> dict[str, Any]:
        """Return it as YARN's service API takes it; it holds no secret."""
        who = {"principal_name": self.principal, "keytab": self.keytab}
        return ({"kerberos_principal": who} if self.principal else {}) | {
            "name": self.name,
            "version": "1",
            "description": "windrow cluster",
            "lifetime": self.lifetime,
            "queue": self.queue or "default",
            "configuration": {
                "properties": {
                    "yarn.service.container-failure.retry.max": "0",
                    "yarn.service.container-failure-per-component.threshold": "20",
                    "yarn.service.readiness-check-interval.seconds": "1",
                }
            },
            "components": [
                self._component("scheduler", 1),
                self._component("worker", self.containers - 1),
            ],
        }

    def _component(self, name: str, count: int) -> dict[str, Any]:
        files = [("STATIC", self.pex, "runtime.pex"), ("STATIC", self.script, "start.sh")]
        if self.interpreter:
            files.append(("ARCHIVE", self.interpreter, "python"))
        return {
            "name": name,
            "number_of_containers": count,
            "launch_command": shlex.join(["bash", "start.sh"]),
            "resource": {"cpus": self.cores, "memory": str(self.memory)},
            "restart_policy": "ON_FAILURE",
            "configuration": {
                "env": {
                    "WINDROW_INSTANCE": "${COMPONENT_INSTANCE_NAME}",
                    "WINDROW_GENERATION": self.generation,
                    "WINDROW_PORTS": self.ports,
                    "WINDROW_CORES": str(self.cores),
                    "WINDROW_MEMORY": str((self.memory << 20) - OVERHEAD),
                    "HADOOP_USER_NAME": self.user,
                    "WINDROW_TMP": self.scratch,
                },
                "files": [
                    {"type": kind, "src_file": f"{self.installation}/{source}", "dest_file": target}
                    for kind, source, target in files
                ],
            },
        }
