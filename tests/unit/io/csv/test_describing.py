from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from windrow.errors import (
    ColumnNotFoundError,
    EmptySourceError,
    FileFormatError,
    SchemaMismatchError,
    UnsupportedTypeError,
)
from windrow.io import sources
from windrow.plan.sources import CsvFormat


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.csv"
    made.write_text("a,b\n1,2\n")
    return made


def kinds(path: Path, hints: object) -> list[str]:
    scan = sources.describe(str(path), column_type_hints=hints)
    return [kind.value for _, kind in scan.columns]


def test_types_can_be_given_for_some_for_each_and_for_all(path: Path) -> None:
    assert kinds(path, None) == ["int", "int"]
    assert kinds(path, {"b": float}) == ["int", "float"]
    assert kinds(path, [str, float]) == ["str", "float"]
    assert kinds(path, str) == ["str", "str"]


def test_wrong_hints_are_refused(path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"'bb'.*did you mean 'b'"):
        kinds(path, {"bb": int})
    with pytest.raises(SchemaMismatchError, match="1 types for 2 columns"):
        kinds(path, [int])
    with pytest.raises(UnsupportedTypeError, match="complex"):
        kinds(path, complex)
    with pytest.raises(ColumnNotFoundError):
        sources.describe(str(path), usecols=["c"])


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_a_file_without_anything_is_no_table(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(EmptySourceError, match="it is empty"):
        sources.describe(str(path), CsvFormat(header=False))


def test_a_header_alone_is_an_empty_table(path: Path) -> None:
    path.write_text("a,b")
    scan = sources.describe(str(path))
    head = sources.peek(scan, 5)
    assert head is not None
    assert (head.columns, head.height) == (["a", "b"], 0)


def test_a_first_row_longer_than_the_sample_is_told(path: Path) -> None:
    path.write_text("x" * (3 << 20) + "\n")
    with pytest.raises(EmptySourceError, match="no row ends in its first 1048576 bytes"):
        sources.describe(str(path), CsvFormat(header=False))


def test_other_encodings_are_told(path: Path) -> None:
    path.write_bytes("a,b\n1,2\n".encode("utf-16"))
    with pytest.raises(FileFormatError, match=r"UTF-16.*iconv"):
        sources.describe(str(path))


def test_the_next_row_does_not_pass_for_a_header_that_cannot_be_read(path: Path) -> None:
    path.write_bytes("größe,b\n1,2\n".encode("latin-1"))
    with pytest.raises(FileFormatError, match=r"a header.*\(the text is not UTF-8\).*iconv"):
        sources.describe(str(path))


@pytest.mark.parametrize("header", [True, False])
def test_a_quote_that_is_never_closed_is_no_empty_file(path: Path, header: bool) -> None:
    path.write_text('"a,b\n1,2\n')
    with pytest.raises(FileFormatError, match=r"a quote is not closed.*quote_char"):
        sources.describe(str(path), CsvFormat(header=header))


def test_lines_that_end_with_a_carriage_return_alone_need_a_word(path: Path) -> None:
    path.write_bytes(b"a,b\r1,2\r")
    with pytest.raises(FileFormatError, match="carriage return alone; give line_terminator"):
        sources.describe(str(path))
    assert sources.describe(str(path), CsvFormat(line_terminator="\r")).schema.names == ("a", "b")
    path.write_bytes(b"a,b\r\n")
    assert sources.describe(str(path)).schema.names == ("a", "b")


@pytest.mark.parametrize("option", ["quote_char", "escape_char", "comment_char", "line_terminator"])
def test_signs_are_one_byte(path: Path, option: str) -> None:
    wrong: dict[str, Any] = {option: "ab"}
    with pytest.raises(FileFormatError, match=f"{option}='ab'"):
        sources.describe(str(path), replace(CsvFormat(), **wrong))
    with pytest.raises(FileFormatError, match="empty delimiter"):
        sources.describe(str(path), CsvFormat(delimiter=""))


def test_the_number_of_rows_looked_at_can_be_chosen(path: Path) -> None:
    path.write_text("a\n" + "1\n" * 5 + "x\n")
    assert sources.describe(str(path), nrows_to_infer=5).columns[0][1].value == "int"
    assert sources.describe(str(path), nrows_to_infer=6).columns[0][1].value == "str"
