"""A table is a plan: making one reads a sample, work on it nothing, a result what it takes."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from tests.support.http_server import Behaviour, HttpServer

import windrow as gl
from windrow.io.counters import bytes_read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE = 1 << 20
"""Bytes of a file that one may read to tell its types."""
FOOTER = 1 << 17
"""Bytes at the end of a Parquet file, more than its footer needs."""
ROWS = 400_000


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(2, ROWS))
    return pl.DataFrame({"id": np.arange(ROWS), "x": x, "z": y, "k": draw.integers(0, 9, ROWS)})


@pytest.fixture(scope="module")
def files(frame: pl.DataFrame) -> dict[str, bytes]:
    """The rows in both formats."""
    parquet = io.BytesIO()
    frame.write_parquet(parquet, row_group_size=50_000, compression="uncompressed")
    made = {"/rows.csv": frame.write_csv().encode(), "/rows.parquet": parquet.getvalue()}
    assert all(len(data) > 8 * SAMPLE for data in made.values())
    return made


@pytest.fixture
def counted(files: dict[str, bytes]) -> Iterator[HttpServer]:
    """A server of which nothing was read or copied yet."""
    bytes_read.reset()
    with HttpServer(files) as server:
        yield server


def chained(sf: gl.SFrame) -> gl.SFrame:
    """A table on which all is done that can be done without looking."""
    sf["y"] = (sf["x"] * 2 + sf["k"]).astype(str)
    kept = sf[(sf["x"] > 0) & (sf["k"] != 3)].fillna("x", 0.0).dropna()
    groups = kept.groupby("k", {"mean": gl.aggregate.MEAN("x"), "n": gl.aggregate.COUNT()})
    joined = kept.join(groups, on="k").sort("id").append(kept.join(groups, on="k"))
    first, second = joined.random_split(0.5, seed=1, exact=True)
    return first.append(second)[["id", "y"]].unique().topk("id", 3)


def test_making_a_table_of_a_csv_at_a_url_reads_a_sample(counted: HttpServer) -> None:
    sf = gl.SFrame(counted.url("/rows.csv"))
    assert sf.column_types() == [int, float, float, int]
    assert bytes_read.total() <= SAMPLE + 1  # a byte that asks what the server can do
    assert counted.sent <= SAMPLE + 1


def test_a_server_that_ignores_ranges_is_hung_up_on(counted: HttpServer) -> None:
    counted.behaviour = Behaviour(ranges=False)
    sf = gl.SFrame(counted.url("/rows.csv"))
    assert sf.column_names() == ["id", "x", "z", "k"]
    assert bytes_read.total() <= SAMPLE


def test_making_a_table_of_parquet_at_a_url_reads_its_footer(counted: HttpServer) -> None:
    sf = gl.SFrame(counted.url("/rows.parquet"))
    assert sf.column_types() == [int, float, float, int]
    assert bytes_read.total() <= FOOTER
    assert counted.sent <= FOOTER


@pytest.mark.parametrize("name", ["/rows.csv", "/rows.parquet"])
def test_nothing_is_asked_of_the_server_until_a_result_is_asked_for(
    counted: HttpServer, name: str
) -> None:
    sf = gl.SFrame(counted.url(name))
    counted.reset()
    top = chained(sf)
    assert top.column_names() == ["id", "y"]
    assert top.column_types() == [int, str]
    assert counted.requests == []
    assert [row["id"] for row in top] == sorted(top["id"], reverse=True)
    assert counted.sent > SAMPLE


def test_of_a_folder_only_the_listing_and_one_sample_are_read(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    for number in range(4):
        frame.head(100_000).write_csv(tmp_path / f"{number}.csv")
    bytes_read.reset()
    gl.SFrame(str(tmp_path))
    assert bytes_read.total() <= SAMPLE
    assert bytes_read.of(str(tmp_path / "1.csv")) == 0


@pytest.mark.parametrize("shown", ["head", "print", "row", "count", "select"])
def test_looking_at_the_head_of_a_csv_reads_no_more_than_the_sample(
    counted: HttpServer, shown: str
) -> None:
    sf = gl.SFrame(counted.url("/rows.csv"))
    counted.reset()
    match shown:
        case "head":
            assert list(sf.head(5)["id"]) == [0, 1, 2, 3, 4]
        case "print":
            assert "| 9  |" in str(sf)
        case "row":
            assert sf[7]["id"] == 7
        case "count":
            assert len(sf[sf.column_names()[:1]].head(6)) == 6
        case _:
            assert list(sf[["id"]].head(2)["id"]) == [0, 1]
    assert counted.sent <= 2 * SAMPLE


def test_looking_at_the_head_of_parquet_reads_one_row_group_of_it(counted: HttpServer) -> None:
    sf = gl.SFrame(counted.url("/rows.parquet"))
    counted.reset()
    assert list(sf["id"].head(3)) == [0, 1, 2]
    assert counted.sent <= len(counted.files["/rows.parquet"]) // 4


def test_of_parquet_only_the_columns_in_use_are_read(counted: HttpServer) -> None:
    sf = gl.SFrame(counted.url("/rows.parquet"))
    counted.reset()
    assert sf["k"].sum() > 0
    assert counted.sent < len(counted.files["/rows.parquet"]) // 2


def test_thirty_doublings_build_pickle_and_run() -> None:
    column = gl.SArray([1, 2, None])
    for _ in range(30):
        column = column + column
    copy = pickle.loads(pickle.dumps(column))
    assert list(copy) == [1 << 30, 2 << 30, None]


def test_thirty_doublings_of_a_table_build_pickle_and_run() -> None:
    sf = gl.SFrame({"a": [1, 2]})
    for _ in range(30):
        sf["a"] = sf["a"] + sf["a"]
    assert list(pickle.loads(pickle.dumps(sf))["a"]) == [1 << 30, 2 << 30]


def test_five_thousand_chained_steps_build_pickle_and_run() -> None:
    column = gl.SArray([1, 2, None])
    for _ in range(5000):
        column = column + 1
    assert list(pickle.loads(pickle.dumps(column))) == [5001, 5002, None]


def test_five_thousand_steps_of_a_table_build_pickle_and_run() -> None:
    sf = gl.SFrame({"a": [0, 1], "b": [1, 1]})
    for _ in range(5000):
        sf["a"] = sf["a"] + sf["b"]
    assert list(pickle.loads(pickle.dumps(sf))["a"]) == [5000, 5001]


def test_masks_and_columns_in_turn_build_pickle_and_run() -> None:
    sf = gl.SFrame({"a": [0, 1], "b": [1, 1]})
    for step in range(300):
        sf["a"] = sf["a"] + sf["b"]
        sf = sf[sf["a"] > step]
    assert list(pickle.loads(pickle.dumps(sf))["a"]) == [300, 301]
