import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from windrow.deploy import deadman
from windrow.deploy.records import HostConfig
from windrow.deploy.state import Folder


@pytest.fixture
def pipe() -> Iterator[int]:
    """Put a pipe in place of standard input; return its writing end."""
    reading, writing = os.pipe()
    saved = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(saved, 0)
    os.close(saved)


def test_a_goodbye_lets_it_go(pipe: int) -> None:
    os.write(pipe, b"..." + deadman.GOODBYE)
    assert deadman.watch(60.0) is None
    os.close(pipe)


def test_a_closed_pipe_means_that_the_host_program_was_killed(pipe: int) -> None:
    os.write(pipe, b"..")
    threading.Timer(0.1, os.close, (pipe,)).start()
    assert deadman.watch(60.0) == "its host program was killed"


def test_silence_and_old_age_end_a_host(pipe: int) -> None:
    assert deadman.watch(60.0, silence=0.05) == "its host program was silent for 0.05 s"
    assert deadman.watch(0.05) == "it lived for max_lifetime, 0.05 s"
    os.close(pipe)


def test_it_kills_the_group_removes_the_scratch_and_runs_what_follows(
    tmp_path: Path,
) -> None:
    scratch, state = tmp_path / "scratch", tmp_path / "state"
    scratch.mkdir()
    group = subprocess.Popen(["sleep", "60"], start_new_session=True)
    config = HostConfig(
        name="host-0",
        index=0,
        generation=str(state),
        tls="",
        address="127.0.0.1",
        cores=1,
        memory=10**9,
        scratch=str(scratch),
        at_end=f"touch {tmp_path / 'after'}",
    )
    path = tmp_path / "host.json"
    path.write_text(config.to_json())
    command = ["windrow.deploy.deadman", str(path), "--group", str(group.pid)]
    watching = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.PIPE)
    assert watching.stdin is not None
    watching.stdin.close()  # as the kernel does for a host program that was killed
    assert group.wait(20) == -signal.SIGKILL
    assert watching.wait(20) == 1
    assert not scratch.exists()
    last = Folder(str(state)).series("hosts/host-0").last()
    assert last is not None
    assert (last[1]["state"], last[1]["reason"]) == ("ended", "its host program was killed")
    assert (last[1]["address"], last[1]["pid"]) == ("127.0.0.1", group.pid)
    assert (tmp_path / "after").exists()
