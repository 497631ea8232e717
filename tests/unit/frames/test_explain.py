from __future__ import annotations

import time
from typing import TYPE_CHECKING

import windrow as wr
from windrow.frames.explain import explained
from windrow.plan.sources import CsvFormat, FileStamp
from windrow.plan.tables import Aggregation, Group, Scan
from windrow.plan.types import DType

if TYPE_CHECKING:
    import pytest

CSV = Scan(
    (FileStamp("/data/a.csv", 200 << 20, "1"),),
    CsvFormat(),
    (("a", DType.INT), ("b", DType.STR), ("c", DType.FLOAT)),
)


def test_only_the_columns_that_are_needed_are_read() -> None:
    sf = wr.SFrame.from_plan(CSV)
    sf["d"] = sf["a"] * 2
    kept = sf[sf["c"] > 0.5][["d"]]
    assert explained(kept.plan) == (
        "Project: d = (a * 2)\n"
        "  Filter: (c > 0.5)\n"
        "    Csv: /data/a.csv, about 4 partitions, reads a, c"
    )


def test_every_kind_of_step_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    sf = wr.SFrame.from_plan(CSV)
    names = wr.SFrame({"b": ["x"], "n": ["name"]})
    agg = wr.aggregate
    table = (
        sf.append(sf)
        .groupby("b", {"n": agg.COUNT(), "m": agg.MEAN("c")})
        .join(names, on="b", how="left")
        .sort([("m", False), "b"])
        .topk("m", 5)
        .unique()[3:9:2]
    )
    table["f"] = table["b"].hash()
    table.explain()
    assert capsys.readouterr().out == (
        "Project: b, n, m, n.1, f = hash(b, seed=0)\n"
        "  Slice: [3:9:2]\n"
        "    Unique\n"
        "      TopK: the 5 largest of m\n"
        "        Sort: m descending, b\n"
        "          Join: left on b\n"
        "            Group: n = count(), m = mean(c) by b\n"
        "              Append\n"
        "                Csv: /data/a.csv, about 4 partitions, reads b, c\n"
        "                (the table of line 9)\n"
        "            Memory: 1 rows in 1 partition, reads b, n\n"
    )


def test_a_table_of_unknown_size_says_so() -> None:
    files = (FileStamp("http://host/a.csv", None, ""), FileStamp("http://host/b.csv", 5, ""))
    scan = Scan(files, CsvFormat(), (("a", DType.INT),))
    assert explained(scan) == "Csv: 2 files, partitions unknown, reads a"


def test_shared_and_long_expressions_are_shown_briefly() -> None:
    sf = wr.SFrame({"a": [1]})
    for _ in range(40):
        sf["a"] = sf["a"] + sf["a"]
    start = time.monotonic()
    text = explained(sf.plan)
    assert time.monotonic() - start < 5
    assert max(map(len, text.split("\n"))) < 120
    assert "..." in text
    wide = wr.SFrame({f"column{n}": [n] for n in range(40)})
    assert "more" in explained((wide[wide["column1"] > 0]).plan)


def test_functions_row_numbers_and_aggregates_of_everything_have_words() -> None:
    sf = wr.SFrame({"a": [1, 2]}).add_row_number()
    sf["b"] = sf["a"].apply(lambda x: x + 1)
    first, _ = sf.random_split(0.5, seed=1, exact=True)
    text = explained(first.plan)
    assert "id = row number" in text
    assert "b = apply(a)" in text
    assert "row_permutation(row number, number of rows, seed=1)" in text
    total = Group(sf.plan, (), (Aggregation("total", "sum", ("b",), DType.INT),))
    assert explained(total).startswith("Reduce: total = sum(b)\n  Project: b = apply(a)\n")
