"""What YARN is told, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from windrow.deploy import hadoop_cluster
from windrow.deploy.yarn import Yarn
from windrow.deploy.yarn_service import OVERHEAD, Service
from windrow.errors import ArgumentError, YarnError
from windrow.io.hdfs_settings import read_site

if TYPE_CHECKING:
    from pathlib import Path

SITE = """<configuration>
  <property><name>yarn.resourcemanager.ha.rm-ids</name><value>one,two</value></property>
  <property><name>yarn.resourcemanager.hostname.one</name><value>127.0.0.1</value></property>
  <property><name>yarn.resourcemanager.webapp.address.two</name><value>127.0.0.1:9</value></property>
</configuration>"""


def service() -> Service:
    return Service(
        name="windrow-x",
        generation="hdfs://nn/windrow/clusters/x/gen-0001",
        installation="/windrow",
        pex="runtime/a.pex",
        interpreter="runtime/b.tar.gz",
        script="runtime/start.sh",
        python="3.11",
        containers=3,
        memory=4096,
        cores=2,
        ports="9100-9200",
        lifetime=3600,
        queue="",
        user="somebody",
    )


def test_a_service_has_a_scheduler_and_workers_that_end_for_good_when_they_end_in_order() -> None:
    spec = service().spec()
    first, rest = spec["components"]
    assert (first["number_of_containers"], rest["number_of_containers"]) == (1, 2)
    assert {part["restart_policy"] for part in spec["components"]} == {"ON_FAILURE"}
    assert first["configuration"]["env"]["WINDROW_MEMORY"] == str((4096 << 20) - OVERHEAD)
    files = [(f["type"], f["src_file"]) for f in first["configuration"]["files"]]
    assert ("ARCHIVE", "/windrow/runtime/b.tar.gz") in files
    assert spec["queue"] == "default"


def test_who_containers_are_to_kerberos_stands_in_the_service_alone() -> None:
    assert "kerberos_principal" not in service().spec()
    secure = replace(service(), principal="me/_HOST@HERE", keytab="hdfs:///keys/me.keytab").spec()
    who = {"principal_name": "me/_HOST@HERE", "keytab": "hdfs:///keys/me.keytab"}
    assert secure.pop("kerberos_principal") == who
    assert secure == service().spec()
    with pytest.raises(ArgumentError, match="together with kerberos_keytab"):
        hadoop_cluster.create("x", "hdfs://nn/windrow", kerberos_principal="me@HERE")


def test_all_resource_managers_are_known_and_who_does_not_answer_is_named(tmp_path: Path) -> None:
    (tmp_path / "yarn-site.xml").write_text(SITE)
    yarn = Yarn(str(tmp_path))
    assert yarn.addresses() == ["http://127.0.0.1:8088", "http://127.0.0.1:9"]
    assert read_site(str(tmp_path), "core-site") == {}
    with pytest.raises(YarnError, match=r"127\.0\.0\.1:9: "):
        yarn("GET", "/ws/v1/cluster/info")


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"yarn-site\.xml"):
        Yarn(str(tmp_path))
