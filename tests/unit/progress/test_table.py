from __future__ import annotations

import pytest

from windrow.errors import ConvergenceWarning
from windrow.progress import Finished, Header, Notice, Row, Warned
from windrow.progress.table import Silent, TextTable

COLUMNS = ("Iteration", "Passes", "Training Accuracy")


def rows(count: int) -> list[Row]:
    return [Row(COLUMNS, (str(i), str(i + 1), "0.500000"), i) for i in range(1, count + 1)]


def shown(*events: object) -> str:
    written: list[str] = []
    table = TextTable(written.append)
    for event in events:
        table(event)  # type: ignore[arg-type]
    return "".join(written)


def test_a_header_aligns_its_values_between_rules() -> None:
    text = shown(
        Header("SVM:", (("Number of examples", "10"), ("Classes", "2")), "Starting L-BFGS")
    )
    assert text.splitlines() == [
        "SVM:",
        "-" * 56,
        "Number of examples : 10",
        "Classes            : 2",
        "Starting L-BFGS",
        "-" * 56,
    ]


def test_of_many_rows_it_shows_the_first_five_the_tenth_every_fiftieth_and_the_last() -> None:
    text = shown(*rows(123), Finished("done"))
    numbers = [line.split()[1] for line in text.splitlines() if line.startswith("| ")]
    assert numbers == ["Iteration", "1", "2", "3", "4", "5", "10", "50", "100", "123"]


def test_the_last_row_is_not_shown_twice() -> None:
    text = shown(*rows(10), Finished("done"))
    assert text.count("| 10 ") == 1


def test_columns_are_as_wide_as_their_names_and_at_least_eight() -> None:
    text = shown(*rows(1), Finished("SUCCESS: Optimal solution found."))
    edge = "+-----------+----------+-------------------+"
    assert text.splitlines() == [
        edge,
        "| Iteration | Passes   | Training Accuracy |",
        edge,
        "| 1         | 2        | 0.500000          |",
        edge,
        "SUCCESS: Optimal solution found.",
        "",
    ]


def test_a_notice_is_a_line() -> None:
    assert shown(Notice("reading")) == "reading\n"


def test_a_table_that_is_broken_off_gets_its_lower_edge() -> None:
    written: list[str] = []
    table = TextTable(written.append)
    for row in rows(7):
        table(row)
    table.close()
    table.close()
    assert "".join(written).splitlines()[-2:] == [
        "| 7         | 8        | 0.500000          |",
        "+-----------+----------+-------------------+",
    ]


def test_a_new_table_may_follow() -> None:
    text = shown(*rows(1), Finished("one"), Row(("A",), ("x",), 1), Finished("two"))
    assert "| A        |" in text
    assert "| x        |" in text


@pytest.mark.parametrize("listener", [Silent(), TextTable(lambda _: None)])
def test_a_warning_becomes_a_python_warning_of_its_class(listener: Silent) -> None:
    with pytest.warns(ConvergenceWarning, match="not so"):
        listener(Warned("not so", "ConvergenceWarning"))
    with pytest.warns(UserWarning, match="nor so"):
        listener(Warned("nor so"))


def test_silence_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    for event in (*rows(3), Notice("reading"), Finished("done")):
        silent(event)
    silent.close()
    assert capsys.readouterr() == ("", "")


def test_a_table_that_begins_before_the_first_step_shows_five_steps_too() -> None:
    places = range(13)
    text = shown(*(Row(("Iteration",), (str(n),), n, n) for n in places), Finished("done"))
    numbers = [line.split()[1] for line in text.splitlines() if line.startswith("| ")]
    assert numbers == ["Iteration", "0", "1", "2", "3", "4", "5", "10", "12"]
