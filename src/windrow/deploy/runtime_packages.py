"""Which packages hosts need, in which versions, and where they are had from."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from windrow.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Packages", "name_of", "platform_here", "wanted", "write_sources"]

ROOTS = ("cryptography", "distributed", "hdfs-native")
"""What hosts need beyond what windrow itself requires, where it is installed here."""
PLATFORMS = ("linux-x86_64", "linux-aarch64")
GLIBC = range(34, 16, -1)
"""Minor versions of the C library whose wheels hosts take: Amazon Linux 2023 has 2.34."""
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^]]*\])?")


@dataclass(frozen=True)
class Packages:
    """What goes into a runtime besides windrow itself.

    Attributes
    ----------
    platform
        ``linux-x86_64`` or ``linux-aarch64``.
    pinned
        Versions by name: what runs here.
    additional
        Requirements and paths beyond it.
    """

    platform: str
    pinned: dict[str, str]
    additional: tuple[str, ...]

    def requirements(self) -> list[str]:
        """Return all of it as a requirements file has it."""
        return [f"{name}=={version}" for name, version in self.pinned.items()] + [*self.additional]

    def resolver(self) -> list[str]:
        """Say to pex where they come from.

        What runs here is packed as it is, which takes seconds and no network. Other platforms and
        packages that are not installed here come from the user's package index.
        """
        if self.platform == platform_here() and not self.additional and _is_venv():
            return ["--venv-repository", sys.prefix]
        if self.platform == platform_here():
            return ["--use-pip-config"]
        target = json.dumps(_described(self.platform.partition("-")[2]))
        return ["--use-pip-config", "--complete-platform", target, "--no-build"]

    def described(self) -> list[object]:
        """Return what tells these packages from others: of a local one, its content."""
        stamps = [_stamp(entry) for entry in self.additional]
        return [self.platform, sorted(self.pinned.items()), stamps]

    def blamed(self, said: str) -> tuple[str, ...]:
        """Name the packages that an error's text speaks of; all additional ones if none."""
        named = [*self.pinned, *self.additional]
        text = said.lower().replace("_", "-")
        found = [name for name in named if re.search(rf"\b{re.escape(name_of(name))}\b", text)]
        return tuple(found or self.additional or self.pinned)


def wanted(additional: Sequence[str], platform_name: str) -> Packages:
    """Find what hosts need, from what is installed in this process's environment.

    Parameters
    ----------
    additional
        See `windrow.deploy.runtime.build`.
    platform_name
        Of the hosts.

    Examples
    --------
    >>> "numba" in wanted([], "linux-x86_64").pinned
    True
    """
    if platform_name not in PLATFORMS:
        raise ArgumentError("platform", platform_name, " or ".join(PLATFORMS))
    own = _required("windrow")
    pinned = dict(sorted(closure([*own, *filter(_installed, ROOTS)]).items()))
    beyond = []
    for entry in additional:
        found = _NAME.fullmatch(entry)
        if found is None or not _installed(found[1]):
            beyond.append(str(Path(entry).absolute()) if Path(entry).exists() else entry)
        elif (path := _project_of(found[1])) is not None:
            beyond.append(path)
        else:
            pinned |= closure([found[1]])
    return Packages(platform_name, pinned, tuple(beyond))


def closure(names: Sequence[str]) -> dict[str, str]:
    """Return the versions installed here of packages and of all that they require.

    >>> sorted(closure(["typer"])) == sorted({"typer", *closure(_required("typer"))})
    True
    """
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = name_of(waiting.pop())
        if name not in found and _installed(name):
            found[name] = metadata.version(name)
            waiting.extend(_required(name))
    return found


def write_sources(folder: Path) -> None:
    """Write windrow itself: the very files that run here, and its metadata."""
    source = Path(__file__).parents[1]
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, folder / "windrow", ignore=leave)
    version = metadata.version("windrow")
    about = folder / f"windrow-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(metadata.distribution("windrow").read_text("METADATA") or "")


def platform_here() -> str:
    """Name this machine's platform as `build` does.

    >>> platform_here().split("-")[0] in ("linux", "darwin")
    True
    """
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}-{machine}"


def _described(machine: str) -> dict[str, object]:
    """Describe this Python on a host, as pex takes it: what its markers say, which wheels it has.

    >>> tags = _described("aarch64")["compatible_tags"]
    >>> "cp311-cp311-manylinux_2_28_aarch64" in tags or sys.version_info[:2] != (3, 11)
    True
    """
    from packaging.markers import default_environment
    from packaging.tags import compatible_tags, cpython_tags

    version = sys.version_info[:2]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC]
    platforms += [f"manylinux2014_{machine}", f"linux_{machine}"]
    interpreter = f"cp{version[0]}{version[1]}"
    tags = [
        *cpython_tags(version, platforms=platforms),
        *compatible_tags(version, interpreter, platforms),
    ]
    system = {"platform_machine": machine, "platform_system": "Linux", "sys_platform": "linux"}
    markers = {**default_environment(), **system, "platform_release": "", "platform_version": ""}
    return {"marker_environment": markers, "compatible_tags": [str(tag) for tag in tags]}


def _required(name: str) -> list[str]:
    """Names that a package requires here, extras left out."""
    from packaging.requirements import Requirement

    lines = metadata.requires(name) or []
    required = [Requirement(line) for line in lines]
    return [r.name for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _project_of(name: str) -> str | None:
    """Return the folder of a package that was installed from one, in place or not."""
    text = metadata.distribution(name).read_text("direct_url.json")
    url = "" if text is None else str(json.loads(text).get("url", ""))
    return unquote(urlsplit(url).path) if url.startswith("file:") else None


def _is_venv() -> bool:
    return sys.prefix != sys.base_prefix


def name_of(entry: str) -> str:
    """Name the package that a requirement or a wheel is of, as indexes write it.

    >>> name_of("Ruamel_Yaml>=0.18"), name_of("packages/tiny_one-1.0-py3-none-any.whl")
    ('ruamel-yaml', 'tiny-one')
    """
    last = Path(entry).name
    found = _NAME.match(last.partition("-")[0] if last.endswith(".whl") else last)
    return re.sub(r"[-_.]+", "-", found[1] if found else entry).lower()


def _stamp(entry: str) -> list[object]:
    """Tell a requirement from others; a wheel is the same wherever it lies."""
    path = Path(entry)
    if path.is_file():
        with path.open("rb") as file:
            return [path.name, hashlib.file_digest(file, "sha256").hexdigest()]
    files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else ()
    return [entry, sorted((str(file), file.stat().st_mtime_ns) for file in files)]
