"""Storages: what every URL scheme does alike. A new one joins by a row in `placed`."""

from __future__ import annotations

import gzip
import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from tests.support.http_server import HttpServer
from tests.support.places import InBucket, OnDisk, OnServer, Place

import windrow as gl
from windrow.config import configured
from windrow.deploy.state import StateStore
from windrow.errors import (
    ConvergenceWarning,
    NoCheckpointError,
    ReadOnlySourceError,
    SourceChangedError,
    SourceNotFoundError,
)
from windrow.execution.checkpoints import Checkpoints
from windrow.io import sources
from windrow.io.counters import bytes_read
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windrow.io.storage import Storage
    from windrow.plan.tables import Scan

WEIRD = ("a b.csv", "100%41.csv", "a#1.csv", "w[1].csv", "über.csv", "a+b&c=d.csv")
MEBIBYTE = 1 << 20


READ_ONLY, WRITABLE = ["http"], ["file", "s3"]


@pytest.fixture(params=[*READ_ONLY, *WRITABLE])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from placed(request, tmp_path)


@pytest.fixture(params=WRITABLE)
def writable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from placed(request, tmp_path)


@pytest.fixture(params=READ_ONLY)
def read_only(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from placed(request, tmp_path)


def placed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A row a scheme."""
    if request.param == "file":
        (tmp_path / "place").mkdir()
        yield OnDisk(tmp_path / "place")
    elif request.param == "http":
        with HttpServer({}) as server:
            yield OnServer(server)
    else:
        found: InBucket = request.getfixturevalue("s3_place")
        yield found


def of(place: Place) -> Storage:
    return storage_of(place.url("a"))


def frame(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    number = pl.int_range(rows, eager=True)
    text = pl.select(pl.format("t{}", number % 7)).to_series()
    return pl.DataFrame({"x": draw.normal(size=rows).round(4), "n": number, "t": text})


def rows_of(scan: Scan) -> pl.DataFrame:
    found = sources.pieces(scan, lambda work, items: [work(item) for item in items])
    assert len(found) > 1
    return pl.concat([sources.read(scan, piece).frame for piece in found])


def test_ranges_are_read_and_counted(place: Place) -> None:
    storage, url = of(place), place.put("a", b"0123456789" * 1000)
    stamp = storage.stat(url)
    assert (stamp.url, stamp.size, storage.size(stamp)) == (url, 10_000, 10_000)
    assert stamp.version
    before = bytes_read.of(url)
    assert storage.read(stamp, 2, 5) == b"234"
    assert storage.read(stamp, 9_998, 20_000) == b"89"
    assert storage.prefix(stamp, 4) == b"0123"
    assert bytes_read.of(url) - before == 9
    assert b"".join(storage.stream(stamp)) == b"0123456789" * 1000
    storage.prepare(stamp)
    assert storage.read(stamp, 0, 10_000) == b"0123456789" * 1000


def test_an_empty_file_is_a_file(place: Place) -> None:
    storage, url = of(place), place.put("nothing", b"")
    stamp = storage.stat(url)
    assert stamp.size == 0
    assert storage.read(stamp, 0, 10) == b"".join(storage.stream(stamp)) == b""
    assert storage.exists(url)


def test_what_changed_is_not_read(place: Place) -> None:
    storage, url = of(place), place.put("a", b"old data")
    stamp = storage.stat(url)
    place.put("a", b"newer data")
    with pytest.raises(SourceChangedError, match=r"was 8 bytes.*is 10 bytes") as caught:
        storage.read(stamp, 0, 4)
    assert caught.value.url == url
    assert storage.read(storage.stat(url), 0, 10) == b"newer data"


def test_what_is_not_there_is_said(place: Place) -> None:
    storage, url = of(place), place.url("none.csv")
    for look in (storage.stat, storage.listing, sources.describe):
        with pytest.raises(SourceNotFoundError, match=r"none\.csv"):
            look(url)
    assert not storage.exists(url)
    gone = storage.stat(place.put("a", b"data"))
    with pytest.raises(SourceNotFoundError):
        storage.read(replace(gone, url=url), 0, 2)


@pytest.mark.parametrize("name", WEIRD)
def test_names_mean_themselves(place: Place, name: str) -> None:
    storage, url = of(place), place.put(name, b"x\n1\n2\n")
    [stamp] = storage.listing(url)
    assert storage.read(stamp, 0, 3) == b"x\n1"
    assert gl.SFrame(url)["x"].sum() == 3


def test_a_csv_in_ranges_is_the_table(place: Place) -> None:
    wanted = frame(60_000)
    url = place.put("t.csv", wanted.write_csv().encode())
    before = bytes_read.of(url)
    scan = sources.describe(url, partition_bytes=200_000)
    assert bytes_read.of(url) - before <= MEBIBYTE
    assert rows_of(scan).equals(wanted)


def test_row_groups_of_parquet_are_ranges(place: Place) -> None:
    wanted, data = frame(60_000), io.BytesIO()
    wanted.write_parquet(data, row_group_size=10_000)
    url = place.put("t.parquet", data.getvalue())
    before = bytes_read.of(url)
    scan = sources.describe(url, partition_bytes=200_000)
    assert bytes_read.of(url) - before < 100_000
    assert rows_of(scan).equals(wanted)


def test_compressed_text_is_read(place: Place) -> None:
    wanted = frame(60_000)
    url = place.put("t.csv.gz", gzip.compress(wanted.write_csv().encode(), 1))
    assert rows_of(sources.describe(url, partition_bytes=200_000)).equals(wanted)


def test_what_cannot_write_says_so(read_only: Place) -> None:
    storage, url = of(read_only), read_only.url("a")
    for refused in (
        lambda: storage.open_write(url),
        lambda: storage.put_if_absent(url, b""),
        lambda: storage.names(url),
        lambda: storage.remove(url),
    ):
        with pytest.raises(ReadOnlySourceError):
            refused()


def listed(place: Place, pattern: str) -> list[str]:
    url = place.url(pattern)
    root = place.url()
    return [stamp.url.removeprefix(f"{root}/") for stamp in storage_of(url).listing(url)]


def test_a_listing_is_sorted_and_leaves_hidden_files_out(writable: Place) -> None:
    for name in ("b.csv", "a.csv", ".c.csv", "_d.csv", "sub/e.csv", "_temporary/f.csv", "a/z.csv"):
        writable.put(name, b"x")
    assert listed(writable, "") == ["a/z.csv", "a.csv", "b.csv", "sub/e.csv"]
    assert listed(writable, "sub") == listed(writable, "sub/") == ["sub/e.csv"]
    assert listed(writable, "_d.csv") == ["_d.csv"]
    assert listed(writable, "_temporary") == ["_temporary/f.csv"]


def test_patterns_choose_files_and_folders(writable: Place) -> None:
    for name in (
        *("a.csv", "b.csv", "c.txt", ".h.csv", "_u.csv"),
        *("2024-01/a.csv", "2024-02/b.csv", "2025-01/c.csv", "2024-01/deep/d.csv", ".x/e.csv"),
    ):
        writable.put(name, b"x")
    for pattern, wanted in {
        "*.csv": ["_u.csv", "a.csv", "b.csv"],
        "?.csv": ["a.csv", "b.csv"],
        "[!a].csv": ["b.csv"],
        ".*.csv": [".h.csv"],
        "2024-*": ["2024-01/a.csv", "2024-01/deep/d.csv", "2024-02/b.csv"],
        "2024-*/*.csv": ["2024-01/a.csv", "2024-02/b.csv"],
        "*/a.csv": ["2024-01/a.csv"],
        "2024-0[12]/?.csv": ["2024-01/a.csv", "2024-02/b.csv"],
        "**/d.csv": ["2024-01/deep/d.csv"],
        "2024-01/**/*.csv": ["2024-01/a.csv", "2024-01/deep/d.csv"],
        "2024-01/**": ["2024-01/a.csv", "2024-01/deep/d.csv"],
        "*/deep": ["2024-01/deep/d.csv"],
    }.items():
        assert listed(writable, pattern) == wanted, pattern
    for nothing in ("z*", "a/*.csv", "*/*/*/*.csv"):
        with pytest.raises(SourceNotFoundError):
            listed(writable, nothing)


def test_folders_have_names_and_are_removed_whole(writable: Place) -> None:
    storage = of(writable)
    for name in ("d/a", "d/b/c", "d/.h", "d/_u", "dd"):
        writable.put(name, b"x")
    assert storage.names(writable.url("d")) == ["a", "b"]
    assert storage.names(writable.url("none")) == []
    assert storage.exists(writable.url("d"))
    assert storage.exists(writable.url("d/b"))
    for _ in range(2):
        storage.remove(writable.url("d"))
        assert writable.names() == ["dd"]
        assert not storage.exists(writable.url("d"))
    storage.remove(writable.url("dd"))
    assert writable.names() == []


def test_a_file_appears_whole_or_not_at_all(writable: Place) -> None:
    storage, url = of(writable), writable.url("new/a")
    with storage.open_write(url) as file:
        file.write(b"wh")
        file.write(memoryview(b"ole"))
        assert not storage.exists(url)
    assert storage.read(storage.stat(url), 0, 9) == b"whole"

    def fail(data: bytes) -> None:
        with storage.open_write(url) as file:
            file.write(data)
            raise KeyboardInterrupt

    for data in (b"half", bytes(20 * MEBIBYTE)):
        with pytest.raises(KeyboardInterrupt):
            fail(data)
        assert storage.read(storage.stat(url), 0, 9) == b"whole"
        assert writable.names() == ["new/a"]


def test_a_large_file_is_written_as_it_comes(writable: Place) -> None:
    storage, url = of(writable), writable.url("large")
    block = np.random.default_rng(1).bytes(3 * MEBIBYTE + 7)
    with storage.open_write(url) as file:
        for _ in range(12):
            file.write(block)
    stamp = storage.stat(url)
    assert stamp.size == 12 * len(block)
    assert b"".join(storage.stream(stamp)) == 12 * block


def test_one_of_many_writes_what_is_absent(writable: Place) -> None:
    storage, url = of(writable), writable.url("claims/000001.json")
    won: list[int] = []
    start = threading.Barrier(8)

    def claim(number: int) -> None:
        start.wait()
        if storage.put_if_absent(url, b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = won
    assert storage.read(storage.stat(url), 0, 9) == b"%d" % winner
    assert not storage.put_if_absent(url, b"%d" % winner)
    assert writable.names() == ["claims/000001.json"]


def test_lives_of_a_cluster_are_claimed_once(writable: Place) -> None:
    store = StateStore(writable.url("state"))
    begun: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: begun.append(store.begin({"by": n})[0]))
        for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == store.generations() == [1, 2, 3, 4, 5]
    series = store.generation(1).series("hosts/host-0")
    assert series.last() is None
    for number in range(1, 4):
        assert series.append({"number": number}) == number
    assert series.last() == (3, {"number": 3})
    assert list(series.after(1)) == [(2, {"number": 2}), (3, {"number": 3})]
    assert store.generation(1).get("none") is None
    store.generation(1).remove()
    assert store.generations() == [2, 3, 4, 5]


def test_checkpoints_are_kept_and_found(writable: Place) -> None:
    kept = Checkpoints(writable.url("kept"))
    with pytest.raises(NoCheckpointError):
        kept.newest()
    for step in range(1, 4):
        kept.keep({"b": np.full(2, step)}, {"step": step})
    assert kept.numbers() == [2, 3]
    assert kept.newest().record == {"step": 3}
    assert len(writable.names()) == 4


def test_a_table_is_saved_and_loaded(writable: Place) -> None:
    wanted = frame(1000)
    table, url = gl.SFrame(wanted), writable.url("table")
    for _ in range(2):  # the second time over the first
        table.save(url)
        assert gl.load_sframe(url).to_polars().equals(wanted)
        assert len(writable.names()) == 2
    table.save(writable.url("t.csv"))
    assert gl.SFrame(writable.url("t.csv")).to_polars().equals(wanted)
    assert len(writable.names()) == 3


def test_a_save_that_fails_leaves_what_was_there(
    writable: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from windrow.io.writing import SavedTableWriter

    wanted = frame(1000)
    url = writable.url("table")
    gl.SFrame(wanted).save(url)
    before = writable.names()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SavedTableWriter, "finish", fail)
    for place in (url, writable.url("new")):
        with pytest.raises(KeyboardInterrupt):
            gl.SFrame(frame(2000)).save(place)
    assert writable.names() == before
    assert gl.load_sframe(url).to_polars().equals(wanted)


def test_a_model_is_saved_and_loaded(writable: Place) -> None:
    sf = gl.SFrame({"x": [1, 2, 3, 4, 5, 6], "y": [0, 0, 1, 0, 1, 1]})
    model = gl.logistic_classifier.create(sf, "y", validation_set=None, verbose=False)
    for _ in range(2):
        model.save(writable.url("model"))
    loaded = gl.load_model(writable.url("model"))
    assert list(loaded.coefficients["value"]) == list(model.coefficients["value"])
    assert len(writable.names()) == 2
    with pytest.raises(SourceNotFoundError):
        gl.load_model(writable.url("no-model"))


def test_a_graph_reads_nothing_until_it_is_used_and_is_saved_and_loaded(writable: Place) -> None:
    url = writable.put("edges.csv", b"from,to,w\n1,2,0.5\n2,3,0.25\n")
    table = gl.SFrame(url)
    looked_at = bytes_read.of(url)
    graph = gl.SGraph(edges=table, src_field="from", dst_field="to")
    graph.edges["double"] = graph.edges["w"] * 2
    assert bytes_read.of(url) == looked_at
    assert graph.summary() == {"num_vertices": 3, "num_edges": 2}
    assert bytes_read.of(url) > looked_at
    graph.save(writable.url("graph"))
    again = gl.load_sgraph(writable.url("graph"))
    assert list(again.edges) == list(graph.edges)
    assert list(again.vertices) == list(graph.vertices)


def test_a_fit_goes_on_from_its_checkpoint(writable: Place) -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=500)
    sf = gl.SFrame({"x": x, "y": (x + draw.normal(size=500) > 0).astype(int)})
    options: dict[str, Any] = {
        "target": "y",
        "validation_set": None,
        "verbose": False,
        "solver": "newton",
    }
    whole = gl.logistic_classifier.create(sf, **options)
    url = writable.url("fit")
    with configured(checkpoint_seconds=0.0), pytest.warns(ConvergenceWarning):
        gl.logistic_classifier.create(sf, **options, max_iterations=2, checkpoint=url)
    resumed = gl.logistic_classifier.create(sf, **options, resume_from_checkpoint=url)
    assert list(resumed.coefficients["value"]) == list(whole.coefficients["value"])
