"""Every example of README.md and docs/ runs: what the papers show is what happens.

A ``python`` block without prompts is executed, with prompts it is a doctest; blocks of one page
share their names. In a ``console`` block each line that begins with ``$ windrow`` is run and must
succeed.
"""

from __future__ import annotations

import doctest
import random
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.support.s3_server import REGION, S3Server
from typer.testing import CliRunner

from windrow.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def write_visits(path: Path, rows: int = 2000) -> None:
    """Write the table that the examples use: visits of a shop, and whether something was bought."""
    draw = random.Random(7)
    lines = ["country,pages,minutes,bought"]
    for _ in range(rows):
        country = draw.choice(["at", "be", "ch", "de"])
        pages, minutes = draw.randint(1, 30), draw.expovariate(0.1)
        chance = 0.05 + 0.02 * pages + (0.2 if country == "ch" else 0.0)
        lines.append(f"{country},{pages},{minutes:.2f},{int(draw.random() < chance)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run_python(code: str, page: str, names: dict[str, Any]) -> None:
    if ">>>" not in code:
        exec(compile(code, page, "exec"), names)  # noqa: S102 - our own papers
        return
    example = doctest.DocTestParser().get_doctest(code, names, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    runner.run(example, out=report.append, clear_globs=False)
    names.update(example.globs)
    assert not report, "".join(report)


def run_console(lines: str) -> None:
    for line in lines.splitlines():
        if line.startswith("$ windrow"):
            done = CliRunner().invoke(app, shlex.split(line, comments=True)[2:])
            assert done.exit_code == 0, f"{line}\n{done.output}{done.exception!r}"


@pytest.fixture
def my_bucket(s3_keys: S3Server, s3_client: Any, tmp_path: Path) -> None:
    """Give the bucket of the examples, with the same visits in two files."""
    del s3_keys
    s3_client.create_bucket(
        Bucket="my-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    write_visits(tmp_path / "visits.csv")
    head, *lines = (tmp_path / "visits.csv").read_bytes().splitlines(keepends=True)
    for name, rows in (("1", lines[:900]), ("2", lines[900:])):
        body = head + b"".join(rows)
        s3_client.put_object(Bucket="my-bucket", Key=f"visits/{name}.csv", Body=body)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_the_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if page.name == "files.md":
        request.getfixturevalue("my_bucket")
    monkeypatch.chdir(tmp_path)
    write_visits(tmp_path / "visits.csv")
    names: dict[str, Any] = {"__name__": page.stem}
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            run_python(block, page.name, names)
        else:
            run_console(block)
