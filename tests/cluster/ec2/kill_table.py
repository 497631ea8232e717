"""Kill whoever creates a cluster after each of its calls to AWS; then sweep, and look.

``python -m tests.cluster.ec2.kill_table`` prints the table. Needs root, as the region does.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.support.region import Region

from windrow.config import Deadline
from windrow.deploy.ec2_account import Account
from windrow.deploy.ec2_config import Ec2Config
from windrow.deploy.ec2_sweep import leftovers, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLED = 9
SWEPT_SECONDS = 60.0
CREATE = """
import os, sys
from windrow.deploy import ec2_account, ec2_cluster

ec2_cluster.BOOT = 2.0
calls, call = 0, ec2_account.Account.__call__

def counted(self, name, **given):
    global calls
    answer = call(self, name, **given)
    calls += 1
    if calls == int(sys.argv[2]):
        print(name, flush=True)
        os._exit(9)
    return answer

ec2_account.Account.__call__ = counted
ec2_cluster.create("killed", sys.argv[1], wait=False)
"""


def table(region: Region) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each call, how many things a sweep removed after it, and what was left then."""
    for number in range(1, 100):
        bucket = f"killed-{secrets.token_hex(4)}"
        region.client("s3").create_bucket(Bucket=bucket)
        done = subprocess.run(
            [sys.executable, "-c", CREATE, f"s3://{bucket}/state", str(number)],
            env=os.environ | region.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode not in {0, KILLED}:
            raise AssertionError(done.stderr[-2000:])
        removed = swept()
        yield done.stdout.split()[-1], removed, left(region)
        if done.returncode == 0:
            return


def swept() -> int:
    """Sweep until nothing is found that may go, and return how much went."""
    account, removed = Account(Ec2Config()), 0
    deadline = Deadline(SWEPT_SECONDS, "the sweep")
    began = time.monotonic()
    while time.monotonic() - began < 3.0:  # its boot limit, after which the cluster never was
        deadline.pause(0.2)
    while found := leftovers(account, 0.0):
        remove(account, found)
        removed += len(found)
        deadline.pause(0.1)
    return removed


def left(region: Region) -> list[str]:
    """Name what is tagged or named as a cluster's."""
    iam, ec2 = region.client("iam"), region.client("ec2")
    found = [instance["InstanceId"] for instance in region.instances()]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    found += [g["GroupId"] for g in groups if g["GroupName"].startswith("windrow")]
    found += [role["RoleName"] for role in iam.list_roles(PathPrefix="/windrow/")["Roles"]]
    profiles = iam.list_instance_profiles(PathPrefix="/windrow/")["InstanceProfiles"]
    return found + [profile["InstanceProfileName"] for profile in profiles]


def main() -> int:
    """Print the table."""
    with Region() as region:
        os.environ.update(region.environment)
        rows = list(table(region))
    print(f"{'killed after':<40}{'swept':>6}  left")
    for call, removed, kept in rows:
        print(f"{call:<40}{removed:>6}  {', '.join(kept) or 'nothing'}")
    return int(any(kept for _, _, kept in rows))


if __name__ == "__main__":
    sys.exit(main())
