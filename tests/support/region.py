"""A pretend region of AWS whose instances are real hosts.

moto answers EC2, IAM, STS and SSM; versitygw is S3 and checks signatures; a metadata service tells
each host who it is; every instance that runs is a network namespace with a root file system of its
own, in which its user-data runs as cloud-init would run it. nftables enforces security groups.
Hosts reach nothing but these, and each other as their groups allow; their keys open what their
role's policy allows.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.support import region_hosts
from tests.support.namespaces import Network
from tests.support.region_metadata import ADDRESS, CHECK_PORT
from tests.support.region_moto import PORT
from tests.support.region_rights import Rights
from tests.support.s3_server import START_SECONDS, binary

from windrow.config import Deadline

if TYPE_CHECKING:
    from tests.support.region_hosts import Booted

REGION = "us-east-1"
SLOTS = tuple(f"slot-{number}" for number in range(6))
GATEWAY = "172.31.0.1"
S3_PORT = 7070
LOOK = 0.2


def missing() -> str | None:
    """Return what this machine lacks for a region; None when it has all."""
    lacking = [name for name in ("nft", "unshare") if shutil.which(name) is None]
    if lacking:
        return ", ".join(lacking)
    return None if binary().exists() else "versitygw (./dev builds it where go is there)"


class Region:
    """A region, for as long as a ``with`` block.

    Attributes
    ----------
    network
        The cloud, a slot for each host, and the outer namespace where clients are.
    folder
        What hosts write to their consoles, and all else.
    """

    def __init__(self) -> None:
        self.network = Network(("cloud", *SLOTS), mark="r")
        self.folder = Path(tempfile.mkdtemp(prefix="windrow-region-"))
        self.access_key = "AKIA" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_hex(20)
        self.booted: dict[str, Booted] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="region", daemon=True)
        self._spot: dict[str, str] = {}
        self._clients: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a client of this machine finds it."""
        cloud = self.network.address("cloud")
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://{cloud}:{PORT}",
            "AWS_ENDPOINT_URL_S3": f"http://{cloud}:{S3_PORT}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "no-credentials"),
            "WINDROW_CHECKIP_URL": f"http://{cloud}:{CHECK_PORT}/",
        }

    def client(self, service: str) -> Any:
        """Return AWS's own client for a service, with all rights."""
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    def _client(self, service: str) -> Any:
        import boto3

        found = self.environment
        url = found["AWS_ENDPOINT_URL_S3" if service == "s3" else "AWS_ENDPOINT_URL"]
        return boto3.client(
            service,
            endpoint_url=url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=REGION,
        )

    @property
    def calls(self) -> list[str]:
        """Every call so far: ``ec2:RunInstances``."""
        log = self.folder / "calls.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    def received(self) -> int:
        """Bytes that clients have received from hosts and from S3, with all headers."""
        listed = self.network.run("bridge", "nft", "--json", "list", "counters")
        found: int = json.loads(listed)["nftables"][1]["counter"]["bytes"]
        return found

    def instances(self) -> list[dict[str, Any]]:
        """All instances that are not terminated."""
        return [i for i in self._described() if i["State"]["Name"] != "terminated"]

    def console(self, identifier: str) -> str:
        """What an instance wrote."""
        return (self.folder / identifier / "console.log").read_text(errors="replace")

    def kill(self, identifier: str) -> None:
        """Pull the plug of a host: it is terminated, and nobody is told."""
        self.client("ec2").terminate_instances(InstanceIds=[identifier])

    def call_back(self, identifier: str) -> None:
        """Give a spot host its two minutes' notice."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 120))
        self._spot[identifier] = json.dumps({"action": "terminate", "time": when})

    def processes(self) -> list[int]:
        """Processes that run on hosts."""
        return [pid for slot in SLOTS for pid in self.network.processes(slot)]

    def __enter__(self) -> Self:
        self.network.__enter__()
        try:
            self._wire()
            self._count()
            self._serve()
            self._keeper.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for identifier in list(self.booted):
            self._halt(identifier)
        for server in self._servers:
            server.kill()
            server.wait()
        self.network.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wire(self) -> None:
        for address in (f"{GATEWAY}/16", f"{ADDRESS}/32"):
            self.network.run("cloud", "ip", "addr", "add", address, "dev", "eth0")

    def _count(self) -> None:
        """Count what goes to clients, but for what the region asks itself all the time."""
        chain = [
            *("table bridge count {", "counter clients {", "}", "chain forward {"),
            "type filter hook forward priority 0;",
            f"ip daddr {self.network.outer} tcp sport != {PORT} counter name clients",
            *("}", "}", ""),
        ]
        region_hosts.run(*self.network.enter("bridge"), "nft", "-f", "-", text="\n".join(chain))

    def _serve(self) -> None:
        """Start the servers, and wait until each answers."""
        cloud, folder = self.network.address("cloud"), str(self.folder)
        module = [sys.executable, "-m"]
        (self.folder / "metadata.json").write_text("{}")
        self._start([*module, "tests.support.region_metadata", folder, cloud])
        moto = [*module, "tests.support.region_moto", folder, cloud, self.network.subnet]
        self._start(moto)
        for part in ("data", "meta", "users"):
            (self.folder / "s3" / part).mkdir(parents=True)
        s3 = self.folder / "s3"
        self._start(
            [
                *(str(binary()), "--port", f"{cloud}:{S3_PORT}", "--region", REGION, "--quiet"),
                *("--iam-dir", str(s3 / "users")),
                *("posix", "--sidecar", str(s3 / "meta"), str(s3 / "data")),
            ],
            ROOT_ACCESS_KEY=self.access_key,
            ROOT_SECRET_KEY=self.secret_key,
        )
        deadline = Deadline(START_SECONDS, "the servers of the region")
        for url in (f"http://{cloud}:{PORT}/moto-api/", f"http://{cloud}:{S3_PORT}/"):
            while not _answers(url):
                deadline.pause(0.05)

    def _start(self, command: list[str], **variables: str) -> None:
        with (self.folder / "servers.log").open("ab") as log:
            self._servers.append(
                subprocess.Popen(
                    [*self.network.enter("cloud"), *command],
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **variables},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def _keep(self) -> None:
        """Let there be a host for each instance that runs, and for no other."""
        from botocore.exceptions import BotoCoreError, ClientError

        late = OSError, subprocess.SubprocessError, BotoCoreError, ClientError
        while not self._ended.wait(LOOK):
            try:
                self._reconcile()
            except late as error:  # the next look sees to it
                with (self.folder / "servers.log").open("a") as log:
                    log.write(f"region: {error!r} {getattr(error, 'stderr', '')}\n")

    def _reconcile(self) -> None:
        instances = {i["InstanceId"]: i for i in self._described()}
        for identifier, instance in instances.items():
            if instance["State"]["Name"] == "running" and identifier not in self.booted:
                self._boot(identifier, instance)
        for identifier, host in list(self.booted.items()):
            host.instance = instances[identifier]  # a profile may come after the instance
            code = None if host.init is None else host.init.poll()
            if instances[identifier]["State"]["Name"] not in {"pending", "running"}:
                self._halt(identifier)
            elif code is not None:
                self._halt(identifier)  # it switched itself off, or its first process was killed
                self.kill(identifier)
        self._guard()
        self._tell()

    def _boot(self, identifier: str, instance: dict[str, Any]) -> None:
        folder = self.folder / identifier
        folder.mkdir(exist_ok=True)
        found = self.client("ec2").describe_instance_attribute(
            InstanceId=identifier, Attribute="userData"
        )
        data = base64.b64decode(found.get("UserData", {}).get("Value", ""))
        (folder / "user-data").write_bytes(data or b"#!/bin/sh\n")
        used = {host.slot for host in self.booted.values()}
        slot = next(slot for slot in SLOTS if slot not in used)
        self.booted[identifier] = host = region_hosts.Booted(slot, instance)
        region_hosts.wire(self.network, host)
        self._tell()
        self._guard()
        region_hosts.boot(self.network, host, folder)

    def _halt(self, identifier: str) -> None:
        host = self.booted.pop(identifier)
        region_hosts.halt(self.network, host, self.folder / identifier)

    def _guard(self) -> None:
        described = self.client("ec2").describe_security_groups()["SecurityGroups"]
        groups = {group["GroupId"]: group for group in described}
        members: dict[str, list[str]] = {}
        for host in self.booted.values():
            for group in host.instance["SecurityGroups"]:
                members.setdefault(group["GroupId"], []).append(host.private)
        for host in self.booted.values():
            region_hosts.guard(self.network, host, groups, members)

    def _tell(self) -> None:
        """Say to the metadata service who is who."""
        facts = {}
        for identifier, host in self.booted.items():
            facts[host.private] = self._facts(identifier, host.instance)
        aside = self.folder / "metadata.new"
        aside.write_text(json.dumps(facts))
        aside.replace(self.folder / "metadata.json")

    def _facts(self, identifier: str, instance: dict[str, Any]) -> dict[str, str]:
        profile = instance.get("IamInstanceProfile", {}).get("Arn", "").rsplit("/", 1)[-1]
        facts = {
            "instance-id": identifier,
            "local-ipv4": instance["PrivateIpAddress"],
            "ami-launch-index": str(instance["AmiLaunchIndex"]),
            "placement/region": REGION,
            "instance-type": instance["InstanceType"],
        }
        if instance.get("PublicIpAddress"):
            facts["public-ipv4"] = instance["PublicIpAddress"]
        if identifier in self._spot:
            facts["spot/instance-action"] = self._spot[identifier]
        if profile:
            facts["iam/security-credentials/"] = profile
            facts[f"iam/security-credentials/{profile}"] = json.dumps(self._keys(profile))
        return facts

    def _keys(self, profile: str) -> dict[str, str]:
        """Give the keys of a role."""
        access, secret = self._rights.keys(profile)
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": access,
            "SecretAccessKey": secret,
            "Token": "",
            "LastUpdated": later,
            "Expiration": later,
        }

    @cached_property
    def _rights(self) -> Rights:
        own = {"access": self.access_key, "secret": self.secret_key, "region": REGION}
        own["endpoint-url"] = self.environment["AWS_ENDPOINT_URL_S3"]
        words = [word for name, value in own.items() for word in (f"--{name}", value)]
        return Rights(self.client("iam"), self.client("s3"), words)

    def _described(self) -> list[dict[str, Any]]:
        """Instances as EC2 describes them, with what moto forgets of all but the first."""
        found = []
        for reservation in self.client("ec2").describe_instances()["Reservations"]:
            instances = reservation["Instances"]
            profiles = [i["IamInstanceProfile"] for i in instances if i.get("IamInstanceProfile")]
            for instance in instances:
                if profiles:
                    instance.setdefault("IamInstanceProfile", profiles[0])
                interfaces = instance.get("NetworkInterfaces", [])
                inner = [group for interface in interfaces for group in interface["Groups"]]
                instance["SecurityGroups"] = instance["SecurityGroups"] or inner
                found.append(instance)
        return found


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
