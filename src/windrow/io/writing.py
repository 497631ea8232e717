"""Tables written by partitions: as one CSV file, or as a saved folder; whole or not at all.

A writer is a value that travels to where the partitions are: each `part` writes one under a name
that no reader looks at, `finish` makes the whole visible, `abandon` removes what there is.
"""

from __future__ import annotations

import glob
import io
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windrow.errors import DiskFullError, SourceNotFoundError, UnwritableError
from windrow.io.compression import path_of
from windrow.io.csv.writing import CsvLayout, head_text, rows_text, tail_text
from windrow.io.parquet_footer import checksum, footer_length
from windrow.io.registry import storage_of
from windrow.io.saved import is_saved, manifest_at, manifest_of, manifest_text
from windrow.plan.sources import LEAF_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from windrow.io.storage import Storage
    from windrow.plan.schema import Schema

_GROUP_ROWS = 4 * LEAF_ROWS
"""Rows of a Parquet row group."""


def _new_token() -> str:
    return secrets.token_hex(4)


@dataclass(frozen=True)
class SavedTableWriter:
    """Writes a folder of Parquet parts with a manifest; `windrow.io.saved.open_saved` reads it.

    Attributes
    ----------
    schema
        Names and types of the columns.
    made
        Whether the folder is made by this save, and removed if it fails.
    token
        Part of the name of every part, so that those of an earlier save stay as they are.
    """

    schema: Schema
    made: bool = True
    token: str = field(default_factory=_new_token)

    @staticmethod
    def at(url: str, schema: Schema) -> SavedTableWriter:
        """Prepare to write to a folder, which may hold an earlier save but nothing else.

        Raises
        ------
        UnwritableError
            Something else is there.
        """
        storage = storage_of(url)
        there = storage.exists(url)
        if there and not is_saved(url) and _files_below(storage, url):
            raise UnwritableError(url, "something else is there that is no saved table")
        return SavedTableWriter(schema, made=not there)

    def part(self, url: str, index: int, frame: pl.DataFrame) -> dict[str, Any]:
        """Write one partition and return what the manifest says of it."""
        import polars as pl
        import pyarrow.parquet as pq

        name = f"part-{self.token}-{index:05d}.parquet"
        table = frame.select(self.schema.names).to_arrow(compat_level=pl.CompatLevel.oldest())
        data = io.BytesIO()
        pq.write_table(
            table, data, row_group_size=_GROUP_ROWS, compression="zstd", write_page_checksum=True
        )
        with storage_of(url).open_write(_inside(url, name)) as file:
            file.write(data.getbuffer())
        written = data.getbuffer()
        footer = checksum(written[-footer_length(written) :])
        return {
            "file": name,
            "rows": frame.height,
            "bytes": written.nbytes,
            "footer_sha256": footer,
        }

    def finish(self, url: str, records: Sequence[Any]) -> None:
        """Write the manifest; then remove what only an earlier one named."""
        storage = storage_of(url)
        before = manifest_of(url)["parts"] if is_saved(url) else []
        with storage.open_write(manifest_at(url)) as file:
            file.write(manifest_text(self.schema, records))
        for part in before:
            storage.remove(_inside(url, part["file"]))

    def abandon(self, url: str) -> None:
        """Remove the parts written so far, and the folder if it was made for them."""
        storage = storage_of(url)
        if self.made and not is_saved(url):
            storage.remove(url)
            return
        for at in _files_below(storage, url):
            if path_of(at).name.startswith(f"part-{self.token}-"):
                storage.remove(at)


@dataclass(frozen=True)
class CsvWriter:
    """Writes one CSV file; partitions are written beside it first."""

    schema: Schema
    layout: CsvLayout = field(default_factory=CsvLayout)
    token: str = field(default_factory=_new_token)

    def part(self, url: str, index: int, frame: pl.DataFrame) -> str:
        """Write the rows of a partition and return where."""
        at = self._aside(url, index)
        try:
            with storage_of(url).open_write(at) as file:
                file.write(rows_text(frame, self.schema, self.layout))
        except DiskFullError as error:  # a user knows nothing of the parts
            raise DiskFullError(url, error.free) from error
        return at

    def finish(self, url: str, records: Sequence[Any]) -> None:
        """Join the parts under the final name, and remove them."""
        storage = storage_of(url)
        with storage.open_write(url) as file:
            file.write(head_text(self.schema, self.layout).encode())
            for at in records:
                for chunk in storage.stream(storage.stat(at)):
                    file.write(chunk)
            file.write(tail_text(self.layout).encode())
        for at in records:
            storage.remove(at)

    def abandon(self, url: str) -> None:
        """Remove the parts written so far."""
        storage = storage_of(url)
        name = path_of(url).name
        aside = glob.escape(f"{url[: len(url) - len(name)]}.{name}.{self.token}.")
        for at in _files_below(storage, aside + "*"):
            storage.remove(at)

    def _aside(self, url: str, index: int) -> str:
        name = path_of(url).name
        return f"{url[: len(url) - len(name)]}.{name}.{self.token}.{index:05d}"


def _inside(url: str, name: str) -> str:
    return f"{url.rstrip('/')}/{name}"


def _files_below(storage: Storage, url: str) -> list[str]:
    try:
        return [stamp.url for stamp in storage.listing(url)]
    except SourceNotFoundError:
        return []
