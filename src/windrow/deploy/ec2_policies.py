"""Who may do what: every call to AWS with its reason, and the policies of caller and hosts.

The calls are those of `ec2_account`, which makes no other; a test holds them to what a region saw.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CALLS", "TRUST", "caller_policy", "host_policy", "policy_line"]

Policy = dict[str, Any]

TAG = "windrow:cluster"
"""Tag of all that was made for a cluster; its value is the cluster's identifier."""
PATH = "/windrow/"
"""Path of roles and profiles."""

CALLS = {
    "ec2:DescribeInstances": "find the hosts of a cluster, and whether they run",
    "ec2:DescribeInstanceTypes": "learn the vCPUs and memory of the instance type",
    "ec2:DescribeVpcs": "find the default network, where no subnet is given",
    "ec2:DescribeSubnets": "find a subnet, or the network of the given one",
    "ec2:DescribeSecurityGroups": "find a group that an ended cluster left",
    "ec2:CreateSecurityGroup": "let hosts reach each other, and the client port 8786 of host 0",
    "ec2:AuthorizeSecurityGroupIngress": "say so in the group, and add the address of who loads",
    "ec2:DeleteSecurityGroup": "remove the group of an ended cluster",
    "ec2:CreateTags": "mark hosts, disks and group as the cluster's, when they are made",
    "ec2:RunInstances": "start hosts",
    "ec2:TerminateInstances": "end hosts that do not end by themselves",
    "ec2:GetConsoleOutput": "show why a host did not start",
    "ssm:GetParameter": "find the newest image of Amazon Linux 2023, where none is given",
    "iam:CreateRole": "give hosts a role of their own",
    "iam:PutRolePolicy": "let it read and write below the cluster's path, and no more",
    "iam:CreateInstanceProfile": "attach the role to hosts",
    "iam:AddRoleToInstanceProfile": "attach the role to hosts",
    "iam:PassRole": "start hosts with the role (RunInstances asks for it)",
    "iam:ListRoles": "find what ended clusters left",
    "iam:RemoveRoleFromInstanceProfile": "remove the role of an ended cluster",
    "iam:DeleteInstanceProfile": "remove the profile of an ended cluster",
    "iam:DeleteRolePolicy": "remove the role of an ended cluster",
    "iam:DeleteRole": "remove the role of an ended cluster",
}
"""Why each call is made."""

IMPLIED = ("iam:PassRole", "ec2:CreateTags")
"""Permissions that other calls ask for, and that are no calls of ours."""

TRUST: Policy = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
"""Who may take the role of hosts: hosts."""


def host_policy(bucket: str, root: str) -> Policy:
    """Return what hosts may do.

    Parameters
    ----------
    bucket
        Of the state path.
    root
        The path in it; empty for the bucket itself.

    Notes
    -----
    What jobs write goes below the path too. Hosts read ``tls/`` and ``runtime/`` and write neither,
    and cannot read the client's key.
    """
    own = f"arn:aws:s3:::{bucket}"
    below = f"{own}/{root}/" if root else f"{own}/"
    return _policy(
        _allow(["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"], [own, f"{own}/*"]),
        _allow(["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], [f"{below}*"]),
        _deny(["s3:PutObject", "s3:DeleteObject"], [f"{below}gen-*/tls/*", f"{below}runtime/*"]),
        _deny(["s3:GetObject"], [f"{below}gen-*/tls/client.key"]),
    )


def caller_policy(bucket: str, root: str, *, may_make_roles: bool = True) -> Policy:
    """Return what whoever creates, loads and stops clusters must be allowed.

    Parameters
    ----------
    bucket, root
        Of the state path, as for `host_policy`.
    may_make_roles
        Without it an instance profile must be named in `Ec2Config`.
    """
    own = f"arn:aws:s3:::{bucket}"
    below = f"{own}/{root}/*" if root else f"{own}/*"
    looking = [call for call in CALLS if call.startswith("ec2:Describe")]
    making = ["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:RunInstances"]
    ending = ["ec2:TerminateInstances", "ec2:GetConsoleOutput", "ec2:DeleteSecurityGroup"]
    created = {"StringEquals": {"ec2:CreateAction": ["RunInstances", "CreateSecurityGroup"]}}
    ours = {"StringLike": {f"ec2:ResourceTag/{TAG}": "*"}}
    roles = [f"arn:aws:iam::*:role{PATH}*", f"arn:aws:iam::*:instance-profile{PATH}*"]
    iam = [c for c in CALLS if c.startswith("iam:") and c != "iam:ListRoles"]
    statements = [
        _allow([*looking, *making], ["*"]),
        _allow(ending, ["*"]) | {"Condition": ours},
        _allow(["ec2:CreateTags"], ["*"]) | {"Condition": created},
        _allow(["ssm:GetParameter"], ["arn:aws:ssm:*:*:parameter/aws/service/ami-amazon-linux-*"]),
        _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [below]),
        _allow(["s3:AbortMultipartUpload"], [below]),
        _allow(["s3:ListBucket", "s3:GetBucketLocation"], [own]),
    ]
    if may_make_roles:
        statements.append(_allow(iam, roles))
        statements.append(_allow(["iam:ListRoles"], ["*"]))
    else:
        statements.append(_allow(["iam:PassRole"], ["*"]))
    return _policy(*statements)


def policy_line(action: str) -> str:
    """Return the statement that allows an action, for an error to show.

    >>> policy_line("ec2:RunInstances")
    '{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}'
    """
    return f'{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}'


def _policy(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: list[str], resources: list[str]) -> Policy:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _deny(actions: list[str], resources: list[str]) -> Policy:
    return {"Effect": "Deny", "Action": actions, "Resource": resources}
