"""Hosts that are instances of EC2: started all or none, found by their tags, never left behind."""

from __future__ import annotations

import os
import time
import urllib.request
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from windrow.config import Deadline
from windrow.deploy import runtime
from windrow.deploy.ec2_account import Account
from windrow.deploy.ec2_policies import TAG, host_policy
from windrow.deploy.ec2_prices import hourly
from windrow.deploy.ec2_user_data import UserData
from windrow.deploy.recent import Recent
from windrow.deploy.remote import ClientCredentials, publish_credentials
from windrow.deploy.starting import await_ready, known_records
from windrow.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from windrow.deploy.ec2_account import Machine
    from windrow.deploy.ec2_config import Ec2Config
    from windrow.deploy.lifecycle import Host
    from windrow.deploy.records import ClusterRecord
    from windrow.deploy.runtime import Artefact
    from windrow.deploy.state import Folder

__all__ = ["PORT", "Ec2Hosts", "own_cidr"]

PORT = 8786
"""Of the scheduler: the one port that clients reach."""
LOOK = 1.0
CHECK_URL = "https://checkip.amazonaws.com"
AWS_PLACES = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
"""Variables that say where AWS is, which hosts must know too."""


@dataclass(eq=False)
class Ec2Hosts:
    """Starts, finds and ends instances.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    state_path
        Of the cluster: ``s3://...``.
    config
        What kind of hosts, and as whom.
    additional_packages
        For `windrow.deploy.runtime.build`.
    wait
        Whether `start` returns only when the hosts are ready.
    tell
        Hears which step it is at.
    """

    generation: Folder
    state_path: str
    config: Ec2Config
    additional_packages: tuple[str, ...] = ()
    wait: bool = True
    tell: Callable[[str], None] = lambda _: None
    _account: Account | None = None
    _client: ClientCredentials = field(init=False)
    _recent: Recent[dict[str, Machine]] = field(init=False)

    shares_files = False

    def __post_init__(self) -> None:
        self._client = ClientCredentials(self.generation)
        self._recent = Recent(self._by_identifier)

    @property
    def account(self) -> Account:
        """AWS, as this caller sees it."""
        if self._account is None:
            self._account = Account(self.config)
        return self._account

    def tls(self) -> str:
        """Path of a private folder with the client's certificates."""
        return self._client.folder

    def prepare(self, record: ClusterRecord, credentials: dict[str, bytes]) -> ClusterRecord:
        """Make group, role and runtime; see `Provider`."""
        config, account = self.config, self.account
        name = f"windrow-{record.details['id']}"
        cores, memory, architecture = account.size(config.instance_type)
        network, subnet = account.network(config.subnet)
        self.tell("making the security group")
        group = config.security_group or self._make_group(name, network, record)
        if config.security_group is None:
            account.allow_members(group)
            account.allow(group, own_cidr(config), PORT)
        if config.instance_profile is None:
            self.tell("making the role of the hosts")
            account.make_role(name, host_policy(*self._place()))
        publish_credentials(self.generation, credentials)
        made = runtime.build(
            self.additional_packages, f"linux-{architecture.replace('arm64', 'aarch64')}", self.tell
        )
        details = {
            "region": account.region,
            "group": group,
            "subnet": subnet,
            "profile": config.instance_profile or name,
            "image": config.ami or account.newest_image(architecture),
            "pex": self._upload(made.pex),
            "interpreter": made.interpreter and self._upload(made.interpreter),
            "python": made.python,
        }
        return replace(record, cores=cores, memory=memory, details=record.details | details)

    def collect(self, record: ClusterRecord) -> None:
        """End every instance of the cluster, and remove its role and its group."""
        identifier = record.details["id"]
        living = [m.identifier for m in self._machines(identifier) if m.state != "terminated"]
        self.account.terminate(living)
        if self.config.instance_profile is None:
            self.account.delete_role(f"windrow-{identifier}")
        for group in self.account.groups(identifier):
            self.account.delete_group(group["GroupId"])

    def fit(self, record: ClusterRecord) -> None:
        """Nobody starts hosts again."""

    def start(self, record: ClusterRecord, numbers: list[int]) -> None:
        """Start instances, all or none; see `Provider`."""
        names = [f"host-{number}" for number in numbers]
        known = known_records(self.generation, names)
        region = record.details["region"]
        self.tell(f"starting {len(names)} hosts, {self.config.instance_type} in {region}")
        machines = self.account.run(self._request(record, names))
        if not self.wait:
            return
        self.tell("waiting for the hosts to boot")
        by_name = dict(zip(names, machines, strict=True))

        def ended(name: str) -> str | None:
            identifier = by_name[name].identifier
            machine = self._recent().get(identifier)
            if machine is None or machine.costs:
                return None
            said = self.account.console(identifier).strip().splitlines()[-20:]
            return f"{identifier} is {machine.state}; its console:\n" + "\n".join(said)

        deadline = Deadline(record.boot_timeout, "the hosts to be ready")
        try:
            await_ready(self.generation, known, deadline, ended, LOOK)
        except BaseException:
            self.account.terminate([machine.identifier for machine in machines])
            raise
        self.tell("the hosts are ready")

    def lives(self, host: Host) -> bool:
        """Whether the host's instance runs."""
        machine = self._recent().get(host.details.get("instance", ""))
        return machine is not None and machine.costs

    def end(self, host: Host) -> None:
        """End the host's instance."""
        self.account.terminate([host.details["instance"]])
        self._recent.forget()

    def reach(self, epoch: dict[str, str]) -> str:
        """Return the public address unless the private one is to be used."""
        return epoch["scheduler" if self.config.use_private_ip else "public"]

    def admit(self, record: ClusterRecord) -> None:
        """Let this client reach the scheduler, where the group is the cluster's own."""
        if self.config.security_group is None and not self.config.use_private_ip:
            self.account.allow(record.details["group"], own_cidr(self.config), PORT)

    def created_by(self, record: ClusterRecord) -> str:
        """Return the call that starts such a cluster."""
        del record
        return f"gl.deploy.ec2_cluster.load({self.state_path!r}, autostart=True)"

    def unreachable(self, record: ClusterRecord) -> str:
        """Say what keeps a client from the scheduler."""
        return (
            f"security group {record.details.get('group')} must let this client reach port {PORT} "
            "of host-0; gl.distributed(c, background=True) needs no port"
        )

    def describe(self, record: ClusterRecord) -> dict[str, str]:
        """Return what a user wants to know of it."""
        hours = (min(record.ended or time.time(), time.time()) - record.created) / 3600
        price = hourly(self.config.instance_type)
        cost = "unknown for this type"
        if price is not None:
            total = hours * price * record.num_hosts
            about = "on demand; spot is cheaper" if self.config.spot else "on demand"
            cost = f"about {total:.2f} USD so far, {price * record.num_hosts:.3f} an hour ({about})"
        return {
            "S3 State Path": self.state_path,
            "EC2 Config": repr(replace(self.config, region=record.details.get("region"))),
            "Hours": f"{hours:.1f}",
            "Cost": cost,
        }

    def _place(self) -> tuple[str, str]:
        bucket, _, root = self.state_path.removeprefix("s3://").partition("/")
        return bucket, root.strip("/")

    def _machines(self, identifier: str) -> list[Machine]:
        return self.account.machines({TAG: identifier})

    def _by_identifier(self) -> dict[str, Machine]:
        """Return the cluster's instances."""
        last = self.generation.series("cluster").last()
        identifier = "" if last is None else last[1]["details"].get("id", "")
        return {m.identifier: m for m in self._machines(identifier)}

    def _make_group(self, name: str, network: str, record: ClusterRecord) -> str:
        answer = self.account(
            "ec2:CreateSecurityGroup",
            GroupName=name,
            Description=f"windrow cluster {record.name}",
            VpcId=network,
            TagSpecifications=self._tags(record, "security-group"),
        )
        return str(answer["GroupId"])

    def _tags(self, record: ClusterRecord, *kinds: str) -> list[dict[str, Any]]:
        tags = (self.config.tags or {}) | {
            TAG: record.details["id"],
            "windrow:state": self.generation.url,
            "windrow:created": f"{record.created:.0f}",
            "windrow:until": f"{record.created + record.boot_timeout + record.max_lifetime:.0f}",
            "Name": f"windrow {record.name}",
        }
        listed = [{"Key": name, "Value": value} for name, value in tags.items()]
        return [{"ResourceType": kind, "Tags": listed} for kind in kinds]

    def _request(self, record: ClusterRecord, names: list[str]) -> dict[str, Any]:
        """Say what to start: names in the order of launch, nothing else differs between hosts."""
        config, details = self.config, record.details
        places = {name: os.environ[name] for name in AWS_PLACES if name in os.environ}
        user_data = UserData(
            generation=self.generation.url,
            names=tuple(names),
            pex=tuple(details["pex"]),
            interpreter=details["interpreter"] and tuple(details["interpreter"]),
            python=details["python"],
            environment={
                "AWS_REGION": details["region"],
                "WINDROW_ROLE": details["profile"],
                **places,
            },
            boot_timeout=record.boot_timeout,
            spot=config.spot,
            max_lifetime=record.max_lifetime,
        )
        request = {
            "ImageId": details["image"],
            "InstanceType": config.instance_type,
            "MinCount": len(names),
            "MaxCount": len(names),
            "UserData": user_data.script(),
            "IamInstanceProfile": {"Name": details["profile"]},
            "InstanceInitiatedShutdownBehavior": "terminate",
            "ClientToken": f"{details['id']}-{'-'.join(names)}-{time.time_ns()}"[:64],
            "TagSpecifications": self._tags(record, "instance", "volume"),
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {
                        "VolumeSize": config.root_volume_gb,
                        "VolumeType": "gp3",
                        "Encrypted": True,
                        "DeleteOnTermination": True,
                    },
                }
            ],
            "NetworkInterfaces": [
                {
                    "DeviceIndex": 0,
                    "SubnetId": details["subnet"],
                    "Groups": [details["group"]],
                    "AssociatePublicIpAddress": not config.use_private_ip,
                    "DeleteOnTermination": True,
                }
            ],
        }
        if config.spot:
            once = {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}
            request["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": once}
        return request

    def _upload(self, artefact: Artefact) -> list[str]:
        """Bring a file to the state store, and return its key and its digest."""
        name = artefact.publish(self.state_path, self.tell)
        return ["/".join(filter(None, [self._place()[1], name])), artefact.sha256]


def own_cidr(config: Ec2Config) -> str:
    """Return the network of clients: the given one, or this client's public address alone.

    Raises
    ------
    ArgumentError
        The address cannot be learnt; the error says what to give.
    """
    if config.client_cidr != "auto":
        return config.client_cidr
    expected = "a network such as 203.0.113.7/32: this client's own address could not be learnt"
    if config.use_private_ip:
        raise ArgumentError("client_cidr", "auto", f"given with use_private_ip; {expected}")
    url = os.environ.get("WINDROW_CHECKIP_URL", CHECK_URL)
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - AWS's own, or a test's
            return f"{answer.read().decode().strip()}/32"
    except OSError as error:
        raise ArgumentError("client_cidr", "auto", f"{expected} ({error})") from None
