"""Named arrays as the bytes of an npz file, never a pickle; checksums of what is stored."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["checksum", "packed", "record_checksum", "unpacked"]


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write arrays as an npz file: equal arrays give equal bytes.

    Examples
    --------
    >>> import numpy as np
    >>> unpacked(packed({"a": np.arange(3)}))
    {'a': array([0, 1, 2])}
    """
    import numpy as np

    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **dict[str, Any](arrays))
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, NDArray[Any]]:
    """Read what `packed` wrote; refuses pickles."""
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def checksum(data: bytes) -> str:
    """SHA-256 of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def record_checksum(record: object) -> str:
    """SHA-256 of a JSON value, however it is written down.

    Examples
    --------
    >>> record_checksum({"a": 1, "b": 2}) == record_checksum({"b": 2, "a": 1})
    True
    """
    return checksum(json.dumps(record, sort_keys=True, ensure_ascii=False).encode())
