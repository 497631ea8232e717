from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from importlib import import_module

import pytest
from tests.support.http_server import Behaviour, HttpServer
from tests.support.pieces import in_order, rows_of

from windrow.config import configured
from windrow.errors import (
    CutShortError,
    ReadOnlySourceError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
)
from windrow.io import sources
from windrow.io.http import HttpStorage

BODY = b"a,b\n" + b"".join(b"%d,text%d\n" % (i, i) for i in range(300_000))  # 4.8 MB
LENGTHS = [
    Behaviour(),
    Behaviour(ranges=False),
    Behaviour(ranges=False, length=False),
    Behaviour(ranges=False, length=False, chunked=True),
    Behaviour(etag=False),
]
SHORT = 0.4


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer({"/a.csv": BODY, "/small.csv": b"a\n1\n", "/empty.csv": b""}) as running:
        yield running


@pytest.mark.parametrize("behaviour", LENGTHS, ids=str)
def test_a_table_is_sampled_first_and_fetched_once(
    server: HttpServer, behaviour: Behaviour
) -> None:
    server.behaviour = behaviour
    scan = sources.describe(server.url("/a.csv"), partition_bytes=1 << 20)
    assert scan.schema.names == ("a", "b")
    if behaviour.ranges:
        assert server.sent <= (1 << 20) + 1
    server.reset()
    assert rows_of(scan) == 300_000
    assert rows_of(scan) == 300_000
    assert server.sent == len(BODY)


@pytest.mark.parametrize("behaviour", LENGTHS, ids=str)
def test_ranges_are_what_they_should_be(server: HttpServer, behaviour: Behaviour) -> None:
    server.behaviour = behaviour
    storage = HttpStorage()
    stamp = storage.stat(server.url("/a.csv"))
    assert storage.prefix(stamp, 5) == BODY[:5]
    assert storage.read(stamp, 1000, 2000) == BODY[1000:2000]
    assert storage.read(stamp, len(BODY) - 3, len(BODY) + 3) == BODY[-3:]
    assert storage.size(stamp) == len(BODY)
    assert b"".join(storage.stream(stamp)) == BODY
    if behaviour.ranges:
        assert ("GET", "/a.csv", "bytes=1000-1999") in server.requests
    empty = storage.stat(server.url("/empty.csv"))
    assert storage.read(empty, 0, 10) == b""
    assert storage.size(empty) == 0


@pytest.mark.parametrize("behaviour", LENGTHS, ids=str)
def test_a_small_file_is_fetched_once_whatever_is_done(
    server: HttpServer, behaviour: Behaviour
) -> None:
    server.behaviour = behaviour
    scan = sources.describe(server.url("/small.csv"))
    assert sources.peek(scan, 1) is not None
    assert rows_of(scan) == rows_of(scan) == 1
    bodies = [asked for _, _, asked in server.requests if asked != "bytes=0-0"]
    assert len(bodies) == 1


def test_a_server_may_send_less_than_it_was_asked_for(server: HttpServer) -> None:
    server.behaviour.most = 1000
    storage = HttpStorage()
    stamp = storage.stat(server.url("/a.csv"))
    assert storage.read(stamp, 5, 3005) == BODY[5:3005]


def test_redirects_are_followed(server: HttpServer) -> None:
    server.behaviour.redirects["/old"] = "/a.csv"
    storage = HttpStorage()
    stamp = storage.stat(server.url("/old"))
    assert storage.read(stamp, 7, 9) == BODY[7:9]


@pytest.mark.parametrize("behaviour", LENGTHS[:2] + LENGTHS[3:], ids=str)
def test_failures_and_cut_bodies_are_got_over(server: HttpServer, behaviour: Behaviour) -> None:
    storage = HttpStorage()
    server.behaviour = behaviour
    server.behaviour.failures = 2
    stamp = storage.stat(server.url("/a.csv"))
    server.behaviour.failures, server.behaviour.cuts = 1, 2
    assert b"".join(storage.stream(stamp)) == BODY


def test_a_body_that_is_always_cut_is_an_error(server: HttpServer) -> None:
    storage = HttpStorage()
    stamp = storage.stat(server.url("/small.csv"))
    server.behaviour.cuts, server.behaviour.ranges = 1000, False
    with configured(io_timeout=SHORT), pytest.raises(CutShortError, match="ended after 2 of 4"):
        storage.read(stamp, 0, 4)


def test_what_the_server_says_is_told(server: HttpServer) -> None:
    server.behaviour.statuses.update({"/secret": 403, "/gone": 410, "/broken": 500})
    storage = HttpStorage()
    with pytest.raises(SourceNotFoundError, match="the server says 404"):
        storage.stat(server.url("/none"))
    assert not storage.exists(server.url("/gone"))
    with pytest.raises(SourceRefusedError, match=r"status 403.*Forbidden") as caught:
        storage.stat(server.url("/secret"))
    assert caught.value.args == (server.url("/secret"), 403, "Forbidden")
    with configured(io_timeout=SHORT), pytest.raises(SourceRefusedError, match="status 500"):
        storage.stat(server.url("/broken"))


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceRefusedError, match="Connection refused"):
        HttpStorage().stat(f"http://127.0.0.1:{port}/a.csv")


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SourceNotFoundError, match=r"the host no\.such\.place is not known"):
        HttpStorage().stat("http://no.such.place/a.csv")


def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"
        told = pytest.raises(SourceRefusedError, match=r"no byte came for 0\.4 s")
        with configured(io_timeout=SHORT), told:
            HttpStorage().stat(url)


@pytest.mark.parametrize("etag", [True, False])
def test_a_file_that_changes_while_it_is_read_is_an_error(server: HttpServer, etag: bool) -> None:
    server.behaviour.etag = etag
    storage = HttpStorage()
    stamp = storage.stat(server.url("/a.csv"))
    server.files["/a.csv"] = BODY[:-1]
    with pytest.raises(SourceChangedError, match="make the table again"):
        storage.read(stamp, 0, 10)


def test_without_a_version_a_new_table_is_new_data(server: HttpServer) -> None:
    server.behaviour.etag = False
    scan = sources.describe(server.url("/small.csv"))
    assert rows_of(scan) == 1
    server.files["/small.csv"] = b"b\n2\n"
    again = sources.describe(server.url("/small.csv"))
    assert sources.read(again, sources.pieces(again, in_order)[0], None).frame.rows() == [(2,)]


def test_compressed_files_are_read_by_http_too(server: HttpServer) -> None:
    server.files["/a.csv.gz"] = gzip.compress(BODY)
    scan = sources.describe(server.url("/a.csv.gz"), partition_bytes=1 << 20)
    assert rows_of(scan) == 300_000


def test_nothing_is_written_by_http(server: HttpServer) -> None:
    storage = HttpStorage()
    with pytest.raises(ReadOnlySourceError):
        storage.open_write(server.url("/new"))
    with pytest.raises(ReadOnlySourceError):
        storage.remove(server.url("/a.csv"))


def test_user_and_password_of_an_address_are_shown_to_its_server_alone(server: HttpServer) -> None:
    server.behaviour = Behaviour(member="ann:p@ss", redirects={"/there.csv": ""})
    with HttpServer({"/small.csv": b"a\n1\n"}) as other:
        server.behaviour.redirects["/there.csv"] = other.url("/small.csv")
        address = server.url("/small.csv").replace("://", "://ann:p%40ss@")
        assert rows_of(sources.describe(address)) == 1
        assert rows_of(sources.describe(address.replace("small", "there"))) == 1
        assert other.shown == {""}
    with pytest.raises(SourceRefusedError, match="401") as caught:
        sources.describe(address.replace("p%40ss", "wr0ng"))
    assert "wr0ng" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_server_says_travels_with_its_cause_where_dask_was_imported(status: int) -> None:
    pickling = import_module("tblib.pickling_support")
    with (
        HttpServer({}, Behaviour(statuses={"/a.csv": status})) as server,
        pytest.raises(OSError) as caught,  # noqa: PT011  # of either class
    ):
        sources.describe(server.url("/a.csv"))
    cause = caught.value.__cause__
    assert cause is not None
    assert cause.__context__ is None
    rebuild, args, *_ = pickling.pickle_exception(cause)
    assert rebuild(*args).args[0] == status
