"""Clusters of EC2 hosts: they start, they work with the same bits, and nothing is left of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.support.clusters import until as until_within
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_policies import CALLS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.region import Region


until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "boto3")


OF_THE_TEST = {"iam:ListInstanceProfiles"}
"""Calls that only the region and this test make."""


def nothing_left(region: Region) -> None:
    """Hold that no instance, group or role of a cluster is left."""
    until("the end of all instances", lambda: not region.instances())
    until("the end of all hosts", lambda: not region.processes())
    groups = region.client("ec2").describe_security_groups()["SecurityGroups"]
    assert not [g for g in groups if g["GroupName"].startswith("windrow")]
    iam = region.client("iam")
    assert not iam.list_roles(PathPrefix="/windrow/")["Roles"]
    assert not iam.list_instance_profiles(PathPrefix="/windrow/")["InstanceProfiles"]


def test_the_story_of_ec2_runs_and_the_model_has_the_bits_of_this_process(
    caller: Region, bucket: str, tmp_path: Path
) -> None:
    path = tmp_path / "all.csv"
    write_table(path)
    caller.client("s3").upload_file(str(path), bucket, "data/all.csv")
    url = f"s3://{bucket}/data/all.csv"
    expected = digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier")

    c = gl.deploy.ec2_cluster.create("first", f"s3://{bucket}/state", Ec2Config(), num_hosts=3)
    assert c.status == "Running, 3 of 3 hosts"
    assert "EC2 Config" in str(c)
    with gl.distributed(c):
        assert digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier") == expected
    c.stop()
    nothing_left(caller)
    ours = {call for call in caller.calls if call != "ec2:DescribeInstanceAttribute"}
    assert ours - OF_THE_TEST <= set(CALLS)
