"""A real S3 server on loopback that checks signatures, for tests.

It is versitygw over a folder, which `./dev test` builds once, by ``go install`` at a pinned
version, and keeps in the user's cache folder: ``python -m tests.support.s3_server`` does that
alone. Where it is not to be had it is moto's server, which takes any signature for good: tests of
signatures are then left out, by name, and the output says which server it is.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from windrow.config import Deadline

VERSION = "v1.8.0"
PACKAGE = "github.com/versity/versitygw/cmd/versitygw"
REGION = "eu-west-1"
START_SECONDS, BUILD_SECONDS = 60, 900


def binary() -> Path:
    """Where the program of this version is kept, if it was built."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "windrow-tests" / VERSION / "versitygw"


def build() -> Path:
    """Build the program where it is not kept yet, aside and then renamed: two may do so at once."""
    at = binary()
    if at.exists():
        return at
    print(
        f"building the S3 server of the tests, versitygw {VERSION}: some minutes, once", flush=True
    )
    aside = at.parent / f"build-{secrets.token_hex(4)}"
    aside.mkdir(parents=True)
    try:
        subprocess.run(
            ["go", "install", f"{PACKAGE}@{VERSION}"],
            env=os.environ | {"GOBIN": str(aside), "GOTOOLCHAIN": "auto", "GOFLAGS": ""},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=BUILD_SECONDS,
        )
        (aside / "versitygw").replace(at)
    finally:
        shutil.rmtree(aside)
    return at


def which() -> str:
    """Which server tests of this machine speak to."""
    if binary().exists():
        return f"versitygw {VERSION}, which checks signatures"
    return "moto, which takes any signature for good (./dev builds versitygw where go is there)"


class S3Server(Protocol):
    """What tests know of a server."""

    name: str
    port: int
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        """Its address."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


def s3_server(folder: Path) -> S3Server:
    """The best server that is to be had, not yet running."""
    return VersityGateway(binary(), folder) if binary().exists() else Moto()


@dataclass
class _Keys:
    access_key: str = field(default_factory=lambda: "AK" + secrets.token_hex(9).upper())
    secret_key: str = field(default_factory=lambda: secrets.token_hex(20))
    port: int = 0

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class VersityGateway(_Keys):
    """versitygw over an empty folder, as a process of its own.

    Parameters
    ----------
    program
        The binary.
    folder
        An empty folder for what it keeps.
    """

    program: Path = Path()
    folder: Path = Path()
    name = "versitygw"

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__()
        self.program, self.folder = program, folder

    def __enter__(self) -> Self:
        for part in ("data", "meta", "users"):
            (self.folder / part).mkdir(parents=True)
        self.port = free_port()
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                str(self.program),
                *("--port", f"127.0.0.1:{self.port}", "--region", REGION, "--quiet"),
                *("--iam-dir", str(self.folder / "users")),
                *("posix", "--sidecar", str(self.folder / "meta"), str(self.folder / "data")),
            ],
            env={
                "PATH": os.environ["PATH"],
                "ROOT_ACCESS_KEY": self.access_key,
                "ROOT_SECRET_KEY": self.secret_key,
            },
            stdout=self._log,
            stderr=self._log,
        )
        await_port(self.port, lambda: self._process.poll() is None)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    def add_user(self, access_key: str, secret_key: str) -> None:
        """Let somebody in who owns nothing: what is in others' buckets is denied to them."""
        subprocess.run(
            [
                str(self.program),
                *("admin", "--access", self.access_key, "--secret", self.secret_key),
                *("--endpoint-url", self.endpoint, "--region", REGION, "create-user"),
                *("--access", access_key, "--secret", secret_key, "--role", "user"),
            ],
            check=True,
            capture_output=True,
            timeout=START_SECONDS,
        )


class Moto(_Keys):
    """moto's server, in a thread; it takes any key for good."""

    name = "moto"

    def __enter__(self) -> Self:
        from moto.server import ThreadedMotoServer

        self._server: Any = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        _, self.port = self._server.get_host_and_port()
        return self

    def __exit__(self, *end: object) -> None:
        self._server.stop()


def free_port() -> int:
    """A port of the loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, alive: Any) -> None:
    """Wait until somebody listens."""
    deadline = Deadline(START_SECONDS, f"the S3 server at port {port}")
    while True:
        assert alive(), "the S3 server ended"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        deadline.pause(0.02)


if __name__ == "__main__":
    print(build())
