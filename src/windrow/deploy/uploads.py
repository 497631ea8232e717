"""What a program carries to a cluster: small things as they are, large tables as files, once.

A table in memory of more than a mebibyte is written to the state store under its own content's
key, and the program that travels names the files instead. Partitions stay what they were, so
nothing computed from them changes by a bit.
"""

from __future__ import annotations

import io
import sys
import sysconfig
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cloudpickle

from windrow.errors import HiddenSourceError, UploadWarning
from windrow.io import memory, saved
from windrow.io.registry import scheme_of, storage_of
from windrow.io.writing import SavedTableWriter
from windrow.plan.node import Node, replace_children, topological
from windrow.plan.tables import Memory, Plan, Scan
from windrow.progress import Notice, Transfer, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windrow.deploy.state import Folder
    from windrow.execution.protocol import Program
    from windrow.progress import Listener

__all__ = ["LARGE", "SMALL", "Uploads"]

N = TypeVar("N", bound=Node)

SMALL = 1 << 20
"""Bytes of a table in memory that travel inside a program."""
SHOWN = 20_000_000
"""Bytes from which it is shown how far an upload has come."""
LARGE = 100_000_000
"""Bytes from which an upload is warned about."""
WHOLE = 1 << 62
"""Bytes of a partition: however large a part is, it stays one."""


@dataclass(frozen=True)
class Uploads:
    """Tables that hosts read in place of a program's memory.

    Parameters
    ----------
    folder
        Where they are; hosts can read it.
    shares_files
        Whether hosts see the paths of this machine.
    """

    folder: Folder
    shares_files: bool = True

    def pickled(self, program: Program[Any], tell: Listener) -> bytes:
        """Pickle a program, its large tables in memory replaced by files.

        Parameters
        ----------
        program
            Holds its tables anywhere.
        tell
            Hears of what is uploaded.

        Raises
        ------
        HiddenSourceError
            A table reads files that the hosts cannot see.
        """
        buffer = io.BytesIO()
        with nullcontext() if self.shares_files else own_modules_by_value():
            _Pickler(buffer, lambda node: self.carried(node, tell)).dump(program)
        return buffer.getvalue()

    def carried(self, root: N, tell: Listener) -> N:
        """Return a plan as hosts can read it."""
        made: dict[str, Node] = {}
        for node in topological(root):
            if isinstance(node, Scan):
                self._look(node)
            whole: Node = replace_children(node, lambda child: made[child.key])
            if isinstance(whole, Memory) and _size(whole) > SMALL:
                whole = self.hosted(whole, tell)
            made[node.key] = whole
        return cast("N", made[root.key])

    def hosted(self, table: Memory, tell: Listener) -> Plan:
        """Return a plan that reads the table's rows from files, which are written if need be."""
        url = self.folder.folder(table.key).url
        if not saved.is_saved(url):
            self._write(table, url, tell)
        return replace(saved.open_saved(url), partition_bytes=WHOLE)

    def _write(self, table: Memory, url: str, tell: Listener) -> None:
        """Write each partition as a file, then the manifest, unless another did so meanwhile."""
        size = _size(table)
        megabytes = f"{size / 1e6:.0f} MB of a table in memory"
        if size > LARGE:
            advice = "save large tables where the hosts can read them, and open them from there"
            tell(Warned(f"{megabytes} go to the cluster (once); {advice}", UploadWarning.__name__))
        tell(Notice(f"PROGRESS: Uploading {megabytes}."))
        writer = SavedTableWriter(table.schema)
        names = table.schema.names
        records, done = [], 0
        try:
            for index, part in enumerate(table.parts):
                if size > SHOWN:
                    tell(Transfer("Uploading", done, size))
                records.append(writer.part(url, index, memory.part(table, index, names)))
                done += len(part)
            if size > SHOWN:
                tell(Transfer("Uploading", size, size))
            text = saved.manifest_text(table.schema, records)
            first = storage_of(url).put_if_absent(saved.manifest_at(url), text)
        except BaseException:
            writer.abandon(url)
            raise
        if not first:
            writer.abandon(url)

    def _look(self, scan: Scan) -> None:
        """Refuse files that only this machine has."""
        if self.shares_files:
            return
        for file in scan.files:
            if scheme_of(file.url) == "file":
                raise HiddenSourceError(file.url, copy_command(file.url, self.folder.url))


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it ships no types
    """Pickles another node in place of each."""

    def __init__(self, file: io.BytesIO, carried: Callable[[Node], Node]) -> None:
        super().__init__(file)
        self._carried = carried

    def reducer_override(self, value: Any) -> Any:
        """Say how a value is pickled; called for each that is no plain one."""
        if isinstance(value, Node):
            return self._carried(value).__reduce__()
        return super().reducer_override(value)


@contextmanager
def own_modules_by_value() -> Iterator[None]:
    """Let functions of the user's own files travel by value: hosts have only what is installed.

    A module is somebody's own when it lies in no folder of installed packages or of Python.
    """
    installed = tuple({*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))})
    before, registered = cloudpickle.list_registry_pickle_by_value(), []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        own = file and not file.startswith(installed) and name.partition(".")[0] != "windrow"
        if own and name != "__main__" and module.__name__ not in before:
            cloudpickle.register_pickle_by_value(module)
            registered.append(module)
            before = before | {module.__name__}
    try:
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)


def copy_command(path: str, store: str) -> str:
    """Say how to bring a file to where the hosts can read it.

    >>> copy_command("/data/a.csv", "s3://bucket/c/gen-0001/uploads")
    'copy it first: aws s3 cp /data/a.csv s3://bucket/, and open s3://bucket/a.csv'
    """
    scheme = scheme_of(store)
    root = "/".join(store.split("/")[:3]) + "/"
    copies = {"s3": "aws s3 cp {path} {root}", "hdfs": "hdfs dfs -put {path} {root}"}
    command = copies.get(scheme, "cp {path} {root}").format(path=path, root=root)
    return f"copy it first: {command}, and open {root}{path.rsplit('/', 1)[-1]}"


def _size(table: Memory) -> int:
    return sum(len(part) for part in table.parts)
