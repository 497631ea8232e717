"""Fits that go on where they ended: what a checkpoint of a fit holds, and which fit it is of.

A fit that is resumed must end with the bits of one that ran through. So a checkpoint says all that
those bits depend on, the table's key and every option but `max_iterations`, and is refused by a fit
of which any of it differs.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windrow.config import settings
from windrow.errors import ArgumentTypeError, CheckpointMismatchError, NoCheckpointError, redacted
from windrow.execution.checkpoints import Checkpoints, Keeper
from windrow.io.local import local_path
from windrow.io.registry import scheme_of
from windrow.learn.solvers import SolverState
from windrow.progress import Notice, Row
from windrow.progress.events import event_of, record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from windrow.execution.checkpoints import Checkpoint
    from windrow.execution.protocol import Session

__all__ = ["Checkpointing", "Standing", "Trail", "fingerprint"]

_SHOWN = 60  # characters of a value in an error
_ABSENT = "nothing"


@dataclass(frozen=True)
class Checkpointing:
    """Where a fit keeps checkpoints, and from which it goes on.

    Parameters
    ----------
    checkpoint, resume_from
        Folders; None for no checkpoints, and to begin anew.
    seconds
        Least time between two checkpoints; 0 keeps one each iteration.
    """

    checkpoint: str | None = None
    resume_from: str | None = None
    seconds: float = 30.0

    @staticmethod
    def given(checkpoint: object, resume_from: object) -> Checkpointing:
        """Check what a user gave; paths become absolute, for hosts work in folders of their own.

        Raises
        ------
        ArgumentTypeError
            It is no path.
        """
        return Checkpointing(
            _folder("checkpoint", checkpoint),
            _folder("resume_from_checkpoint", resume_from),
            float(settings().checkpoint_seconds),
        )

    @property
    def urls(self) -> tuple[str, ...]:
        """The folders that are used."""
        return tuple(url for url in (self.checkpoint, self.resume_from) if url is not None)


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a fit stands after an iteration.

    Attributes
    ----------
    state
        Of the solver.
    rows
        Of the progress table so far.
    seconds
        Elapsed time so far.
    """

    state: SolverState
    rows: tuple[Row, ...]
    seconds: float

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Standing:
        """Read what `Trail.keep` kept."""
        record = checkpoint.record
        rows = (event_of(row) for row in record["rows"])
        return cls(
            SolverState.from_parts(checkpoint.arrays, record["state"]),
            tuple(row for row in rows if isinstance(row, Row)),
            float(record["seconds"]),
        )


class Trail:
    """The checkpoints of one run of a fit.

    Parameters
    ----------
    session
        Where it runs.
    where
        What its user asked for.
    identity
        What the fit is, as far as it can be said before its rows are read: JSON values by name.

    Raises
    ------
    NoCheckpointError
        It is to be resumed and there is no checkpoint that is whole.
    CheckpointMismatchError
        The checkpoints are of another fit.
    """

    def __init__(self, session: Session, where: Checkpointing, identity: dict[str, Any]) -> None:
        self._session, self._where = session, where
        self._identity: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._keeper: Keeper | None = None
        self._others: list[tuple[str, Checkpoint]] = []
        self._found: Checkpoint | None = None
        if where.resume_from is not None:
            self._found = Checkpoints(where.resume_from).newest()
            self._others.append((where.resume_from, self._found))
        if where.checkpoint is not None:
            folder = Checkpoints(where.checkpoint)
            self._keeper = Keeper(folder, where.seconds)
            self._others += _newest(folder)
        self.identify(identity)

    def identify(self, facts: dict[str, Any]) -> None:
        """Say more of what the fit is; raises `CheckpointMismatchError`."""
        facts = json.loads(json.dumps(facts))  # as it will be read
        self._identity |= facts
        for url, other in self._others:
            was = other.record.get("fit", {})
            differing = tuple(
                (name, _shown(here), _shown(was.get(name, _ABSENT)))
                for name, here in facts.items()
                if was.get(name, _ABSENT) != here
            )
            if differing:
                raise CheckpointMismatchError(url, differing)

    def resumed(self, max_iterations: int) -> Standing | None:
        """Return where to go on; None to begin anew.

        Raises
        ------
        CheckpointMismatchError
            The fit went further than `max_iterations`.
        """
        if self._found is None:
            return None
        url, standing = str(self._where.resume_from), Standing.of(self._found)
        done = standing.state.iteration
        if done > max_iterations:
            further = ("max_iterations", str(max_iterations), f"{done} or more")
            raise CheckpointMismatchError(url, (further,))
        notice = f"PROGRESS: Resuming after iteration {done} from {redacted(url)}.\n"
        self._session.emit(Notice(notice))
        return standing

    def keep(self, standing: Standing) -> None:
        """Keep a checkpoint if it is time to; the last of a fit always."""
        new = standing.rows[len(self._rows) :]  # rows only come: none is written out twice
        self._rows += [record_of(row) for row in new]
        arrays, state = standing.state.to_npz_parts()
        record = {
            "state": state,
            "rows": list(self._rows),
            "seconds": standing.seconds,
            "fit": self._identity,
        }
        self._session.checkpoint(arrays, record)
        if self._keeper is not None:
            self._keeper(arrays, record, now=standing.state.ended)


def fingerprint(arrays: Iterable[NDArray[Any]], texts: Sequence[object]) -> str:
    """Digest of what a table's rows came to: 32 hexadecimal digits."""
    found = hashlib.sha256(repr(texts).encode())
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()[:32]


def _folder(name: str, given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str | os.PathLike):
        raise ArgumentTypeError(name, type(given).__name__, "the path or URL of a folder")
    url = str(os.fspath(given)).rstrip("/")
    return str(local_path(url)) if scheme_of(url) == "file" else url


def _newest(folder: Checkpoints) -> list[tuple[str, Checkpoint]]:
    """Return the newest checkpoint of a folder, if there is one that is whole."""
    try:
        return [(folder.url, folder.newest())]
    except NoCheckpointError:
        return []


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
