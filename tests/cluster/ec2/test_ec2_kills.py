"""Whoever creates a cluster may die after any call: a sweep finds all that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.ec2.kill_table import table
from tests.support.marks import on_clusters

if TYPE_CHECKING:
    from tests.support.region import Region

pytestmark = on_clusters("pex", "distributed", "cryptography", "boto3")


def test_after_a_kill_at_any_call_and_a_sweep_nothing_is_left(caller: Region) -> None:
    rows = list(table(caller))
    calls = [call for call, _, _ in rows]
    assert "ec2:RunInstances" in calls
    assert "iam:AddRoleToInstanceProfile" in calls
    assert sum(removed for _, removed, _ in rows) > len(calls)
    assert {call: kept for call, _, kept in rows if kept} == {}
