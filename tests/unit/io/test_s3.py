"""What S3 alone has; what all storages do alike is in tests/conformance/test_storage.py."""

from __future__ import annotations

import json
import os
import pickle
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
import pytest
from tests.support.flaky import FlakyRelay
from tests.support.s3_server import REGION, S3Server, VersityGateway, free_port

import windrow as gl
from windrow.config import configured
from windrow.errors import (
    MissingExtraError,
    SourceNotFoundError,
    SourceRefusedError,
    UnwritableError,
    WindrowError,
)
from windrow.io import s3_access, sources
from windrow.io.counters import bytes_read
from windrow.io.registry import storage_of
from windrow.io.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.places import InBucket

storage = S3Storage()
MEBIBYTE = 1 << 20


@pytest.fixture
def relay(s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyRelay]:
    """Stand between the client and the server; keys say nothing of an address."""
    with FlakyRelay(s3_keys.port) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.endpoint)
        yield made


def told(error: BaseException) -> str:
    """All that an error says, to whoever prints, logs or pickles it."""
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    texts, links = ["".join(traceback.format_exception(error))], [error]
    while links:  # what a traceback does not print is looked at too
        link = links.pop()
        texts += [str(link), repr(link.args), repr(vars(link))]
        links += [other for other in (link.__cause__, link.__context__) if other is not None]
    return "".join(texts)


# ------------------------------------------------------------------------------------ what it reads


def test_building_a_table_reads_the_listing_and_a_sample(
    s3_place: InBucket, relay: FlakyRelay
) -> None:
    rows = pl.DataFrame({"x": np.arange(300_000), "y": np.arange(300_000) % 7})
    data = rows.write_csv().encode()
    assert len(data) > 2 * MEBIBYTE
    for number in range(3):
        s3_place.put(f"part-{number}.csv", data)
    relay.reset()
    before = bytes_read.total()
    sf = gl.SFrame(s3_place.url("*.csv"))
    assert sf.column_names() == ["x", "y"]
    assert bytes_read.total() - before == MEBIBYTE
    assert MEBIBYTE <= relay.received < MEBIBYTE + 10_000
    assert len(relay.requests) <= 4
    assert len(sf) == 900_000


def test_a_bucket_is_a_folder(s3_keys: S3Server, s3_client: Any) -> None:
    del s3_keys
    bucket = f"empty-{secrets.token_hex(4)}"
    place = {"LocationConstraint": REGION}
    s3_client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    assert storage.exists(f"s3://{bucket}")
    assert storage.exists(f"s3://{bucket}/")
    assert storage.names(f"s3://{bucket}") == []
    with pytest.raises(SourceNotFoundError):
        storage.listing(f"s3://{bucket}/")
    assert storage.put_if_absent(f"s3://{bucket}/a.csv", b"x\n1\n")
    assert gl.SFrame(f"s3://{bucket}")["x"].sum() == 1
    assert storage.names(f"s3://{bucket}/") == ["a.csv"]
    for refused in (storage.remove, lambda url: storage.put_if_absent(url, b"")):
        with pytest.raises(UnwritableError, match=f"s3://{bucket}"):
            refused(f"s3://{bucket}/")


def test_what_marks_a_folder_is_no_file(s3_place: InBucket) -> None:
    for name in ("d/", "d/sub/", "d/a.csv", "d/sub/b.csv"):
        s3_place.put(name, b"" if name.endswith("/") else b"x\n1\n")
    names = [stamp.url.rsplit("/", 1)[1] for stamp in storage.listing(s3_place.url("d"))]
    assert names == ["a.csv", "b.csv"]
    assert storage.names(s3_place.url("d")) == ["a.csv", "sub"]
    assert len(gl.SFrame(s3_place.url("d"))) == 2


def test_more_files_than_one_answer_lists(s3_place: InBucket) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: s3_place.put(f"n/{number:04}", b""), range(1005)))
    assert len(storage.listing(s3_place.url("n"))) == len(storage.names(s3_place.url("n"))) == 1005
    storage.remove(s3_place.url("n"))
    assert s3_place.names() == []


def test_addresses_that_name_nothing_are_refused(s3_keys: S3Server) -> None:
    del s3_keys
    for url in ("s3://", "s3:///key", "s3://a b/c", "s3://bucket/a//b", "s3://bucket/../b"):
        with pytest.raises(SourceNotFoundError):
            storage.stat(url)


@pytest.mark.parametrize("keys", ["AKEY:hush:bucket", "AKEY:hush@bucket", "AKEY:hush"])
def test_keys_in_an_address_are_refused_unsaid(keys: str) -> None:
    for refused in (gl.SFrame, storage.names, lambda url: storage.put_if_absent(url, b"")):
        with pytest.raises(SourceNotFoundError, match=r"s3://\*\*\*/a\.csv.*AWS_ACCESS") as caught:
            refused(f"s3://{keys}/a.csv")
        assert not {"AKEY", "hush"} & set(re.findall(r"\w+", str(caught.value)))


# ------------------------------------------------------------------------------------------- errors


def reads(bucket: str) -> list[Callable[[], object]]:
    url = f"s3://{bucket}/a.csv"
    return [
        lambda: storage.stat(url),
        lambda: storage.listing(f"s3://{bucket}/f/*.csv"),
        lambda: gl.SFrame(url),
        lambda: storage.exists(url),
    ]


def refusals(bucket: str) -> Iterator[WindrowError]:
    """What each way to read, and to write, says; nothing secret in any of it."""
    for read in reads(bucket):
        with pytest.raises(SourceRefusedError, match=f"s3://{bucket}") as caught:
            read()
        yield caught.value
    url = f"s3://{bucket}/new"

    def write() -> None:
        with storage.open_write(url) as file:
            file.write(b"data")

    for put in (write, lambda: storage.put_if_absent(url, b"data")):
        with pytest.raises(UnwritableError, match=url) as refused:
            put()
        yield refused.value


def test_a_bucket_that_is_not_there_is_said(s3_keys: S3Server) -> None:
    del s3_keys
    for read in reads("no-such-bucket")[:3]:
        with pytest.raises(SourceNotFoundError, match=r"s3://no-such-bucket/.*NoSuchBucket"):
            read()
    assert not storage.exists("s3://no-such-bucket/a")
    assert storage.names("s3://no-such-bucket") == []
    with pytest.raises(UnwritableError, match="NoSuchBucket"):
        storage.put_if_absent("s3://no-such-bucket/a", b"")


@pytest.mark.needs("versitygw")
def test_access_that_is_denied_names_what_a_policy_must_allow(
    s3_keys: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(s3_keys, VersityGateway)
    key, secret = "AKSTRANGER" + secrets.token_hex(4).upper(), secrets.token_hex(20)
    s3_keys.add_user(key, secret)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    found = list(refusals(s3_bucket))
    for error in found:
        assert "AccessDenied" in str(error)
        assert "403" in str(error)
        assert secret not in told(error)
        assert key not in told(error)
    assert "must allow s3:GetObject; add to it" in str(found[0])
    assert "must allow s3:PutObject" in str(found[-1])
    with pytest.raises(SourceRefusedError, match="must allow s3:ListBucket"):
        storage.names(f"s3://{s3_bucket}")


@pytest.mark.needs("versitygw")
@pytest.mark.parametrize(
    "variables, said",
    [
        ({"AWS_ACCESS_KEY_ID": "AKNOBODY"}, r"InvalidAccessKeyId\); check AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, r"SignatureDoesNotMatch\); check AWS_SECRET_ACC"),
        ({"AWS_SESSION_TOKEN": "sessiontoken"}, r"InvalidToken\); check AWS_SESSION_TOKEN"),
        (
            {"AWS_REGION": "us-east-2"},
            f"another region than was asked for; set AWS_REGION={REGION}",
        ),
        ({"AWS_SKIP_SIGNATURE": "true"}, r"AccessDenied"),
    ],
)
def test_keys_that_are_not_taken_are_said(
    s3_keys: S3Server,
    s3_bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    said: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    mine = {s3_keys.access_key, s3_keys.secret_key, *variables.values()} - {"true", "wrong"}
    for error in refusals(s3_bucket):
        assert re.search(said, str(error)), str(error)
        text = told(error)
        assert not [secret for secret in mine - {"us-east-2"} if secret in text]
        assert "StringToSign" not in text


@pytest.mark.parametrize(
    "name, value",
    [
        ("AWS_ENDPOINT_URL", "garbage"),
        ("AWS_ENDPOINT_URL", "http://host:port"),
        ("AWS_ENDPOINT_URL", "http://[::1"),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_SESSION_TOKEN", "a\nb"),
        ("AWS_SKIP_SIGNATURE", "perhaps"),
    ],
)
def test_variables_that_make_no_sense_are_said(
    s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for error in refusals("bucket"):
        assert s3_keys.secret_key not in told(error)
        assert "\n" not in str(error)


def test_a_session_that_ended_is_said(s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    del s3_keys
    body = (
        b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message>"
        b"<Token-0>secrettoken</Token-0></Error>"
    )
    with answering(400, body) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        for error in refusals("bucket"):
            assert "token has expired (ExpiredToken); sign in again" in str(error)
            assert "status 400" in str(error)
            assert "secrettoken" not in told(error)


def test_a_bucket_elsewhere_is_said(s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    del s3_keys
    body = b"<Error><Code>PermanentRedirect</Code><Message>Use the endpoint.</Message></Error>"
    with answering(301, body) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        for error in refusals("bucket"):
            assert "another region" in str(error)
            assert "AWS_REGION" in str(error)


@pytest.mark.timeout(30)  # seconds, where each of three may take two
def test_an_endpoint_that_is_dead_silent_or_unknown_is_said_in_time(
    s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    del s3_keys
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        dead, mute = free_port(), silent.getsockname()[1]
        with configured(io_timeout=2.0):
            for endpoint, kind, said in (
                (f"http://127.0.0.1:{dead}", SourceRefusedError, "Connection refused"),
                (f"http://127.0.0.1:{mute}", SourceRefusedError, r"let 2 s pass.*io_timeout"),
                (
                    f"http://{'x' * 64}",
                    SourceNotFoundError,
                    "host of .* is not known",
                ),  # nor asked for
            ):
                monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
                with pytest.raises(kind, match=said) as caught:
                    storage.stat("s3://bucket/a.csv")
                assert endpoint in str(caught.value)
                told(caught.value)


def test_an_interrupt_is_heard_while_a_server_is_silent(s3_keys: S3Server) -> None:
    del s3_keys
    code = (
        "import windrow as gl\n"
        "gl.set_runtime_config('io_timeout', 20.0)\n"
        "gl.SFrame('s3://bucket/a.csv')\n"
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        variables = os.environ | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with subprocess.Popen(
            [sys.executable, "-c", code], env=variables, stderr=subprocess.PIPE, text=True
        ) as asking:
            peer, _ = silent.accept()  # it waits for an answer now
            with peer:
                peer.recv(1)
                asking.send_signal(signal.SIGINT)
                _, errors = asking.communicate()
    assert errors.rstrip().endswith("KeyboardInterrupt")


# ------------------------------------------------------------------------------------------- faults


def test_reads_survive_busy_servers_resets_and_cut_bodies(
    s3_place: InBucket, relay: FlakyRelay, seed: int
) -> None:
    wanted = pl.DataFrame({"x": np.random.default_rng(seed).normal(size=100_000)})
    s3_place.put("t.csv", wanted.write_csv().encode())
    data = s3_place.put("bytes", np.random.default_rng(1).bytes(5 * MEBIBYTE))
    relay.behaviour.share, relay.behaviour.seed = 0.3, seed
    scan = sources.describe(s3_place.url("t.csv"), partition_bytes=100_000)
    found = sources.pieces(scan, lambda work, items: [work(item) for item in items])
    rows = pl.concat([sources.read(scan, piece).frame for piece in found])
    assert rows.equals(wanted)
    whole = np.random.default_rng(1).bytes(5 * MEBIBYTE)
    for _ in range(20):
        stamp = storage.stat(data)
        assert storage.read(stamp, 0, 5 * MEBIBYTE) == whole
        assert b"".join(storage.stream(stamp)) == whole
        assert storage.listing(s3_place.url("*.csv"))
    assert set(relay.happened) >= {"", "busy", "reset", "lost", "cut"}


def test_writes_survive_busy_servers_and_resets(
    s3_place: InBucket, relay: FlakyRelay, seed: int
) -> None:
    relay.behaviour.share, relay.behaviour.seed = 0.25, seed
    relay.behaviour.fates = ("busy", "reset")
    block = np.random.default_rng(1).bytes(MEBIBYTE)
    with storage.open_write(s3_place.url("large")) as file:
        for _ in range(40):
            file.write(block)
    for number in range(30):
        assert storage.put_if_absent(s3_place.url(f"{number}"), b"%d" % number)
    table = gl.SFrame({"x": range(1000)})
    table.save(s3_place.url("table"))
    relay.behaviour.share = 0
    assert list(gl.load_sframe(s3_place.url("table"))["x"]) == list(range(1000))
    stamp = storage.stat(s3_place.url("large"))
    assert b"".join(storage.stream(stamp)) == 40 * block


def test_a_lost_answer_does_not_lose_what_was_claimed(
    s3_place: InBucket, relay: FlakyRelay
) -> None:
    for planned in (["lost"], ["lost", "busy"], ["reset", "lost", "lost"]):
        url = s3_place.url("claim-" + "-".join(planned))
        relay.reset(planned)
        assert storage.put_if_absent(url, b"mine")
        assert relay.happened["lost"] == planned.count("lost")
        relay.reset(planned)
        assert not storage.put_if_absent(url, b"mine")


@pytest.mark.timeout(40)
def test_a_body_that_never_ends_well_is_an_error(s3_place: InBucket, relay: FlakyRelay) -> None:
    url = s3_place.put("a", bytes(3 * MEBIBYTE))
    stamp = storage.stat(url)
    relay.behaviour.share = 1.0
    for fate in ("cut", "stall", "busy", "reset"):
        relay.behaviour.fates = (fate,)
        refused = pytest.raises(SourceRefusedError, match=url)
        with configured(io_timeout=2.0), refused as caught:
            storage.read(stamp, 0, 3 * MEBIBYTE)
        assert caught.value.__cause__ is not None
        told(caught.value)
        if fate == "busy":
            assert caught.value.status == 503
            assert "SlowDown" in str(caught.value)


# -------------------------------------------------------------------------------------- credentials


@pytest.fixture
def profile(
    s3_keys: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], None]:
    """Take the keys out of the environment, and write a file of profiles."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)

    def write(text: str) -> None:
        path = tmp_path / "config"
        path.write_text(text.format(server=s3_keys, region=REGION), encoding="utf-8")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))

    return write


KEYS = """
aws_access_key_id = {server.access_key}
aws_secret_access_key = {server.secret_key}
region = {region}
endpoint_url = {server.endpoint}
"""


def test_profiles_give_keys_region_and_endpoint(
    s3_place: InBucket, profile: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = s3_place.put("a.csv", b"x\n1\n")
    profile(f"[default]\n{KEYS}\n[profile other]\nregion = us-east-1\n[profile mine]\n{KEYS}")
    assert gl.SFrame(url)["x"].sum() == 1
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert gl.SFrame(url)["x"].sum() == 1
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(SourceRefusedError, match=r"absent.*could not be found"):
        gl.SFrame(url)


def test_programs_that_print_keys_are_asked(
    s3_place: InBucket, s3: S3Server, profile: Callable[[str], None], tmp_path: Path
) -> None:
    url = s3_place.put("a.csv", b"x\n1\n")
    keys = {"Version": 1, "AccessKeyId": s3.access_key, "SecretAccessKey": s3.secret_key}
    printed = tmp_path / "keys.json"
    printed.write_text(json.dumps(keys), encoding="utf-8")
    where = "region = {region}\nendpoint_url = {server.endpoint}\n"
    profile(f"[default]\n{where}credential_process = cat {printed}\n")
    assert gl.SFrame(url)["x"].sum() == 1
    profile(f"[default]\n{where}credential_process = cat {printed}.gone\n")
    with pytest.raises(SourceRefusedError, match=r"the AWS profile 'default'.*\.gone"):
        gl.SFrame(url)


def test_a_session_of_single_sign_on_that_ended_says_how_to_sign_in(
    profile: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    profile(
        "[default]\nsso_start_url = https://example.invalid/start\nsso_region = us-east-1\n"
        "sso_account_id = 123456789012\nsso_role_name = reader\nregion = {region}\n"
    )
    with pytest.raises(SourceRefusedError, match=r"SSO"):
        storage.stat("s3://bucket/a.csv")


def test_profiles_need_the_extra(
    profile: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    profile("[default]\nregion = {region}\n")
    monkeypatch.setattr(s3_access, "find_spec", lambda _: None)
    s3_access._opened.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'windrow\[ec2\]'"):
        storage.stat("s3://bucket/a.csv")


def test_keys_of_the_environment_need_no_extra(s3_place: InBucket) -> None:
    url = s3_place.put("a.csv", b"x\n1\n")
    code = (
        "import sys, windrow as gl\n"
        f"print(gl.SFrame({url!r})['x'].sum())\n"
        "print({'boto3', 'botocore'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "set()"]


def test_the_role_of_this_machine_is_asked_last(
    s3_place: InBucket, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = s3_place.put("a.csv", b"x\n1\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    keys = {"AccessKeyId": s3.access_key, "SecretAccessKey": s3.secret_key, "Token": ""}
    with metadata_service(keys | {"Expiration": "2099-01-01T00:00:00Z"}) as endpoint:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", endpoint)
        assert gl.SFrame(url)["x"].sum() == 1
    none = r"no credentials were found.*AWS_SKIP_SIGNATURE"
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with configured(io_timeout=2.0), pytest.raises(SourceRefusedError, match=none):
        storage.stat(url)
    with answering(404, b"no role") as endpoint:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", endpoint)
        with pytest.raises(SourceRefusedError, match=none):
            storage.stat(url)


@pytest.mark.needs("versitygw")
def test_a_public_bucket_is_read_without_keys(
    s3_place: InBucket, s3_client: Any, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = s3_place.put("a.csv", b"x\n1\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    with pytest.raises(SourceRefusedError, match="AccessDenied"):
        gl.SFrame(url)
    allow = {"Effect": "Allow", "Principal": "*"}
    policy = [
        {**allow, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{s3_bucket}/*"},
        {**allow, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{s3_bucket}"},
    ]
    s3_client.put_bucket_policy(Bucket=s3_bucket, Policy=json.dumps({"Statement": policy}))
    try:
        assert gl.SFrame(url)["x"].sum() == 1
        assert gl.SFrame(s3_place.url("*.csv"))["x"].sum() == 1
    finally:
        s3_client.delete_bucket_policy(Bucket=s3_bucket)


class _Answers(BaseHTTPRequestHandler):
    status: ClassVar[int]
    bodies: ClassVar[dict[str, bytes]]

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = self.bodies.get(self.path, self.bodies[""])
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST = _answer  # noqa: N815  # the names are http.server's

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class answering:  # noqa: N801  # reads as a with block does
    """A server that answers everything with one status and one body."""

    def __init__(self, status: int, body: bytes, **bodies: bytes) -> None:
        known = {"": body, **bodies}
        handler = type("Handler", (_Answers,), {"status": status, "bodies": known})
        self._server = HTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *end: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def metadata_service(keys: dict[str, str]) -> answering:
    """What an EC2 host asks for the keys of its role."""
    roles = "/latest/meta-data/iam/security-credentials/"
    return answering(
        200, b"token", **{roles: b"reader", f"{roles}reader": json.dumps(keys).encode()}
    )


def test_the_storage_of_the_scheme_is_this_one() -> None:
    assert isinstance(storage_of("S3://bucket/key"), S3Storage)
