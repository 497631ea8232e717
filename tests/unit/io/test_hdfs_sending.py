"""What HDFS takes late is sent again, in one block; what it refuses is refused at once."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pytest

from windrow.errors import UnwritableError
from windrow.io import hdfs_sending
from windrow.io.hdfs_sending import BLOCK, send

if TYPE_CHECKING:
    from hdfs_native import Client

pytestmark = pytest.mark.needs("hdfs_native")

DATA = bytes(range(256)) * 9000
URL = "hdfs://nn/a/rows.csv"


class Files:
    """A file system whose next writes fail."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.there: dict[str, bytes] = {}
        self.sizes: list[int | None] = []
        self.inner: Any = None

    def create(self, path: str, options: Any) -> Files:
        self.sizes.append(options.block_size)
        self.there[path] = b""
        self.path = path
        return self

    def write(self, data: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.there[self.path] += data

    def close(self) -> None:
        pass

    def delete(self, path: str) -> None:
        del self.there[path]


def sent(files: Files) -> str:
    return send(cast("Client", files), URL, "/a/rows.csv", BytesIO(DATA))


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("RPCError(NotReplicatedYetException)"),
        OSError("Connection refused (os error 111)"),
    ],
)
def test_what_is_taken_late_is_sent_again_in_one_block(failure: Exception) -> None:
    files = Files(failure)
    aside = sent(files)
    assert files.there == {aside: DATA}
    assert aside.startswith("/a/.rows.csv.")
    assert files.sizes == [None, 3 * BLOCK]


def test_a_refusal_is_no_reason_to_try_again() -> None:
    files = Files(RuntimeError("AccessControlException: no"))
    with pytest.raises(UnwritableError, match="somebody who may not"):
        sent(files)
    assert (files.there, files.sizes) == ({}, [None])


def test_the_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs_sending, "PATIENCE", 0.05)
    monkeypatch.setattr(hdfs_sending, "PAUSE", 0.02)
    files = Files(*[OSError("Connection reset by peer (os error 104)")] * 50)
    with pytest.raises(UnwritableError, match="reset by peer"):
        sent(files)
    assert files.there == {}
