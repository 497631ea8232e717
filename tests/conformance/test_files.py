"""Tables of files: where a file is cut, and whether it is one or many, changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.programs import NUMBERS, Program
from tests.support.tables import numbers

from windrow.errors import BadRowsWarning
from windrow.execution.protocol import collect
from windrow.io import sources

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.execution.driver import Driver
    from windrow.plan.tables import Scan

ROWS = 30_000


@pytest.fixture(scope="module")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("one") / "all.csv"
    numbers(ROWS).write_csv(path)
    return path


def scan_of(path: Path) -> Scan:
    """A table that is cut into several partitions although it is small."""
    return sources.describe(str(path), partition_bytes=200_000)


def test_rows_come_in_file_order_from_all_pieces(executor: Driver, one_file: Path) -> None:
    scan = scan_of(one_file)
    frames = list(executor.stream(scan))
    assert len(frames) > 3
    assert collect(executor, scan).equals(numbers(ROWS))
    assert collect(executor, scan, limit=7).equals(numbers(ROWS).head(7))


def test_a_folder_cut_at_partition_borders_equals_one_file(
    executor: Driver, one_file: Path, tmp_path: Path
) -> None:
    scan = scan_of(one_file)
    data = one_file.read_bytes()
    header = data[: data.index(b"\n") + 1]
    pieces = sources.pieces(scan, lambda f, items: [f(item) for item in items])
    for number, piece in enumerate(pieces):
        body = data[piece.start : piece.stop]
        part = tmp_path / f"part-{number:03}.csv"
        part.write_bytes(body if body.startswith(header) else header + body)
    folder = replace(scan_of(tmp_path), partition_bytes=1_000_000)
    whole, parts = (executor.run(Program(plan, NUMBERS)) for plan in (scan, folder))
    assert len(whole.counts) == len(pieces) > 3
    assert whole == parts


def test_rows_that_do_not_parse_are_left_out_and_told_of_once(
    executor: Driver, one_file: Path, tmp_path: Path
) -> None:
    lines = one_file.read_text(encoding="utf-8").splitlines(keepends=True)
    bad = {5_000: "1.5,2.5\n", 20_000: "1,2,t3,4\n"}
    path = tmp_path / "bad.csv"
    path.write_text("".join(bad.get(i, line) for i, line in enumerate(lines)), encoding="utf-8")
    scan = scan_of(path)
    with pytest.warns(BadRowsWarning, match="2 rows") as told:
        found = collect(executor, scan)
    assert len(told) == 1
    keep = [i for i in range(ROWS) if i + 1 not in bad]
    assert found.equals(numbers(ROWS)[keep])
    assert collect(executor, scan).height == ROWS - 2  # without a second warning
