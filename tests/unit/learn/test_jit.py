from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from tests.support.leaves import Table

from windrow.learn.elementary import exp_array, log_array
from windrow.learn.jit import baseline, kernel
from windrow.learn.kernels import Curvature
from windrow.learn.linalg import factor
from windrow.learn.losses import Loss

if TYPE_CHECKING:
    from pathlib import Path


def fingerprint() -> str:
    table = Table.random(1, 1500, 7, (4, 6))
    W = np.linspace(-1.0, 1.0, table.layout.size)
    digest = hashlib.sha256()
    for loss in Loss:
        digest.update(table.reduce(Curvature(loss, table.layout), W).tobytes())
    digest.update(exp_array(np.linspace(-700, 700, 999)).tobytes())
    digest.update(log_array(np.linspace(1e-9, 9, 999)).tobytes())
    A = np.exp(-np.abs(np.subtract.outer(np.arange(40.0), np.arange(40.0))))
    digest.update(factor(np.rint(A * 2**40) / 2**40).inverse_diagonal().tobytes())
    return digest.hexdigest()


def _processors() -> list[str]:
    """Targets that this machine can run, the oldest and the newest."""
    if llvm.get_process_triple().startswith("x86_64"):
        wide = "skylake-avx512" if llvm.get_host_cpu_features().get("avx512f") else "haswell"
        return ["x86-64", wide]
    return ["generic"]


@pytest.mark.parametrize("processor", _processors())
def test_every_processor_gives_the_same_bits(processor: str) -> None:
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    code = "from tests.unit.learn.test_jit import fingerprint; print(fingerprint())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == fingerprint()


def test_kernels_are_compiled_for_the_baseline() -> None:
    from numba.core.registry import cpu_target

    name = cpu_target.target_context.codegen().magic_tuple()[1]
    assert name == (os.environ.get("NUMBA_CPU_NAME") or baseline() or name)


def _write(folder: Path, rate: float, body: str) -> None:
    (folder / "inner.py").write_text(
        textwrap.dedent(f"""
        from windrow.learn.jit import inlined
        RATE = {rate}
        @inlined
        def inner(x):
            return {body}
        """)
    )


def _called() -> tuple[float, bool]:
    """Import the kernel as a new process would; its answer, and whether it was cached."""
    for name in ("inner", "outer"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    outer = importlib.import_module("outer").outer
    return outer(2.0), bool(outer.stats.cache_hits)


def test_a_cached_kernel_is_dropped_when_anything_it_is_made_of_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.core import config

    cache = tmp_path / "cache"
    monkeypatch.setattr(config, "CACHE_DIR", str(cache))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "outer.py").write_text(
        textwrap.dedent("""
        import inner
        from windrow.learn.jit import kernel
        @kernel
        def outer(x):
            return inner.inner(x) + inner.RATE
        """)
    )
    _write(tmp_path, 1.0, "x * 2.0")
    assert _called() == (5.0, False)
    assert _called() == (5.0, True)
    _write(tmp_path, 1.5, "x * 2.0")
    assert _called() == (5.5, False)
    _write(tmp_path, 1.5, "x * 3.0")
    assert _called() == (7.5, False)

    for file in cache.rglob("*.nbc"):
        file.write_bytes(file.read_bytes()[:50])
    assert _called() == (7.5, False)
    assert _called() == (7.5, True)


def test_a_cached_kernel_loads_without_what_compiling_needs(tmp_path: Path) -> None:
    (tmp_path / "outer.py").write_text(
        textwrap.dedent("""
        import sys
        import numpy as np
        from windrow.learn.jit import kernel

        @kernel
        def outer(x):
            if x.size == 0:
                raise ValueError("nothing to double")
            return np.concatenate((x, 2.0 * x))

        print(outer(np.ones(2)).tolist(), sum(outer.stats.cache_hits.values()), end=" ")
        try:
            outer(np.ones(0))
        except ValueError as error:
            print(error, "numba.np.linalg" in sys.modules)
        """)
    )
    path = os.pathsep.join([*sys.path, str(tmp_path)])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": path}
    told = [
        subprocess.run(
            [sys.executable, "-c", "import outer"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told == [
        "[1.0, 1.0, 2.0, 2.0] 0 nothing to double True",
        "[1.0, 1.0, 2.0, 2.0] 1 nothing to double False",
    ]


def test_where_nothing_can_be_written_kernels_are_compiled_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from numba.core import caching

    def nowhere(_self: object) -> None:
        raise PermissionError

    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", nowhere)

    @kernel
    def triple(x: float) -> float:
        return 3.0 * x

    assert triple(2.0) == 6.0


def test_a_disk_that_is_full_does_not_stop_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import caching

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    @kernel
    def fourfold(x: float) -> float:
        return 4.0 * x

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", full)
    assert fourfold(2.0) == 8.0


def _outer(folder: Path) -> None:
    folder.mkdir()
    _write(folder, 1.0, "x * 2.0")
    (folder / "outer.py").write_text(
        textwrap.dedent("""
        import inner
        from windrow.learn.jit import kernel
        @kernel
        def outer(x):
            return inner.inner(x) + inner.RATE
        """)
    )


@pytest.mark.parametrize("writable", [True, False])
def test_kernels_that_an_installation_brings_along_are_used_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, writable: bool
) -> None:
    from numba.core import caching, config

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    built, moved = tmp_path / "built", tmp_path / "moved"
    _outer(built)
    with monkeypatch.context() as here:
        here.setattr(config, "CACHE_DIR", "")
        here.syspath_prepend(built)
        assert _called() == (5.0, False)
    shutil.copytree(built, moved, copy_function=shutil.copyfile)  # other path, other times
    for file in moved.rglob("*.py"):
        os.utime(file, (1, 1))
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(config, "CACHE_DIR", str(elsewhere))
    if not writable:

        def refuse(self: object) -> None:
            raise PermissionError(self)

        for locator in (caching.UserProvidedCacheLocator, caching.InTreeCacheLocator):
            monkeypatch.setattr(locator, "ensure_cache_path", refuse)
        monkeypatch.setattr(caching.UserWideCacheLocator, "ensure_cache_path", refuse)
    monkeypatch.syspath_prepend(moved)
    assert _called() == (5.0, True)
    assert not list(elsewhere.rglob("*.nbc"))
    _write(moved, 1.5, "x * 3.0")
    assert _called() == (7.5, False)
