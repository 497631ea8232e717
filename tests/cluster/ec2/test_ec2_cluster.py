"""Clusters of EC2 hosts: they start, they work with the same bits, and nothing is left of them."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support.clusters import until as until_within
from tests.support.fitting import PARTITION, cut, digests, write_table
from tests.support.http_server import HttpServer
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_policies import CALLS
from windrow.errors import SourceRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.region import Region


until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "boto3")


OF_THE_TEST = {f"iam:{name}" for name in ("ListInstanceProfiles", "GetInstanceProfile")}
OF_THE_TEST |= {f"iam:{name}" for name in ("ListRolePolicies", "GetRolePolicy")}
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


def of_others(region: Region, path: Path) -> str:
    """Make a bucket of which the policy of hosts says nothing; this process may read it."""
    name = f"others-{secrets.token_hex(4)}"
    region.client("s3").create_bucket(Bucket=name)
    region.client("s3").upload_file(str(path), name, "all.csv")
    return name


def test_the_story_of_ec2_runs_and_the_model_has_the_bits_of_this_process(
    caller: Region, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "all.csv"
    write_table(path)
    caller.client("s3").upload_file(str(path), bucket, "data/all.csv")
    url = f"s3://{bucket}/data/all.csv"
    expected = digests(cut(gl.SFrame(url), PARTITION), "logistic_classifier")

    began = time.monotonic()
    c = gl.deploy.ec2_cluster.create("first", f"s3://{bucket}/state", Ec2Config(), num_hosts=3)
    made = time.monotonic() - began
    assert c.status == "Running, 3 of 3 hosts"
    assert "EC2 Config" in str(c)
    with gl.distributed(c):
        sf, before = cut(gl.SFrame(url), PARTITION), caller.received()
        gl.logistic_classifier.create(sf, "y", missing_value_action="impute", verbose=False)
        received, trained = caller.received() - before, time.monotonic() - began
        assert digests(sf, "logistic_classifier") == expected
        with HttpServer({"/all.csv": path.read_bytes()}, address=caller.network.outer) as server:
            sf = cut(gl.SFrame(server.url("/all.csv")), PARTITION)
            assert digests(sf, "logistic_classifier") == expected
        not_theirs = f"s3://{of_others(caller, path)}/all.csv"
        line = r"role windrow.*Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::others-"
        with pytest.raises(SourceRefusedError, match=line):
            gl.logistic_classifier.create(gl.SFrame(not_theirs), "y", verbose=False)
    with capsys.disabled():
        print(f"\nready after {made:.0f} s, trained after {trained:.0f} s; ", end="")
        print(f"the client received {received:,} bytes of {path.stat().st_size:,}")
    assert received < 1_000_000 < path.stat().st_size / 5
    c.stop()
    nothing_left(caller)
    ours = {call for call in caller.calls if call != "ec2:DescribeInstanceAttribute"}
    assert ours - OF_THE_TEST <= set(CALLS)
