"""The part of `./dev` that runs inside .venv: checks, tests, benchmarks, locks.

Standard library only. Every step says what it runs and how long it took; the exit code is 0 only if
every step passed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
CLUSTERS, LONGEST = "tests/cluster", "--durations=10"
# What CI may take. Over it is seen, not failed: machines differ.
BUDGET_SECONDS = 60 * 60
# How the steps that failed ended. Said again at the very end: of a long log that is what is kept.
FAILED: list[tuple[str, Iterable[str]]] = []


def run(name: str, *command: str, **environment: str) -> bool:
    """Run one step, say how it went, and return whether it passed."""
    print(f"── {name}", flush=True)
    start = time.monotonic()
    last: deque[str] = deque(maxlen=60)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as step:
        for line in step.stdout or ():
            print(line, end="", flush=True)
            last.append(line)
    word = "passed" if step.returncode == 0 else f"FAILED (exit {step.returncode})"
    print(f"   {name}: {word} in {time.monotonic() - start:.0f} s", flush=True)
    if step.returncode:
        FAILED.append((name, last))
    return step.returncode == 0


def tool(name: str) -> str:
    """Give the path of a tool of .venv."""
    return str(BIN / name)


def pytest(name: str, *options: str, **environment: str) -> bool:
    """Run pytest, with the seed of this commit (WINDROW_SEED overrides it)."""
    seed = os.environ.get("WINDROW_SEED") or commit_seed()
    print(f"   seed of this commit: WINDROW_SEED={seed}", flush=True)
    return run(
        name,
        tool("python"),
        "-m",
        "pytest",
        f"--hypothesis-seed={seed}",
        *options,
        WINDROW_SEED=seed,
        **environment,
    )


def commit_seed() -> str:
    """Give the commit's own number: each commit tries other cases, each can be repeated."""
    head = subprocess.run(
        ["git", "rev-parse", "--short=8", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return str(int(head.stdout, 16)) if head.returncode == 0 else "0"


def check(*_: str) -> bool:
    """Lint, format, types, contracts and the rules of the house."""
    steps = [
        run("lint", tool("ruff"), "check", "."),
        run("format", tool("ruff"), "format", "--check", "."),
        run("types", tool("mypy")),
        run("contracts", tool("lint-imports"), "--cache-dir", ".import_linter_cache"),
        pytest("rules of the house", "-q", "tests/unit/test_house.py"),
    ]
    return all(steps)


def service(name: str, needs: str, module: str) -> bool:
    """Bring what a service of the tests runs, once for this user.

    Where it cannot be had, its tests are left out, and say so; in CI that is a failure.
    """
    if shutil.which(needs) is None:
        print(f"── {name}: without {needs} it cannot be had", flush=True)
        return True
    brought = run(name, tool("python"), "-m", f"tests.support.{module}", PYTHONPATH="src:.")
    return brought or not IN_CI


def test(*options: str) -> bool:
    """Check, then run every test. With options (paths, -k ...), only the tests that they name."""
    if options:
        return pytest("tests", *options)
    steps = [
        check(),
        service("S3 server", "go", "s3_server"),
        service("Hadoop", "mvn", "hadoop"),
        pytest("tests", "-n", "2", f"--ignore={CLUSTERS}", "--cov", "--cov-report=", LONGEST),
        # One at a time: each is a dozen processes, a region or a Hadoop.
        pytest(
            "tests of clusters",
            *(CLUSTERS, "--cov", "--cov-append", "--cov-report=", LONGEST),
        ),
        run("coverage", tool("coverage"), "report"),
    ]
    return all(steps)


def docs(*options: str) -> bool:
    """Run every example of README.md and docs/."""
    return pytest("documentation", "-q", "tests/unit/test_docs.py", *options)


def soak(*options: str) -> bool:
    """Run the long tables: more seeds, more shapes, more repetitions."""
    if options:
        return pytest("soak", "-n", "2", "--timeout=1800", *options, WINDROW_SOAK="1")
    steps = [
        pytest("soak", "-n", "2", "--timeout=1800", f"--ignore={CLUSTERS}", WINDROW_SOAK="1"),
        # One at a time and in this process, which prints what became of work under each fault.
        pytest("soak of clusters", "-v", "-rP", CLUSTERS, WINDROW_SOAK="1"),
    ]
    return all(steps)


def bench(*options: str) -> bool:
    """Run the benchmarks, one process at a time."""
    quick = [option for option in options if option == "--quick"]
    few = ["--scale", "16", "--edges", "1000000", "--rounds", "1"] if quick else []
    steps = [
        run(f"benchmarks: {name}", tool("python"), f"benchmarks/{name}.py", *chosen)
        for name, chosen in (
            ("run", options),
            ("linear", quick),
            ("one_pass", ()),
            ("graphs", few),
            ("iteration", ()),
            ("supersteps", few),
            ("cluster", quick),
        )
    ]
    return all(steps)


def lock(*_: str) -> bool:
    """Resolve the locks anew: hashes, but no addresses, so that any mirror serves them."""
    resolve = [tool("uv"), "pip", "compile", "--quiet", "--upgrade", "--universal"]
    resolve += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    resolve += ["--no-header", "--no-annotate"]
    steps = [
        run(
            "locks/dev.txt",
            *resolve,
            *(
                "pyproject.toml",
                "--extra",
                "demo",
                "--extra",
                "cluster",
                "--extra",
                "ec2",
                "--extra",
                "hadoop",
                "--group",
                "dev",
                "-o",
                "locks/dev.txt",
            ),
        ),
        run(
            "locks/build.txt",
            *resolve,
            *("--group", "build", "-c", "locks/dev.txt", "-o", "locks/build.txt"),
        ),
        run("locks/go.txt", *resolve, *("--group", "go", "-o", "locks/go.txt")),
    ]
    found = [
        path.name
        for path in (ROOT / "locks").glob("*.txt")
        if re.search(r"://|@ ", path.read_text(encoding="utf-8"))
    ]
    if found:
        print(f"   an address stands in {', '.join(found)}")
    return all(steps) and not found


COMMANDS: dict[str, Callable[..., bool]] = {
    command.__name__: command for command in (check, test, docs, soak, bench, lock)
}


def main(arguments: Sequence[str]) -> int:
    """Run the named command and say what it took in all."""
    command, *options = arguments
    began = float(os.environ.get("DEV_BEGAN") or time.time())
    passed = COMMANDS[command](*options)
    took = time.time() - began
    for name, lines in FAILED if IN_CI else ():
        print(f"── the end of what failed: {name}\n{''.join(lines)}")
    where = " in CI" if IN_CI else ""
    print(
        f"dev: {command}{where} {'passed' if passed else 'FAILED'}; "
        f"took {took:.0f} s of {BUDGET_SECONDS} s, setup included",
        flush=True,
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
