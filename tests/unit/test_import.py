"""The public names: complete, lazy, and the same to a program and to a type checker."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import windrow as gl


def names_for_type_checkers() -> set[str]:
    tree = ast.parse(Path(str(gl.__file__)).read_bytes())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def test_every_public_name_is_there() -> None:
    for name in gl.__all__:
        assert getattr(gl, name) is not None
    assert isinstance(gl.aggregate, ModuleType)
    assert callable(gl.logistic_classifier.create)
    assert callable(gl.load_model)
    assert isinstance(gl.SFrame, type)


def test_type_checkers_see_what_programs_see() -> None:
    assert names_for_type_checkers() | {"__version__"} == set(gl.__all__) == set(dir(gl))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'windrow' has no attribute 'SFlame'"):
        _ = gl.SFlame


def test_importing_windrow_loads_none_of_its_rooms() -> None:
    code = "import sys, windrow; print(*(m for m in sys.modules if m.startswith('windrow.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_tables_alone_import_no_compiler() -> None:
    code = (
        "import sys, windrow as gl\n"
        "sf = gl.SFrame({'a': [1, 2, 2]})\n"
        "assert len(sf.groupby('a', gl.aggregate.COUNT())) == 2\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
