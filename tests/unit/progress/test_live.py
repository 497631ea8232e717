from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from windrow.config import configured
from windrow.progress import Finished, Header, Notice, Row, Transfer, listening
from windrow.progress.live import LiveTable
from windrow.progress.table import Silent, TextTable

COLUMNS = ("Iteration", "Passes")


def row(number: int) -> Row:
    return Row(COLUMNS, (str(number), str(number + 1)), number)


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_the_latest_row_while_a_fit_runs() -> None:
    console = terminal()
    table = LiveTable(console)
    for number in range(1, 8):
        table(row(number))
    table._live.refresh()
    assert "| 7 " in written(console)
    table.close()


def test_a_terminal_keeps_the_rows_of_the_plain_table(capsys: pytest.CaptureFixture[str]) -> None:
    console = terminal()
    events = [Header("A:", ()), *map(row, range(1, 8)), Finished("SUCCESS")]
    live, plain = LiveTable(console), TextTable(sys.stdout.write)
    for event in events:
        live(event)
        live._live.refresh()
        plain(event)
    kept = [line for line in written(console).splitlines() if line.startswith("SUCCESS")]
    assert kept == ["SUCCESS"]
    assert "| 6         | 7 " in written(console)  # passed by
    assert "| 6         | 7 " not in capsys.readouterr().out


def test_what_stands_aside_is_shown_while_its_row_is_the_latest() -> None:
    console = terminal()
    live, lines = LiveTable(console), list[str]()
    plain = TextTable(lines.append)
    for number, pace in ((1, "10 edges/s"), (2, "20 edges/s")):
        event = Row(COLUMNS, (str(number), "0"), number, every=True, aside=pace)
        live(event)
        plain(event)
        live._live.refresh()
        assert pace in written(console)
    shown = written(console)
    assert shown.rindex("| 2 ") < shown.rindex("20 edges/s")
    live.close()
    plain.close()
    assert "edges/s" not in "".join(lines)


def test_a_transfer_is_a_bar_until_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    console = terminal()
    live, plain = LiveTable(console), TextTable(sys.stdout.write)
    for done in (0, 15_000_000):
        live(Transfer("Uploading", done, 30_000_000))
        plain(Transfer("Uploading", done, 30_000_000))
        live._live.refresh()
    assert "Uploading" in written(console)
    assert "15 of 30 MB" in written(console)
    live(Transfer("Uploading", 30_000_000, 30_000_000))
    assert not live._live.is_started
    live(row(1))
    live.close()
    assert "| 1 " in written(console)
    assert capsys.readouterr().out == ""


def test_the_live_line_ends_when_the_program_is_interrupted() -> None:
    console = terminal()
    table = LiveTable(console)
    table(row(1))
    assert table._live.is_started
    table.close()
    assert not table._live.is_started


def test_output_that_is_no_terminal_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(verbose=True) as listener:
        listener(Notice("reading"))
    assert capsys.readouterr().out == "reading\n"


def test_not_verbose_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(verbose=False) as listener:
        listener(Notice("reading"))
    assert capsys.readouterr().out == ""


def test_progress_can_be_turned_off(capsys: pytest.CaptureFixture[str]) -> None:
    with configured(progress="off"), listening(verbose=True) as listener:
        listener(Notice("reading"))
        assert isinstance(listener, Silent)
    assert capsys.readouterr().out == ""


def interrupted_fit() -> None:
    with listening(verbose=True) as listener:
        listener(row(1))
        raise KeyboardInterrupt


def test_an_interrupt_passes_through_and_the_table_is_closed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_fit()
    assert capsys.readouterr().out.endswith("+-----------+----------+\n")


def test_a_terminal_gets_the_live_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with listening(verbose=True) as listener:
        assert isinstance(listener, LiveTable)
    with configured(progress="plain"), listening(verbose=True) as listener:
        assert not isinstance(listener, LiveTable)
