"""The rules of the house: rooms, who knows what, sizes, locks, papers that tell the truth."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "windrow"
LAZY = "Polars' lazy engine"
LONGEST_FILE = 600
LOCKS = ("locks/dev.txt", "locks/build.txt", "locks/go.txt")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pyproject() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def table(page: str, heading: str) -> list[list[str]]:
    """Give the cells of the first table under a heading, without its two head rows."""
    section = read(page).split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def sources() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def lazy_uses(tree: ast.AST) -> Iterator[str]:
    """Name each use of Polars' lazy engine; annotations are uses too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_polars = isinstance(node.value, ast.Name) and node.value.id in {"pl", "polars"}
            starts = node.attr.startswith(("scan_", "collect_all")) or node.attr == "LazyFrame"
            if of_polars and starts:
                yield f"line {node.lineno}: pl.{node.attr}"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "lazy"
        ):
            yield f"line {node.lineno}: .lazy()"


def test_architecture_names_the_rooms_of_the_contract() -> None:
    contract = next(
        c for c in pyproject()["tool"]["importlinter"]["contracts"] if c["id"] == "rooms"
    )
    layers = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    assert [names(row[0]) for row in table("ARCHITECTURE.md", "Rooms")] == layers


def test_every_module_stands_in_a_room_of_the_table() -> None:
    rooms = {name for row in table("ARCHITECTURE.md", "Rooms") for name in names(row[0])}
    found = {relative(path).split("/")[0].removesuffix(".py") for path in sources()}
    assert found - {"__init__", "__main__"} <= rooms


@pytest.mark.parametrize(
    "row", table("ARCHITECTURE.md", "Who alone knows what"), ids=lambda r: r[0]
)
def test_only_the_named_files_know(row: list[str]) -> None:
    known, allowed = names(row[0]), names(row[1])
    strangers = []
    for path in sources():
        if any(fnmatch.fnmatch(relative(path), pattern) for pattern in allowed):
            continue
        tree = ast.parse(path.read_bytes())
        if row[0] == LAZY:
            uses = list(lazy_uses(tree))
        else:
            uses = [name for name in imported(tree) if name.split(".")[0] in known]
        strangers += [f"{relative(path)}: {use}" for use in uses]
    assert strangers == []


def test_no_file_is_longer_than_six_hundred_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    assert [f"{p}: {n}" for p, n in lengths.items() if n > LONGEST_FILE] == []


def test_no_stub_bare_wait_or_nameless_error_is_left_in_the_library() -> None:
    found = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                if isinstance(raised, ast.Name) and raised.id in {
                    "Exception",
                    "NotImplementedError",
                }:
                    found.append(f"{relative(path)}:{node.lineno}: raise {raised.id}")
            if (
                isinstance(node, ast.Attribute)
                and ast.unparse(node) == "time.sleep"
                and relative(path) != "config.py"
            ):
                found.append(f"{relative(path)}:{node.lineno}: a wait without a Deadline")
    assert found == []


def test_locks_hold_hashes_and_no_address() -> None:
    locks = sorted((ROOT / "locks").glob("*.txt"))
    assert locks
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[\w.-]+==\S+", requirement), f"{lock.name}: {requirement}"
            assert "--hash=sha256:" in requirement, f"{lock.name}: {requirement}"


def test_every_dependency_is_locked() -> None:
    project = pyproject()
    groups = project["dependency-groups"]
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["demo"],
    ]
    del groups["peers"]  # of benchmarks: too large for every developer to install
    wanted += [r for group in groups.values() for r in group if isinstance(r, str)]
    wanted += project["build-system"]["requires"]
    locked = set(re.findall(r"^([\w.-]+)==", "".join(map(read, LOCKS)), re.MULTILINE))
    named = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in wanted}
    assert named - {"windrow"} <= locked


def test_importing_windrow_loads_nothing_that_it_does_not_need_yet() -> None:
    heavy = {
        "boto3", "botocore", "distributed", "httpx", "matplotlib", "numba", "obstore", "pandas",
        "pyarrow", "rich", "scipy", "sklearn", "typer",
    }  # fmt: skip
    code = "import sys, windrow; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = "./dev test"
    assert command in read("README.md")
    assert f"CI=true {command}" in read(".ci/run")


def test_version_is_the_same_in_metadata_changelog_and_module() -> None:
    version = pyproject()["project"]["version"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
    code = "import windrow; print(windrow.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == version


def test_papers_link_only_to_what_exists() -> None:
    broken = []
    for page in tracked("*.md"):
        text = page.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
        broken += [
            f"{page.relative_to(ROOT)}: {link}"
            for link in links
            if "://" not in link and not (page.parent / link).exists()
        ]
    assert broken == []
