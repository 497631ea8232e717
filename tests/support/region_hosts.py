"""Instances of a pretend region as real hosts: a namespace each, with a root of their own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.namespaces import Network

OFF = 77
"""How the init of a host ends when the host switched itself off."""
SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "media", "mnt", "proc"}
SYSTEM |= {"sbin", "srv", "sys", "usr", "var"}

INIT = r"""set -e
HOST=$1; NAME=$2; ADDRESS=$3; HIDDEN=$4; OLD=$5
mkdir -p $HOST/upper $HOST/work $HOST/root; mount --make-rprivate /
mount -t overlay overlay -o lowerdir=/,upperdir=$HOST/upper,workdir=$HOST/work $HOST/root
R=$HOST/root
for each in $HIDDEN; do mkdir -p $R/$each; mount -t tmpfs tmpfs $R/$each; done
mount --rbind /dev $R/dev; mount -t proc proc $R/proc; mount -t sysfs -o ro sysfs $R/sys || true
if [ -n "$OLD" ]; then
  mkdir -p $R/opt/old; mount --bind $OLD $R/opt/old
  rm -f $R/usr/bin/python3*
  cat > $R/usr/bin/python3 <<'X'
#!/bin/sh
LD_LIBRARY_PATH=/opt/old/lib exec /opt/old/bin/python3.9 "$@"
X
  chmod +x $R/usr/bin/python3
fi
mkdir -p $R/run/power; mkfifo $R/run/power/off; hostname "$NAME"
printf '127.0.0.1 localhost\n%s %s\n' "$ADDRESS" "$NAME" > $R/etc/hosts; : > $R/etc/resolv.conf
mkdir -p $R/usr/local/sbin
cat > $R/usr/local/sbin/shutdown <<'X'
#!/bin/sh
trap '' TERM HUP
echo "[power] switched off by $PPID"
exec >/dev/null 2>&1
setsid sh -c 'trap "" TERM HUP; kill -TERM -1; sleep 0.5; echo off > /run/power/off' &
X
chmod +x $R/usr/local/sbin/shutdown
install -D -m700 $HOST/user-data $R/var/lib/cloud/user-data
cd $R; exec chroot . /usr/bin/env -i LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c '
  cd /; (/var/lib/cloud/user-data 2>&1 </dev/null; echo "[cloud-init] ended with $?") &
  read -r x < /run/power/off; exit 77'
"""


def old_python() -> str:
    """Name a folder with a Python 3.9, as Amazon Linux has it; empty where there is none."""
    found = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9"))
    return str(found[-1].parents[1]) if found else ""


def hidden() -> str:
    """Name the top folders that are none of a fresh system's: checkouts, homes, environments."""
    return " ".join(
        sorted(p.name for p in Path("/").iterdir() if p.is_dir() and p.name not in SYSTEM)
    )


def run(*command: str, text: str = "") -> None:
    """Run a command that must succeed."""
    subprocess.run(command, input=text, check=True, capture_output=True, text=True, timeout=30)


@dataclass
class Booted:
    """An instance that runs here.

    Attributes
    ----------
    slot
        Namespace of the network.
    instance
        What EC2 says of it.
    init
        Its first process, outside.
    """

    slot: str
    instance: dict[str, Any]
    init: subprocess.Popen[bytes] | None = None
    rules: str = ""

    @property
    def private(self) -> str:
        """Its address in the cloud."""
        return str(self.instance["PrivateIpAddress"])


def wire(network: Network, host: Booted) -> None:
    """Give a host its addresses."""
    public = host.instance.get("PublicIpAddress")
    _in(network, host.slot, "addr", "add", f"{host.private}/16", "dev", "eth0")
    if public:
        _in(network, host.slot, "addr", "add", f"{public}/32", "dev", "eth0")
    metadata = ("169.254.169.254", "dev", "eth0", "src", host.private)
    _in(network, host.slot, "route", "replace", *metadata)


def boot(network: Network, host: Booted, folder: Path) -> None:
    """Start a host that is wired and guarded; its folder holds its ``user-data``."""
    name = "ip-" + host.private.replace(".", "-")
    with (folder / "console.log").open("ab") as console:
        host.init = subprocess.Popen(
            [
                *network.enter(host.slot),
                *("unshare", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child"),
                *("--mount-proc", "bash", "-c", INIT, "init", str(folder), name, host.private),
                *(hidden(), old_python()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )


def halt(network: Network, host: Booted, folder: Path) -> None:
    """End a host, as if its plug was pulled; its disk goes too."""
    if host.init is not None:
        host.init.kill()
        host.init.wait()
    if shutil.which("nft"):
        run(*network.enter(host.slot), "nft", "flush", "ruleset")
    _in(network, host.slot, "addr", "flush", "dev", "eth0", "scope", "global")
    own = f"{network.address(host.slot)}/24"
    _in(network, host.slot, "addr", "add", own, "dev", "eth0")
    for name in ("upper", "work", "root"):
        shutil.rmtree(folder / name, ignore_errors=True)


def guard(
    network: Network, host: Booted, groups: dict[str, Any], members: dict[str, list[str]]
) -> None:
    """Let in what the security groups of a host let in, and nothing else.

    Parameters
    ----------
    network
        With the host.
    host
        Which.
    groups
        Descriptions by identifier.
    members
        Private addresses by group.
    """
    allowed = []
    for group in host.instance["SecurityGroups"]:
        for rule in groups.get(group["GroupId"], {}).get("IpPermissions", []):
            sources = [entry["CidrIp"] for entry in rule.get("IpRanges", [])]
            pairs = rule.get("UserIdGroupPairs", [])
            sources += [ip for pair in pairs for ip in members.get(pair["GroupId"], [])]
            if rule["IpProtocol"] == "tcp":
                ports = f"tcp dport {rule['FromPort']}-{rule['ToPort']} "
                allowed += [f"ip saddr {source} {ports}accept" for source in sources]
    rules = [
        "flush ruleset",
        "table inet group { chain in { type filter hook input priority 0; policy drop;",
        "ct state established,related accept",
        'iif "lo" accept',
        *sorted(allowed),
        "}",
        "}",
    ]
    public = host.instance.get("PublicIpAddress")
    if public:  # the host itself sees only its private address
        chain = "table ip nat { chain pre { type nat hook prerouting priority -100;"
        rules += [chain, f"ip daddr {public} dnat to {host.private}", "}", "}"]
    text = "\n".join([*rules, ""])
    if text != host.rules:
        run(*network.enter(host.slot), "nft", "-f", "-", text=text)
        host.rules = text


def _in(network: Network, slot: str, *arguments: str) -> None:
    run(*network.enter(slot), "ip", *arguments)
