"""Errors of clusters, hosts and jobs."""

from __future__ import annotations

import pickle

from windrow.errors.base import ToolkitError


class StateConflictError(ToolkitError, OSError):
    """Others kept writing to a state store first."""

    def __init__(self, url: str, attempts: int) -> None:
        super().__init__(url, attempts)
        self.url, self.attempts = url, attempts

    def __str__(self) -> str:
        return (
            f"{self.attempts} attempts to write a record at {self.url} met one of another; is the "
            "path shared by two clusters?"
        )


class SignatureError(ToolkitError, PermissionError):
    """Bytes that should be signed with the cluster's key are not."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what} does not carry this cluster's signature and was not opened; it was "
            "damaged or written by another"
        )


class RemoteError(ToolkitError):
    """An error of another process whose own class cannot come over."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @staticmethod
    def unless_it_travels(error: BaseException) -> BaseException:
        """Return the error itself if it survives being pickled, else its words and notes."""
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
        except (pickle.PickleError, TypeError, AttributeError, ImportError):
            remote = RemoteError(type(error).__name__, str(error))
            for note in getattr(error, "__notes__", ()):
                remote.add_note(note)
            return remote
        return error


class DriverDiedError(ToolkitError):
    """The process that ran a program was killed."""

    def __init__(self, job: str, driver: str, code: int) -> None:
        super().__init__(job, driver, code)
        self.job, self.driver, self.code = job, driver, code

    def __str__(self) -> str:
        return (
            f"driver {self.driver} ended with {self.code} while it ran job {self.job}; submit it "
            "again, or look at its log"
        )
