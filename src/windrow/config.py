"""Settings, read from the environment and changed in a scope; the deadline of every wait."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from windrow.errors import DeadlineError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "WINDROW_"
TRUE = {"1", "true", "yes", "on"}
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
"""Of the logs of a host's processes."""
TRAVELLING = ("function_timeout", "function_memory")
"""Settings of a user's process that hold for its work on a cluster too."""


def _usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may take: the machine's, or what a container or ``ulimit`` leaves it.

    Parameters
    ----------
    root
        Where ``/proc`` and ``/sys`` are.
    """
    return min([_physical_memory(), *_ulimits(), *_control_group_limits(root)])


def _ulimits() -> list[int]:
    """Limits of what this process may reserve, where it has any."""
    soft = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return [limit for limit in soft if limit != resource.RLIM_INFINITY]


if _ulimits():
    # Arrow's allocator reserves a gigabyte ahead, which `ulimit` counts whether or not it is used.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 8 << 30


def _control_group_limits(root: Path) -> Iterator[int]:
    """Yield the limits of this process's control group and of those around it, on Linux."""
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        folder, name = ("memory", "memory.limit_in_bytes") if controllers else ("", "memory.max")
        group = PurePosixPath(path)
        for inner in (group, *group.parents):
            file = root / "sys/fs/cgroup" / folder / str(inner).lstrip("/") / name
            text = file.read_text().strip() if file.exists() else "max"
            if text != "max":
                yield int(text)


def _default_memory() -> int:
    """Half of what this process may take."""
    return machine_memory() // 2


@dataclass(frozen=True)
class Settings:
    """What can be set; none of it can change a result.

    Attributes
    ----------
    threads
        Threads that an executor in this process uses.
    memory_budget
        Bytes of memory for blocks before they go to scratch disk.
    scratch
        Folder for temporary files.
    io_timeout
        Seconds that a request for bytes may take in all, retries included.
    progress
        ``auto`` (live in a terminal, plain lines otherwise), ``plain`` or ``off``.
    on_interrupt
        What Ctrl-C does to work on a cluster: ``ask`` (and cancel it where nobody can answer),
        ``cancel`` or ``leave``.
    checkpoint_seconds
        Least time between two checkpoints of a fit; 0 keeps one each iteration.
    isolate_functions
        Whether user functions run in child processes, which can be stopped; a cluster's workers do.
    function_timeout
        Seconds that a function in a child process may take for one row; 0 is no limit.
    function_memory
        Bytes that functions may take in a child process (on Linux); 0 is no limit.
    """

    threads: int = field(default_factory=_usable_cores)
    memory_budget: int = field(default_factory=_default_memory)
    scratch: str = field(default_factory=tempfile.gettempdir)
    io_timeout: float = 40.0
    progress: str = "auto"
    on_interrupt: str = "ask"
    checkpoint_seconds: float = 30.0
    isolate_functions: bool = False
    function_timeout: float = 0.0
    function_memory: int = 0

    @staticmethod
    def from_environment() -> Settings:
        """Read ``WINDROW_THREADS``, ``WINDROW_SCRATCH`` and so on."""
        given: dict[str, Any] = {}
        defaults = Settings()
        for f in fields(Settings):
            text = os.environ.get(PREFIX + f.name.upper())
            if text is not None:
                kind = type(getattr(defaults, f.name))
                given[f.name] = text.lower() in TRUE if kind is bool else kind(text)
        return replace(defaults, **given)


_settings: Settings | None = None
_here: ContextVar[dict[str, Any] | None] = ContextVar("windrow_settings", default=None)


def settings() -> Settings:
    """Return the settings in force: those of this process, but for what `configured_here` says."""
    here = _here.get()
    return replace(_of_process(), **here) if here else _of_process()


def travelling() -> dict[str, Any]:
    """Return the settings that go with work to other processes, for `configured_here`.

    >>> travelling()
    {'function_timeout': 0.0, 'function_memory': 0}
    """
    return {name: getattr(settings(), name) for name in TRAVELLING}


def _of_process() -> Settings:
    global _settings  # noqa: PLW0603  # one setting for the process is the point
    if _settings is None:
        _settings = Settings.from_environment()
    return _settings


def set_runtime_config(name: str, value: object) -> None:
    """Change one setting of this process.

    Raises
    ------
    KeyError
        There is no such setting.
    """
    global _settings  # noqa: PLW0603
    if name not in get_runtime_config():
        raise KeyError(name)
    _settings = replace(_of_process(), **{name: value})  # type: ignore[arg-type]  # checked by name


def get_runtime_config() -> dict[str, object]:
    """Return every setting and its value.

    >>> "threads" in get_runtime_config()
    True
    """
    return {f.name: getattr(settings(), f.name) for f in fields(Settings)}


@contextmanager
def configured(**changes: object) -> Iterator[Settings]:
    """Change settings inside a ``with`` block.

    >>> with configured(threads=1) as inside:
    ...     inside.threads
    1
    """
    global _settings  # noqa: PLW0603
    before = _of_process()
    _settings = replace(before, **changes)  # type: ignore[arg-type]  # replace() checks the names
    try:
        yield _settings
    finally:
        _settings = before


@contextmanager
def configured_here(**changes: Any) -> Iterator[None]:
    """Change settings inside a ``with`` block for this thread alone.

    A worker's threads run tasks of several users, each under settings of its own.

    >>> with configured_here(function_timeout=2.0):
    ...     settings().function_timeout
    2.0
    """
    token = _here.set((_here.get() or {}) | changes)
    try:
        yield
    finally:
        _here.reset(token)


def scratch_folder(purpose: str) -> Path:
    """Make a new empty folder for temporary files; who asks removes it."""
    root = Path(settings().scratch)
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"windrow-{purpose}-", dir=root))


class Deadline:
    """The moment by which something must have happened.

    >>> Deadline(60, "the host to answer").remaining() > 59
    True
    """

    def __init__(self, seconds: float, what: str, advice: str = "raise the time limit") -> None:
        self.seconds, self.what, self.advice = seconds, what, advice
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; raises `DeadlineError` when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineError(self.what, self.seconds, self.advice)
        return left

    def expired(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._end

    def pause(self, seconds: float) -> None:
        """Wait a little before looking again, never past the deadline."""
        time.sleep(min(seconds, self.remaining()))
