"""The session's guards guard: missing tools are named, CI leaves nothing out, scratch is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDY = """
import pytest
@pytest.mark.needs("no-such-tool")
def test_with_a_tool(): pass
@pytest.mark.needs("git", "json")
def test_with_what_is_there(): pass
@pytest.mark.soak
def test_of_the_long_tables(): pass
"""
LITTERING = """
import tempfile
def test_litters(): tempfile.mkstemp(prefix="litter")
"""
CALLING = """
import socket
def test_calls(): socket.create_connection(("192.0.2.1", 80), timeout=1)
"""


def run(folder: Path, test: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one test file under the repository's own conftest."""
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  needs\n  soak\n", encoding="utf-8")
    inherited = {k: v for k, v in os.environ.items() if k not in {"CI", "WINDROW_SOAK"}}
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={folder / 'base'}", "."]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_tool_leaves_its_tests_out_by_name(tmp_path: Path) -> None:
    done = run(tmp_path, NEEDY)
    assert done.returncode == 0
    assert "1 passed, 2 skipped" in done.stdout
    assert "test_it.py::test_with_a_tool: Skipped: left out: needs no-such-tool" in done.stdout
    assert "test_of_the_long_tables: Skipped: left out: a long table (./dev soak)" in done.stdout


def test_in_ci_a_missing_tool_fails(tmp_path: Path) -> None:
    done = run(tmp_path, NEEDY, CI="true")
    assert done.returncode == 1
    assert "needs no-such-tool, which CI must install" in done.stdout


@pytest.mark.parametrize(
    "test, complaint",
    [
        (LITTERING, "temporary files were left behind"),
        (CALLING, "tests speak only to this machine"),
    ],
    ids=["scratch", "network"],
)
def test_what_a_test_must_not_do_fails_it(test: str, complaint: str, tmp_path: Path) -> None:
    done = run(tmp_path, test)
    assert done.returncode == 1
    assert complaint in done.stdout
