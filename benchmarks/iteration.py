"""What an iteration costs on a cluster when its kernel costs nothing.

    python benchmarks/iteration.py [--hosts N] [--rounds N]

Three hosts of one core (processes of this machine, mutual TLS), one partition each. An iteration
sends the coefficients to every host and adds up one vector of each. Beside it stands a transfer:
the time that the same bytes take through one TLS connection between processes; the goal is 25 ms
and 8 transfers.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import ssl
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.dask_cluster import DaskCluster
from tests.support.programs import Numbers

from windrow.io import memory

if TYPE_CHECKING:
    from windrow.execution.protocol import Session
    from windrow.learn.leaf import Leaf

SIZES = (10**2, 10**5, 10**7)
FIXED = 0.025
TRANSFERS = 8


def nothing(leaf: Leaf, weights: Any) -> Any:
    """Do nothing with a leaf."""
    del leaf
    return weights


@dataclass(frozen=True)
class Iterations:
    """Measures some iterations where the driver is."""

    partitions: int
    size: int
    rounds: int

    def __call__(self, session: Session) -> list[float]:
        frame = pl.DataFrame({"a": [1.0] * self.partitions, "t": ["x"] * self.partitions})
        plan = memory.from_frame(frame, None, [1] * self.partitions)
        blocks = session.place(plan, Numbers(("a",), "t"))
        weights = np.ones(self.size)
        session.reduce(nothing, blocks, weights)
        taken = []
        for _ in range(self.rounds):
            began = time.perf_counter()
            total = session.reduce(nothing, blocks, weights)
            taken.append(time.perf_counter() - began)
        assert total[0] == self.partitions
        return taken


def transfer(folder: Path, size: int, rounds: int) -> float:
    """Give the seconds that an array takes from one process to another."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("spawn").Process(
        target=swallow, args=(folder, listener.getsockname(), 8 * size, rounds)
    )
    process.start()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    plain, _ = listener.accept()
    taken = []
    with context.wrap_socket(plain, server_side=True) as connection:
        data = memoryview(np.ones(size)).cast("B")
        for _ in range(rounds):
            began = time.perf_counter()
            connection.sendall(data)
            connection.recv(1)
            taken.append(time.perf_counter() - began)
    process.join()
    listener.close()
    return statistics.median(taken)


def swallow(folder: Path, address: tuple[str, int], size: int, rounds: int) -> None:
    """Receive arrays and say when each is there."""
    context = ssl.create_default_context(cafile=folder / "authority.pem")
    context.check_hostname = False
    with context.wrap_socket(socket.create_connection(address)) as connection:
        buffer = memoryview(bytearray(size))
        for _ in range(rounds):
            at = 0
            while at < size:
                at += connection.recv_into(buffer[at:])
            connection.sendall(b".")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    cluster = DaskCluster(options.hosts)
    try:
        executor = cluster.executor()
        print(f"{'coefficients':>12} {'ms':>8} {'min-max':>14} {'transfer':>9} {'bound':>7}")
        for size in SIZES:
            rounds = options.rounds if size < max(SIZES) else max(3, options.rounds // 5)
            taken = sorted(executor.run(Iterations(options.hosts, size, rounds)))
            once = transfer(cluster.folder, size, rounds)
            bound = FIXED + TRANSFERS * once
            median = statistics.median(taken)
            print(
                f"{size:>12,} {1e3 * median:>8.1f} {1e3 * taken[0]:>6.1f}-{1e3 * taken[-1]:<7.1f}"
                f" {1e3 * once:>9.2f} {1e3 * bound:>7.1f} {'' if median <= bound else 'over'}",
                flush=True,
            )
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
