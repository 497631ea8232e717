"""The calls to AWS: each is named in `ec2_policies`, and its refusal says what to do."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.config import Deadline
from windrow.deploy.ec2_policies import CALLS, PATH, TAG, TRUST, policy_line
from windrow.errors import AwsError, AwsRefusedError, DeadlineError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windrow.deploy.ec2_config import Ec2Config

__all__ = ["Account", "Machine"]

Answer = dict[str, Any]

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"
REFUSED = {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"}
SPREADING = 60.0
"""Seconds that a new profile may take to be known everywhere."""
LEAVING = 180.0
"""Seconds that hosts may take to leave a group, so that it can be deleted."""
LOOK = 1.5


@dataclass(frozen=True)
class Machine:
    """An instance, as EC2 describes it.

    Attributes
    ----------
    identifier
        ``i-...``.
    state
        ``pending``, ``running``, ``shutting-down``, ``terminated``, ``stopping`` or ``stopped``.
    private, public
        Addresses; empty where there is none.
    launched
        Seconds since 1970.
    tags
        By name.
    """

    identifier: str
    state: str
    private: str
    public: str
    launched: float
    tags: dict[str, str]

    @property
    def costs(self) -> bool:
        """Whether it runs, or is about to."""
        return self.state in {"pending", "running"}


class Account:
    """AWS as one caller sees it, in one region.

    Parameters
    ----------
    config
        Whose keys, and which region.
    """

    def __init__(self, config: Ec2Config) -> None:
        try:
            import boto3
        except ImportError:
            advice = "install it: pip install 'windrow[ec2]'"
            raise MissingExtraError("a cluster of EC2 hosts", advice) from None
        self._session: Any = boto3.Session(
            aws_access_key_id=config.aws_access_key_id,
            aws_secret_access_key=config.aws_secret_access_key,
            region_name=config.region or os.environ.get("AWS_REGION"),
        )
        self._clients: dict[str, Any] = {}
        if self._session.region_name is None:
            raise AwsError("ec2", "NoRegion", "no region is set; give Ec2Config(region=...)")

    @property
    def region(self) -> str:
        """Where it works."""
        return str(self._session.region_name)

    def __call__(self, call: str, **given: Any) -> Answer:
        """Make a call, such as ``ec2:RunInstances``.

        Raises
        ------
        AwsRefusedError
            This caller may not; the error shows the line that its policy lacks.
        AwsError
            Anything else that AWS says.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        if call not in CALLS:
            raise KeyError(call)
        service, _, operation = call.partition(":")
        try:
            answer: Answer = self._client(service)._make_api_call(operation, given)  # noqa: SLF001 - by AWS's own names
        except ClientError as error:
            told = error.response.get("Error", {})
            code, message = told.get("Code", ""), told.get("Message", "")
            if code in REFUSED:
                raise AwsRefusedError(call, code, message, policy_line(call)) from None
            raise AwsError(call, code, message) from None
        except BotoCoreError as error:
            raise AwsError(call, type(error).__name__, str(error)) from None
        return answer

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            from botocore.config import Config

            patience = Config(
                connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 5}
            )
            self._clients[service] = self._session.client(service, config=patience)
        return self._clients[service]

    def size(self, instance_type: str) -> tuple[int, int, str]:
        """Return vCPUs, bytes of memory and architecture of an instance type."""
        answer = self("ec2:DescribeInstanceTypes", InstanceTypes=[instance_type])
        found = answer["InstanceTypes"][0]
        return (
            int(found["VCpuInfo"]["DefaultVCpus"]),
            int(found["MemoryInfo"]["SizeInMiB"]) << 20,
            str(found["ProcessorInfo"]["SupportedArchitectures"][-1]),
        )

    def newest_image(self, architecture: str) -> str:
        """Return the newest Amazon Linux 2023."""
        machine = {"aarch64": "arm64"}.get(architecture, architecture)
        answer = self("ssm:GetParameter", Name=IMAGE.format(machine))
        return str(answer["Parameter"]["Value"])

    def network(self, subnet: str | None) -> tuple[str, str]:
        """Return a network and a subnet of it: the given one, or one of the default network."""
        if subnet is not None:
            found = self("ec2:DescribeSubnets", SubnetIds=[subnet])["Subnets"][0]
            return str(found["VpcId"]), subnet
        only = [{"Name": "is-default", "Values": ["true"]}]
        networks = self("ec2:DescribeVpcs", Filters=only)["Vpcs"]
        if not networks:
            why = "this region has no default network; give Ec2Config(subnet=...)"
            raise AwsError("ec2:DescribeVpcs", "NoDefaultVpc", why)
        network = str(networks[0]["VpcId"])
        within = [{"Name": "vpc-id", "Values": [network]}]
        subnets = self("ec2:DescribeSubnets", Filters=within)["Subnets"]
        return network, str(min(s["SubnetId"] for s in subnets))

    def machines(self, tags: dict[str, str]) -> list[Machine]:
        """Return the instances with these tags, the oldest first; without any, those of windrow."""
        filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
        filters = filters or [{"Name": "tag-key", "Values": [TAG]}]
        found = [
            _machine(instance)
            for page in self._pages("ec2:DescribeInstances", "NextToken", Filters=filters)
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        ]
        return sorted(found, key=lambda machine: (machine.launched, machine.identifier))

    def terminate(self, identifiers: list[str]) -> None:
        """End instances; those that are gone already are fine."""
        for identifier in identifiers:
            try:
                self("ec2:TerminateInstances", InstanceIds=[identifier])
            except AwsError as error:
                if not error.code.endswith(".NotFound"):
                    raise

    def groups(self, cluster: str = "") -> list[Answer]:
        """Return the security groups that were made for a cluster, or for any."""
        one = [{"Name": f"tag:{TAG}", "Values": [cluster]}]
        filters = one if cluster else [{"Name": "tag-key", "Values": [TAG]}]
        found: list[Answer] = self("ec2:DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
        return found

    def allow(self, group: str, cidr: str, port: int) -> None:
        """Let a network reach a port of a group's members; it may do so already."""
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        rule["IpRanges"] = [{"CidrIp": cidr, "Description": "windrow client"}]
        self._authorize(group, rule)

    def allow_members(self, group: str) -> None:
        """Let the members of a group reach each other."""
        rule = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}
        self._authorize(group, rule | {"UserIdGroupPairs": [{"GroupId": group}]})

    def _authorize(self, group: str, rule: Answer) -> None:
        try:
            self("ec2:AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
        except AwsError as error:
            if error.code != "InvalidPermission.Duplicate":
                raise

    def delete_group(self, identifier: str) -> None:
        """Delete a group, once the hosts in it are gone."""
        deadline = Deadline(LEAVING, f"the end of all hosts in {identifier}", "sweep later")
        while True:
            try:
                self("ec2:DeleteSecurityGroup", GroupId=identifier)
            except AwsError as error:
                if error.code == "InvalidGroup.NotFound":
                    return
                if error.code != "DependencyViolation":
                    raise
            else:
                return
            deadline.pause(LOOK)

    def make_role(self, name: str, policy: Answer) -> None:
        """Make a role of hosts with one policy, and a profile of the same name."""
        trust = json.dumps(TRUST)
        self("iam:CreateRole", RoleName=name, Path=PATH, AssumeRolePolicyDocument=trust)
        document = json.dumps(policy)
        self("iam:PutRolePolicy", RoleName=name, PolicyName="s3", PolicyDocument=document)
        self("iam:CreateInstanceProfile", InstanceProfileName=name, Path=PATH)
        self("iam:AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=name)

    def delete_role(self, name: str) -> None:
        """Delete what `make_role` made, or the part of it that is there."""
        for call, given in (
            ("iam:RemoveRoleFromInstanceProfile", {"InstanceProfileName": name, "RoleName": name}),
            ("iam:DeleteInstanceProfile", {"InstanceProfileName": name}),
            ("iam:DeleteRolePolicy", {"RoleName": name, "PolicyName": "s3"}),
            ("iam:DeleteRole", {"RoleName": name}),
        ):
            try:
                self(call, **given)
            except AwsError as error:
                if error.code != "NoSuchEntity":
                    raise

    def roles(self) -> dict[str, float]:
        """Return the roles that were made for hosts, and when: seconds since 1970."""
        pages = self._pages("iam:ListRoles", "Marker", PathPrefix=PATH)
        roles = [role for page in pages for role in page["Roles"]]
        return {str(role["RoleName"]): role["CreateDate"].timestamp() for role in roles}

    def run(self, request: Answer) -> list[Machine]:
        """Start instances, all or none."""
        deadline = Deadline(SPREADING, "the new instance profile to be known", "try again")
        while True:
            try:
                answer = self("ec2:RunInstances", **request)
                return [_machine(instance) for instance in answer["Instances"]]
            except AwsError as error:
                new = error.code == "InvalidParameterValue" and "nstance" in error.message
                if not new:
                    raise
                try:
                    deadline.pause(LOOK)
                except DeadlineError:
                    raise error from None

    def console(self, identifier: str) -> str:
        """Return what an instance wrote to its console, as far as EC2 has it."""
        try:
            answer = self("ec2:GetConsoleOutput", InstanceId=identifier)
        except AwsError as error:
            return str(error)
        return str(answer.get("Output") or "")  # botocore has decoded it

    def _pages(self, call: str, mark: str, **given: Any) -> Iterator[Answer]:
        while True:
            page = self(call, **given)
            yield page
            if not page.get(mark):
                return
            given[mark] = page[mark]


def _machine(instance: Answer) -> Machine:
    return Machine(
        instance["InstanceId"],
        instance["State"]["Name"],
        instance.get("PrivateIpAddress") or "",
        instance.get("PublicIpAddress") or "",
        instance["LaunchTime"].timestamp(),
        {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])},
    )
