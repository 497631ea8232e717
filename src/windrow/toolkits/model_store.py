"""Models in folders: a JSON manifest and an npz of arrays, checksummed, never a pickle.

The arrays' file is named by its checksum and written first; the manifest, which names it, last and
in one step. So a folder holds the old model or the new one, and a cut-short copy is noticed.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from windrow.errors import (
    DamagedFolderError,
    NewerFormatError,
    SourceNotFoundError,
    UnwritableError,
)
from windrow.io.arrays import checksum, packed, record_checksum, unpacked
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from windrow.io.storage import Storage

__all__ = ["Storable", "load_model", "save_model"]

FORMAT = "windrow model"
VERSION = 1
MANIFEST = "manifest.json"
MODELS = {
    "ConnectedComponentsModel": "windrow.toolkits.connected_components",
    "DegreeCountingModel": "windrow.toolkits.degree_counting",
    "GraphColoringModel": "windrow.toolkits.graph_coloring",
    "KcoreModel": "windrow.toolkits.kcore",
    "LabelPropagationModel": "windrow.toolkits.label_propagation",
    "LinearRegression": "windrow.toolkits.linear_regression",
    "LogisticClassifier": "windrow.toolkits.logistic_classifier",
    "PagerankModel": "windrow.toolkits.pagerank",
    "SVMClassifier": "windrow.toolkits.svm_classifier",
    "ShortestPathModel": "windrow.toolkits.shortest_path",
    "TriangleCountingModel": "windrow.toolkits.triangle_counting",
}
"""Each model class that can be loaded, and its home."""


class Storable(Protocol):
    """A model that can be taken apart and put together again."""

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give a record that JSON can hold, and arrays."""
        ...

    @classmethod
    def from_parts(cls, record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Storable:
        """Build the model that `to_parts` took apart."""
        ...


def save_model(model: Storable, location: str | os.PathLike[str]) -> None:
    """Write a model into a folder; one that is there is replaced.

    Raises
    ------
    DiskFullError, UnwritableError
        It cannot be written, or the folder holds something else; what was there before stays.
    """
    url = os.fspath(location).rstrip("/")
    storage = storage_of(url)
    record, arrays = model.to_parts()
    data = packed(arrays)
    sha256 = checksum(data)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "model": type(model).__name__,
        "arrays": {"file": f"arrays-{sha256[:16]}.npz", "bytes": len(data), "sha256": sha256},
        "record": record,
        "record_sha256": record_checksum(record),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    before = _arrays_of(storage, url)
    made = not storage.exists(url)
    if before is None and not made and storage.names(url):
        raise UnwritableError(url, "something else is there that is no saved model")
    try:
        _write(storage, f"{url}/{manifest['arrays']['file']}", data)
        _write(storage, f"{url}/{MANIFEST}", text)
    except BaseException:
        if made:
            storage.remove(url)
        raise
    if before not in {None, manifest["arrays"]["file"]}:
        storage.remove(f"{url}/{before}")


def load_model(location: str | os.PathLike[str]) -> Any:
    """Read a model that ``model.save(location)`` wrote.

    Parameters
    ----------
    location
        Its folder.

    Raises
    ------
    SourceNotFoundError
        There is no model.
    NewerFormatError
        A later version of windrow wrote it.
    DamagedFolderError
        It is not whole.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"x": [1, 2, 3, 4, 5, 6], "y": [0, 0, 1, 0, 1, 1]})
    >>> model = wr.logistic_classifier.create(sf, target="y", verbose=False)
    >>> model.save("six.model")
    >>> wr.load_model("six.model").predict({"x": 6})[0]
    1
    """
    url = os.fspath(location).rstrip("/")
    storage = storage_of(url)
    if not storage.exists(f"{url}/{MANIFEST}"):
        raise SourceNotFoundError(url, f"it holds no {MANIFEST}, so it is not a saved model")
    manifest = _manifest(storage, url)
    stored_at = f"{url}/{manifest['arrays']['file']}"
    if not storage.exists(stored_at):
        raise DamagedFolderError(url, f"{manifest['arrays']['file']} is not there")
    data = _read(storage, stored_at)
    if len(data) != manifest["arrays"]["bytes"]:
        wanted = manifest["arrays"]["bytes"]
        raise DamagedFolderError(url, f"its arrays have {len(data)} of {wanted} bytes")
    if checksum(data) != manifest["arrays"]["sha256"]:
        raise DamagedFolderError(url, "the checksum of its arrays differs")
    kind = getattr(import_module(MODELS[manifest["model"]]), manifest["model"])
    return kind.from_parts(manifest["record"], unpacked(data))


def _manifest(storage: Storage, url: str) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(storage, f"{url}/{MANIFEST}"))
        found, version = manifest["format"], manifest["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFolderError(url, f"its {MANIFEST} cannot be read ({error})") from error
    if found != FORMAT:
        raise DamagedFolderError(url, f"it is a {found!r} and not a {FORMAT!r}")
    if version > VERSION:
        raise NewerFormatError(url, version, VERSION)
    if record_checksum(manifest.get("record")) != manifest.get("record_sha256"):
        raise DamagedFolderError(url, "the checksum of its record differs")
    if manifest["model"] not in MODELS:
        raise DamagedFolderError(url, f"it holds a {manifest['model']}, which is not known")
    return dict(manifest)


def _arrays_of(storage: Storage, url: str) -> str | None:
    """Name of the arrays' file of the model that is there now."""
    if not storage.exists(f"{url}/{MANIFEST}"):
        return None
    try:
        return str(json.loads(_read(storage, f"{url}/{MANIFEST}"))["arrays"]["file"])
    except (ValueError, KeyError, TypeError):
        return None


def _read(storage: Storage, url: str) -> bytes:
    return b"".join(storage.stream(storage.stat(url)))


def _write(storage: Storage, url: str, data: bytes) -> None:
    with storage.open_write(url) as file:
        file.write(data)
