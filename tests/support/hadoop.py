"""A small but real Hadoop on loopback: HDFS on two DataNodes, YARN on two NodeManagers, ZooKeeper.

The jars come from Maven Central, once, into the user's cache folder: ``python -m
tests.support.hadoop`` does that alone. Needs Java; Maven for the first time.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.support.hadoop_settings import DATA, LOG4J, NODES, PORTS, sites, xml

from windrow.config import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "3.4.2"
POM = Path(__file__).with_name("hadoop-pom.xml")
H = "org.apache.hadoop."
JVM = [
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=64m", "-Xss512k"),
    *("-Djava.net.preferIPv4Stack=true", "--add-opens=java.base/java.lang=ALL-UNNAMED"),
]
DAEMONS = {
    "zk": ("org.apache.zookeeper.server.ZooKeeperServerMain", "48m"),
    "nn": (f"{H}hdfs.server.namenode.NameNode", "160m"),
    **dict.fromkeys(DATA, (f"{H}hdfs.server.datanode.DataNode", "128m")),
    "rm": (f"{H}yarn.server.resourcemanager.ResourceManager", "224m"),
    **dict.fromkeys(NODES, (f"{H}yarn.server.nodemanager.NodeManager", "128m")),
}
UP_SECONDS, DOWN_SECONDS, JAR_SECONDS = 90.0, 5.0, 900.0


def jars() -> Path:
    """Where the jars of this version are kept, if they were fetched."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "windrow-tests" / f"hadoop-{VERSION}" / "lib"


def fetch() -> Path:
    """Fetch the jars where they are not kept yet."""
    at = jars()
    if at.exists():
        return at
    print(f"fetching the Hadoop of the tests, {VERSION}: a minute or two, once", flush=True)
    aside = at.parent / f"lib-{secrets.token_hex(4)}"
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    try:
        subprocess.run([*command, f"-DoutputDirectory={aside}"], check=True, timeout=JAR_SECONDS)
        aside.rename(at)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return at


def missing() -> str | None:
    """Return what this machine lacks to run it; None when it has all."""
    if shutil.which("java") is None:
        return "java"
    return None if jars().exists() else "Hadoop's jars (./dev test fetches them where mvn is there)"


class Hadoop:
    """The daemons, for as long as a ``with`` block.

    Parameters
    ----------
    folder
        An empty one for all that they write.
    api
        Whether YARN's service API is on.
    """

    def __init__(self, folder: Path, *, api: bool = True) -> None:
        self.folder, self.api = folder, api
        self.user = getpass.getuser()
        self.conf = folder / "conf"
        self.ports: dict[str, int] = {}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def hdfs(self) -> str:
        """URL of the file system, without a slash at its end."""
        return f"hdfs://127.0.0.1:{self.ports['nn']}"

    @property
    def yarn(self) -> str:
        """URL of the ResourceManager."""
        return f"http://127.0.0.1:{self.ports['rm_http']}"

    def __enter__(self) -> Self:
        self._configure()
        try:
            self._format()
            for name in DAEMONS:
                self.start(name)
            self._await("HDFS", self._hdfs_is_ready)
            self._make_folders()
            self._await("YARN", self._yarn_is_ready)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in (*NODES, "rm", *DATA, "nn", "zk"):  # nodes stop their containers
            process = self.daemons.get(name)
            if process is not None and process.poll() is None:
                process.terminate()
        deadline = Deadline(DOWN_SECONDS, "the end of the daemons")
        for process in self.daemons.values():
            try:
                process.wait(0.1 if deadline.expired() else deadline.remaining())
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in self.containers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self, name: str) -> None:
        """Start one daemon."""
        main, heap = DAEMONS[name]
        command = [*self._java(heap, name), main]
        if name == "zk":
            command.append(str(self.conf / "zoo.cfg"))
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | {"HADOOP_CONF_DIR": str(self.conf), "JAVA_HOME": _java_home()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill one daemon."""
        self.daemons[name].kill()
        self.daemons[name].wait()

    def administer(self, *words: str) -> None:
        """Run ``hdfs dfsadmin``."""
        main = f"{H}hdfs.tools.DFSAdmin"
        command = [*self._java("64m", "nn"), main, *words]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60)

    def log(self, name: str) -> str:
        """What a daemon wrote."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def containers(self) -> dict[int, str]:
        """Processes that run in containers, with their command lines."""
        found = {}
        places = tuple(f"{self.folder}/data/{name}/" for name in NODES)
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and str((entry / "cwd").readlink()).startswith(places):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(entry.name)] = command
        return found

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> Any:
        """Ask the ResourceManager."""
        return json.loads(_http(f"{self.yarn}{path}", method, body))

    def _configure(self) -> None:
        for sub in ("conf/webapps/hdfs", "conf/webapps/datanode", "data", "logs"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        probes = [socket.socket() for _ in PORTS]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        self.ports = {p: s.getsockname()[1] for p, s in zip(PORTS, probes, strict=True)}
        for probe in probes:
            probe.close()
        found = sites(self.folder, jars(), self.ports, self.user, api=self.api)
        for name, site in found.items():
            (self.conf / f"{name}.xml").write_text(xml(site))
        (self.conf / "log4j.properties").write_text(LOG4J)
        (self.conf / "zoo.cfg").write_text(
            f"dataDir={self.folder}/data/zk\nclientPort={self.ports['zk']}\n"
            "clientPortAddress=127.0.0.1\nadmin.enableServer=false\ntickTime=1000\n"
        )

    def _format(self) -> None:
        with (self.folder / "logs" / "format.log").open("wb") as log:
            main, heap = DAEMONS["nn"]
            command = [*self._java(heap, "nn"), main, "-format", "-nonInteractive"]
            subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, check=True, timeout=60)

    def _java(self, heap: str, name: str) -> list[str]:
        own: dict[str, object] = {"name": name, "port": self.ports[name], "host": "127.0.0.1"}
        for part in ("http", "ipc", "loc", "coll"):  # every daemon reads what all are told
            own[part] = self.ports.get(f"{name}_{part}", 0)
        for kind in (NODES, DATA):  # two machines: each has a node of YARN and one of HDFS
            if name in kind:
                own["host"] = f"127.0.0.{1 + kind.index(name)}"
        return [
            *(f"{_java_home()}/bin/java", f"-Xmx{heap}", *JVM),
            f"-Dlog4j.configuration=file:{self.conf}/log4j.properties",
            *(f"-Dtest.{key}={value}" for key, value in own.items()),
            *("-cp", f"{self.conf}:{jars()}/*"),
        ]

    def _await(self, what: str, ready: Callable[[], bool]) -> None:
        deadline = Deadline(UP_SECONDS, f"{what} to be ready", f"look into {self.folder}/logs")
        while True:
            with suppress(OSError, LookupError):
                if ready():
                    return
            dead = [name for name, process in self.daemons.items() if process.poll() is not None]
            assert not dead, (
                f"{dead} ended: {(self.folder / 'logs' / f'{dead[0]}.log').read_text()[-2000:]}"
            )
            deadline.pause(0.1)

    def _hdfs_is_ready(self) -> bool:
        query = "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
        found = json.loads(_http(f"http://127.0.0.1:{self.ports['nn_http']}{query}"))["beans"][0]
        ready: bool = found["NumLiveDataNodes"] == len(DATA) and found["FSState"] == "Operational"
        return ready

    def _yarn_is_ready(self) -> bool:
        nodes = self.ask("/ws/v1/cluster/nodes?states=RUNNING")["nodes"] or {}
        return len(nodes.get("node", [])) == len(NODES)

    def _make_folders(self) -> None:
        import hdfs_native

        client = hdfs_native.Client(config_dir=str(self.conf))
        for path, mode in {
            "/tmp": 0o1777,  # noqa: S108 - of HDFS
            "/logs": 0o1777,
            f"/user/{self.user}": 0o755,
            "/yarn-services": 0o755,
        }.items():
            client.mkdirs(path, mode, create_parent=True)
        empty = io.BytesIO()
        tarfile.open(fileobj=empty, mode="w:gz").close()
        with client.create("/yarn-services/service-dep.tar.gz") as file:
            file.write(empty.getvalue())


def _java_home() -> str:
    return str(Path(os.path.realpath(shutil.which("java") or "/usr/bin/java")).parents[1])


def _http(url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, data=body, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        data: bytes = answer.read()
        return data


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(fetch())
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with Hadoop(Path(sys.argv[1])) as made:
            print(
                f"export HADOOP_CONF_DIR={made.conf} HDFS={made.hdfs} YARN={made.yarn}", flush=True
            )
            signal.pause()
