"""Hosts with addresses of their own: the same programs, the same bits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.http_server import HttpServer

import windrow as gl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.namespaces import Network

    from windrow.deploy.cluster import Cluster

pytestmark = pytest.mark.needs("ip")

MUSHROOM = Path(__file__).parents[2] / "examples" / "mushroom.csv"


@pytest.fixture(scope="module")
def url(network: Network) -> Iterator[str]:
    """Give a table on a web server that every host reaches by the network."""
    files = {"/mushroom.csv": MUSHROOM.read_bytes()}
    with HttpServer(files, address=network.outer) as server:
        yield server.url("/mushroom.csv")


def test_hosts_have_addresses_of_their_own(network: Network, cluster: Cluster) -> None:
    assert [host.address for host in cluster.hosts] == [
        f"{network.subnet}.{n}" for n in (11, 12, 13)
    ]
    assert cluster.status == "Running, 3 of 3 hosts"
    for host in cluster.hosts:
        assert host.pid in network.processes(host.name)
        listening = network.run(host.name, "cat", "/proc/net/tcp").splitlines()[1:]
        assert listening, "nothing listens"


def story(sf: gl.SFrame) -> dict[str, str]:
    """Train and evaluate three models; give the digest of each."""
    options: dict[str, Any] = {"target": "label", "max_iterations": 100, "verbose": False}
    models = {
        "logistic": gl.logistic_classifier.create(sf, validation_set=None, **options),
        "validated": gl.logistic_classifier.create(sf, validation_set="auto", **options),
        "newton": gl.logistic_classifier.create(
            sf, validation_set=None, solver="newton", **options
        ),
    }
    counts = sf.groupby("odor", {"n": gl.aggregate.COUNT()}).sort("odor")
    found = {name: digest(model.coefficients) for name, model in models.items()}
    evaluated = models["logistic"].evaluate(sf)
    return found | {"groups": digest(counts), "accuracy": repr(evaluated["accuracy"])}


def digest(table: gl.SFrame) -> str:
    return hashlib.sha256(repr(list(table)).encode()).hexdigest()


def test_the_user_story_has_the_same_bits_on_one_host_three_hosts_and_here(
    url: str, cluster: Cluster, launch: Callable[..., Cluster]
) -> None:
    sf = gl.SFrame(url)
    here = story(sf)
    with gl.distributed(cluster):
        assert story(sf) == here
    with gl.distributed(launch(1)):
        assert story(gl.SFrame(url)) == here
