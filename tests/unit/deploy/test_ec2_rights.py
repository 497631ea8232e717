"""What caller and hosts may do is what their policies say: a region that enforces them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from windrow.deploy.ec2_account import Account
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_policies import (
    CALLS,
    IMPLIED,
    PATH,
    TRUST,
    caller_policy,
    host_policy,
    policy_line,
)
from windrow.errors import AwsRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.needs("boto3", "moto")

BUCKET, ROOT, REGION = "bucket", "some/where", "us-east-1"
MADE = [call for call in CALLS if call not in IMPLIED]
"""Calls that are ours, and are not asked for by others."""
GIVEN: dict[str, dict[str, Any]] = {
    "ec2:DescribeInstanceTypes": {"InstanceTypes": ["m6i.large"]},
    "ec2:CreateSecurityGroup": {"GroupName": "g", "Description": "d"},
    "ec2:AuthorizeSecurityGroupIngress": {"GroupId": "sg-1"},
    "ec2:DeleteSecurityGroup": {"GroupId": "sg-1"},
    "ec2:RunInstances": {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1},
    "ec2:TerminateInstances": {"InstanceIds": ["i-1"]},
    "ec2:GetConsoleOutput": {"InstanceId": "i-1"},
    "ssm:GetParameter": {"Name": "/aws/service/ami-amazon-linux-latest/x"},
    "iam:CreateRole": {"RoleName": "r", "AssumeRolePolicyDocument": json.dumps(TRUST)},
    "iam:PutRolePolicy": {"RoleName": "r", "PolicyName": "s3", "PolicyDocument": "{}"},
    "iam:CreateInstanceProfile": {"InstanceProfileName": "r"},
    "iam:AddRoleToInstanceProfile": {"InstanceProfileName": "r", "RoleName": "r"},
    "iam:RemoveRoleFromInstanceProfile": {"InstanceProfileName": "r", "RoleName": "r"},
    "iam:DeleteInstanceProfile": {"InstanceProfileName": "r"},
    "iam:DeleteRolePolicy": {"RoleName": "r", "PolicyName": "s3"},
    "iam:DeleteRole": {"RoleName": "r"},
}
"""What a call must be given at least."""


class Keys(NamedTuple):
    """Of somebody."""

    access: str
    secret: str
    token: str | None = None

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            region_name=REGION,
        )

    def account(self) -> Account:
        return Account(Ec2Config(REGION, "m6i.large", self.access, self.secret))


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """Open a region in which nobody is asked for rights yet."""
    from moto import mock_aws
    from moto.core import responses

    monkeypatch.delenv("AWS_PROFILE", raising=False)
    module: Any = responses
    monkeypatch.setattr(module.ActionAuthenticatorMixin, "request_count", 0)
    with mock_aws():
        made = Keys("testing", "testing")
        made.client("s3").create_bucket(Bucket=BUCKET)
        yield made


@pytest.fixture
def enforce(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give a function from whose call on rights are asked for."""
    from moto.core import responses

    module: Any = responses

    def begin() -> None:
        monkeypatch.setattr(module.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)

    return begin


def user(admin: Keys, policy: dict[str, Any]) -> Keys:
    iam = admin.client("iam")
    for statement in policy["Statement"]:
        if not statement["Action"][0].startswith("s3:"):
            statement["Resource"] = ["*"]  # moto compares the names of S3's resources alone
    iam.create_user(UserName="caller")
    document = json.dumps(policy)
    iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=document)
    found = iam.create_access_key(UserName="caller")["AccessKey"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"])


def host(admin: Keys) -> Keys:
    role = admin.client("iam").create_role(
        RoleName="h", Path=PATH, AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    document = json.dumps(host_policy(BUCKET, ROOT))
    admin.client("iam").put_role_policy(RoleName="h", PolicyName="s3", PolicyDocument=document)
    found = admin.client("sts").assume_role(RoleArn=role, RoleSessionName="i-1")["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def may(call: Callable[[], object]) -> bool:
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDenied":
            return False
        raise
    return True


def test_the_policy_of_the_manual_is_enough_for_a_whole_life(
    admin: Keys, enforce: Callable[[], None]
) -> None:
    account = user(admin, caller_policy(BUCKET, ROOT)).account()
    enforce()
    asked: list[str] = []
    ask = type(account).__call__

    def recorded(self: Account, call: str, **given: Any) -> Any:
        asked.append(call)
        return ask(self, call, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Account, "__call__", recorded)
        live_and_end(account)
    assert set(asked) == set(MADE)


def live_and_end(account: Account) -> None:
    """Make, look at and remove all that a cluster needs."""
    account.size("m6i.large")
    network, subnet = account.network(None)
    account.network(subnet)
    group = account("ec2:CreateSecurityGroup", GroupName="g", Description="d", VpcId=network)[
        "GroupId"
    ]
    account.allow_members(group)
    account.allow(group, "203.0.113.7/32", 8786)
    account.make_role("windrow-x", host_policy(BUCKET, ROOT))
    image = account.newest_image("x86_64")
    (machine,) = account.run(
        {
            "ImageId": image,
            "InstanceType": "m6i.large",
            "MinCount": 1,
            "MaxCount": 1,
            "IamInstanceProfile": {"Name": "windrow-x"},
        }
    )
    assert account.machines({}) == []  # it has no tag of ours
    assert "Linux version" in account.console(machine.identifier)
    account.terminate([machine.identifier])
    account.delete_role("windrow-x")
    account.delete_group(group)
    assert account.groups() == []
    assert not account.roles()


# Of SSM moto's refusal is no JSON, as SSM's is; how the others are told is the same code.
@pytest.mark.parametrize("call", [call for call in MADE if call != "ssm:GetParameter"])
def test_a_caller_whose_policy_lacks_a_call_is_told_which(
    call: str, admin: Keys, enforce: Callable[[], None]
) -> None:
    policy = caller_policy(BUCKET, ROOT)
    for statement in policy["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != call]
    policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    account = user(admin, policy).account()
    enforce()
    with pytest.raises(AwsRefusedError) as caught:
        account(call, **GIVEN.get(call, {}))
    assert policy_line(call) in str(caught.value)


@pytest.mark.parametrize(
    "doing, key, allowed",
    [
        ("get", f"{ROOT}/gen-0001/tls/host.key", True),
        ("get", f"{ROOT}/gen-0001/tls/client.key", False),
        ("get", f"{ROOT}/runtime/a.pex", True),
        ("get", "data/rows.csv", True),
        ("put", f"{ROOT}/gen-0001/jobs/1/outcome", True),
        ("delete", f"{ROOT}/gen-0001/jobs/1/outcome", True),
        ("put", f"{ROOT}/out/part-0000.parquet", True),
        ("put", f"{ROOT}/gen-0001/tls/host.key", False),
        ("delete", f"{ROOT}/gen-0001/tls/host.key", False),
        ("put", f"{ROOT}/runtime/a.pex", False),
        ("put", "data/rows.csv", False),
        ("delete", "data/rows.csv", False),
        ("put", "some/other/gen-0001/stop", False),
    ],
)
def test_a_host_may_do_what_it_must_and_no_more(
    doing: str, key: str, allowed: bool, admin: Keys, enforce: Callable[[], None]
) -> None:
    admin.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"1")
    s3 = host(admin).client("s3")
    enforce()
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: s3.get_object(Bucket=BUCKET, Key=key),
        "put": lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b"2"),
        "delete": lambda: s3.delete_object(Bucket=BUCKET, Key=key),
    }
    assert may(calls[doing]) == allowed


def test_a_host_has_no_rights_but_those_in_its_bucket(
    admin: Keys, enforce: Callable[[], None]
) -> None:
    admin.client("s3").create_bucket(Bucket="another")
    keys = host(admin)
    enforce()
    assert may(lambda: keys.client("s3").list_objects_v2(Bucket=BUCKET))
    assert not may(lambda: keys.client("s3").list_objects_v2(Bucket="another"))
    assert not may(lambda: keys.client("iam").list_roles())
