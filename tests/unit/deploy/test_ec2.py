"""What is asked of AWS: user-data, policies, and what is left; the region itself is elsewhere."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from windrow.deploy.ec2_account import Account
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_policies import CALLS, IMPLIED, caller_policy, host_policy, policy_line
from windrow.deploy.ec2_sweep import leftovers, remove
from windrow.deploy.ec2_user_data import LIMIT, UserData
from windrow.deploy.records import ClusterRecord
from windrow.deploy.state import StateStore
from windrow.errors import ArgumentError, AwsError, AwsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "ec2.md"
pytestmark = pytest.mark.needs("boto3", "moto")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account(Ec2Config(region="us-east-1"))


def user_data(**changes: Any) -> UserData:
    given: dict[str, Any] = {
        "generation": "s3://bucket/a/long/path/of/a/cluster/gen-0001",
        "names": tuple(f"host-{number}" for number in range(100)),
        "pex": ("a/long/path/of/a/cluster/runtime/" + "0" * 64 + ".pex", "0" * 64),
        "interpreter": ("a/long/path/of/a/cluster/runtime/" + "1" * 64 + ".tar.gz", "1" * 64),
        "python": "3.11",
        "environment": {"AWS_REGION": "us-east-1"},
        "boot_timeout": 600.0,
        "spot": False,
        "max_lifetime": 86400.0,
    }
    return UserData(**given | changes)


def test_user_data_of_a_hundred_hosts_is_as_short_as_ec2_wants_and_names_what_is_fetched() -> None:
    script = user_data().script()
    assert len(script.encode()) < LIMIT
    assert "@" not in script.replace("${NAMES[@]}", "").replace("${PYTHON[@]}", "")
    assert "start.py fetch bucket a/long/path" in script
    assert "spot" not in script.rpartition("PYTHON\n")[2]
    assert "notice $HOST" in user_data(spot=True).script()


def test_a_config_shows_no_secret_and_refuses_what_makes_no_sense() -> None:
    config = Ec2Config(aws_access_key_id="AK", aws_secret_access_key="hush")  # noqa: S106
    assert "hush" not in repr(config)
    assert "hush" not in json.dumps(config.facts())
    for wrong in (
        {"aws_access_key_id": "AK"},
        {"root_volume_gb": 5},
        {"client_cidr": "everybody"},
    ):
        with pytest.raises(ArgumentError):
            Ec2Config(**wrong)


def test_the_policies_of_the_manual_are_those_of_the_code_and_name_every_call() -> None:
    shown = [json.loads(text.partition("```")[0]) for text in PAGE.read_text().split("```json")[1:]]
    assert shown == [caller_policy("BUCKET", "PATH"), host_policy("BUCKET", "PATH")]
    listed = {
        line.split("`")[1]
        for line in PAGE.read_text().splitlines()
        if line[:6] == "| `ec2" or line[:6] in {"| `iam", "| `ssm"}
    }
    assert listed == set(CALLS)
    allowed = {
        action
        for statement in shown[0]["Statement"]
        for action in statement["Action"]
        if not action.startswith("s3:")
    }
    assert allowed == set(CALLS)
    assert set(IMPLIED) < allowed


def test_a_call_that_is_refused_shows_the_line_that_the_policy_lacks(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(AwsError, match="InvalidGroup"):
        account("ec2:DeleteSecurityGroup", GroupId="sg-00000000")
    with pytest.raises(KeyError):
        account("ec2:StopInstances")
    refused = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}

    def refuse(*_: object, **__: object) -> None:
        raise ClientError(refused, "RunInstances")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    with pytest.raises(AwsRefusedError) as caught:
        account("ec2:RunInstances")
    line = policy_line("ec2:RunInstances")
    assert '"ec2:RunInstances"' in line
    assert str(caught.value).endswith(f"add to the policy of this user or role: {line}")


def test_a_sweep_removes_what_ended_clusters_left_and_nothing_of_one_that_lives(
    account: Account, tmp_path: Path
) -> None:
    def left_by(cluster: str, **ended: Any) -> None:
        store = StateStore(str(tmp_path / cluster))
        now = time.time()
        record = ClusterRecord(cluster, "ec2", now, 1, 1, 1, 60.0, 600.0, {}, **ended)
        _, folder = store.begin(asdict(record))
        folder.series("hosts/host-0").append({"state": "ready"})
        account.make_role(f"windrow-{cluster}", host_policy("b", ""))
        network, _ = account.network(None)
        tags = {"windrow:cluster": cluster, "windrow:state": folder.url}
        tags |= {"windrow:until": f"{now + 600}", "windrow:created": f"{now}"}
        account(
            "ec2:CreateSecurityGroup",
            GroupName=f"windrow-{cluster}",
            Description="x",
            VpcId=network,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )

    left_by("alive")
    left_by("dead", ended=1.0, reason="idle")
    assert leftovers(account) == []  # all of it is young
    found = leftovers(account, 0.0)
    assert [(f.kind, f.cluster, f.why) for f in found] == [
        ("security group", "dead", "idle"),
        ("role", "windrow-dead".removeprefix("windrow-"), "idle"),
    ]
    remove(account, found)
    assert leftovers(account, 0.0) == []
    assert list(account.roles()) == ["windrow-alive"]
