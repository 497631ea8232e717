from __future__ import annotations

import io

import pytest

import windrow as wr
from windrow.frames import printing


def test_a_table_shows_its_rows_centred() -> None:
    assert str(wr.SFrame({"id": [1, 2], "name": ["A", "BB"]})) == (
        "+----+------+\n"
        "| id | name |\n"
        "+----+------+\n"
        "| 1  |  A   |\n"
        "| 2  |  BB  |\n"
        "+----+------+\n"
        "[2 rows x 2 columns]\n"
    )


def test_ten_rows_are_shown_and_a_note_says_so() -> None:
    text = str(wr.SFrame({"a": range(11)}))
    assert text.count("\n|") == 12
    assert "| ... |" in text
    assert text.endswith(
        "[11 rows x 1 columns]\n"
        "Note: Only the head of the SFrame is printed.\n"
        "You can use print_rows(num_rows=m, num_columns=n) to print more rows and columns."
    )
    assert "..." not in str(wr.SFrame({"a": range(10)}))


def test_a_lazy_table_does_not_know_its_number_of_rows() -> None:
    sf = wr.SFrame({"a": [1, 2, 3]})
    lazy = sf[sf["a"] > 1]
    assert str(lazy).endswith(
        "[? rows x 1 columns]\n"
        "Note: Only the head of the SFrame is printed. This SFrame is lazily evaluated.\n"
        "You can use sf.materialize() to force materialization."
    )
    assert "Rows: Unknown" in repr(lazy)
    assert repr(lazy["a"]) == "dtype: int\nRows: ?\n[2, 3, ... ]"
    lazy.materialize()
    assert str(lazy).endswith("[2 rows x 1 columns]\n")


def test_what_had_to_be_computed_whole_says_how_many_rows_there_are() -> None:
    sf = wr.SFrame({"a": [1, 2, 1]})
    assert "[2 rows x" in str(sf.unique())
    assert "[2 rows x" in str(sf[sf["a"] < 3].head(2))
    assert "[1 rows x" in str(sf[sf["a"] < 3].tail(1))
    assert repr(sf["a"].unique()) == "dtype: int\nRows: 2\n[1, 2]"


def test_cells_are_cut_at_thirty_characters_and_kept_on_one_line() -> None:
    text = str(wr.SFrame({"a": ["x" * 31, "y" * 30, "one\ntwo\tthree"]}))
    assert f"| {'x' * 27}... |" in text
    assert f"| {'y' * 30} |" in text
    assert "one\\ntwo\\tthree" in text


def test_a_wide_table_goes_on_below_within_eighty_characters() -> None:
    sf = wr.SFrame({f"column {n}": ["x" * 20] for n in range(7)})
    text = str(sf)
    assert max(map(len, text.split("\n")[:-1])) <= 80
    assert text.count("column") == 7 + 1  # and the footer
    assert [line.count("column ") for line in text.split("\n") if "column " in line] == [3, 3, 1]


def test_more_than_twenty_columns_are_left_out() -> None:
    text = str(wr.SFrame({f"c{n}": [n] for n in range(25)}))
    assert "c19" in text
    assert "c20" not in text
    assert "..." in text
    out = io.StringIO()
    wr.SFrame({f"c{n}": [n] for n in range(25)}).print_rows(num_columns=30, output_file=out)
    assert "c24" in out.getvalue()


def test_print_rows_takes_widths_and_numbers() -> None:
    out = io.StringIO()
    sf = wr.SFrame({"a": range(30), "b": ["word" * 5] * 30})
    sf.print_rows(num_rows=12, max_column_width=8, max_row_width=12, output_file=out)
    text = out.getvalue()
    assert "wordw..." in text
    assert text.count(" 11 ") == 1
    assert text.endswith("[30 rows x 2 columns]\n\n")


def test_the_representation_has_columns_and_types() -> None:
    text = repr(wr.SFrame({"a": [1], "v": [[1.5]], "d": [{}]}))
    assert text.startswith("Columns:\n\ta\tint\n\tv\tarray\n\td\tdict\n\nRows: 1\n\nData:\n+---+")
    assert "[1.5]" in text
    assert repr(wr.SFrame()) == "Columns:\n\tNone\n\nRows: 0\n\nData:\n\t[]"
    assert repr(wr.SFrame({"a": []})).endswith("Rows: 0\n\nData:\n\t[]")


def test_a_column_shows_a_hundred_values() -> None:
    assert repr(wr.SArray([1, 2, 3])) == "dtype: int\nRows: 3\n[1, 2, 3]"
    assert str(wr.SArray(["a", None])) == "['a', None]"
    text = str(wr.SArray(range(101)))
    assert text.endswith("98, 99, ... ]")
    assert str(wr.SArray([])) == "[]"


@pytest.mark.parametrize("value", ["<script>", "a & b"])
def test_html_is_escaped(value: str) -> None:
    html = wr.SFrame({value: [value]})._repr_html_()
    assert value not in html
    assert html.count("<tr>") == 2
    assert "[1 rows x 1 columns]" in html


def test_html_says_what_it_leaves_out() -> None:
    html = wr.SFrame({f"c{n}": range(12) for n in range(45)})._repr_html_()
    assert "c39" in html
    assert "c40" not in html
    assert "print_rows" in html


def test_short_widths_cut_to_nothing_but_dots() -> None:
    assert printing.cut("abcdef", 2) == "..."
