from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from windrow import errors

if TYPE_CHECKING:
    from windrow.errors import WindrowError

EXAMPLES: list[WindrowError] = [
    errors.SourceNotFoundError("a.csv", "No such file"),
    errors.SourceRefusedError("http://h/a", 403, "Forbidden"),
    errors.SourceChangedError("a.csv", "3 bytes", "4 bytes"),
    errors.CutShortError("http://h/a", 10, 5),
    errors.ReadOnlySourceError("http://h/a"),
    errors.UnwritableError("/x", "Permission denied"),
    errors.DiskFullError("/x", 1 << 20),
    errors.UnknownSchemeError("x://a", ("file", "http")),
    errors.MissingExtraError("s3://", "install it"),
    errors.EmptySourceError("a.csv", "it is empty"),
    errors.BadRowError("a.csv", 3, "1,2,3", "3 cells where 2 are wanted"),
    errors.FileFormatError("a.zip", "holds 2 files", "unpack it"),
    errors.NewerFormatError("t", 2, 1),
    errors.DamagedFolderError("t", "a part is missing"),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_of_sources_crosses_processes_and_is_one_sentence(error: WindrowError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.args, str(again)) == (error.args, str(error))
    assert isinstance(error, (OSError, ValueError, ImportError))
    assert "\n" not in str(error)
    assert str(error.args[0]) in str(error)
