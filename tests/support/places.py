"""Places of every URL scheme, for the conformance suite of storages: file, http, s3."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Any, Protocol

from windrow.config import Deadline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.http_server import HttpServer


class Place(Protocol):
    """A folder somewhere, into which a test can put files without the storage that it tests."""

    def url(self, name: str = "") -> str:
        """Return the URL of a file in it, or of itself."""
        ...

    def put(self, name: str, data: bytes) -> str:
        """Put a file there and return its URL."""
        ...

    def names(self) -> list[str]:
        """Names of all files there, hidden ones too, sorted."""
        ...


class OnDisk:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str = "") -> str:
        return f"{self.folder}/{name}" if name else str(self.folder)

    def put(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self.url(name)

    def names(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in files)


class OnServer:
    """A web server's folder."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server

    def url(self, name: str = "") -> str:
        return self.server.url(f"/{urllib.parse.quote(name)}")

    def put(self, name: str, data: bytes) -> str:
        self.server.files[f"/{urllib.parse.quote(name)}"] = data
        return self.url(name)

    def names(self) -> list[str]:
        return sorted(urllib.parse.unquote(path[1:]) for path in self.server.files)


class InBucket:
    """A folder of a bucket, filled by another client than the one that is tested."""

    def __init__(self, client: Any, bucket: str, folder: str) -> None:
        self.client, self.bucket, self.folder = client, bucket, folder

    def url(self, name: str = "") -> str:
        return f"s3://{self.bucket}/{self.folder}" + (f"/{name}" if name else "")

    def put(self, name: str, data: bytes) -> str:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.folder}/{name}", Body=data)
        return self.url(name)

    def names(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.folder}/"
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return sorted(key.removeprefix(f"{self.folder}/") for key in keys if key[-1] != "/")


class InHdfs:
    """A folder of HDFS, filled by the client library itself."""

    def __init__(self, client: Any, root: str, folder: str) -> None:
        self.client, self.root, self.folder = client, root, folder

    def url(self, name: str = "") -> str:
        return f"{self.root}/{self.folder}" + (f"/{name}" if name else "")

    def put(self, name: str, data: bytes) -> str:
        from hdfs_native import WriteOptions

        path = f"/{self.folder}/{name}"
        deadline = Deadline(30.0, "HDFS to take a file")
        while True:
            try:
                with self.client.create(path, WriteOptions(overwrite=True)) as file:
                    file.write(data)
            except RuntimeError as error:  # a busy node has not reported the block before
                if "NotReplicatedYet" not in str(error):
                    raise
                deadline.pause(0.5)
            else:
                return self.url(name)

    def names(self) -> list[str]:
        found = self.client.list_status(f"/{self.folder}", recursive=True)
        paths = [each.path for each in found if not each.isdir]
        return sorted(path.removeprefix(f"/{self.folder}/") for path in paths)
