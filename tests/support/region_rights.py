"""Roles of a pretend region at its S3: who they are, and their policies, enforced.

versitygw knows users and policies of buckets, and no roles. So each role is a user, and what its
policy says of a bucket stands in the bucket's, for that user alone; else a user may do nothing.
"""

from __future__ import annotations

import json
import secrets
import subprocess
from typing import Any
from urllib.parse import unquote

from tests.support.s3_server import binary

Statement = dict[str, Any]


class Rights:
    """Keys and rights of roles.

    Parameters
    ----------
    iam, s3
        AWS's own clients, with all rights.
    administer
        The first words of ``versitygw admin`` commands: where it is, and by whose keys.
    """

    def __init__(self, iam: Any, s3: Any, administer: list[str]) -> None:
        self._iam, self._s3 = iam, s3
        self._administer = [str(binary()), "admin", *administer]
        self._keys: dict[str, tuple[str, str]] = {}
        self._given: dict[str, list[Statement]] = {}

    def keys(self, profile: str) -> tuple[str, str]:
        """Return the keys of a profile's role, which has its rights from now on."""
        if profile not in self._keys:
            access, secret = "AKIA" + secrets.token_hex(8).upper(), secrets.token_hex(20)
            who = ["--access", access, "--secret", secret, "--role", "user"]
            command = [*self._administer, "create-user", *who]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            for statement in self._policy(profile):
                self._give(statement | {"Principal": {"AWS": [access]}})
            self._keys[profile] = access, secret
        return self._keys[profile]

    def _policy(self, profile: str) -> list[Statement]:
        found: list[Statement] = []
        held = self._iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        for role in held["Roles"]:
            for name in self._iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                answer = self._iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)
                policy = answer["PolicyDocument"]
                written = json.loads(unquote(policy)) if isinstance(policy, str) else policy
                found += written["Statement"]
        return found

    def _give(self, statement: Statement) -> None:
        """Add a statement to the policies of the buckets that it is about."""
        buckets = {
            resource.rpartition(":")[2].partition("/")[0] for resource in statement["Resource"]
        }
        for bucket in buckets:
            given = self._given.setdefault(bucket, [])
            given.append(statement)
            policy = {"Version": "2012-10-17", "Statement": given}
            self._s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
