"""Secrets of a cluster whose state store is no folder of this machine: left there, and fetched."""

from __future__ import annotations

import shutil
import weakref
from functools import cached_property
from typing import TYPE_CHECKING

from windrow.config import scratch_folder
from windrow.deploy.credentials import FILES, write_private
from windrow.errors import SourceNotFoundError

if TYPE_CHECKING:
    from windrow.deploy.state import Folder

__all__ = ["ClientCredentials", "fetch_credentials", "publish_credentials"]


def publish_credentials(generation: Folder, files: dict[str, bytes]) -> None:
    """Leave a new cluster's files where its hosts and clients find them.

    Who can read ``tls/`` controls the cluster: the store's own rules keep others out.
    """
    for name, data in files.items():
        generation.folder("tls").put(name, data)


def fetch_credentials(generation: Folder, role: str, folder: str) -> None:
    """Copy what a role (``host`` or ``client``) may have into a private folder of this machine.

    Raises
    ------
    SourceNotFoundError
        The cluster has ended, and with it its certificates.
    """
    files = {}
    for name in FILES[role]:
        data = generation.folder("tls").get(name)
        if data is None:
            raise SourceNotFoundError(f"{generation.url}/tls/{name}", "the cluster has ended")
        files[name] = data
    write_private(folder, files)


class ClientCredentials:
    """The client's files of a cluster: in a private folder, as long as this object lives.

    Parameters
    ----------
    generation
        The cluster's folder in the state store.
    """

    def __init__(self, generation: Folder) -> None:
        self._generation = generation

    @cached_property
    def folder(self) -> str:
        """Path of the folder; the files are fetched when it is first asked for."""
        folder = scratch_folder("client")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        fetch_credentials(self._generation, "client", str(folder))
        return str(folder)
