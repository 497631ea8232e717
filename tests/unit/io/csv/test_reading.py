from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from tests.support import pieces

from windrow.errors import BadRowError, SchemaMismatchError
from windrow.io import sources
from windrow.io.counters import bytes_read
from windrow.io.csv import reading
from windrow.io.csv.dialect import dialect_of
from windrow.io.csv.plain import is_plain
from windrow.io.csv.rewriting import rewritten
from windrow.plan.sources import CsvFormat
from windrow.plan.types import DType

if TYPE_CHECKING:
    import polars as pl


def load(path: Path, **options: Any) -> tuple[pl.DataFrame, list[sources.BadRow]]:
    """Read a file or folder piece by piece."""
    return pieces.load(sources.describe(str(path), **options))


def write(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


texts = st.text(st.sampled_from('ab,"\n\r;\\ é[]{}#1'), max_size=6)


@given(
    st.lists(st.lists(texts, min_size=3, max_size=3), max_size=8), st.sampled_from(["\n", "\r\n"])
)
def test_what_python_writes_is_read_as_it_was(rows: list[list[str]], end: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    form = CsvFormat(escape_char="", header=False, na_values=())
    table = reading.Table(form, ("a", "b", "c"), dict.fromkeys(("a", "b", "c"), DType.STR))
    parsed = reading.parse(out.getvalue().encode(), table, ["a", "b", "c"])
    assert [list(row) for row in parsed.frame.rows()] == rows
    assert not parsed.dropped


cells = st.one_of(
    st.sampled_from(
        ["1", "-2", "+3", "007", "1.5", "NA", "", "x", " 4", "5 ", '"6"', '"a,b"', "1e3"]
    ),
    st.sampled_from(
        ['"', 'a"b', '""', '"a""b"', '"a"b', "[1,2]", "{a:1}", "[1", "# c", "\\n", "é"]
    ),
    st.sampled_from(['"x\ny"', "nan", "99999999999999999999", "\r", " ", '"a" ', "\\"]),
)
rows = st.lists(cells, min_size=1, max_size=4).map(",".join)
documents = st.lists(rows, max_size=10).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines) + end)
)
ending = st.sampled_from(["", "\n"])


@given(documents, ending, st.sampled_from([1, 2, 3]))
def test_the_fast_reader_and_the_tolerant_one_agree_on_plain_text(
    text: str, end: str, width: int
) -> None:
    data = (text + end).encode()
    names = tuple("abc"[:width])
    types = dict(zip(names, (DType.INT, DType.STR, DType.FLOAT), strict=False))
    table = reading.Table(CsvFormat(header=False), names, types)
    dialect = dialect_of(table.form)
    if not is_plain(data, dialect, width):
        return
    fast = reading._fast(data, dialect, table, table.read_for(names))
    tolerant = reading._tolerant(data, dialect, table, names)
    if fast is None:
        # Only the tolerant one forgives blanks around a number.
        assert tolerant.dropped or " " in text or '"\n' in text or '"\r' in text or '\n"' in text
    else:
        assert not tolerant.dropped
        assert fast.select(names).equals(tolerant.frame, null_equal=True)


@given(documents, st.integers(2, 40))
def test_pieces_hold_the_rows_of_the_whole_wherever_a_file_is_cut(text: str, step: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "a,b\n" + text)
        options: dict[str, Any] = {"column_type_hints": {"a": str, "b": str}}
        whole, bad = load(path, **options)
        parts, bad_in_parts = load(path, partition_bytes=step, **options)
    assert parts.rows() == whole.rows()
    told = [(row.row, row.cause) for row in bad_in_parts]
    assert told[: len(bad)] == [(row.row, row.cause) for row in bad]


@given(documents)
def test_the_compiled_loop_is_the_plain_one(text: str) -> None:
    data = text.encode()
    for form in (CsvFormat(), CsvFormat(comment_char="#"), CsvFormat(delimiter=",,")):
        dialect = dialect_of(form)
        slow = rewritten(data, dialect, 2, compile_from=len(data) + 1)
        fast = rewritten(data, dialect, 2, compile_from=0)
        assert fast.text == slow.text
        assert fast.dropped == slow.dropped
        assert fast.starts.tolist() == slow.starts.tolist()


def test_types_are_those_of_the_first_rows(tmp_path: Path) -> None:
    lines = ["i,f,s,a,d,l,b,z,t", '007,1.5,x,"[1,2]",{a:1},[a],99999999999999999999,,true']
    frame, bad = load(
        write(tmp_path, "\n".join([*lines, '-1,2,NA,[3 4],"{""b"":[2]}",[],1,,false\n']))
    )
    assert not bad
    assert frame.to_dict(as_series=False) == {
        "i": [7, -1],
        "f": [1.5, 2.0],
        "s": ["x", None],
        "a": [[1.0, 2.0], [3.0, 4.0]],
        "d": ['[["a",1]]', '[["b",[2]]]'],
        "l": ['["a"]', "[]"],
        "b": ["99999999999999999999", "1"],
        "z": ["", ""],
        "t": ["true", "false"],
    }


def test_a_missing_cell_is_none_in_numbers_and_empty_in_text(tmp_path: Path) -> None:
    frame, _ = load(write(tmp_path, "n,s\n1,a\n,\nNA,NA\n"))
    assert frame.rows() == [(1, "a"), (None, ""), (None, None)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_that_do_not_fit_are_dropped_and_told(tmp_path: Path, end: str) -> None:
    lines = ["a,b", "1,x", "2", "3,y,z", "", "four,w", "5,v"]
    path = write(tmp_path, end.join(lines) + end)
    frame, bad = load(path, column_type_hints={"a": int})
    assert frame.rows() == [(1, "x"), (5, "v")]
    assert [(row.row, row.cause, row.text) for row in bad] == [
        (3, "1 cell where 2 are wanted", "2"),
        (4, "3 cells where 2 are wanted", "3,y,z"),
        (6, "'four' in column 'a' is no int", "four,w"),
    ]
    assert bad[0].file == str(path)


def test_a_wrong_type_behind_the_sample_drops_the_row_for_every_choice_of_columns(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a,b\n" + "1,x\n" * 151 + "y,z\n")
    scan = sources.describe(str(path))
    (piece,) = sources.pieces(scan, pieces.in_order)
    for columns in (["b"], ["a"], ["b", "a"], None):
        read = sources.read(scan, piece, columns)
        assert read.frame.height == 151
        assert read.rejected.count == 1
    assert sources.count(scan, piece) == 151
    assert sources.read(scan, piece, ["b", "a"]).frame.columns == ["b", "a"]


def test_a_bad_row_can_be_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,2\n3\n")
    with pytest.raises(BadRowError, match=r"line 3 of .*a\.csv .*1 cell where 2 are wanted.*'3'"):
        load(path, format=CsvFormat(error_bad_lines=True))


def test_line_numbers_go_on_over_pieces(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 30 + "bad\n" + "1,2\n" * 30)
    _, bad = load(path, partition_bytes=16)
    assert [row.row for row in bad] == [32]


def test_quoted_newlines_commas_and_quotes_are_text(tmp_path: Path) -> None:
    frame, bad = load(write(tmp_path, 'a,b\n"x\ny","p,q"\n"""r""",s\n'))
    assert frame.rows() == [("x\ny", "p,q"), ('"r"', "s")]
    assert not bad


def test_escapes_count_inside_of_quotes(tmp_path: Path) -> None:
    frame, _ = load(write(tmp_path, 'a,b\n"x\\"y","p\\nq"\nC:\\temp,\\,z\n"\\\\",\\q\n'))
    assert frame.rows() == [('x"y', "p\nq"), ("C:\\temp", ",z"), ("\\", "\\q")]


def test_comments_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    text = "# made by hand\n\na,b\n1,x # one\n   \n# two\n3,y\n"
    frame, bad = load(write(tmp_path, text), format=CsvFormat(comment_char="#"))
    assert frame.rows() == [(1, "x "), (3, "y")]
    assert not bad


def test_spaces_before_a_cell_are_skipped_unless_wanted(tmp_path: Path) -> None:
    path = write(tmp_path, 'a, b\n1,  "x"\n 2, y\n')
    assert load(path)[0].rows() == [(1, "x"), (2, "y")]
    kept, _ = load(path, format=CsvFormat(skip_initial_space=False))
    assert kept.columns == ["a", " b"]
    assert kept.rows() == [(1, '  "x"'), (2, " y")]


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", "::", " "])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = 'a,b,c\n1,"x,y",2.5\n2,z,\n'.replace(",", delimiter)
    frame, bad = load(write(tmp_path, text), format=CsvFormat(delimiter=delimiter))
    assert frame.rows() == [(1, f"x{delimiter}y", 2.5), (2, "z", None)]
    assert not bad


def test_options_of_the_dialect(tmp_path: Path) -> None:
    form = CsvFormat(quote_char="'", line_terminator=";", na_values=("-", ""), double_quote=True)
    frame, _ = load(write(tmp_path, "a,b;1,'x''y';-,"), format=form)
    assert frame.rows() == [(1, "x'y"), (None, None)]


def test_truth_can_be_spelled(tmp_path: Path) -> None:
    form = CsvFormat(true_values=("yes", "1"), false_values=("no",))
    frame, _ = load(write(tmp_path, "a,b\nyes,x\nno,yes\n1,z\n"), format=form)
    assert frame.rows() == [(1, "x"), (0, "yes"), (1, "z")]


def test_headers(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a,,a,a.1\n1,2,3,4\n"))[0].columns == ["a", "X2", "a.2", "a.1"]
    frame, _ = load(write(tmp_path, "1,x\n"), format=CsvFormat(header=False))
    assert frame.rows() == [(1, "x")]
    assert frame.columns == ["X1", "X2"]
    skipped, _ = load(write(tmp_path, '"\nnot\na,b\n1,2\n'), format=CsvFormat(skiprows=2))
    assert skipped.columns == ["a", "b"]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    frame, _ = load(write(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n"))
    assert frame.columns == ["a", "b"]


def test_text_that_is_not_utf8_drops_its_row(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n1,x\n2,\xff\n3,\xc3\xa9\n4,\xe9\n")
    frame, bad = load(path)
    assert frame.rows() == [(1, "x"), (3, "é")]
    assert [(row.row, row.cause) for row in bad] == [
        (3, "the text is not UTF-8"),
        (5, "the text is not UTF-8"),
    ]


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    frame, bad = load(write(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n'))
    assert frame.rows() == [(1, "x")]
    assert [row.cause for row in bad] == ["a quote is not closed before the end of the file"]


def test_only_some_columns_and_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n" + "".join(f"{i},x{i},bad\n" for i in range(50)) + "9,y,1\n")
    frame, bad = load(path, usecols=["c", "a"], column_type_hints={"a": float})
    assert frame.columns == ["a", "c"]
    assert frame.height == 51
    assert not bad


@pytest.mark.parametrize("nrows", [0, 1, 7, 49, 50, 51, 60])
@pytest.mark.parametrize("step", [40, 1 << 20])
def test_only_the_first_rows(tmp_path: Path, nrows: int, step: int) -> None:
    lines = [f"{i},x{i}\n" for i in range(50)]
    path = write(
        tmp_path, "a,b\n" + "".join([*lines[:3], "bad\n", *lines[3:49], "bad\n", lines[49]])
    )
    few, bad = load(path, format=CsvFormat(nrows=nrows), partition_bytes=step)
    assert few["a"].to_list() == list(range(min(nrows, 50)))
    assert len(bad) == (nrows > 3) + (nrows > 49)
    if nrows <= 3:
        strict = CsvFormat(nrows=nrows, error_bad_lines=True)
        assert load(path, format=strict)[0].height == nrows


def test_a_few_rows_of_a_long_file_are_read_from_its_beginning(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n" + "1\n" * (4 << 20))
    before = bytes_read.of(str(path))
    assert load(path, format=CsvFormat(nrows=1000))[0].height == 1000
    assert bytes_read.of(str(path)) - before <= 3 << 20


def test_describing_reads_at_most_one_sample(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, "a,b\n" + "1,x\n" * (1 << 20), f"{number}.csv")
    before = bytes_read.total()
    scan = sources.describe(str(tmp_path))
    assert bytes_read.total() - before <= 1 << 20
    assert scan.schema.names == ("a", "b")


def test_files_of_a_folder_follow_each_other_and_must_have_one_header(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n3,4\n", "2.csv")
    write(tmp_path, "a,b\n1,2\n", "1.csv")
    write(tmp_path, "", "0.csv")
    write(tmp_path, "nonsense", "_SUCCESS")
    write(tmp_path, "nonsense", ".hidden")
    assert load(tmp_path)[0].rows() == [(1, 2), (3, 4)]
    write(tmp_path, "b,a\n5,6\n", "3.csv")
    with pytest.raises(SchemaMismatchError, match="'b' instead of 'a'"):
        load(tmp_path)


def test_the_first_rows_come_from_the_sample(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n" + "1\n" * 20)
    scan = sources.describe(str(path))
    head = sources.peek(scan, 5)
    assert head is not None
    assert head["a"].to_list() == [1] * 5
    long = write(tmp_path, "a\n" + "1\n" * (1 << 20), "long.csv")
    assert sources.peek(sources.describe(str(long)), 1 << 20) is None


def test_a_folder_with_a_table_cut_at_partition_borders_is_the_same_table(tmp_path: Path) -> None:
    rows_ = [f"{i},t{i}\n" for i in range(40)]
    whole, _ = load(write(tmp_path, "a,b\n" + "".join(rows_)))
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(4):
        write(folder, "a,b\n" + "".join(rows_[10 * number : 10 * number + 10]), f"{number}.csv")
    assert load(folder)[0].equals(whole)


def test_a_plain_piece_is_checked_once_and_then_read_for_the_columns_asked(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n" + "1,2.5,x\n" * 100)
    scan = sources.describe(str(path))
    (piece,) = sources.pieces(scan, pieces.in_order)
    first = sources.read(scan, piece, ["c"]).frame
    assert sources.read(scan, piece, ["c"]).frame.equals(first)
    assert sources.read(scan, piece, ["b", "a"]).frame.row(0) == (2.5, 1)
