"""The first words that a new host hears: fetch the runtime, be a host, and shut down at any end.

Whoever may describe the instance can read them, so there is no secret in them. EC2 takes 16 KiB.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

__all__ = ["UserData"]

LIMIT = 16384
FETCH = r'''
import datetime as dt, hashlib, hmac, json, os, sys, time
import urllib.error, urllib.parse as up, urllib.request as ur
from http.client import HTTPException

IMDS, TOKEN = "http://169.254.169.254/latest/", []

def meta(path):
    if not TOKEN:
        ask = ur.Request(IMDS + "api/token", method="PUT",
                         headers={"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
        TOKEN.append(ur.urlopen(ask, timeout=5).read().decode())
    ask = ur.Request(IMDS + "meta-data/" + path, headers={"X-aws-ec2-metadata-token": TOKEN[0]})
    return ur.urlopen(ask, timeout=5).read().decode()

def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

def open_object(bucket, key, region):
    """Ask S3 for an object with the role of this host (signature version 4)."""
    role = meta("iam/security-credentials/").split()[0]
    keys = json.loads(meta("iam/security-credentials/" + role))
    end = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    cn = ".cn" if region.startswith("cn-") else ""
    base = end or "https://s3.%s.amazonaws.com%s" % (region, cn)
    url = up.urlsplit(base + "/" + bucket + "/" + up.quote(key))
    now = dt.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
    empty = hashlib.sha256(b"").hexdigest()
    heads = {"host": url.netloc, "x-amz-content-sha256": empty, "x-amz-date": now}
    if keys.get("Token"):
        heads["x-amz-security-token"] = keys["Token"]
    names = ";".join(sorted(heads))
    lines = ["%s:%s" % (name, heads[name]) for name in sorted(heads)]
    asked = "\n".join(["GET", url.path, ""] + lines + ["", names, empty])
    scope = "%s/%s/s3/aws4_request" % (now[:8], region)
    signing = ("AWS4" + keys["SecretAccessKey"]).encode()
    for part in scope.split("/"):
        signing = digest(signing, part)
    what = hashlib.sha256(asked.encode()).hexdigest()
    signed = digest(signing, "\n".join(["AWS4-HMAC-SHA256", now, scope, what])).hex()
    heads["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s" % (
        keys["AccessKeyId"], scope, names, signed)
    del heads["host"]
    return ur.urlopen(ur.Request(url.geturl(), headers=heads), timeout=60)

class Deadline:
    """The end of a wait; windrow and its own are not here yet."""

    def __init__(self, seconds, what):
        self.end, self.what = time.time() + float(seconds), what

    def pause(self, seconds):
        left = self.end - time.time()
        if left <= 0:
            sys.exit("%s did not happen in time" % self.what)
        time.sleep(min(seconds, left))

def fetch(bucket, key, sha256, path, seconds):
    """Try again until the time is over: S3 may need a while until it knows a new role."""
    deadline, pause = Deadline(seconds, "fetch: " + key), 1
    while True:
        try:
            seen = hashlib.sha256()
            with open_object(bucket, key, os.environ["AWS_REGION"]) as source:
                with open(path, "wb") as target:
                    while True:
                        data = source.read(1 << 20)
                        if not data:
                            break
                        seen.update(data)
                        target.write(data)
            if seen.hexdigest() == sha256:
                return
            said = "has another digest"
        except (OSError, ValueError, KeyError, IndexError, HTTPException) as error:
            said = repr(error)
        print("fetch:", key, said, flush=True)
        deadline.pause(pause)
        pause = min(10, pause + 1)

def runs(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True

def notice(pid, why, seconds):
    """As long as the host runs: look whether EC2 calls it back; its work goes on elsewhere."""
    deadline = Deadline(seconds, "the end of the host")
    while runs(pid):
        deadline.pause(5)
        try:
            said = meta("spot/instance-action")
        except urllib.error.HTTPError as error:
            if error.code == 401:
                del TOKEN[:]
            continue
        except (OSError, HTTPException):
            continue
        with open(why, "w") as file:
            file.write("EC2 calls this spot host back: " + said)
        os.kill(pid, 15)
        return

if sys.argv[1] == "meta":
    try:
        print(meta(sys.argv[2]))
    except urllib.error.HTTPError:
        print("")
elif sys.argv[1] == "fetch":
    fetch(*sys.argv[2:])
else:
    notice(int(sys.argv[2]), *sys.argv[3:])
'''

SCRIPT = r"""#!/bin/bash
# A host of a windrow cluster. No secrets here: whoever may describe the instance can read this.
set -u
export HOME=/root @ENVIRONMENT@
trap 'shutdown -h now' EXIT
mkdir -p /opt/windrow && cd /opt/windrow || exit 1
(sleep @BOOT@; [ -e host/host.json ] || shutdown -h now) &
PY=$(command -v python3 || command -v python3.9 || command -v python3.11 || command -v python3.12)
[ -n "$PY" ] || { echo "windrow: this image has no python3"; exit 1; }
cat > start.py <<'PYTHON'
@FETCH@
PYTHON
@RUNTIME@
NAMES=(@NAMES@)
NAME=${NAMES[$($PY start.py meta ami-launch-index)]}
ADDRESS=$($PY start.py meta local-ipv4)
PUBLIC=$($PY start.py meta public-ipv4)
MEMORY=$(awk '/MemTotal/ { printf "%d", $2 * 1024 * 0.9 }' /proc/meminfo)
mkdir -p "host/logs/$NAME"
echo "windrow: $NAME starts"
export PEX_ROOT=/opt/windrow/pex
"${PYTHON[@]}" runtime.pex -m windrow.deploy.boot --generation @GENERATION@ --name "$NAME" \
  --address "$ADDRESS" --public "$PUBLIC" --ports 8786-8986 --memory "$MEMORY" \
  --folder /opt/windrow/host --patience 120 --at-end 'shutdown -h now' \
  --detail "instance=$($PY start.py meta instance-id)" --detail "public=$PUBLIC" \
  >> "host/logs/$NAME/host.log" 2>&1 &
HOST=$!
@SPOT@
wait $HOST
tail -n 20 "host/logs/$NAME/host.log"
"""


@dataclass(frozen=True)
class UserData:
    """What a host is told.

    Attributes
    ----------
    generation
        URL of the generation in the state store.
    names
        Of the hosts that start together, in the order of their launch.
    pex, interpreter
        Keys and digests in the bucket; the interpreter's may be None.
    python
        Minor version of Python: ``3.11``.
    environment
        Variables that say where AWS is; never who somebody is.
    boot_timeout
        Seconds after which a host that is none yet shuts down.
    spot
        Whether it may be called back.
    max_lifetime
        Seconds after which the host ends in any case.
    """

    generation: str
    names: tuple[str, ...]
    pex: tuple[str, str]
    interpreter: tuple[str, str] | None
    python: str
    environment: dict[str, str]
    boot_timeout: float
    spot: bool
    max_lifetime: float

    def script(self) -> str:
        """Write it as a shell script of less than 16 KiB."""
        life = f"{self.max_lifetime + self.boot_timeout:.0f}"
        bucket = self.generation.removeprefix("s3://").partition("/")[0]

        def fetch(key: str, sha256: str, path: str) -> str:
            words = ["start.py", "fetch", bucket, key, sha256, path, f"{self.boot_timeout:.0f}"]
            return f'"$PY" {shlex.join(words)} || exit 1'

        lines = [fetch(*self.pex, "runtime.pex")]
        if self.interpreter is None:
            lines.append(f"PYTHON=($(command -v python{self.python})) || exit 1")
        else:
            lines.append(fetch(*self.interpreter, "python.tar.gz"))
            lines.append("mkdir -p python && tar xzf python.tar.gz -C python || exit 1")
            home = "/opt/windrow/python"
            lines.append(f"PYTHON=(env LD_LIBRARY_PATH={home}/lib {home}/bin/python{self.python})")
        given = {
            "@ENVIRONMENT@": " ".join(f"{k}={shlex.quote(v)}" for k, v in self.environment.items()),
            "@BOOT@": f"{self.boot_timeout:.0f}",
            "@RUNTIME@": "\n".join(lines),
            "@NAMES@": " ".join(self.names),
            "@GENERATION@": shlex.quote(self.generation),
            "@SPOT@": f'"$PY" start.py notice $HOST host/why {life} &' if self.spot else "",
            "@FETCH@": FETCH.strip(),
        }
        script = SCRIPT
        for mark, text in given.items():
            script = script.replace(mark, text)
        return script
