"""When a cluster has ended, and in what words."""

from __future__ import annotations

from dataclasses import replace

from windrow.deploy.lifecycle import (
    ENDED,
    LOST,
    READY,
    WAITING,
    End,
    Host,
    end_of,
    status_of,
)
from windrow.deploy.records import ClusterRecord

RECORD = ClusterRecord("c", "local", 100.0, 2, 1, 10**9, 1800.0, 86400.0, {})
CHIEF = Host("host-0", "127.0.0.1", 1, READY, 200.0)
OTHER = Host("host-1", "127.0.0.1", 2, READY, 200.0)


def test_it_lives_while_its_first_host_does() -> None:
    assert end_of(RECORD, [CHIEF, OTHER], 1e9) is None
    assert end_of(RECORD, [CHIEF, replace(OTHER, state=LOST)], 1e9) is None


def test_it_ends_with_its_first_host_for_the_reason_that_this_gave() -> None:
    killed = replace(CHIEF, state=ENDED, reason="its host program was killed")
    assert end_of(RECORD, [killed, OTHER], 1e9) == End(200.0, "its host program was killed")
    lost = end_of(RECORD, [replace(CHIEF, state=LOST)], 1e9)
    assert lost is not None
    assert "left no word" in lost.reason


def test_a_recorded_end_counts_whatever_hosts_say() -> None:
    ended = replace(RECORD, ended=300.0, reason="idle")
    assert end_of(ended, [CHIEF], 1e9) == End(300.0, "idle")


def test_a_new_one_has_time_to_start() -> None:
    assert end_of(RECORD, [], 100.0 + RECORD.boot_timeout) is None
    end = end_of(RECORD, [], 101.0 + RECORD.boot_timeout)
    assert end is not None
    assert "ever started" in end.reason


def test_one_that_waits_for_work_lives_for_a_day_without_hosts() -> None:
    waiting = replace(RECORD, waiting=True)
    assert end_of(waiting, [], 100.0 + WAITING) is None
    assert status_of(waiting, [], 200.0) == "Waiting for its first work, with which 2 hosts start"
    end = end_of(waiting, [], 101.0 + WAITING)
    assert end == End(100.0 + WAITING, "no work came for a day")
    begun = replace(RECORD, started=500.0)
    assert end_of(begun, [], 500.0 + RECORD.boot_timeout) is None
    assert end_of(begun, [], 501.0 + RECORD.boot_timeout) is not None


def test_the_status_counts_the_hosts_that_are_ready() -> None:
    hosts = [CHIEF, replace(OTHER, state="starting")]
    assert status_of(RECORD, hosts, 1e9) == "Running, 1 of 2 hosts"
    ended = replace(RECORD, ended=300.0, reason="idle")
    assert status_of(ended, hosts, 1e9) == "Ended: idle"
