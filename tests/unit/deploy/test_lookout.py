"""What a host learns from its state store."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from windrow.config import Deadline
from windrow.deploy.lookout import Lookout
from windrow.deploy.records import HostConfig
from windrow.deploy.serve import scheduler_of
from windrow.deploy.state import Folder
from windrow.errors import DeadlineError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> HostConfig:
    return HostConfig(
        name="host-1",
        index=1,
        generation=str(tmp_path / "state"),
        tls="",
        address="127.0.0.1",
        cores=1,
        memory=10**9,
        scratch=str(tmp_path / "scratch"),
        boot_timeout=0.3,
        details={"container": "c1"},
    )


def hosts(config: HostConfig, record: dict[str, object]) -> None:
    Folder(config.generation).series(f"hosts/{config.name}").append(record)


def test_a_host_whose_name_another_has_is_to_end_and_says_no_more(config: HostConfig) -> None:
    lookout = Lookout(config)
    lookout.look()
    hosts(config, config.record("ready", "", os.getpid()))
    lookout.look()
    assert (lookout.asked, lookout.replaced) == (None, False)
    hosts(config, config.record("starting", "", os.getpid()) | {"details": {"container": "c2"}})
    lookout.look()
    assert (lookout.asked, lookout.replaced) == ("another host was started in its place", True)


def test_a_lookout_that_never_began_can_be_closed(config: HostConfig) -> None:
    Lookout(config).close()


def test_a_worker_waits_for_a_scheduler_that_takes_connections(config: HostConfig) -> None:
    epochs = Folder(config.generation).series("epoch")
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        old = f"tls://127.0.0.1:{dead.getsockname()[1]}"
        epochs.append({"scheduler": old, "time": time.time()})
        assert scheduler_of(config) == old
        epochs.append({"scheduler": old, "time": time.time() - 60.0})
        with pytest.raises(DeadlineError, match="a scheduler to be announced"):
            scheduler_of(config)
        with socket.socket() as living:
            living.bind(("127.0.0.1", 0))
            living.listen()
            address = f"tls://127.0.0.1:{living.getsockname()[1]}"
            found = {"scheduler": address, "time": time.time() - 60.0}
            timer = threading.Timer(0.1, epochs.append, (found,))
            timer.start()
            assert scheduler_of(config) == address
            timer.join(Deadline(5.0, "the timer").remaining())
