"""What a cluster on this machine is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windrow.deploy import local_cluster
from windrow.errors import ArgumentError, ClusterNotFoundError


@pytest.mark.parametrize(
    "asked, size",
    [("2GB", 2 * 10**9), ("512 MiB", 512 << 20), ("1.5gb", 15 * 10**8), (300_000_000, 300_000_000)],
)
def test_memory_is_bytes_or_a_size(asked: str | int, size: int) -> None:
    assert local_cluster.memory_bytes(asked) == size


@pytest.mark.parametrize("asked", ["much", "-1GB", "2PB", "10MB", 0])
def test_no_host_works_with_such_memory(asked: str | int) -> None:
    with pytest.raises(ArgumentError, match="memory"):
        local_cluster.memory_bytes(asked)


@pytest.mark.parametrize(
    "wrong", [{"name": "a/b"}, {"name": ""}, {"num_hosts": 0}, {"cores": 0}, {"memory": "x"}]
)
def test_arguments_that_make_no_sense_start_nothing(tmp_path: Path, wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"name": "c", "state_path": tmp_path / "state"} | wrong
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        local_cluster.create(**asked)
    assert not (tmp_path / "state").exists()


def test_a_name_has_a_folder_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert local_cluster.default_path("c") == tmp_path / "windrow" / "clusters" / "c"
    with pytest.raises(ClusterNotFoundError, match="windrow/clusters/nobody"):
        local_cluster.load("nobody")
