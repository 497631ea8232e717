"""What hosts run: this client's own versions in one file, and its interpreter in another.

Hosts may offer no more than a shell and an old Python. So the client packs what it runs itself: a
PEX of windrow with all that it needs, and an archive of its interpreter. Both are made once for
each set of versions, kept in the user's cache folder, and named by their content.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.deploy import runtime_kernels, runtime_packages
from windrow.deploy.runtime_interpreter import archive
from windrow.deploy.runtime_packages import Packages, platform_here
from windrow.errors import MissingExtraError, RuntimeBuildError
from windrow.io.registry import storage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Artefact", "Runtime", "build"]

FORMAT = 1
"""Raised when the way in which runtimes are made changes."""
KEPT = 4
"""Runtimes that the cache folder keeps; the least recently used go first."""
BUILD_SECONDS = 1800.0
COPIED = 1 << 22
"""Bytes of a step of an upload."""


@dataclass(frozen=True)
class Artefact:
    """A file that hosts fetch.

    Attributes
    ----------
    path
        Of this machine.
    sha256
        Of its content, in hexadecimal.
    """

    path: Path
    sha256: str

    @property
    def name(self) -> str:
        """What it is called in a state store: its digest, and what kind of file it is."""
        return self.sha256 + "".join(
            self.path.suffixes[-2:] if ".tar" in self.path.name else (".pex",)
        )

    @staticmethod
    def of(path: Path) -> Artefact:
        """Read a file, or the digest that was kept beside it."""
        note = path.with_name(f"{path.name}.sha256")
        if not note.exists():
            with path.open("rb") as file:
                note.write_text(hashlib.file_digest(file, "sha256").hexdigest())
        return Artefact(path, note.read_text())

    def publish(self, root: str, tell: Callable[[str], None]) -> str:
        """Bring the file to ``runtime/`` below a URL, unless it is there; return its name there."""
        name = f"runtime/{self.name}"
        url = f"{root.rstrip('/')}/{name}"
        storage = storage_of(url)
        if not storage.exists(url):
            tell(f"uploading {self.path.stat().st_size / 1e6:.0f} MB that hosts run (once)")
            with self.path.open("rb") as source, storage.open_write(url) as target:
                shutil.copyfileobj(source, target, COPIED)
        return name


@dataclass(frozen=True)
class Runtime:
    """What a host needs to be one.

    Attributes
    ----------
    pex
        Windrow and all that it needs, for one platform and one minor version of Python.
    interpreter
        The Python that runs it; None where the hosts must have theirs.
    python
        Its minor version: ``3.11``.
    """

    pex: Artefact
    interpreter: Artefact | None
    python: str


def build(
    additional_packages: Sequence[str] = (),
    platform: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Runtime:
    """Pack what this process runs for the hosts of a cluster.

    Parameters
    ----------
    additional_packages
        What user functions need besides: names (``'xgboost'``, the version installed here, else the
        newest), requirements (``'xgboost>=3'``), or paths of wheels and project folders.
    platform
        Of the hosts, ``linux-x86_64`` or ``linux-aarch64``; by default this machine's.
    tell
        Hears of what takes long.

    Returns
    -------
    Runtime
        From the cache folder where it was made before: a package that was installed a minute ago
        makes another.

    Raises
    ------
    RuntimeBuildError
        Some packages cannot be had for the platform; the error names them.
    MissingExtraError
        The part of windrow for clusters is not installed.
    """
    if find_spec("pex") is None:
        raise MissingExtraError("a runtime", "install it: pip install 'windrow[cluster]'")
    packages = runtime_packages.wanted(additional_packages, platform or platform_here())
    folder = cache_folder() / _key(packages)
    if not folder.exists():
        tell(f"packing {len(packages.pinned)} packages for the hosts (once for these versions)")
        _make(packages, folder)
        _prune(folder)
    os.utime(folder)
    interpreter = None
    if packages.platform == platform_here():
        interpreter = Artefact.of(archive(cache_folder()))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Runtime(Artefact.of(folder / "runtime.pex"), interpreter, python)


def cache_folder() -> Path:
    """Return the folder in which runtimes are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "windrow" / "runtime"


def _key(packages: Packages) -> str:
    """Digest all that the runtime is made of."""
    source = Path(__file__).parents[1]
    digest = hashlib.sha256(json.dumps([FORMAT, sys.version, packages.described()]).encode())
    for path in sorted(source.rglob("*.py")):
        digest.update(path.relative_to(source).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _make(packages: Packages, folder: Path) -> None:
    """Make a runtime aside and give it its name at the end: two may do so at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        aside = Path(name)
        runtime_packages.write_sources(aside / "src")
        if packages.platform == platform_here():
            runtime_kernels.bring(aside / "src")
        (aside / "made").mkdir()
        _pex(packages, aside)
        try:
            (aside / "made").rename(folder)
        except OSError:
            if not folder.exists():  # else another was first
                raise


def _pex(packages: Packages, aside: Path) -> None:
    requirements = aside / "requirements.txt"
    requirements.write_text("".join(f"{line}\n" for line in packages.requirements()))
    done = subprocess.run(  # noqa: S603  # pex, with what we wrote
        [
            *(sys.executable, "-m", "pex", "-r", str(requirements), *packages.resolver()),
            *("-D", str(aside / "src"), "--venv", "prepend", "--compression-level", "1"),
            *("--pex-root", str(aside / "pex"), "-o", str(aside / "made" / "runtime.pex")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
        env={key: value for key, value in os.environ.items() if not key.startswith("PEX_")},
    )
    if done.returncode:
        said = done.stderr.strip()
        raise RuntimeBuildError(packages.blamed(said), packages.platform, said[-2000:])


def _prune(newest: Path) -> None:
    made = [path for path in newest.parent.glob("?" * 32) if path.is_dir() and path != newest]
    made.sort(key=lambda path: path.stat().st_mtime)
    for path in made[: max(0, len(made) - KEPT + 1)]:
        shutil.rmtree(path, ignore_errors=True)
