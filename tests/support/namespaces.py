"""Hosts that really have addresses: network namespaces of this machine, joined by a bridge.

Each host is a namespace with one interface, ``eth0``, whose other end is a port of a bridge. The
bridge stands in a namespace of its own, so that no rule of the machine's own network applies to it;
the outer namespace, where tests run, is one more host: its interface is named after the network.
Needs root and iproute2.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from windrow.config import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = Path("/run/netns")
PREFIX = "wr"
PATIENCE = 10.0
"""Seconds in which a killed process must be gone."""


class Network:
    """A bridge, hosts around it, and the outer namespace.

    Parameters
    ----------
    hosts
        Their names; the first has the address ``10.x.y.11``.
    mark
        A letter that tells it from another network of this process.

    Attributes
    ----------
    outer
        Address of the outer namespace.
    """

    def __init__(self, hosts: Sequence[str], mark: str = "") -> None:
        self.hosts = tuple(hosts)
        self.tag = f"{PREFIX}{os.getpid()}{mark}"
        start = zlib.crc32(self.tag.encode())
        # Nobody else's: what the machine can reach already is left alone.
        subnets = (f"10.{64 + (start + n) % 128}.{(start + n) // 128 % 256}" for n in range(100))
        self.subnet = next(subnet for subnet in subnets if not _routed(f"{subnet}.1"))
        self.outer = f"{self.subnet}.1"

    def address(self, host: str) -> str:
        """Return the address of a host."""
        return f"{self.subnet}.{11 + self.hosts.index(host)}"

    def enter(self, host: str) -> list[str]:
        """Return what precedes a command that is to run as a host; the process stays the same."""
        return ["ip", "netns", "exec", self._namespace(host)]

    def run(self, host: str, *command: str) -> str:
        """Run a command as a host and return what it wrote."""
        return _run(*self.enter(host), *command)

    def received(self, host: str) -> int:
        """Bytes that a host has received from the others."""
        return int(self.run(host, "cat", "/sys/class/net/eth0/statistics/rx_bytes"))

    def unplug(self, host: str) -> None:
        """Take a host's link down: packets to and from it are lost, and nobody is told."""
        self._in("bridge", "link", "set", f"port{self.hosts.index(host)}", "down")

    def plug(self, host: str) -> None:
        """Bring a host's link up again."""
        self._in("bridge", "link", "set", f"port{self.hosts.index(host)}", "up")

    def processes(self, host: str | None = None) -> list[int]:
        """Processes that run as a host, or as any of them."""
        names = self.hosts if host is None else (host,)
        listed = (_run("ip", "netns", "pids", self._namespace(name)) for name in names)
        return [int(pid) for text in listed for pid in text.split()]

    def __enter__(self) -> Self:
        sweep()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove every namespace with all that runs there; the links go with them."""
        _remove(self.tag)

    def _build(self) -> None:
        for name in ("bridge", *self.hosts):
            _run("ip", "netns", "add", self._namespace(name))
            self._in(name, "link", "set", "lo", "up")
        # Without an address of its own it takes its ports', which changes when hosts come and go.
        self._in("bridge", "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge")
        self._in("bridge", "link", "set", "br0", "up")
        for number, host in enumerate(self.hosts):
            peer = ("peer", "name", "eth0", "netns", self._namespace(host))
            self._in("bridge", "link", "add", f"port{number}", "type", "veth", *peer)
            self._in("bridge", "link", "set", f"port{number}", "master", "br0", "up")
            self._in(host, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
            self._in(host, "link", "set", "eth0", "up")
        outer = ("peer", "name", "outer", "netns", self._namespace("bridge"))
        _run("ip", "link", "add", self.tag, "type", "veth", *outer)
        self._in("bridge", "link", "set", "outer", "master", "br0", "up")
        _run("ip", "addr", "add", f"{self.outer}/24", "dev", self.tag)
        _run("ip", "link", "set", self.tag, "up")

    def _in(self, name: str, *arguments: str) -> None:
        _run("ip", "-n", self._namespace(name), *arguments)

    def _namespace(self, name: str) -> str:
        return f"{self.tag}-{name}"


@dataclass
class NamespaceGround:
    """Ground for the hosts of a local cluster: host n stands at the network's ``host-n``.

    Whoever cuts lines gives another `prefix`, lest other clusters that stand there lose theirs.
    """

    network: Network
    prefix: str = "host"
    started: list[int] = field(default_factory=list)

    def address(self, number: int) -> str:
        """See `windrow.deploy.local_hosts.Ground`."""
        return self.network.address(f"{self.prefix}-{number}")

    def command(self, number: int) -> list[str]:
        """See `windrow.deploy.local_hosts.Ground`."""
        self.started.append(number)
        return self.network.enter(f"{self.prefix}-{number}")


@contextlib.contextmanager
def reachable(network: Network) -> Iterator[None]:
    """Let tests speak to a network's addresses, which otherwise are none of this machine's."""
    guarded = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        own = self.family == socket.AF_INET and address[0].startswith(f"{network.subnet}.")
        super(socket.socket, self).connect(address) if own else guarded(self, address)

    setattr(socket.socket, "connect", connect)  # noqa: B010 - it is a method
    try:
        yield
    finally:
        setattr(socket.socket, "connect", guarded)  # noqa: B010


def missing() -> str | None:
    """Return what this process lacks to make namespaces; None when it can."""
    if shutil.which("ip") is None:
        return "ip, of iproute2"
    if os.geteuid() != 0:
        return "root, to make network namespaces"
    try:
        _run("ip", "netns", "add", f"{PREFIX}{os.getpid()}-try")
    except subprocess.CalledProcessError as error:
        return f"the right to make network namespaces ({error.stderr.strip()})"
    _run("ip", "netns", "del", f"{PREFIX}{os.getpid()}-try")
    return None


def sweep() -> None:
    """Remove the namespaces of test processes that were killed."""
    for name in _listed():
        tag = name.partition("-")[0]
        owner = re.fullmatch(rf"{PREFIX}(\d+)[a-z]?", tag)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            _remove(tag)


def _remove(tag: str) -> None:
    """Kill what runs in the namespaces of a network, then remove them."""
    names = [name for name in _listed() if name.startswith(f"{tag}-")]
    for name in names:
        deadline = Deadline(PATIENCE, f"the processes of {name} to end")
        while pids := _run("ip", "netns", "pids", name).split():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            deadline.pause(0.02)
    for name in names:
        _run("ip", "netns", "del", name)
    with contextlib.suppress(subprocess.CalledProcessError):
        _run("ip", "link", "del", tag)  # it goes with its peer, a little later


def _listed() -> list[str]:
    return sorted(path.name for path in NAMES.iterdir()) if NAMES.exists() else []


def _routed(address: str) -> bool:
    """Whether the machine knows a way to an address, other than its way to everywhere."""
    routes = _run("ip", "-o", "route", "show", "match", address).splitlines()
    return any(not route.startswith("default") for route in routes)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
