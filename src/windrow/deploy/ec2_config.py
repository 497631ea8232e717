"""What kind of hosts to take from EC2, and as whom."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, fields
from typing import Any

from windrow.errors import ArgumentError

__all__ = ["Ec2Config"]

SECRETS = ("aws_access_key_id", "aws_secret_access_key")
AUTO = "auto"
SMALLEST_VOLUME = 10


@dataclass(frozen=True, repr=False)
class Ec2Config:
    """What kind of hosts to take from EC2, and as whom.

    Parameters
    ----------
    region
        By default the one of the environment or the profile.
    instance_type
        Its vCPUs and memory are what each host works with.
    aws_access_key_id, aws_secret_access_key
        By default the usual chain: environment, profiles and SSO, role of this machine. Hosts never
        get them: they have a role of their own. Keys given here are set in the environment of this
        process too, unless some are: ``s3://`` reads the state path with them.
    security_group
        Identifier of a group to use, for callers who may not make one. It must let its own members
        reach each other at every TCP port, and this client reach port 8786.
    subnet
        By default one of the default network.
    ami
        An image with a shell and Python 3.6 or newer; by default the newest Amazon Linux 2023.
    spot
        Whether to take spot hosts, which are cheaper and may be called back.
    root_volume_gb
        Encrypted disk of each host, for what does not fit in memory.
    instance_profile
        Name of a profile to use, for callers who may not make one, and for data that the role made
        otherwise may not read: it reads and writes below the cluster's path, and reads its bucket.
    tags
        More tags for hosts, disks and the group.
    use_private_ip
        Whether this client reaches hosts by their private addresses, as by VPN.
    client_cidr
        Who may reach the scheduler; by default this client's own address alone.

    Examples
    --------
    >>> Ec2Config(region="eu-west-1", aws_access_key_id="AK1", aws_secret_access_key="hush")
    [instance_type: m6i.large, region: eu-west-1, aws_access_key: AK1]
    """

    region: str | None = None
    instance_type: str = "m6i.large"
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    security_group: str | None = None
    subnet: str | None = None
    ami: str | None = None
    spot: bool = False
    root_volume_gb: int = 50
    instance_profile: str | None = None
    tags: dict[str, str] | None = field(default=None, hash=False)
    use_private_ip: bool = False
    client_cidr: str = AUTO

    def __post_init__(self) -> None:
        given = [name for name in SECRETS if getattr(self, name)]
        if len(given) == 1:
            raise ArgumentError(given[0], "...", "given together with the other of " + str(SECRETS))
        if self.root_volume_gb < SMALLEST_VOLUME:
            raise ArgumentError("root_volume_gb", self.root_volume_gb, f"{SMALLEST_VOLUME} or more")
        if self.client_cidr != AUTO:
            try:
                ipaddress.ip_network(self.client_cidr)
            except ValueError as error:
                expected = f"a network such as 203.0.113.7/32 ({error})"
                raise ArgumentError("client_cidr", self.client_cidr, expected) from None

    def facts(self) -> dict[str, Any]:
        """Return all that is no secret, for the cluster's record."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in SECRETS}

    def __repr__(self) -> str:
        key = {"aws_access_key": self.aws_access_key_id} if self.aws_access_key_id else {}
        shown = {"instance_type": self.instance_type, "region": self.region} | key
        return "[" + ", ".join(f"{name}: {value}" for name, value in shown.items() if value) + "]"
