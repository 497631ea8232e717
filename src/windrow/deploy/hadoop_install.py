"""An installation of windrow in HDFS: what containers run, put there once for all clusters."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windrow.deploy import runtime, runtime_packages, versions
from windrow.deploy.state import Folder
from windrow.deploy.yarn_service import Service
from windrow.errors import NotInstalledError, PackageNotThereError
from windrow.io.registry import storage_of
from windrow.plan.node import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Tell = Callable[[str], None]

__all__ = [
    "bring",
    "install",
    "manifest",
    "remove_package",
    "show_available_packages",
    "upload_packages",
]

PACKAGES = "packages"
"""Folder of an installation with the wheels that were uploaded."""


def install(
    windrow_path: str, additional_packages: Sequence[str] = (), tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Put what containers run under a path of HDFS.

    Parameters
    ----------
    windrow_path
        ``hdfs://...``; readable by whoever is to work with it.
    additional_packages
        What functions given to ``apply`` need besides; see `windrow.deploy.runtime.build`. What an
        earlier installation in this path had is not kept, see `upload_packages`.
    tell
        Hears of what takes long.

    Returns
    -------
    dict
        The manifest: names of files, versions, packages.
    """
    root = Folder(windrow_path.rstrip("/"))
    found = bring(root.url, _kept(root, additional_packages), tell)
    root.series("manifest").append(found)
    return found


def upload_packages(
    windrow_path: str, packages: Sequence[str], tell: Tell = lambda _: None
) -> dict[str, str]:
    """Add packages to an installation, for functions that containers are to call.

    Parameters
    ----------
    windrow_path
        Of the installation.
    packages
        Names, requirements, or paths of wheels, which are kept there; see
        `windrow.deploy.runtime.build`.
    tell
        Hears of what takes long.

    Returns
    -------
    dict
        The packages that containers of new clusters have, and their versions.
    """
    there = manifest(windrow_path)["additional"]
    return _packages(install(windrow_path, list(dict.fromkeys([*there, *packages])), tell))


def remove_package(windrow_path: str, package: str, tell: Tell = lambda _: None) -> dict[str, str]:
    """Take a package that was added out of an installation again.

    Parameters
    ----------
    windrow_path
        Of the installation.
    package
        Its name, or as it was added.
    tell
        Hears of what takes long.

    Returns
    -------
    dict
        The packages that containers of new clusters have, and their versions.

    Raises
    ------
    PackageNotThereError
        It was not added to this installation; the error lists what was.
    """
    there: list[str] = manifest(windrow_path)["additional"]
    name_of = runtime_packages.name_of
    left = [entry for entry in there if name_of(entry) != name_of(package)]
    if left == there:
        raise PackageNotThereError(package, windrow_path, tuple(there))
    return _packages(install(windrow_path, left, tell))


def bring(root: str, additional_packages: Sequence[str], tell: Tell) -> dict[str, Any]:
    """Build what containers run and put it under a path; return what a manifest says of it."""
    folder = Folder(root.rstrip("/"))
    entries = _here(folder, additional_packages)
    made = runtime.build(entries, tell=tell)
    packages = runtime_packages.wanted(entries, runtime_packages.platform_here())
    script = Service.script_for(made.python, brings=made.interpreter is not None).encode()
    name = f"start-{made.pex.sha256[:16]}.sh"
    folder.put(f"runtime/{name}", script)
    return {
        "pex": made.pex.publish(folder.url, tell),
        "interpreter": made.interpreter.publish(folder.url, tell) if made.interpreter else "",
        "script": f"runtime/{name}",
        "python": made.python,
        "versions": versions.installed(),
        "packages": packages.pinned,
        "additional": list(additional_packages),
        "installed": time.time(),
    }


def manifest(windrow_path: str) -> dict[str, Any]:
    """Return what is installed in a path.

    Raises
    ------
    NotInstalledError
        Nothing is.
    """
    last = Folder(windrow_path.rstrip("/")).series("manifest").last()
    if last is None:
        raise NotInstalledError(windrow_path)
    return last[1]


def show_available_packages(windrow_path: str) -> dict[str, str]:
    """Return the packages that containers have, and their versions; of wheels their files.

    Parameters
    ----------
    windrow_path
        Of the installation.
    """
    return _packages(manifest(windrow_path))


def _packages(found: dict[str, Any]) -> dict[str, str]:
    pinned: dict[str, str] = found["packages"]
    beyond = {runtime_packages.name_of(entry): entry for entry in found["additional"]}
    return dict(sorted((beyond | pinned).items()))


def _kept(root: Folder, entries: Sequence[str]) -> list[str]:
    """Keep wheels of this machine in the installation, and name them by their place there."""
    names = []
    for entry in entries:
        path = Path(entry)
        if path.suffix == ".whl" and path.is_file():
            names.append(f"{PACKAGES}/{path.name}")
            root.put(names[-1], path.read_bytes())
        else:
            names.append(entry)
    return names


def _here(root: Folder, entries: Sequence[str]) -> list[str]:
    """Fetch the wheels that an installation keeps, where they are not here yet."""
    place = runtime.cache_folder().with_name("packages") / digest(root.url)
    found = []
    for entry in entries:
        if not entry.startswith(f"{PACKAGES}/"):
            found.append(entry)
            continue
        path = place / entry.partition("/")[2]
        storage = storage_of(root.url)
        stamp = storage.stat(f"{root.url}/{entry}")
        if not path.exists() or path.stat().st_size != stamp.size:
            place.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.writelines(storage.stream(stamp))
        found.append(str(path))
    return found
