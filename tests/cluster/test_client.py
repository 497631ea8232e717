"""What a client receives and holds does not grow with the data, wherever the data are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from conftest import SOAK
from tests.support.http_server import HttpServer
from tests.support.marks import on_clusters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.namespaces import Network

    from windrow.deploy.cluster import Cluster

pytestmark = on_clusters("ip", "distributed", "cryptography", timeout=1800 if SOAK else 300)

ROOT = Path(__file__).parents[2]
SMALL = 10_000_000
LARGE = 2_000_000_000 if SOAK else 200_000_000
"""Bytes of each table."""
CLIENT = """
import json, re, sys
from pathlib import Path
import windrow as gl
from windrow.io.counters import bytes_read

def received():
    return int(Path("/sys/class/net/eth0/statistics/rx_bytes").read_text())

state, url = sys.argv[1:]
gl.set_distributed_execution_environment(gl.deploy.local_cluster.load(state))
sf = gl.SFrame(url)
sampled, network, files = bytes_read.of(url), received(), bytes_read.total()
model = gl.logistic_classifier.create(sf, "y", validation_set="auto", verbose=False)
assert model.validation_accuracy > 0.5
found = {
    "sampled": sampled,
    "network": received() - network,
    "files": bytes_read.total() - files,
    "data": bytes_read.of(url) - sampled,
    # Not ru_maxrss, which begins with that of the process that forked.
    "peak": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024,
    "rows": model.num_examples,
}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Path]]:
    """Give a small and a large table of the same kind."""
    draw = np.random.default_rng(3)
    rows = 100_000
    numbers = draw.normal(size=(rows, 9)).round(6)
    frame = pl.DataFrame({f"x{j}": numbers[:, j] for j in range(9)}).with_columns(
        pl.Series("k", draw.integers(0, 50, rows)).cast(pl.String).str.pad_start(4, "k"),
        pl.Series("y", (numbers[:, 0] + draw.normal(size=rows) > 0).astype(np.int8)),
    )
    header, body = frame.write_csv().encode().split(b"\n", 1)
    folder = tmp_path_factory.mktemp("tables")
    made = {}
    for size in (SMALL, LARGE):
        made[size] = folder / f"{size}.csv"
        with made[size].open("wb") as file:
            file.write(header + b"\n")
            file.writelines([body] * (size // len(body) + 1))
    yield made
    for path in made.values():
        path.unlink()


@pytest.mark.parametrize("source", ["file", "http"])
def test_a_client_receives_and_holds_the_same_whatever_the_size(
    source: str, tables: dict[int, Path], network: Network, cluster: Cluster
) -> None:
    served = {f"/{path.name}": path.read_bytes() for path in tables.values() if source == "http"}
    found = {}
    with HttpServer(served, address=network.outer) as server:
        for size, path in tables.items():
            url = str(path) if source == "file" else server.url(f"/{path.name}")
            found[size] = client(network, cluster, url)
            print(f"{source}, {size / 1e6:.0f} MB: {found[size]}")
    for size, counted in found.items():
        assert counted["rows"] > size / 110
        assert counted["sampled"] <= 1 << 20
        assert counted["data"] == 0
        assert counted["network"] + counted["files"] < 1_000_000
    assert found[LARGE]["peak"] < 1.05 * found[SMALL]["peak"]


def client(network: Network, cluster: Cluster, url: str) -> dict[str, int]:
    """Train in a client of its own, and count what came to it."""
    done = subprocess.run(
        [*network.enter("client"), sys.executable, "-c", CLIENT, cluster.state_path, url],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
