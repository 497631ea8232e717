"""The S3 server of the tests, whose keys they have, and folders in its bucket."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.places import InBucket
from tests.support.s3_server import REGION, S3Server, binary, s3_server, which

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

os.environ["PATH"] += f"{os.pathsep}{binary().parent}"  # there the marker `needs` finds it


def pytest_report_header() -> str:
    """Say which server it is."""
    return f"s3 server: {which()}"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Run the server, for as long as the session lasts."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_client(s3: S3Server) -> Iterator[Any]:
    """Give AWS's own client, which is not the one that is tested."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        region_name=REGION,
    )
    yield client
    client.close()


@pytest.fixture(scope="session")
def s3_bucket(s3_client: Any) -> str:
    """Make a bucket for the session."""
    name = f"tests-{secrets.token_hex(4)}"
    place = {"LocationConstraint": REGION}
    s3_client.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return name


@pytest.fixture
def s3_keys(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Server:
    """Let this process be who may do everything, by its environment alone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": s3.access_key,
        "AWS_SECRET_ACCESS_KEY": s3.secret_key,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
    }.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def s3_place(s3_keys: S3Server, s3_client: Any, s3_bucket: str) -> InBucket:
    """Give a folder of its own in the bucket."""
    del s3_keys
    return InBucket(s3_client, s3_bucket, secrets.token_hex(4))
