"""The pretend region does what tests take from it."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

from tests.support.clusters import until
from tests.support.marks import on_clusters

if TYPE_CHECKING:
    from tests.support.region import Region

pytestmark = on_clusters(timeout=300)

SAY = """#!/bin/sh
TOKEN=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    http://169.254.169.254/latest/api/token)
echo "without a token: $(curl -s -o /dev/null -w '%{http_code}' \
    http://169.254.169.254/latest/meta-data/instance-id)"
echo "who: $(curl -s -H "X-aws-ec2-metadata-token: $TOKEN" \
    http://169.254.169.254/latest/meta-data/instance-id)"
python3 --version
ls /work /root /home 2>/dev/null | wc -l
"""


def started(region: Region, script: str, **more: Any) -> dict[str, Any]:
    """Start one instance."""
    ec2 = region.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.run_instances(
        SubnetId=subnet,
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        InstanceType="m6i.large",
        UserData=script,
        InstanceInitiatedShutdownBehavior="terminate",
        **more,
    )
    found: dict[str, Any] = made["Instances"][0]
    return found


def test_an_instance_is_a_host_that_runs_its_user_data_and_ends_when_it_shuts_down(
    caller: Region,
) -> None:
    instance = started(caller, SAY + "shutdown -h now\n")
    identifier = instance["InstanceId"]
    until(
        "the end of the host",
        lambda: identifier not in [i["InstanceId"] for i in caller.instances()],
    )
    said = caller.console(identifier)
    assert "without a token: 401" in said
    assert f"who: {identifier}" in said
    assert re.search(r"^Python 3\.\d+\.", said, re.MULTILINE)
    assert "[power] switched off" in said
    until("its processes to go", lambda: not caller.processes())


def test_only_ports_that_its_group_lets_in_can_be_reached(caller: Region) -> None:
    ec2 = caller.client("ec2")
    group = ec2.create_security_group(GroupName="one-port", Description="x")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 8786, "ToPort": 8786}
    rule["IpRanges"] = [{"CidrIp": f"{caller.network.outer}/32"}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    script = "#!/bin/sh\npython3 -m http.server 8786 & python3 -m http.server 8787 & sleep 60\n"
    instance = started(caller, script, SecurityGroupIds=[group])
    identifier = instance["InstanceId"]
    until("the host", lambda: identifier in caller.booted)
    address = caller.booted[identifier].instance["PublicIpAddress"]

    def open_(port: int) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((address, port)) == 0

    until("the open port", lambda: open_(8786))
    assert not open_(8787)
    caller.kill(identifier)
    until("its end", lambda: not caller.booted)
    ec2.delete_security_group(GroupId=group)
