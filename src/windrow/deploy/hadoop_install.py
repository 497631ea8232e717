"""An installation of windrow in HDFS: what containers run, put there once for all clusters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from windrow.deploy import runtime, runtime_packages, versions
from windrow.deploy.state import Folder
from windrow.deploy.yarn_service import Service
from windrow.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["install", "manifest", "show_available_packages"]


def install(
    windrow_path: str,
    additional_packages: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Put what containers run under a path of HDFS.

    Parameters
    ----------
    windrow_path
        ``hdfs://...``; readable by whoever is to work with it.
    additional_packages
        What functions given to ``apply`` need besides; see `windrow.deploy.runtime.build`.
    tell
        Hears of what takes long.

    Returns
    -------
    dict
        The manifest: names of files, versions, packages.
    """
    root = Folder(windrow_path.rstrip("/"))
    made = runtime.build(additional_packages, tell=tell)
    packages = runtime_packages.wanted(additional_packages, runtime_packages.platform_here())
    script = Service.script_for(made.python, brings=made.interpreter is not None).encode()
    name = f"start-{made.pex.sha256[:16]}.sh"
    root.put(f"runtime/{name}", script)
    found = {
        "pex": made.pex.publish(root.url, tell),
        "interpreter": made.interpreter.publish(root.url, tell) if made.interpreter else "",
        "script": f"runtime/{name}",
        "python": made.python,
        "versions": versions.installed(),
        "packages": packages.pinned,
        "additional": list(additional_packages),
        "installed": time.time(),
    }
    root.series("manifest").append(found)
    return found


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
    """Return the packages that containers have, and their versions.

    Parameters
    ----------
    windrow_path
        Of the installation.
    """
    packages: dict[str, str] = manifest(windrow_path)["packages"]
    return packages
