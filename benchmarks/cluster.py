"""What a cluster of this machine costs: to start, to keep, and against threads.

    python benchmarks/cluster.py [--quick] [--rows N] [--rounds N]

Each figure stands beside its goal. Trainings are interleaved, each on a table that nobody has read
before, and their medians compared; equal models are part of the bargain.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from run import SCRATCH, TARGET, big_csv  # beside this file
from tests.support.clusters import processes_of

import windrow as wr
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.cluster import Cluster

UP, IDLE, ONE_HOST, TWO_HOSTS = 5.0, 0.6, 1.25, 0.8
"""Goals: seconds, GB, times as long as threads, times as fast as threads."""
THREADS = 2
QUICK = 300_000


@dataclass(frozen=True)
class Figure:
    """One number and what it should be."""

    name: str
    value: float
    unit: str
    goal: float
    at_least: bool = False

    def __str__(self) -> str:
        met = self.value >= self.goal if self.at_least else self.value <= self.goal
        word = "at least" if self.at_least else "at most"
        verdict = "holds" if met else "MISSED"
        return f"{self.name:<58}{self.value:>7.2f} {self.unit:<6}{word} {self.goal:<5g} {verdict}"


def proportional(pid: int) -> int:
    """Bytes of a process, those that it shares divided among those who share them."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    return next(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith("Pss:"))


def started(folder: Path, rounds: int) -> Iterator[Figure]:
    """Start three hosts, and look at what they hold when nothing is asked of them."""
    seconds = []
    for number in range(rounds):
        began = time.perf_counter()
        with wr.deploy.local_cluster.create("up", 3, state_path=folder / f"up-{number}") as up:
            seconds.append(time.perf_counter() - began)
            held: dict[str, int] = {}
            for pid, command in processes_of(up.state_path).items():
                words = command.split()
                role = words[words.index("windrow.deploy.serve") + 1] if "serve" in command else ""
                role = role or words[words.index("-m") + 1].rsplit(".", 1)[1]
                held[role] = held.get(role, 0) + proportional(pid)
    yield Figure("three hosts are up", statistics.median(seconds), "s", UP)
    print("  held when idle: " + ", ".join(f"{k} {v / 1e6:.0f} MB" for k, v in held.items()))
    both = held["scheduler"] + held["worker"]
    yield Figure("memory of an idle scheduler and three workers", both / 1e9, "GB", IDLE)


def fit(path: Path) -> tuple[float, str]:
    """Train on a table that nobody has read; give seconds and the digest of the model."""
    path.touch()
    began = time.perf_counter()
    model = wr.logistic_classifier.create(
        wr.SFrame(str(path)), TARGET, max_iterations=100, validation_set=None, verbose=False
    )
    seconds = time.perf_counter() - began
    return seconds, hashlib.sha256(repr(list(model.coefficients)).encode()).hexdigest()


def on_cluster(cluster: Cluster, path: Path) -> tuple[float, str]:
    """Train on a cluster."""
    with wr.distributed(cluster):
        return fit(path)


def on_threads(path: Path) -> tuple[float, str]:
    """Train in this process."""
    executor = LocalExecutor(threads=THREADS)
    environment.use(executor)
    try:
        return fit(path)
    finally:
        environment.use(None)
        executor.close()


def compared(folder: Path, rows: int, rounds: int) -> Iterator[Figure]:
    """Train on threads, on one host and on two, in turn."""
    table, warm = big_csv(rows), big_csv(QUICK // 10)
    with ExitStack() as stack:
        create = wr.deploy.local_cluster.create
        one, two = (
            stack.enter_context(
                create(f"of-{n}", n, THREADS // n, "4GB", state_path=folder / f"of-{n}")
            )
            for n in (1, THREADS)
        )
        contenders: dict[str, Callable[[Path], tuple[float, str]]] = {
            "threads": on_threads,
            "one host": lambda path: on_cluster(one, path),
            "two hosts": lambda path: on_cluster(two, path),
        }
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for contender in contenders.values():
            contender(warm)
        digests = set()
        for _ in range(rounds):
            for name, contender in contenders.items():
                took, digest = contender(table)
                seconds[name].append(took)
                digests.add(digest)
                print(f"  {rows:,} rows, {name}: {took:.2f} s", flush=True)
    if len(digests) != 1:
        sys.exit(f"the models differ: {digests}")
    median = {name: statistics.median(times) for name, times in seconds.items()}
    slower = median["one host"] / median["threads"]
    faster = median["threads"] / median["two hosts"]
    yield Figure(
        f"one host of {THREADS} cores against {THREADS} threads", slower, "times", ONE_HOST
    )
    yield Figure("two hosts of one core against two threads", faster, "times", TWO_HOSTS, True)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} rows, one round")
    options = parser.parse_args()
    rows, rounds = (QUICK, 1) if options.quick else (options.rows, options.rounds)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        figures = [*started(folder, rounds), *compared(folder, rows, rounds)]
    print(*figures, sep="\n")


if __name__ == "__main__":
    main()
