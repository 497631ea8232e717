"""What hosts run: packed here, started elsewhere with nothing but a shell."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.marks import on_clusters

import windrow as gl
from windrow.deploy import runtime, versions
from windrow.errors import RuntimeBuildError

if TYPE_CHECKING:
    from windrow.deploy.runtime import Runtime

pytestmark = on_clusters("pex", "distributed", "cryptography")

PROGRAM = """
import json, sys
import windrow as wr
from windrow.deploy import versions
from windrow.learn import kernels

sf = wr.SFrame({"y": [0, 1, 0, 1, 1, 0], "a": [1.0, 2.5, 3.0, 4.0, 0.5, 6.0]})
model = wr.logistic_classifier.create(sf, "y", validation_set=None, verbose=False)
compiled = sum(
    sum(f.stats.cache_misses.values()) for f in vars(kernels).values() if hasattr(f, "stats")
)
places = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
places |= {getattr(m, "__file__", None) or "" for m in list(sys.modules.values())}
print(json.dumps({
    "versions": versions.installed(), "coefficients": list(model.coefficients["value"]),
    "compiled": compiled, "places": sorted(places), "executable": sys.executable,
}))
"""


@pytest.fixture(scope="module")
def built() -> Runtime:
    return runtime.build()


def test_a_runtime_brings_interpreter_packages_and_kernels_and_computes_the_same_bits(
    built: Runtime, tmp_path: Path
) -> None:
    assert built.interpreter is not None
    with tarfile.open(built.interpreter.path) as archive:
        archive.extractall(tmp_path / "python", filter="tar")
    python = tmp_path / "python" / "bin" / f"python{built.python}"
    done = subprocess.run(
        [str(python), str(built.pex.path), "-c", PROGRAM],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path / "nobody"),
            "LD_LIBRARY_PATH": str(tmp_path / "python" / "lib"),
            "PEX_ROOT": str(tmp_path / "pex"),
        },
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    sf = gl.SFrame({"y": [0, 1, 0, 1, 1, 0], "a": [1.0, 2.5, 3.0, 4.0, 0.5, 6.0]})
    model = gl.logistic_classifier.create(sf, "y", validation_set=None, verbose=False)
    assert said["coefficients"] == list(model.coefficients["value"])
    assert said["versions"] == versions.installed()
    assert said["compiled"] == 0
    ours = (sys.base_prefix, sys.prefix, str(Path(gl.__file__).parents[2]))
    inside = [place for place in said["places"] if place.startswith(ours)]
    assert not [place for place in inside if not place.startswith("/usr/lib/")]


def test_the_same_versions_make_no_second_runtime(built: Runtime) -> None:
    told: list[str] = []
    assert runtime.build(tell=told.append) == built
    assert not told


def test_a_runtime_for_hosts_of_another_kind_has_their_wheels() -> None:
    built = runtime.build(platform="linux-aarch64")
    assert built.interpreter is None
    with zipfile.ZipFile(built.pex.path) as pex:
        names = [name for name in pex.namelist() if name.endswith(".so")]
        machines = {pex.read(name)[18:20] for name in names}
    assert len(names) > 100
    assert machines == {(183).to_bytes(2, "little")}  # AArch64, as ELF numbers machines


def test_what_cannot_be_packed_for_the_hosts_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "odd_one-1.0-cp311-cp311-macosx_11_0_arm64.whl"
    about = "odd_one-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("odd_one.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: odd-one\nVersion: 1.0\n")
        tag = "Tag: cp311-cp311-macosx_11_0_arm64"
        file.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tag}\n")
        file.writestr(f"{about}/RECORD", "")
    with pytest.raises(RuntimeBuildError) as caught:
        runtime.build([str(wheel)], platform="linux-aarch64")
    assert str(wheel) in caught.value.packages
    assert "build a wheel for that platform" in str(caught.value)
