"""The one place that configures numba: what every compiled kernel of windrow has in common.

Importing this module fixes the compile target of numba **for the whole process** (numba has one
CPU target per process, so code of the user that is compiled later gets the same baseline). The
baseline is ``x86-64-v3`` on x86-64 and plain ARMv8 on aarch64, so a kernel compiled on one host can
be loaded from the cache by any other. It is left alone when ``NUMBA_CPU_NAME`` is set, when the
processor is older than the baseline, and when numba has already compiled something. None of these
changes a result: kernels use no reassociating or contracting fast-math, no ``prange`` and no libm,
so their bits do not depend on the instruction set; only the speed and the cache do.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import llvmlite.binding as llvm
import numba
from numba.core import caching, config as numba_config
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.runtime import rtsys
from numba.cpython import hashing as _symbols  # noqa: F401 - naming its symbols to LLVM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BROUGHT", "baseline", "inlined", "kernel"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_log = logging.getLogger(__name__)

_OPTIONS: dict[str, Any] = {
    "nogil": True,  # threads come from the executor
    "fastmath": False,  # a fixed order of operations is the contract
    "error_model": "numpy",  # x / 0 is inf: a branch per division would end vectorisation
    "boundscheck": False,
    "no_cfunc_wrapper": True,  # nobody takes their address: a tenth of the time to compile
}

_FOREIGN = {"llvmlite", "numba", "numpy"}  # their versions are in numba's key, or do not matter

_V3_FEATURES = ("avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")


def baseline() -> str | None:
    """Name the compile target that every host of this architecture can run.

    Returns
    -------
    str or None
        An LLVM processor name, None where there is no baseline for this machine.
    """
    architecture = llvm.get_process_triple().split("-", 1)[0]
    if architecture in ("aarch64", "arm64"):
        return "generic"
    if architecture == "x86_64":
        features = llvm.get_host_cpu_features()
        if all(features.get(name, False) for name in _V3_FEATURES):
            return "x86-64-v3"
    return None


def _pin_target() -> None:
    settings: Any = numba_config  # its names are made at run time
    if settings.CPU_NAME is None and (name := baseline()) is not None:
        settings.CPU_NAME = name
        settings.CPU_FEATURES = ""


_pin_target()


def _dependencies(function: Callable[..., Any]) -> str:
    """Digest all that a kernel is made of, wherever it is written: code and constants.

    numba's own cache key holds the source file of the kernel alone, so that a change of a function
    or a constant of another file would go unnoticed and run the old numbers.
    """
    digest = hashlib.sha256()
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        names: set[str] = set()
        for code in _codes(current.__code__):
            plain = [constant for constant in code.co_consts if not isinstance(constant, CodeType)]
            digest.update(repr((current.__module__, code.co_name, plain)).encode())
            digest.update(code.co_code)
            names.update(code.co_names)
        for name, value in _used(current, sorted(names)):
            if isinstance(value, bool | int | float | str | tuple):
                digest.update(f"{name}={value!r}".encode())
            elif (inner := _function(value)) is not None:
                waiting.append(inner)
    return digest.hexdigest()


def _codes(code: CodeType) -> Iterator[CodeType]:
    """List a function's code and that of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _used(function: Callable[..., Any], names: list[str]) -> Iterator[tuple[str, Any]]:
    """List the globals that a function names, and the attributes it may name of modules."""
    for name in names:
        value = function.__globals__.get(name)
        yield name, value
        if isinstance(value, ModuleType) and value.__name__.split(".")[0] not in _FOREIGN:
            yield from ((other, vars(value).get(other)) for other in names)


def _function(value: Any) -> Callable[..., Any] | None:
    """Give the Python function behind a kernel, an intrinsic or a function of our own."""
    if isinstance(value, Dispatcher):
        return cast("Callable[..., Any]", value.py_func)
    if isinstance(value, _Intrinsic):
        return cast("Callable[..., Any]", value._defn)  # noqa: SLF001 - it has no public name
    if isinstance(value, FunctionType) and value.__module__.split(".")[0] not in _FOREIGN:
        return value
    return None


BROUGHT = "compiled"
"""Folder beside the sources in which an installation brings compiled kernels along."""

_BROKEN = (
    caching.pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)
"""What reading a cache file may raise that was cut short, or written by another version."""


class _Beside(caching.InTreeCacheLocator):
    """The folder beside the source, to read from though nothing can be written there."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        return cls(py_func, py_file) if Path(py_file).exists() else None


class _Places(caching.CompileResultCacheImpl):
    """Where a cache may lie: numba's places, the last of them even when it is read-only."""

    _locator_classes = (*caching.CompileResultCacheImpl._locator_classes, _Beside)  # noqa: SLF001


class _Cache(caching.FunctionCache):
    """Numba's cache on disk, keyed by all that a kernel is made of, and never in the way.

    What is cached is as good elsewhere: neither the path nor the times of the source count, so that
    an installation may bring its kernels along, in the folders beside their sources. They are read
    even when new ones must be written to another folder, or nowhere.
    """

    _impl_class = _Places

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._dependencies = _dependencies(function)
        self._cache_file = self._index(self._cache_path)
        home = Path(function.__code__.co_filename).parent
        self._beside = [self._index(str(home / name)) for name in ("__pycache__", BROUGHT)]

    def _index(self, folder: str) -> Any:
        return caching.IndexDataCacheFile(folder, self._impl.filename_base, self._dependencies)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), self._dependencies)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # Numba's own way first imports all that compiling needs, SciPy included: half a second a
        # process. Compiled code needs the symbols that it may name, and no more.
        rtsys.initialize(target_context)
        try:
            found = self._load_overload(sig, target_context)
            return self._brought(sig, target_context) if found is None else found
        except _BROKEN as error:
            _log.warning("compiling anew, a cached kernel cannot be read: %r", error)
            self._forget()
            return None

    def _brought(self, sig: Any, target_context: Any) -> Any:
        """Load what the installation brought along."""
        key = self._index_key(sig, target_context.codegen())
        found = (beside.load(key) for beside in self._beside)
        data = next((data for data in found if data is not None), None)
        return None if data is None else self._impl.rebuild(target_context, data)

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:  # a full or vanished disk: the kernel is compiled, go on
            _log.debug("kernel not cached: %s", error)

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            self.flush()


def kernel(function: _F) -> _F:
    """Compile a function on its first call, without the GIL, in a fixed order of operations.

    The machine code is cached beside the source, in numba's per-user cache directory when the
    installation is read-only, or in ``NUMBA_CACHE_DIR``; what lies beside the source already is
    read in any case. Where nothing can be written, the rest is compiled in each process.

    Examples
    --------
    >>> @kernel
    ... def double(x):
    ...     return 2.0 * x
    >>> double(1.5)
    3.0
    """
    dispatcher = numba.njit(**_OPTIONS)(function)
    try:
        dispatcher._cache = _Cache(function)  # noqa: SLF001 - what enable_caching() does, with our key
    except (RuntimeError, OSError) as error:
        _log.debug("kernels are not cached: %s", error)
    return cast("_F", dispatcher)


def inlined(function: _F) -> _F:
    """Compile a scalar function into its callers, so that loops over it vectorise."""
    return cast("_F", numba.njit(**_OPTIONS, forceinline=True)(function))
