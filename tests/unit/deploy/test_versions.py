"""Client and hosts must run the same software, and are told precisely where they do not."""

from __future__ import annotations

import pytest

from windrow.deploy import versions
from windrow.errors import VersionMismatchError


def test_equal_versions_pass() -> None:
    versions.check(versions.installed(), "unused")


def test_each_difference_is_named_with_both_versions_and_the_way_out() -> None:
    there = versions.installed() | {"python": "3.9", "numba": "0.1"}
    with pytest.raises(VersionMismatchError) as caught:
        versions.check(there, "start the cluster anew")
    here = versions.installed()
    assert caught.value.differences == (
        ("python", here["python"], "3.9"),
        ("numba", here["numba"], "0.1"),
    )
    assert "start the cluster anew" in str(caught.value)


def test_a_package_that_hosts_do_not_have_differs() -> None:
    there = versions.installed()
    del there["scipy"]
    with pytest.raises(VersionMismatchError, match="none there"):
        versions.check(there, "install it")
