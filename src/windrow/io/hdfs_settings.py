"""What a folder with Hadoop's settings says (``HADOOP_CONF_DIR``)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

__all__ = ["name_nodes", "read_site"]

HTTP_PORT = 9870
"""Where a NameNode's pages are, if nothing else is said."""


def read_site(folder: str, name: str) -> dict[str, str]:
    """Return what a settings file of Hadoop says; nothing where it is not there.

    Parameters
    ----------
    folder
        Such as ``HADOOP_CONF_DIR``; empty for none.
    name
        ``yarn-site``, ``core-site``.
    """
    path = Path(folder) / f"{name}.xml"
    if not folder or not path.exists():
        return {}
    rows = ElementTree.parse(path).getroot().iter("property")  # noqa: S314 - of the user's own
    return {row.findtext("name", ""): row.findtext("value", "") for row in rows}


def name_nodes(authority: str, folder: str) -> list[str]:
    """Return where the web pages of a file system's NameNodes are, ``host:port`` each.

    Parameters
    ----------
    authority
        ``host:port``, the name of a name service, or empty for the default file system.
    folder
        With Hadoop's settings.

    Examples
    --------
    >>> name_nodes("master:8020", "")
    ['master:9870']
    """
    site = read_site(folder, "hdfs-site")
    if not authority:
        authority = read_site(folder, "core-site").get("fs.defaultFS", "").partition("://")[2]
    service = authority.strip("/")
    if members := site.get(f"dfs.ha.namenodes.{service}", ""):
        names = [f"{service}.{member.strip()}" for member in members.split(",")]
        found = [site.get(f"dfs.namenode.http-address.{name}", "") for name in names]
        return [address for address in found if address]
    if service == site.get("dfs.namenode.rpc-address", service) and (
        own := site.get("dfs.namenode.http-address")
    ):
        return [own]
    return [f"{service.partition(':')[0]}:{HTTP_PORT}"] if service else []
