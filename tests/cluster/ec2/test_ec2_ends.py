"""Whatever happens to client, hosts or scheduler: hosts end, and work goes on elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.cluster.ec2.test_ec2_cluster import nothing_left
from tests.support.clusters import until as until_within
from tests.support.fitting import write_table
from tests.support.marks import on_clusters
from tests.support.resuming import interrupted, trained

import windrow as gl
from windrow.deploy.ec2_config import Ec2Config
from windrow.errors import ClusterEndedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.region import Region

until = partial(until_within, seconds=240.0)  # hosts that boot, on a machine that does much else

pytestmark = on_clusters("pex", "distributed", "cryptography", "boto3")

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


def test_work_survives_a_killed_host_and_when_the_first_one_dies_goes_on_in_a_new_cluster(
    caller: Region, bucket: str, tmp_path: Path
) -> None:
    write_table(tmp_path / "all.csv")
    caller.client("s3").upload_file(str(tmp_path / "all.csv"), bucket, "data/all.csv")
    url, kept = f"s3://{bucket}/data/all.csv", f"s3://{bucket}/a/kept"
    expected = trained(url)
    place, config = f"s3://{bucket}/a", Ec2Config()
    c = gl.deploy.ec2_cluster.create("mortal", place, config, num_hosts=2, wait=False)
    with gl.distributed(c):  # work may come before the hosts are there
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
        until("both hosts", lambda: c.status == "Running, 2 of 2 hosts")
        instance = {host.name: host.details["instance"] for host in c.hosts}
        caller.kill(instance["host-1"])
        until("the loss to be seen", lambda: c.status == "Running, 1 of 2 hosts")
        assert gl.SFrame({"x": [1, 2, 3]})["x"].sum() == 6
        c.resize(2)
        until("both hosts again", lambda: c.status == "Running, 2 of 2 hosts")
        error = interrupted(url, kept, partial(caller.kill, instance["host-0"]))
    assert isinstance(error, ClusterEndedError)
    assert "host-0 is gone and left no word" in str(error)
    until("the others to end themselves", lambda: not caller.instances())
    with pytest.raises(ClusterEndedError):
        gl.deploy.ec2_cluster.load(place)
    nothing_left(caller)
    again = gl.deploy.ec2_cluster.load(place, autostart=True)
    with again, gl.distributed(again):
        assert again.status == "Running, 2 of 2 hosts"
        assert trained(url, resume_from_checkpoint=kept) == expected
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
