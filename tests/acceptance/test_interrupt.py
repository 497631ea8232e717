"""Ctrl-C ends whatever runs, soon, with the exit code that shells know, and leaves no files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.fitting import write_table

import windrow as gl

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 15.0
"""Seconds, generous: a second on an idle machine; each of these would else run for minutes."""
START = 90.0
"""Seconds for a process to import, and to compile kernels where none are cached."""
ROOT = Path(__file__).parents[2]
PRELUDE = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell of the tests does
import windrow as gl
from tests.support.fitting import cut

def begun():
    print("begun", flush=True)

def slowly(x):
    if x == 0:
        begun()
    time.sleep({pause})
    return x
"""


class Running:
    """A process that says ``begun`` when it is in the middle of its work."""

    def __init__(self, program: str, folder: Path, *arguments: str) -> None:
        self.scratch = folder / "scratch"
        environment = {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
            "TMPDIR": str(self.scratch),
            "WINDROW_MEMORY_BUDGET": "0",
            "WINDROW_SCRATCH": str(self.scratch),
            "WINDROW_THREADS": "2",
        }
        self.scratch.mkdir()
        self.held: list[Path] = []  # scratch files that were there when Ctrl-C was pressed
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=os.environ | environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupted(self, sign: str = "begun") -> tuple[int, str]:
        """Wait for the sign on standard output, press Ctrl-C, give exit code and errors."""
        assert self.process.stdout is not None
        alarm = threading.Timer(START, self.process.kill)
        alarm.start()
        while not (line := self.process.stdout.readline()).startswith(sign):
            assert line, self.process.communicate()[1]
        alarm.cancel()
        self.held = list(self.scratch.iterdir())
        self.process.send_signal(signal.SIGINT)
        errors = self.process.communicate(timeout=SOON)[1]
        return self.process.returncode, errors


@pytest.fixture
def made() -> Iterator[list[Running]]:
    """Processes of a test; none of them outlives it."""
    processes: list[Running] = []
    yield processes
    for running in processes:
        running.process.kill()
        running.process.wait()
        for stream in (running.process.stdout, running.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("interrupt") / "all.csv"
    write_table(path)
    return path


TRAINING = """
gl.logistic_classifier.create(
    cut(gl.SFrame(sys.argv[1]), 3_000_000), "y", missing_value_action="impute", solver="lbfgs",
    max_iterations=1_000_000, convergence_threshold=1e-10, validation_set=None,
)
"""
APPLYING = """
gl.SArray(range(3 << 20)).apply(slowly, dtype=int).sum()
"""
SAVING = """
gl.SFrame({"a": gl.SArray(range(3 << 20)).apply(slowly, dtype=int)}).save("table")
"""
WAITING = """
begun()
gl.SFrame(sys.argv[1])
"""
COMMAND = """
from windrow.cli import main
sys.argv[0] = "windrow"
main()
"""


def test_training(made: list[Running], file: Path, tmp_path: Path) -> None:
    running = Running(PRELUDE.format(pause=0) + TRAINING, tmp_path, str(file))
    made.append(running)
    code, errors = running.interrupted("| 1 ")
    assert code == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert running.held
    assert not list(running.scratch.iterdir())


@pytest.mark.parametrize("pause", [0.001, 600.0], ids=["many calls", "a call without an end"])
@pytest.mark.parametrize("work", [APPLYING, SAVING], ids=["applying", "saving"])
def test_a_function_of_the_user(
    made: list[Running], tmp_path: Path, work: str, pause: float
) -> None:
    running = Running(PRELUDE.format(pause=pause) + work, tmp_path)
    made.append(running)
    code, errors = running.interrupted()
    assert code == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert not list(running.scratch.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


def test_waiting_for_a_server_that_is_silent(made: list[Running], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it never accepts
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"
        running = Running(PRELUDE.format(pause=0) + WAITING, tmp_path, url)
        made.append(running)
        code, errors = running.interrupted()
    assert code == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert not list(running.scratch.iterdir())


def test_a_command(made: list[Running], file: Path, tmp_path: Path) -> None:
    command = "train logistic_classifier --target y --model m --missing-value-action impute"
    without_end = "--solver lbfgs --max-iterations 1000000 --convergence-threshold 1e-10"
    arguments = [*command.split(), *without_end.split(), str(file)]
    running = Running(PRELUDE.format(pause=0) + COMMAND, tmp_path, *arguments)
    made.append(running)
    code, errors = running.interrupted("| 1 ")
    assert code == 130
    assert errors.splitlines()[-1].startswith("windrow: interrupted")
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]
    assert running.held
    assert not list(running.scratch.iterdir())


def test_the_session_goes_on_after_ctrl_c() -> None:
    def press(x: int) -> int:
        if x == 1 << 20:
            os.kill(os.getpid(), signal.SIGINT)
        return 2 * x

    column = gl.SArray(range(3 << 20))  # three partitions
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            column.apply(press, dtype=int).sum()
    finally:
        signal.signal(signal.SIGINT, before)
    assert column.head(10).apply(press, dtype=int).sum() == 90
