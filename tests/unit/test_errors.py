from __future__ import annotations

import subprocess
import sys

CROSSING = """
import pickle
import tblib.pickling_support
from windrow import errors

tblib.pickling_support.install()  # as importing distributed does, for the whole process
for name, cls in vars(errors).items():
    if not isinstance(cls, type) or not issubclass(cls, errors.WindrowError):
        continue
    count = cls.__init__.__code__.co_argcount - 1 if "__init__" in vars(cls) else 1
    args = tuple(f"argument {i}" for i in range(count))
    try:
        error = cls(*args)
        error.add_note("seen")
    except (TypeError, ValueError):
        continue  # its own tests make it, of what it takes
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls, name
    assert (again.args, again.__dict__) == (error.args, error.__dict__), name
    print(name)
"""


def test_errors_cross_processes_in_which_dask_was_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROSSING], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    crossed = set(done.stdout.split())
    assert len(crossed) > 30
    assert {"DiskFullError", "SourceNotFoundError", "DeadlineError"} <= crossed
