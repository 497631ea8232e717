"""Whatever happens to client, hosts or scheduler: hosts end, and work goes on elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.cluster.ec2.test_ec2_cluster import nothing_left
from tests.support.clusters import Waiting, until as until_within
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy.ec2_config import Ec2Config
from windrow.errors import ClusterEndedError
from windrow.execution import environment

if TYPE_CHECKING:
    from tests.support.region import Region

until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "boto3")

NEVER = "/var/tmp/never"  # noqa: S108 - of a host
CREATE = """
import os, signal, sys
import windrow as wr
wr.deploy.ec2_cluster.create("orphan", sys.argv[1], num_hosts=2, idle_shutdown_timeout=25)
print("created", flush=True)
signal.pause()
"""


def test_hosts_end_when_idle_though_their_creator_was_killed_and_another_process_used_them(
    caller: Region, bucket: str
) -> None:
    path = f"s3://{bucket}"
    creator = subprocess.Popen(
        [sys.executable, "-c", CREATE, path], stdout=subprocess.PIPE, text=True
    )
    assert creator.stdout is not None
    assert any(line.startswith("created") for line in creator.stdout)
    os.kill(creator.pid, signal.SIGKILL)
    creator.wait()
    creator.stdout.close()
    c = gl.deploy.ec2_cluster.load(path)
    with gl.distributed(c):
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
    until("all hosts to end themselves", lambda: not caller.instances())
    with pytest.raises(ClusterEndedError, match="idle for 25 s") as caught:
        gl.deploy.ec2_cluster.load(path)
    assert "autostart=True" in str(caught.value)
    nothing_left(caller)


def test_work_survives_a_killed_host_and_ends_with_a_clear_error_when_the_first_one_dies(
    caller: Region, bucket: str
) -> None:
    c = gl.deploy.ec2_cluster.create("mortal", f"s3://{bucket}/a", Ec2Config(), num_hosts=2)
    instance = {host.name: host.details["instance"] for host in c.hosts}
    with gl.distributed(c):
        caller.kill(instance["host-1"])
        until("the loss to be seen", lambda: c.status == "Running, 1 of 2 hosts")
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
        c.resize(2)
        assert c.status == "Running, 2 of 2 hosts"
        caught: list[BaseException] = []

        def work() -> None:
            try:
                environment.current().run(Waiting(NEVER))
            except ClusterEndedError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        until("the job to run", lambda: c.jobs and c.jobs[-1].status == "Running")
        caller.kill(instance["host-0"])
        thread.join(240)
    assert "host-0 is gone and left no word" in str(caught[0])
    until("the others to end themselves", lambda: not caller.instances())
    with pytest.raises(ClusterEndedError):
        gl.deploy.ec2_cluster.load(f"s3://{bucket}/a")
    nothing_left(caller)


def test_a_spot_host_that_is_called_back_lets_its_work_go_on_elsewhere(
    caller: Region, bucket: str
) -> None:
    config = Ec2Config(spot=True)
    with gl.deploy.ec2_cluster.create("spot", f"s3://{bucket}/b", config, num_hosts=2) as c:
        instance = {host.name: host.details["instance"] for host in c.hosts}
        caller.call_back(instance["host-1"])
        until("the host to end", lambda: any(host.gone for host in c.recorded_hosts()))
        (gone,) = [host for host in c.recorded_hosts() if host.gone]
        assert gone.name == "host-1"
        assert gone.reason.startswith("EC2 calls this spot host back")
        with gl.distributed(c):
            assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
    nothing_left(caller)
