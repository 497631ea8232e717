"""What a stranger on the machine or the network can reach of a cluster: nothing."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import struct
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
import pytest
from tests.support.clusters import processes_of, until
from tests.support.http_server import HttpServer
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.credentials import Credentials, create_credentials, write_private
from windrow.deploy.jobs import COMPLETED, FAILED, JOBS_TOPIC, Job, Outcome
from windrow.errors import BadRowsWarning, SignatureError
from windrow.execution import environment
from windrow.execution.cluster_client import publish
from windrow.progress import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster
    from windrow.execution.protocol import Session

pytestmark = on_clusters("distributed", "cryptography", timeout=240)
PATIENCE = 10.0
LISTEN = "0A"  # st of /proc/net/tcp
SECRETS = (b"hunter2", b"0dd5ecre7", b"s1gnedbyme")
PRIVATE = "ann:hunter2@"
PRESIGNED = "?page=2&X-Amz-Signature=0dd5ecre7&sig=s1gnedbyme"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    path = tmp_path_factory.mktemp("security") / "state"
    with gl.deploy.local_cluster.create(
        "secure", num_hosts=2, memory="1GB", state_path=path
    ) as made:
        with gl.distributed(made):
            double = gl.SArray(range(3000)).apply(lambda x: x * 2, dtype=int)
            assert double.sum() == 2999 * 3000  # functions have processes of their own by now
        yield made


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    """Credentials that are good, of another cluster."""
    folder = str(tmp_path_factory.mktemp("strangers") / "tls")
    write_private(folder, create_credentials("other", 3600.0))
    return Credentials.of(folder, "client")


# --------------------------------------------------------------------------------------- sockets


def family_of(state_path: str) -> dict[int, str]:
    """Every process of a cluster: those that name it, and what they have started."""
    found = processes_of(state_path)
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    while new := [pid for pid, up in parents.items() if up in found and pid not in found]:
        for pid in new:
            found[pid] = f"child of {parents[pid]}"
    return found


def sockets_of(pid: int) -> set[str]:
    """Inodes of the sockets that a process holds."""
    found = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                name = str(entry.readlink())
                if name.startswith("socket:["):
                    found.add(name[8:-1])
    return found


def address_in(text: str) -> tuple[str, int]:
    """Read an address of /proc/net/tcp or tcp6."""
    host, port = text.split(":")
    raw = bytes.fromhex(host)
    words = struct.pack(f">{len(raw) // 4}I", *struct.unpack(f"<{len(raw) // 4}I", raw))
    kind = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return socket.inet_ntop(kind, words), int(port, 16)


def rows_of(pid: int, table: str) -> list[list[str]]:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        return [line.split() for line in lines]
    return []


def listening(state_path: str) -> dict[tuple[str, int], str]:
    """Address of each socket on which a process of the cluster takes connections."""
    found = {}
    for pid, command in family_of(state_path).items():
        held = sockets_of(pid)
        for table in ("tcp", "tcp6"):
            for row in rows_of(pid, table):
                if row[3] == LISTEN and row[9] in held:
                    found[address_in(row[1])] = command
    return found


def answer_to(address: tuple[str, int], question: bytes = b"") -> bytes:
    """Say something in the clear, or wait; give the first byte that comes back."""
    with socket.create_connection(address, PATIENCE) as line:
        line.sendall(question)
        try:
            return line.recv(1)
        except ConnectionError:
            return b""


def tls_answer_of(address: tuple[str, int], member: Credentials | None, **limits: Any) -> bytes:
    """Shake hands as somebody; give the first byte that comes back."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in limits.items():
        setattr(context, name, value)
    if member is not None:
        context.load_cert_chain(member.certificate, member.key)
    with (
        socket.create_connection(address, PATIENCE) as plain,
        context.wrap_socket(plain) as line,
    ):
        return line.recv(1)


def test_every_open_port_is_for_members_of_the_cluster_only(
    cluster: Cluster, strangers: Credentials
) -> None:
    ports = listening(cluster.state_path)
    roles = sorted(command.split()[3] for command in ports.values())
    assert roles == ["scheduler", "worker", "worker"]
    assert {host for host, _ in ports} == {host.address for host in cluster.hosts}
    for address in ports:
        assert tls_answer_of(address, cluster.credentials) != b""
        for other in (None, strangers):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                tls_answer_of(address, other)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            tls_answer_of(address, cluster.credentials, maximum_version=ssl.TLSVersion.TLSv1_2)
        for path in ("/", "/status", "/health", "/metrics", "/info/main/workers.html"):
            question = f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode()
            assert answer_to(address, question) in {b"", b"\x15"}  # a TLS alert is no page


def test_the_client_and_its_cluster_have_no_other_door(cluster: Cluster) -> None:
    for pid, command in (family_of(cluster.state_path) | {os.getpid(): "the client"}).items():
        held = sockets_of(pid)
        datagrams = [row for t in ("udp", "udp6") for row in rows_of(pid, t) if row[9] in held]
        assert datagrams == [], command
        # Column 3 has the flag of sockets that listen, 6 the inode, 7 the path.
        local = [
            row for row in rows_of(pid, "unix") if row[6] in held and int(row[3], 16) & 1 << 16
        ]
        assert local == [], command


# ----------------------------------------------------------------------------------------- files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_their_owners_alone(cluster: Cluster) -> None:
    tls = Path(cluster.provider.tls())
    assert mode(tls) == 0o700
    names = {path.name: mode(path) for path in tls.iterdir()}
    assert set(names.values()) == {0o600}
    assert "authority.key" not in names
    assert sorted(names) == [
        "authority.pem", "client.key", "client.pem", "host.key", "host.pem", "signing.key",
    ]  # fmt: skip


def test_records_and_scratch_can_be_opened_by_their_owner_only(cluster: Cluster) -> None:
    generation = Path(cluster.folder.url)
    assert mode(generation) == 0o700
    assert {mode(path) for path in generation.glob("jobs/*/spec")} == {0o600}
    assert {mode(path) for path in generation.glob("jobs/*/result")} == {0o600}
    scratch = scratch_of(cluster)
    assert len(scratch) == 2
    assert {mode(path) for path in scratch} == {0o700}


def scratch_of(cluster: Cluster) -> list[Path]:
    """Scratch folders of the hosts, as their processes know them."""
    found = set()
    for pid in processes_of(cluster.state_path):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(b"TMPDIR="):
                path = Path(os.fsdecode(entry[7:]))
                if path.name.startswith("windrow-host-"):
                    found.add(path)
    return sorted(found)


# ------------------------------------------------------------------------------------ signatures


@dataclass(frozen=True)
class Touching:
    """Makes a file."""

    path: str

    def __call__(self, session: Session) -> str:
        """Make it."""
        Path(self.path).touch()
        session.emit(Notice("touched"))
        return "done"


def _has_failed(job: Job) -> bool:
    return job.state == FAILED


def submitted(cluster: Cluster, spec: bytes) -> Job:
    """Put a job into the store past the client's own code, and ring."""
    job = Job.new(cluster.folder.folder("jobs"), cluster.credentials)
    job.folder.put("spec", spec)
    publish(cluster.connection(), JOBS_TOPIC, {"new": job.identifier})
    return job


def test_programs_that_no_member_signed_are_not_even_read(
    cluster: Cluster, strangers: Credentials, tmp_path: Path
) -> None:
    program = cloudpickle.dumps(Touching(str(tmp_path / "touched")))
    signed = cluster.credentials.sign(program)
    altered = signed[:-1] + bytes([signed[-1] ^ 1])
    for spec in (program, strangers.sign(program), altered, b""):
        job = submitted(cluster, spec)
        until("the job to end", partial(_has_failed, job))
        with pytest.raises(SignatureError, match=job.identifier):
            cluster.jobs[job.identifier].attach(lambda _: None)
    assert not (tmp_path / "touched").exists()
    job = submitted(cluster, signed)
    until("the job to end", lambda: job.state == COMPLETED)
    assert (tmp_path / "touched").exists()


@dataclass(frozen=True)
class Trap:
    """Makes a file when it is unpickled."""

    path: str

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (Path(self.path),)


def test_results_that_no_member_signed_are_not_even_read(
    cluster: Cluster, strangers: Credentials, tmp_path: Path
) -> None:
    forged = cloudpickle.dumps(Outcome(value=Trap(str(tmp_path / "touched"))))
    for result in (forged, strangers.sign(forged)):
        job = Job.new(cluster.folder.folder("jobs"), cluster.credentials)
        job.claim("nobody")
        job.folder.put("result", result)
        job.advance(COMPLETED)
        with pytest.raises(SignatureError, match=job.identifier):
            cluster.jobs[job.identifier].attach(lambda _: None)
    assert not (tmp_path / "touched").exists()


# --------------------------------------------------------------------------------------- secrets


@dataclass(frozen=True)
class Telling:
    """Says an address, warns of it, and fails with it, as careless code does."""

    url: str

    def __call__(self, session: Session) -> None:
        """Say it."""
        session.emit(Notice(f"reading {self.url}"))
        raise OSError(f"nothing at {self.url}")


def test_secrets_in_addresses_are_stored_nowhere_but_in_the_signed_program(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "x,y\n" + "".join(f"{x},{int(x % 7 > 2)}\n" for x in range(500)) + "1,2,3,4\n"
    with HttpServer({"/a.csv": text.encode()}) as server:
        url = server.url("/a.csv").replace("http://", f"http://{PRIVATE}") + PRESIGNED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BadRowsWarning)
            sf = gl.SFrame(url)
            with gl.distributed(cluster):
                assert sf["x"].sum() == 499 * 250
                gl.logistic_classifier.create(sf, "y", validation_set=None, verbose=False)
                with pytest.raises(ZeroDivisionError):
                    sf["x"].apply(lambda x: 1 // (x - 400), dtype=int).sum()
    with gl.distributed(cluster), pytest.raises(Exception, match=r"ann:\*\*\*@127") as caught:
        sf["y"].sum()
    assert not any(secret.decode() in repr(caught.value) for secret in SECRETS)
    with gl.distributed(cluster), pytest.raises(OSError, match="nothing at"):
        environment.current().run(Telling(url), None)
    sf.explain()
    assert "ann:***@" in capsys.readouterr().out
    files = [path for path in Path(cluster.state_path).rglob("*") if path.is_file()]
    assert any(SECRETS[0] in path.read_bytes() for path in files if path.name == "spec")
    for path in files:
        if path.name != "spec":
            data = path.read_bytes()
            assert [secret for secret in SECRETS if secret in data] == [], path
    for pid in family_of(cluster.state_path):
        for name in ("cmdline", "environ"):
            with suppress(OSError):
                data = Path(f"/proc/{pid}/{name}").read_bytes()
                assert [secret for secret in SECRETS if secret in data] == [], (pid, name)
