"""Errors of bytes and sources."""

from __future__ import annotations

from windrow.errors.base import ToolkitError


class SourceNotFoundError(ToolkitError, FileNotFoundError):
    """There is nothing at a URL."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return (
            f"nothing can be read at {self.url}: {self.reason}; check the spelling of the address"
        )


class SourceRefusedError(ToolkitError, OSError):
    """A server or the system does not give out what is at a URL."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        super().__init__(url, status, reason)
        self.url, self.status, self.reason = url, status, reason

    def __str__(self) -> str:
        code = f" (status {self.status})" if self.status else ""
        return (
            f"{self.url} cannot be read{code}: {self.reason}; "
            f"check that it is up and that you may read it"
        )


class SourceChangedError(ToolkitError, OSError):
    """A file is not the one that a table was made from."""

    def __init__(self, url: str, was: str, now: str) -> None:
        super().__init__(url, was, now)
        self.url, self.was, self.now = url, was, now

    def __str__(self) -> str:
        return (
            f"{self.url} changed since the table was made from it (was {self.was}, is {self.now}); "
            f"make the table again"
        )


class CutShortError(ToolkitError, OSError):
    """Fewer bytes arrived than were promised."""

    def __init__(self, url: str, expected: int, got: int) -> None:
        super().__init__(url, expected, got)
        self.url, self.expected, self.got = url, expected, got

    def __str__(self) -> str:
        return f"{self.url} ended after {self.got} of {self.expected} bytes; read it again"


class ReadOnlySourceError(ToolkitError, OSError):
    """Something is to be written where one can only read."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return f"{self.url} can be read but not written; give a path on disk"


class UnwritableError(ToolkitError, OSError):
    """A file cannot be written."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"{self.url} cannot be written: {self.reason}; choose another place"


class DiskFullError(ToolkitError, OSError):
    """A disk has no room for what is to be written."""

    def __init__(self, url: str, free: int) -> None:
        super().__init__(url, free)
        self.url, self.free = url, free

    def __str__(self) -> str:
        return (
            f"no room to write {self.url}: {self.free / 2**20:.0f} MiB are free there and nothing "
            f"was left behind; free some space or choose another place"
        )


class UnknownSchemeError(ToolkitError, ValueError):
    """A URL's scheme is none that can be read."""

    def __init__(self, url: str, known: tuple[str, ...]) -> None:
        super().__init__(url, known)
        self.url, self.known = url, known

    def __str__(self) -> str:
        schemes = ", ".join(f"{scheme}://" for scheme in self.known)
        return f"the scheme of {self.url} is not known; use a path or one of {schemes}"


class MissingExtraError(ToolkitError, ImportError):
    """An optional part of windrow is needed."""

    def __init__(self, purpose: str, sentence: str) -> None:
        super().__init__(purpose, sentence)
        self.purpose, self.sentence = purpose, sentence

    def __str__(self) -> str:
        return f"{self.purpose} cannot be used here; {self.sentence}"


class EmptySourceError(ToolkitError, ValueError):
    """A source holds nothing that a table's columns could be known from."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"no table can be made from {self.url}: {self.reason}"


class BadRowError(ToolkitError, ValueError):
    """A row of a text file does not fit its table."""

    def __init__(self, url: str, row: int, text: str, cause: str) -> None:
        super().__init__(url, row, text, cause)
        self.url, self.row, self.text, self.cause = url, row, text, cause

    def __str__(self) -> str:
        return (
            f"line {self.row} of {self.url} does not fit the table ({self.cause}): {self.text!r}; "
            f"correct it, or leave error_bad_lines=False to drop such rows"
        )


class FileFormatError(ToolkitError, ValueError):
    """A file is not what its name or its neighbours promise."""

    def __init__(self, url: str, problem: str, advice: str) -> None:
        super().__init__(url, problem, advice)
        self.url, self.problem, self.advice = url, problem, advice

    def __str__(self) -> str:
        return f"{self.url} {self.problem}; {self.advice}"


class NewerFormatError(ToolkitError, ValueError):
    """Something was saved by a newer windrow, in a format that this one does not know."""

    def __init__(self, url: str, version: int, known: int) -> None:
        super().__init__(url, version, known)
        self.url, self.version, self.known = url, version, known

    def __str__(self) -> str:
        return (
            f"{self.url} is saved in format {self.version} and this windrow reads up to "
            f"{self.known}; upgrade it: pip install --upgrade windrow"
        )


class DamagedScratchError(ToolkitError, OSError):
    """What was just written to scratch disk cannot be read back."""

    def __init__(self, partition: int) -> None:
        super().__init__(partition)
        self.partition = partition

    def __str__(self) -> str:
        return (
            f"partition {self.partition} of a table was written to scratch disk and cannot be read "
            f"back; check that disk, or choose another folder with WINDROW_SCRATCH"
        )


class DamagedFolderError(ToolkitError, OSError):
    """A saved folder has missing or altered parts."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url, self.problem = url, problem

    def __str__(self) -> str:
        return (
            f"the saved folder {self.url} is damaged: {self.problem}; "
            f"save it again or restore a copy"
        )
