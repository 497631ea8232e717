"""The pretend region, up as long as a module needs it: it takes some of the processor's time."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest
from conftest import IN_CI
from tests.support import namespaces, region
from tests.support.region import Region

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def ec2() -> Iterator[Region]:
    """Give the region; tests may speak to its addresses."""
    lacking = namespaces.missing() or region.missing()
    if lacking and IN_CI:
        pytest.fail(f"needs {lacking}, which CI must have", pytrace=False)
    if lacking:
        pytest.skip(f"left out: needs {lacking}")
    made = Region()
    with namespaces.reachable(made.network), made:
        yield made


@pytest.fixture
def caller(ec2: Region, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Let this process be somebody with all rights in the region."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ec2.environment.items():
        monkeypatch.setenv(name, value)
    return ec2


@pytest.fixture
def bucket(caller: Region) -> str:
    """Make a bucket."""
    name = f"windrow-{secrets.token_hex(4)}"
    caller.client("s3").create_bucket(Bucket=name)
    return name
