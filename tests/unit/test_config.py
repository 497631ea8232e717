from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from windrow.config import Settings, machine_memory

MB = 1 << 20
CONTAINER = "/slice/container"


def grouped(root: Path, line: str, files: dict[str, str]) -> Path:
    """Lay out what Linux says of a process in a control group."""
    for name, text in {"proc/self/cgroup": f"{line}\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_without_limits_a_process_may_take_the_memory_of_the_machine(tmp_path: Path) -> None:
    unlimited = grouped(tmp_path, "0::/", {"sys/fs/cgroup/memory.max": "max\n"})
    assert machine_memory(unlimited) == machine_memory(tmp_path / "nothing") > 64 * MB


@pytest.mark.parametrize(
    "line, folder, file, none",
    [
        (f"0::{CONTAINER}", "sys/fs/cgroup", "memory.max", "max"),
        (f"4:memory:{CONTAINER}", "sys/fs/cgroup/memory", "memory.limit_in_bytes", str(1 << 62)),
        (f"4:cpu,memory:{CONTAINER}", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "max"),
    ],
)
def test_the_narrowest_group_around_a_process_limits_it(
    tmp_path: Path, line: str, folder: str, file: str, none: str
) -> None:
    own, around = f"{folder}{CONTAINER}/{file}", f"{folder}/slice/{file}"
    assert machine_memory(grouped(tmp_path, line, {own: str(32 * MB), around: none})) == 32 * MB
    assert machine_memory(grouped(tmp_path, line, {own: none, around: str(16 * MB)})) == 16 * MB


def test_groups_of_other_things_do_not_limit_memory(tmp_path: Path) -> None:
    files = {f"sys/fs/cgroup/pids{CONTAINER}/memory.limit_in_bytes": "1"}
    assert machine_memory(grouped(tmp_path, f"8:pids:{CONTAINER}", files)) > MB


def test_ulimit_limits_memory_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 * MB, resource.RLIM_INFINITY))
    assert machine_memory(tmp_path) == 8 * MB


def test_blocks_get_half_of_what_the_process_may_take() -> None:
    assert Settings().memory_budget == machine_memory() // 2


def test_under_ulimit_no_memory_is_reserved_ahead() -> None:
    code = """
import os
import resource
import subprocess
import sys
resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))
import windrow
from windrow.config import machine_memory
import pyarrow
print(machine_memory() >> 20, pyarrow.default_memory_pool().backend_name)
"""
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["3072", "system"]
