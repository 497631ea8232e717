"""A model is the same to the bit, whoever computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.fitting import PARTITION, cut, digests, write_table

import windrow as gl
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.execution.driver import Driver


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fits") / "all.csv"
    write_table(path)
    return path


def digests_on(executor: Driver, file: Path) -> dict[str, str]:
    environment.use(executor)
    try:
        return digests(cut(gl.SFrame(str(file)), PARTITION))
    finally:
        environment.use(None)


@pytest.fixture(scope="session")
def expected(file: Path) -> dict[str, str]:
    alone = LocalExecutor(threads=1)
    found = digests_on(alone, file)
    alone.close()
    return found


def test_models_have_the_same_bits(executor: Driver, file: Path, expected: dict[str, str]) -> None:
    assert digests_on(executor, file) == expected
