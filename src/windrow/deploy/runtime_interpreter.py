"""The running interpreter as an archive that works in any folder of another machine."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["archive"]

FORMAT = 1
LEFT_OUT = {
    *("__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter"),
    *("turtledemo", "lib2to3", "ensurepip", "pydoc_data"),
}
"""Folders of the standard library that no host needs."""
OF_THE_SYSTEM = re.compile(
    r"(ld-linux.*|libc|libm|libdl|libpthread|librt|libutil|libresolv|libgcc_s|libstdc\+\+)\.so"
)
"""Libraries that belong to the host's kernel and C library, and must be its own."""
_LINE = re.compile(r"(\S+) => (/\S+)")


def archive(folder: Path) -> Path:
    """Return the archive of this interpreter, made in a folder if it is not there yet.

    It holds ``bin/python3.x`` and ``lib``, and starts with ``LD_LIBRARY_PATH`` set to its ``lib``,
    on every Linux whose C library is not older than this machine's.
    """
    name = hashlib.sha256(f"{FORMAT} {sys.version} {sys.base_prefix}".encode()).hexdigest()[:16]
    path = folder / f"python-{name}.tar.gz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(dir=folder)
        with (
            os.fdopen(descriptor, "wb") as file,
            tarfile.open(fileobj=file, mode="w:gz", compresslevel=1, dereference=True) as made,
        ):
            for inside, source in sorted(_contents()):
                made.add(source, inside, recursive=False, filter=_plain)
        Path(aside).replace(path)
    return path


def _contents() -> Iterator[tuple[str, Path]]:
    """Yield the name in the archive and the place here of every file."""
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = Path(os.path.realpath(sys.executable))
    yield f"bin/{minor}", program
    libraries: dict[str, Path] = {}
    binaries = [program]
    roots = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib")}
    for root in sorted(roots):
        for path in sorted(root.rglob("*")):
            inner = path.relative_to(root)
            if not path.is_file() or LEFT_OUT & set(inner.parts) or inner.parts[0][:7] == "config-":
                continue
            yield f"lib/{minor}/{inner.as_posix()}", path
            if path.suffix == ".so":
                binaries.append(path)
    for binary in binaries:
        libraries |= _needed(binary)
    yield from ((f"lib/{name}", path) for name, path in libraries.items())


def _needed(binary: Path) -> dict[str, Path]:
    """Return the shared libraries that a file needs and a host may lack."""
    listed = subprocess.run(  # noqa: S603  # our own files
        ["/usr/bin/ldd", str(binary)], capture_output=True, text=True, check=False
    )
    found = dict(_LINE.findall(listed.stdout))
    return {n: Path(path) for n, path in found.items() if not OF_THE_SYSTEM.match(n)}


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose it is and when it was made: equal content makes equal archives."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry
