"""Guards that hold for every test and every doctest of the session.

- A needed outside tool that is missing leaves its tests out *by name*; in CI it fails instead.
- Only addresses of this machine are spoken to.
- A test's scratch files are gone when the session ends.
- Hypothesis takes its seed from the commit (`./dev test` prints it), never from the clock.
"""

from __future__ import annotations

import gc
import importlib.util
import ipaddress
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C and so would all processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SOAK = os.environ.get("WINDROW_SOAK") == "1"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

hypothesis.settings.register_profile(
    "windrow",
    max_examples=1000 if SOAK else 50,
    deadline=None,  # a first call may compile a kernel
    derandomize=False,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("windrow")


def _missing(marker: pytest.Mark) -> list[str]:
    return [
        name
        for name in marker.args
        if shutil.which(name) is None and importlib.util.find_spec(name) is None
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out, with a reason that names it, what this run cannot or should not do."""
    if item.get_closest_marker("soak") and not SOAK:
        pytest.skip("left out: a long table (./dev soak)")
    missing = [name for marker in item.iter_markers("needs") for name in _missing(marker)]
    if missing and IN_CI:
        pytest.fail(f"needs {', '.join(missing)}, which CI must install", pytrace=False)
    if missing:
        pytest.skip(f"left out: needs {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List by name what was left out, and why."""
    left_out = terminalreporter.stats.get("skipped", [])
    if not left_out:
        terminalreporter.write_line("left out: nothing")
        return
    terminalreporter.section("left out")
    for report in left_out:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"{report.nodeid}: {reason}")


@pytest.fixture
def seed() -> int:
    """Give the seed of this commit, for tests that draw their own numbers."""
    return int(os.environ.get("WINDROW_SEED") or 0)


@pytest.fixture(params=["here", "isolated"])
def functions_run(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run users' functions in this process, then in processes of their own, as workers do."""
    from windrow.config import configured

    with configured(isolate_functions=request.param == "isolated"):
        yield request.param


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run doctests in a folder of their own: an example may write 'model' or 'out.csv'."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    """Refuse, from Python's sockets, every address but this machine's."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = address[0]
            if host != "localhost" and not _is_loopback(host):
                message = f"a test tried to reach {host}; tests speak only to this machine"
                raise AssertionError(message)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_scratch_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point every temporary file of the session to one folder, which must be empty at its end."""
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, str(scratch))
        patch.setattr(tempfile, "tempdir", str(scratch))
        yield
        from windrow.execution import environment

        environment.local().close()  # it lives as long as the process, and so do its files
        gc.collect()
    left = sorted(path.name for path in Path(scratch).iterdir())
    assert not left, f"temporary files were left behind: {left}"
